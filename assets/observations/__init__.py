"""Stage 3: the rows of all datasets as one long table of observations, with all vintages."""
