"""Imported once, by the server that child processes are forked from: what every child needs is made here already."""

from addin import reading
from validators.columns import SHEETS
from validators.records import RowReader
from validators.rule import compiled
from validators.ruleset import load, years

__all__ = ["reading"]

for _sheet in SHEETS:
    compiled(_sheet)
    RowReader(_sheet, load(years()[-1]))
