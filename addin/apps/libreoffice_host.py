"""LibreOffice as a live session's host: what is heard inside it, in the words of `addin.live.host`.

Nothing of this process is registered in LibreOffice (`addin.apps.libreoffice.ears` says why).

Typing, deleting, pasting and undoing reach the changes listener with their cells. Filling down, cutting and undoing
these reach only the modify listener of the sheet. So a modification that no change explains makes a sheet dirty.
"""

import json
import queue
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Thread
from typing import Any

import xlwings

from addin.apps.libreoffice.engine import EPOCH, app, excel_formula, formula
from addin.apps.libreoffice.instance import Office, hold, load_uno
from addin.live.host import Books, Busy, Changed, DefinedNames, Dirty, Event, Gone, Moved, OpenTab
from validators.columns import SHEETS, letter
from validators.looks import Look, Shown
from validators.ooxml.grid import EPOCH_1904
from workbook_templates.county.sheet_layout import HEAD_ROWS
from workbook_templates.formulas.plan import HELPER_HEAD
from workbook_templates.xlsx.appearance import HEADER_ROW
from workbook_templates.xlsx.fast_reader import MOST_COLUMNS, GridRows, Seen, moment

load_uno()

from com.sun.star.uno import Exception as UnoException  # noqa: E402 - there only once UNO is loaded

_NAME = "cn.qingdan.Ears"
EXPLAINED = 0.1
"""Seconds within which the change follows that explains a modification."""
ALIVE = 1.0
"""Seconds after which LibreOffice has to give a sign of life."""
COLUMNS = {sheet.title: len(sheet.columns) for sheet in SHEETS.values()}
"""How many, by title."""
_ERROR = re.compile(r"=#(?:NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|N/A)")
"""How an error is shown that was entered as a value."""
PERCENT = Look("percent", 100.0, "%")
SHORT = 1000
"""Rows that are read without asking first how far a sheet is filled."""
BLOCK = 500
"""Rows that are read at once: LibreOffice stands still for a blink only."""
Heard = Event | tuple[Changed, ...] | Gone | None


class LibreOfficeBook:
    """A spreadsheet in LibreOffice (`addin.live.host.OpenBook`).

    `asking` is entered around every call of the application, and turns its errors into `Gone`; `ask` reaches the ears
    inside it (`addin.apps.libreoffice.ears`).
    """

    def __init__(
        self, book: xlwings.Book, asking: Callable[[], AbstractContextManager[None]], ask: Callable[..., Any]
    ) -> None:
        self._book = book
        self._ask = ask
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

    _since_1904: bool | None = None

    def __eq__(self, other: object) -> bool:
        with self.asking():  # UNO objects are compared over the connection
            return isinstance(other, LibreOfficeBook) and bool(self.document == other.document)

    def __hash__(self) -> int:
        return hash(type(self))

    @property
    def document(self) -> Any:  # noqa: ANN401 - UNO
        """The UNO object."""
        return self._book.api

    @property
    def unsaved(self) -> bool:
        """Whether there are changes that are not in its file."""
        with self.asking():
            return bool(self.document.isModified())

    @property
    def names(self) -> Mapping[str, str]:
        """Defined names of the whole workbook."""

        def target(name: str) -> str:
            with self.asking():
                return excel_formula(hold(ranges.getByName(name)).Content)

        with self.asking():
            ranges = hold(self.document.NamedRanges)
            return DefinedNames(ranges.ElementNames, target)

    @property
    def sheets(self) -> Mapping[str, OpenTab]:
        """Sheets by title."""
        with self.asking():
            return {
                sheet.name: OpenTab("worksheet", "visible" if sheet.visible else "hidden")
                for sheet in self._book.sheets
            }

    def rows(self, title: str, first: int, last: int) -> tuple[GridRows, Seen]:
        """Rows of a sheet."""
        if title not in self.widths or last - first > SHORT:
            with self.asking():
                used = self._book.sheets[title].used_range.last_cell
            width = min(used.column, MOST_COLUMNS)
            self.widths[title] = _own(self._reported(title, 1, HEAD_ROWS, width)["values"], width)
            last = min(last, used.row)
        rows: GridRows = []
        seen = Seen(since_1904=self.since_1904)
        for top in range(first, last + 1, BLOCK):
            reported = self._reported(title, top, min(top + BLOCK - 1, last), self.widths[title])
            rows += _rows(top, reported, seen)
        return rows, seen

    def _reported(self, title: str, first: int, last: int, width: int) -> Mapping[str, Any]:
        """What the ears read (`ears.what_stands`)."""
        found: Mapping[str, Any] = self._ask(rows=self.document, sheet=title, first=first, last=last, width=width)
        return found

    @property
    def since_1904(self) -> bool:
        """Whether its days are counted from 1904."""
        if self._since_1904 is None:  # not a cached_property: see the engine's
            self._since_1904 = int(self.document.NullDate.Year) == 1904
        return self._since_1904

    def shape(self, title: str) -> Seen:
        """What is merged and hidden, without the merged bands that the template has above its header."""
        seen = Seen()
        with self.asking():
            seen.since_1904 = self.since_1904
            sheet = self._book.sheets[title]
            used = sheet.used_range
            height, width = used.shape
            visible = hold(used.api.queryVisibleCells()).RangeAddresses
            rows = {row for area in visible for row in range(area.StartRow + 1, area.EndRow + 2)}
            columns = {column for area in visible for column in range(area.StartColumn, area.EndColumn + 1)}
            seen.hidden_rows = set(range(1, height + 1)) - rows
            seen.hidden_columns = [(column, column) for column in range(width) if column not in columns]
            areas = {_address(area) for area in _merged(sheet.api, HEADER_ROW - 1, 0, height - 1, width - 1)}
            seen.merged = [address for _, address in sorted(areas)]
        return seen

    def stands(self) -> tuple[str, int] | None:
        """Sheet and row of the selection."""
        with self.asking():
            chosen = self._book.app.selection
            if chosen is None or chosen.sheet.book != self._book:
                return None
            return chosen.sheet.name, chosen.row

    def select(self, title: str, cell: str) -> None:
        """Select a cell soon; what is being typed is entered first where it is typed."""
        self._ask(go=cell, sheet=title)


