"""The county's and the city's work, command by command."""
