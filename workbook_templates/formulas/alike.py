"""Whether rows of one sheet have the same number, or differ though they have it, as text for the formulas of a row."""

from collections.abc import Sequence
from typing import Protocol

from workbook_templates.formulas.cells import all_of
from workbook_templates.xlsx.appearance import HEADER_ROW

_SHORT = 200
"""Numbers that several rows of a sheet have, of which a list is kept; a county has some dozens of firms with several sites."""


class HelperColumns(Protocol):
    """Where helper cells and lists stand (`workbook_templates.formulas.plan`)."""

    def cell(self, sheet: str, formula: str) -> str:
        """Address of the helper cell of a sheet with this formula, made if there is none yet."""

    def over(self, sheet: str, address: str) -> str:
        """All rows of the helper column of an address."""

    def largest(self, area: str, many: int) -> str:
        """A name for a list of the hidden sheet of the largest numbers of an area, and 0 where there are no more."""

    def single(self, formula: str) -> str:
        """A name for a cell of the hidden sheet with this formula, made if there is none yet."""


def again(sheet: str, numbers: str, plan: HelperColumns, alike: Sequence[str] = ()) -> str:
    """Whether another row of the sheet has the number of this one, as an expression; texts among them are passed over.

    Where helper cells that may be `alike` are given: whether one of the rows with its number differs in them from the
    first of those rows.
    """
    area = plan.over(sheet, numbers)
    distinct = f"SUMPRODUCT(--(FREQUENCY({area},{area})>0))"
    some = plan.single(f"IF(COUNT({area})<2,FALSE,{distinct}<COUNT({area}))")
    # rows that repeat the number of one above them say so, or that they differ from the first one
    first = f"MATCH({numbers},{area},0)"
    repeats = f"ABS({numbers})"
    if alike:
        same = [f"INDEX({plan.over(sheet, one)},{first})={one}" for one in alike]
        repeats = f"IF({all_of(same)},0,{repeats})"
    # 0 where there is none: LibreOffice passes over numbers several times as fast as over texts, blank ones too
    repeats = f"IF({first}<SUM(ROW({numbers}))-{HEADER_ROW - 1},{repeats},0)"
    marked = plan.over(sheet, plan.cell(sheet, f"IF({some},IF(ISNUMBER({numbers}),{repeats},0),0)"))
    # each row asks a short list of them, and all rows only where that is full
    short = plan.largest(marked, _SHORT)
    found = f"IF(INDEX({short},{_SHORT})=0,MATCH(ABS({numbers}),{short},0),MATCH(ABS({numbers}),{marked},0))"
    return f"IF({some},IF(ISNUMBER({numbers}),ISNUMBER({found}),FALSE),FALSE)"
