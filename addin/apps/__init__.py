"""The spreadsheet applications: how a live session hears each of them, and what is installed inside them."""
