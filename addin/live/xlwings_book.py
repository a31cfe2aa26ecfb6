"""An open workbook, read over xlwings: what Excel, WPS and LibreOffice have in common."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlwings as xw

from validators.looks import Look, Shown
from validators.records import EXCEL_EPOCH, Raw
from workbook_templates.county.reader import HEAD_ROWS
from workbook_templates.formulas.plan import HELPER_HEAD
from workbook_templates.xlsx.fast_reader import EPOCH_1904, MOST_COLUMNS, Rows, Seen, moment

ERRORS = {
    -2146826288: "#NULL!", -2146826281: "#DIV/0!", -2146826273: "#VALUE!", -2146826265: "#REF!",
    -2146826259: "#NAME?", -2146826252: "#NUM!", -2146826246: "#N/A",
}  # fmt: skip
"""How Excel gives error values (`XlCVError`, as COM passes them on)."""
_ERROR = re.compile(r"=#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A)")
"""How LibreOffice shows an error that was entered as a value."""
_EPOCH = dt.datetime(1899, 12, 30)
PERCENT = Look("percent", 100.0, "%")
SHOWN = (True, -1)
"""How LibreOffice and Excel say that a sheet is visible."""
SHORT = 1000
"""Rows that are read without asking first how far a sheet is filled."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A sheet before it is read (`workbook_templates.county.reader.Tab`)."""

    kind: str
    state: str


class Names(Mapping[str, str]):
    """Defined names; where one leads to is only asked for when somebody wants to know."""

    def __init__(self, names: Sequence[str], target: Callable[[str], str]) -> None:
        self._names, self._target = dict.fromkeys(names), target

    def __getitem__(self, name: str) -> str:
        if name not in self._names:
            raise KeyError(name)
        return self._target(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class XlwingsBook:
    """A `addin.live.host.OpenBook` over an `xw.Book`; what is merged and hidden each application tells in its own way.

    `asking` is entered around every call of the application, and turns its errors into `Busy` and `Gone`.
    """

    def __init__(self, book: xw.Book, asking: Callable[[], AbstractContextManager[None]]) -> None:
        self._book = book
        self.asking = asking
        self.widths: dict[str, int] = {}
        """Columns before the template's helpers, by title of each sheet that was read."""

    @property
    def name(self) -> str:
        """File name."""
        with self.asking():
            return str(self._book.name)

    @property
    def path(self) -> str:
        """Path of the file."""
        with self.asking():
            return str(self._book.fullname)

    @property
    def unsaved(self) -> bool:
        """Whether there are changes that are not in its file."""
        raise NotImplementedError

    @property
    def names(self) -> Mapping[str, str]:
        """Defined names of the whole workbook."""

        def target(name: str) -> str:
            with self.asking():
                return str(found[name].refers_to).removeprefix("=")

        with self.asking():
            found = {name.name: name for name in self._book.names if "!" not in name.name}
        return Names([*found], target)

    @property
    def sheets(self) -> Mapping[str, Tab]:
        """Sheets by title."""
        with self.asking():
            return {
                sheet.name: Tab("worksheet", "visible" if int(sheet.visible) in SHOWN else "hidden")
                for sheet in self._book.sheets
            }

    def rows(self, title: str, first: int, last: int) -> tuple[Rows, Seen]:
        """Rows of a sheet."""
        with self.asking():
            sheet = self._book.sheets[title]
            if title not in self.widths or last - first > SHORT:
                used = sheet.used_range.last_cell
                self.widths[title] = _own(sheet, min(used.column, MOST_COLUMNS))
                last = min(last, used.row)
            if last < first:
                return [], Seen()
            area = sheet.range((first, 1), (last, self.widths[title]))
            return taken(_table(area.raw_value), _table(area.formula), first, since_1904=self.since_1904)

    def shape(self, title: str) -> Seen:
        """What is merged and hidden."""
        raise NotImplementedError

    @property
    def since_1904(self) -> bool:
        """Whether its days are counted from 1904."""
        raise NotImplementedError

    def stands(self) -> tuple[str, int] | None:
        """Sheet and row of the selection."""
        with self.asking():
            chosen = self._book.app.selection
            if chosen is None or chosen.sheet.book != self._book:
                return None
            return chosen.sheet.name, chosen.row


def _own(sheet: xw.Sheet, width: int) -> int:
    """Columns before the template's hidden helpers, as the reader of files takes them; there are many of those."""
    heads = _table(sheet.range((1, 1), (HEAD_ROWS, width)).raw_value)
    helpers = (at for row in heads for at, head in enumerate(row) if str(head).startswith(HELPER_HEAD))
    return min(helpers, default=width)


def _table(cells: Any) -> Any:  # noqa: ANN401 - as the engine gives it
    """What an engine gives for a range, as rows: one cell comes as a scalar."""
    if not isinstance(cells, list | tuple):
        return [[cells]]
    return cells if not cells or isinstance(cells[0], list | tuple) else [cells]


def taken(values: Any, formulas: Any, first: int, *, since_1904: bool) -> tuple[Rows, Seen]:  # noqa: ANN401 - as the engine gives them
    """Rows of values and formulas, the first of which is that of this number, as `OpenBook.rows` gives them."""
    rows: Rows = []
    seen = Seen(since_1904=since_1904)
    epoch = EPOCH_1904 if since_1904 else EXCEL_EPOCH
    for row, (cells, texts) in enumerate(zip(values, formulas, strict=True), first):
        taken: list[Raw] = []
        for column, (value, text) in enumerate(zip(cells, texts, strict=True)):
            formula = text if type(text) is str and text.startswith("=") and text != value else ""
            error = formula[1:] if _ERROR.fullmatch(formula) else ERRORS.get(value, "") if type(value) is int else ""
            if error and (not formula or error == formula[1:]):
                seen.errors[row, column] = error
            elif formula:
                seen.formulas.setdefault(column, {})[row] = formula[1:]
            taken.append("" if error else _raw(value, text, epoch))
        if any(value != "" for value in taken) or any((row, column) in seen.errors for column in range(len(taken))):
            rows.append((row, taken))
    return rows, seen


def _raw(value: Any, text: Any, epoch: dt.date) -> Raw:  # noqa: ANN401 - as the engine gives it
    """A value as the reader has it; `text` is what would be typed to enter it, which shows a percentage."""
    if type(value) is float and type(text) is str and text.endswith("%"):
        return Shown(value, PERCENT)
    if type(value) is str or type(value) is float or type(value) is bool:
        return value
    if isinstance(value, dt.datetime):  # also that of pywin32, which says it is in UTC
        return moment((value.replace(tzinfo=None) - _EPOCH) / dt.timedelta(days=1), epoch=epoch)
    if isinstance(value, int | Decimal):
        return float(value)
    return "" if value is None else str(value)
