"""The workbooks that a county fills in: building, reading, returning them."""