def _address(area: Any) -> tuple[tuple[int, int], str]:  # noqa: ANN401 - a UNO structure
    """Where an area begins, and `B5:C6`."""
    first, last = (area.StartRow + 1, area.StartColumn), (area.EndRow + 1, area.EndColumn)
    return first, f"{letter(first[1])}{first[0]}:{letter(last[1])}{last[0]}"


def _merged(sheet: Any, top: int, left: int, bottom: int, right: int) -> Iterator[Any]:  # noqa: ANN401 - UNO
    """Areas of merged cells, found by halves."""
    if top > bottom:
        return
    area = hold(sheet.getCellRangeByPosition(left, top, right, bottom))
    if not area.getIsMerged():
        return
    if top == bottom and left == right:
        cursor = hold(sheet.createCursorByRange(area))
        cursor.collapseToMergedArea()
        yield cursor.RangeAddress
    elif bottom - top >= right - left:
        middle = (top + bottom) // 2
        yield from _merged(sheet, top, left, middle, right)
        yield from _merged(sheet, middle + 1, left, bottom, right)
    else:
        middle = (left + right) // 2
        yield from _merged(sheet, top, left, bottom, middle)
        yield from _merged(sheet, top, middle + 1, bottom, right)


class LibreOffice:
    """The host (`addin.live.host.Host`)."""

    application = "LibreOffice"

    def __init__(self, office: Office) -> None:
        """Raises `Gone`, or `NoOffice` where this LibreOffice takes no Python."""
        self._office = office
        self._app = app(office)
        self._heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self._book: LibreOfficeBook | None = None
        self._busy = False
        """Whether it shows a dialog at which the officer has to do something."""
        self._left = False
        with self.asking():
            self._ears = office.inside("ears.py", _NAME)
        Thread(target=self._hear, daemon=True).start()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what UNO raises where a workbook or the application is no longer there into `Gone`."""
        try:
            yield
        except (UnoException, xlwings.XlwingsError, AttributeError, ValueError) as error:
            # AttributeError: a document that is being closed has no controller, which is None; ValueError: pyuno's word
            # for an object whose application has just ended
            raise Gone from error

    def _ask(self, **named: Any) -> Any:  # noqa: ANN401 - JSON
        """What the ears inside LibreOffice answer."""
        with self.asking():
            kind = "com.sun.star.beans.NamedValue"
            return json.loads(
                self._ears.execute(tuple(self._office.uno.createUnoStruct(kind, *one) for one in named.items()))
            )

    def _hear(self) -> None:
        """Ask all the time what was heard, in a thread of its own; nobody else is waited for."""
        try:
            while not self._left:
                widths = self._book.widths if self._book else {}
                for kind, *what in self._ask(wait=ALIVE, widths=json.dumps(widths)):
                    if kind == "ends":  # from now on it is asked for nothing (`ears` says why)
                        self._office.hang_up()
                        raise Gone
                    if kind in ("busy", "free"):
                        self._busy = kind == "busy"
                        self._heard.put(None)
                    else:
                        self._heard.put(_event(kind, *what))
        except Gone as gone:
            self._heard.put(gone)

    def books(self) -> Sequence[LibreOfficeBook]:
        """The open workbooks, that in front first."""
        with self.asking():
            front = self._office.desktop.CurrentComponent
            found = [LibreOfficeBook(book, self.asking, self._ask) for book in self._app.books]
            return sorted(found, key=lambda book: bool(book.document != front))

    def watch(self, book: LibreOfficeBook | None) -> None:
        """Hear the changes of this workbook and of no other."""
        self._book = book
        self._ask(watch=book.document if book else None, columns=json.dumps(COLUMNS))

    def wait(self, timeout: float) -> Sequence[Event]:
        """What was heard."""
        raw = self._taken(timeout)
        found: list[Event] = []
        unexplained: Counter[str] = Counter()
        while raw:
            for one in raw:
                if isinstance(one, Gone):
                    raise one
                if isinstance(one, tuple):
                    found += one
                    unexplained.subtract({change.sheet for change in one})
                elif isinstance(one, Dirty) and one.sheet:
                    unexplained[one.sheet] += 1
                elif one is not None:
                    found.append(one)
            raw = self._taken(EXPLAINED) if +unexplained else []
        if self._busy and not found and not +unexplained:
            raise Busy
        return [*found, *map(Dirty, +unexplained)]

    def _taken(self, timeout: float) -> list[Heard]:
        """What stands in the queue; waits for the first of it."""
        try:
            found = [self._heard.get(timeout=timeout) if timeout > 0 else self._heard.get_nowait()]
        except queue.Empty:
            return []
        while not self._heard.empty():
            found.append(self._heard.get_nowait())
        return found

    def aside(self, read: Callable[[], None]) -> None:
        """Read in another thread: LibreOffice may be busy with an edit of which it has reported already."""
        Thread(target=read, daemon=True).start()

    def wake(self) -> None:
        """Make `wait` return."""
        self._heard.put(None)

    def leave(self) -> None:
        """Stop hearing."""
        self._left = True
        with suppress(Gone):
            self._ask(leave=None)


def _event(kind: str, *what: Any) -> Heard:  # noqa: ANN401 - as the ears say it
    """A report of the ears in the words of a host."""
    match kind:
        case "changed":
            return tuple(Changed(*span, reported=reported and _seen(span[1], reported)) for *span, reported in what[0])
        case "dirty":
            return Dirty(*what)
        case "moved":
            return Moved(what[0] and (what[0][0], what[0][1]))
        case "books":
            return Books()
    return Gone()  # it did not hear everything, as after this program was stopped for long: all is read again


def _seen(first: int, reported: Mapping[str, Any]) -> tuple[GridRows, Seen]:
    """Rows as the ears reported them, in the form of `OpenBook.rows`."""
    seen = Seen(since_1904=reported["since_1904"])
    return _rows(first, reported, seen), seen


def _rows(first: int, reported: Mapping[str, Any], seen: Seen) -> GridRows:
    """Rows as the ears reported them; what else there is to see is added to `seen`."""
    epoch = EPOCH_1904 if seen.since_1904 else EPOCH.date()
    values = reported["values"]
    for y, x in reported["logical"]:
        values[y][x] = bool(values[y][x])
    for top, left, bottom, right in reported["dates"]:
        for row in values[top : bottom + 1]:
            row[left : right + 1] = [
                moment(value, epoch=epoch) if type(value) is float else value for value in row[left : right + 1]
            ]
    for y, x, text in reported["typed"]:
        value, typed = values[y][x], formula(text)
        if typed.startswith("="):
            if typed == value:  # a text
                continue
            if _ERROR.fullmatch(typed):
                seen.errors[first + y, x] = typed[1:]
                values[y][x] = ""
            else:
                seen.formulas.setdefault(x, {})[first + y] = typed[1:]
        elif type(value) is float:
            values[y][x] = Shown(value, PERCENT)
    wrong = {row for row, _ in seen.errors}
    rows: GridRows = []
    for row, found in enumerate(values, first):
        cells = ["" if value is None else value for value in found] if None in found else found
        if any(value != "" for value in cells) or row in wrong:
            rows.append((row, cells))
    return rows


def _own(heads: list[list[Any]], width: int) -> int:
    """Columns before the template's hidden helpers, as the reader of files takes them; there are many of those."""
    helpers = (at for row in heads for at, head in enumerate(row) if str(head).startswith(HELPER_HEAD))
    return min(helpers, default=width)
