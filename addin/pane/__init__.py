"""The pane: one page on this computer that shows what was found, selects the cell, and starts the city's work."""

from addin.pane.server import serve

__all__ = ["serve"]
