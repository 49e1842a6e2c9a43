"""Why a score is what it is and why it moved: trace, history, diff, scenario. Not here: layouts."""
