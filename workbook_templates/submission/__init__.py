"""The submission to the province: its formats and its manifest."""
