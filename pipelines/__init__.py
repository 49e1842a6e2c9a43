"""How it runs: the Dagster definitions, a run from the command line, locks, and the command line itself."""
