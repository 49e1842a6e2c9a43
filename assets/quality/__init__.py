"""Stage 5: the audit of the candidate, before anything of it is published."""
