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
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path
from threading import Thread
from typing import Any

from addin.apps.libreoffice.engine import EPOCH, excel_formula, formula
from addin.apps.libreoffice.instance import Office, load_uno
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
    """A spreadsheet in LibreOffice (`addin.live.host.OpenBook`)."""

    def __init__(self, uid: str, ask: Callable[..., Any]) -> None:
        """`uid` is LibreOffice's own name of it; `ask` reaches the ears (`addin.apps.libreoffice.ears`)."""
        self.uid = uid
        self._ask = partial(ask, of=uid)
        self.widths: dict[str, int] = {}
        """Columns before the template's helpers, by title of each sheet that was read."""

    @property
    def _about(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._ask(about=True)
        return found

    @property
    def name(self) -> str:
        """File name."""
        return Path(self.path).name

    @property
    def path(self) -> str:
        """Path of the file."""
        return str(self._about["path"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LibreOfficeBook) and self.uid == other.uid

    def __hash__(self) -> int:
        return hash(self.uid)

    @property
    def unsaved(self) -> bool:
        """Whether there are changes that are not in its file."""
        return bool(self._about["unsaved"])

    @property
    def names(self) -> Mapping[str, str]:
        """Defined names of the whole workbook."""
        return DefinedNames(self._about["names"], lambda name: excel_formula(self._ask(name=name)))

    @property
    def sheets(self) -> Mapping[str, OpenTab]:
        """Sheets by title."""
        return {
            title: OpenTab("worksheet", "visible" if visible else "hidden") for title, visible in self._about["sheets"]
        }

    def rows(self, title: str, first: int, last: int) -> tuple[GridRows, Seen]:
        """Rows of a sheet."""
        if title not in self.widths or last - first > SHORT:
            height, width = self._ask(used=True, sheet=title)
            width = min(width, MOST_COLUMNS)
            self.widths[title] = _own(self._reported(title, 1, HEAD_ROWS, width)["values"], width)
            last = min(last, height)
        rows: GridRows = []
        seen = Seen(since_1904=self.since_1904)
        for top in range(first, last + 1, BLOCK):
            reported = self._reported(title, top, min(top + BLOCK - 1, last), self.widths[title])
            rows += _rows(top, reported, seen)
        return rows, seen

    def _reported(self, title: str, first: int, last: int, width: int) -> Mapping[str, Any]:
        """What the ears read (`ears.what_stands`)."""
        found: Mapping[str, Any] = self._ask(rows=json.dumps([first, last, width]), sheet=title)
        return found

    @cached_property
    def since_1904(self) -> bool:
        """Whether its days are counted from 1904."""
        return bool(self._about["since_1904"])

    def shape(self, title: str) -> Seen:
        """What is merged and hidden, without the merged bands that the template has above its header."""
        seen = Seen(since_1904=self.since_1904)
        height, width = self._ask(used=True, sheet=title)
        visible = self._ask(seen=True, sheet=title)
        rows = {row for top, _, bottom, _ in visible for row in range(top + 1, bottom + 2)}
        columns = {column for _, left, _, right in visible for column in range(left, right + 1)}
        seen.hidden_rows = set(range(1, height + 1)) - rows
        seen.hidden_columns = [(column, column) for column in range(width) if column not in columns]
        areas = sorted(set(self._merged(title, HEADER_ROW - 1, height - 1, width - 1)))
        seen.merged = [f"{letter(left)}{top + 1}:{letter(right)}{bottom + 1}" for top, left, bottom, right in areas]
        return seen

    def _merged(self, title: str, top: int, bottom: int, right: int) -> Iterator[tuple[int, ...]]:
        """Areas of merged cells; by halves where they are many rows, for LibreOffice waits while it is asked."""
        if top > bottom:
            return
        found = self._ask(merged=json.dumps([top, bottom, right]), sheet=title)
        if found is None:
            middle = (top + bottom) // 2
            yield from self._merged(title, top, middle, right)
            yield from self._merged(title, middle + 1, bottom, right)
        else:
            yield from map(tuple, found)

    def stands(self) -> tuple[str, int] | None:
        """Sheet and row of the selection."""
        found = self._ask(stands=True)
        return found and (found[0], found[1])

    def select(self, title: str, cell: str) -> None:
        """Select a cell soon; what is being typed is entered first where it is typed."""
        self._ask(go=cell, sheet=title)


class LibreOffice:
    """The host (`addin.live.host.Host`)."""

    application = "LibreOffice"

    def __init__(self, office: Office) -> None:
        """Raises `Gone`, or `NoOffice` where this LibreOffice takes no Python."""
        self._office = office
        self._heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        self._book: LibreOfficeBook | None = None
        self._busy = False
        """Whether it shows a dialog at which the officer has to do something."""
        self._left = False
        with self._asking():
            self._ears = office.inside("ears.py", _NAME)
        self._hearing = Thread(target=self._hear, daemon=True)
        self._hearing.start()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn what UNO raises where a workbook or the application is no longer there into `Gone`."""
        try:
            yield
        except (UnoException, AttributeError, ValueError) as error:
            # the last two are pyuno's words for an object whose application has just ended
            raise Gone from error

    def _ask(self, **named: Any) -> Any:  # noqa: ANN401 - JSON
        """What the ears inside LibreOffice answer."""
        with self._asking():
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
                    if self._left:
                        return
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
        return [LibreOfficeBook(uid, self._ask) for uid in self._ask(books=True)]

    def watch(self, book: LibreOfficeBook | None) -> None:
        """Hear the changes of this workbook and of no other."""
        self._book = book
        self._ask(watch=book.uid if book else "", columns=json.dumps(COLUMNS))

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
            self._ask(leave=True)
        self._hearing.join(2 * ALIVE)  # Python aborts where it ends while UNO is at work


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
