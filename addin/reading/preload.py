"""Imported once, by the server that child processes are forked from: what every child needs is made here already."""

from contextlib import suppress

from addin.reading import workbooks
from validators.columns import SHEETS
from validators.records import RowReader
from validators.rule import compiled
from validators.ruleset import UnknownRuleSet, default
from workbook_templates.county.reader import PROVENANCE
from workbook_templates.xlsx.fast_reader import row_pattern

__all__ = ["workbooks"]

for _sheet in SHEETS:
    for _width in (0, 1, len(PROVENANCE)):  # as declared, returned, consolidated
        row_pattern(len(SHEETS[_sheet].columns) + _width)
    compiled(_sheet)
    with suppress(UnknownRuleSet, OSError):  # who needs it will hear of it
        RowReader(_sheet, default())
