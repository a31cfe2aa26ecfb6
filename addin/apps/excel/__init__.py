"""Excel and WPS: the ribbon, its registration, and the program behind its buttons."""
