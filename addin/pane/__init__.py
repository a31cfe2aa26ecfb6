"""The pane: one page on this computer that shows what was found, selects the cell, and starts the city's work."""
