"""Stage 2: a file arrives and becomes typed rows, rejected rows and a receipt; its bytes are kept for ever."""
