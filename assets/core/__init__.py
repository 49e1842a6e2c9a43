"""What every stage uses: paths, settings, errors, messages, worker processes. Not here: anything of one stage."""
