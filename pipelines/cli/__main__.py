"""Run the command line with `python -m pipelines.cli`."""

from pipelines.cli.app import main

main()
