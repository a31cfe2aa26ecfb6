"""The command line: what can be asked for, what is typed in, and what is shown."""
