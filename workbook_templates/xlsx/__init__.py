"""Workbooks as files: reading cells, writing long lists, formats and the look of sheets."""
