"""The commands, by what they are for. Each imports what is slow where it uses it."""
