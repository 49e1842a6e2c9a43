"""Stage 1: the reference tables that people maintain (cities, indicators, targets ...), read and cross-checked."""
