"""The command line: commands and what they show. Not here: work of any kind."""
