"""The spreadsheet applications: engines for xlwings, needing nothing else of this project."""
