"""How it runs: definitions, jobs, the command line."""
