"""The account of an import: what became of every column, row and cell of the tables."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from validators.columns import INVENTORY
from validators.meanings import Value
from workbook_templates.formulas.default_formulas import SheetRows

ColumnStatus = Literal["采用", "换算", "推测", "未用"]


@dataclass(slots=True)
class ColumnAccount:
    """What became of a column of a table."""

    file: str
    sheet: str
    column: str
    head: str
    status: ColumnStatus
    means: str | None
    note: str = ""


@dataclass(slots=True)
class RowAccount:
    """What became of a row of a table."""

    file: str
    sheet: str
    row: int
    taken: bool
    note: str


@dataclass(slots=True)
class CellAccount:
    """A cell of a table that was converted, guessed from or left out, and where what came of it stands."""

    file: str
    sheet: str
    cell: str
    value: str
    what: Literal["换算", "推测", "未取"]
    note: str
    key: str = ""
    """Key of the sheet of ours; '' where the cell was left out."""
    index: int = 0
    """0-based place among its rows."""
    field: str = ""
    arithmetic: str = ""
    """How a number that was guessed came about."""

    @property
    def words(self) -> str:
        """Note and arithmetic."""
        return f"{self.note}：{self.arithmetic}" if self.arithmetic else self.note


@dataclass
class Taken:
    """What the tables give."""

    rows: SheetRows = field(default_factory=lambda: {key: [] for key in INVENTORY})
    columns: list[ColumnAccount] = field(default_factory=list)
    read: list[RowAccount] = field(default_factory=list)
    cells: list[CellAccount] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is to be said of whole files and sheets."""


@dataclass(slots=True)
class TakenFact:
    """A value that a row gives, the column of the table that it is from, and why it is a guess, if it is one."""

    value: Value
    place: int
    raw: str
    guess: str = ""
    arithmetic: str = ""


RowFacts = dict[tuple[str, str], TakenFact]
"""By key of the sheet and field."""
Noting = Callable[[int, TakenFact, str, int, str], None]
"""Accounts for a fact of a row of a table: the row, the fact, and key of the sheet, place and field it went to."""


def left_rows(taken: Taken) -> Iterable[RowAccount]:
    """Rows that were not taken."""
    return (one for one in taken.read if not one.taken)


def guesses(taken: Taken) -> Iterator[CellAccount]:
    """Cells of ours that were guessed."""
    return (one for one in taken.cells if one.what == "推测")
