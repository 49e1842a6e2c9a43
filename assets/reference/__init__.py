"""Stage 1: the tables that people keep by hand - measures, cities, indicators, targets - read and cross-checked."""
