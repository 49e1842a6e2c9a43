"""Stage 4: attainment, pace and status of every indicator, and the scores of dimensions, measures and cities."""
