"""Imported once, by the server that child processes are forked from: what the child of a county's workbook needs."""

from contextlib import suppress

from addin.reading import workbooks
from validators.columns import INVENTORY
from validators.records import RowReader
from validators.rule import compiled
from validators.ruleset import UnknownRuleSet, default
from workbook_templates.xlsx.fast_reader import row_pattern

__all__ = ["workbooks"]

for _sheet in INVENTORY.values():
    row_pattern(len(_sheet.columns), helped=True)  # as the template has it
    compiled(_sheet.key, None)
    with suppress(UnknownRuleSet, OSError):  # who needs it will hear of it
        RowReader(_sheet.key, default())
