"""The workbooks that the city office works with."""
