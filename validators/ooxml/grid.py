"""What every spreadsheet program agrees on: how far a sheet reaches, and from which day its numbers count the days."""

import datetime as dt

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
"""1-based."""
EPOCH = dt.date(1899, 12, 30)
"""Day 0 of the usual date system. It is off by one before 1900-03-01, as Excel takes 1900 for a leap year."""
EPOCH_1904 = dt.date(1904, 1, 1)
"""Day 0 of workbooks that say `date1904`."""
