"""The live session: what was changed goes in, findings come out; beside the application, never in its way."""

import gc
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from addin.live.host import Books, Busy, Changed, Event, Gone, Host, Moved, OpenBook
from addin.live.mirror import LIST_TITLES, Lines, Mirror
from addin.live.state import Picture, Status
from validators.columns import BOOK_FIELDS, COVER_TITLE
from validators.ooxml.grid import LAST_ROW

TOGETHER = 0.005
"""Seconds of silence after which changes that came one upon the other are judged together."""
MOST_TOGETHER = 0.05
"""Seconds that the first of them waits at most."""
QUIET = 1.0
"""Seconds without any event after which what the application did not report exactly is read again."""
_AGAIN = 0.2
"""Seconds after which a busy application is asked again."""
KNOCK = 1.0
"""Seconds between two looks for an application that is not there."""
_PATIENCE = 600.0
"""Seconds after which an application that ended with the workbook is gone for good."""
CLICKED = 10.0
"""Seconds after which a busy application is no longer sent to the cell that was clicked: he has gone on typing."""
CHUNK = 500
"""Rows that are read at once when nobody waits for them: the application stands still for a blink only."""
OUR_NAMES = (BOOK_FIELDS["division"], BOOK_FIELDS["template_version"])
"""Defined names by which a workbook of ours is known."""


_Pieces = Generator[Callable[[], Any], Any, None]
"""Yields how something is read, and is sent what was read."""


class Session:
    """A live session (`addin.live.state.Live`) on one application at a time; `run` does the work in its own thread."""

    def __init__(self, connect: Callable[[], Host[Any] | None]) -> None:
        """`connect` gives the application, or None while it does not run; it is called in the thread of `run`."""
        self._connect = connect
        self._host: Host[Any] | None = None
        self._book: OpenBook | None = None
        self._mirror: Mirror | None = None
        self._spans: dict[str, list[tuple[int, int]]] = {}
        """Rows to be read at once, by title."""
        self._reported: list[Changed] = []
        """Changes that came with what stands there now."""
        self._again: dict[str, list[tuple[int, int]]] = {}
        """Their rows, to be read when it is quiet."""
        self._dirty: set[str | None] = set()
        """Titles of sheets that are to be read whole when it is quiet; None: the workbook itself."""
        self._reading: _Pieces | None = None
        """What is being read because it is quiet."""
        self._read: Future[Any] | None = None
        """The piece of it that is being read."""
        self._look = self._moved = True
        self._placed = False
        """Whether it was reported where the officer stands."""
        self._stands: tuple[str, int] | None = None
        self._wanted: tuple[str, str] | None = None
        """The cell that the pane asked for last."""
        self._wanted_at = 0.0
        self._edited: tuple[str, int] | None = None
        self._check_wanted = self._check_begun = self._checked = 0
        """How many times everything was to be read anew, how many times that was begun, and how many times done."""
        self._unsaved = False
        self._stopped = False
        self._file: str | None = None
        self._lost_at: float | None = None
        """When the application was found to have ended; None while there is one, and before there was one."""
        self._heard_at = self._rest = 0.0
        """When something was heard last; how long a busy application is left alone."""
        self._news = threading.Condition()
        self._picture = Picture(0, "等待", "", None, None, None, ())

    def picture(self) -> Picture:
        """What is known now."""
        return self._picture

    def newer(self, version: int, timeout: float) -> Picture:
        """The first picture newer than `version`, or the present one after `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._picture.version > version, timeout)
            return self._picture

    def select(self, sheet: str, cell: str) -> None:
        """Select that cell; does nothing while no workbook is open."""
        self._wanted, self._wanted_at = (sheet, cell), time.monotonic()
        self._wake()

    def check(self) -> int:
        """Have everything read anew, and what is not as it was judged; the number that `Picture.checked` has once that is
        done."""
        self._check_wanted += 1
        self._wake()
        return self._check_wanted

    def stop(self) -> None:
        """End the session; the application and its workbook stay open."""
        self._stopped = True
        self._wake()

    def _wake(self) -> None:
        host = self._host
        if host is not None:
            host.wake()

    def run(self, *, until_closed: bool = False) -> None:
        """Work until `stop`, until the application has ended and does not come again, or with `until_closed` until
        the workbook that was open is closed."""
        try:
            while not self._stopped and not self._is_over(until_closed):
                self._go_on()
        finally:
            if self._host is not None:
                self._host.leave()
            self._show("已结束")

    def _is_over(self, until_closed: bool) -> bool:
        lost_for = 0.0 if self._lost_at is None else time.monotonic() - self._lost_at
        return (self._picture.status == "已关闭" or lost_for > 0) if until_closed else lost_for > _PATIENCE

    def _go_on(self) -> None:
        host = self._host = self._host or self._connect()
        try:
            if host is None:
                time.sleep(KNOCK)
            else:
                self._lost_at = None
                self._turn(host)
        except Busy:
            self._show("忙")
            self._reading = None
            self._rest = _AGAIN
            self._moved = True  # it is asked until it answers
            if time.monotonic() - self._wanted_at > CLICKED:
                self._wanted = None
        except Gone:
            self._reading = None
            self._lose()

    def _turn(self, host: Host[Any]) -> None:
        """Wait for something to happen, and take it in."""
        if self._check_begun < self._check_wanted:
            self._check_begun, self._look, self._reading = self._check_wanted, True, None
            self._dirty |= {None, *LIST_TITLES}
        checking = self._checked < self._check_wanted
        unsettled = self._mirror is not None and not self._mirror.settled
        urgent = unsettled or self._look or self._moved or bool(self._reported or self._spans or self._wanted)
        urgent = urgent or (checking and not self._dirty)
        is_read = self._read is None or self._read.done()
        rest = 0.0 if checking else max(0.0, self._heard_at + QUIET - time.monotonic())
        pause = rest if self._dirty and is_read else KNOCK
        heard = host.wait(max(self._rest, 0.0 if urgent else pause))
        self._rest = 0.0
        if heard:
            self._hear(self._gathered(host, heard))
        if self._look:
            self._find(host)
        if self._reported or self._placed:
            self._take_reported()
        if self._moved or self._spans or self._wanted:
            self._take()
        elif unsettled:
            self._settle()
        elif self._dirty and (checking or time.monotonic() >= self._heard_at + QUIET):
            self._read_on(host)
        elif checking and self._book is not None and not (self._dirty or self._look):
            self._checked, self._unsaved = self._check_begun, self._book.unsaved
            self._show("已连接")

    def _lose(self) -> None:
        """The workbook was closed, or the application ended, while it was asked: what can be found out now decides."""
        self._mirror, self._look = None, True
        host = self._host
        try:
            if host is not None:
                host.books()
        except Busy:
            return
        except Gone:
            self._host = self._book = None
            self._lost_at = time.monotonic()
            self._show("已关闭" if self._picture.file else "等待")

    def _gathered(self, host: Host[Any], heard: Sequence[Event]) -> list[Event]:
        """What was heard, and what follows close upon it."""
        found, until = list(heard), time.monotonic() + MOST_TOGETHER
        with suppress(Busy):  # what was heard before a dialog, or as one closed, is not lost; `run` meets it again
            while time.monotonic() < until and (more := host.wait(TOGETHER)):
                found += more
        return found

    def _hear(self, events: Sequence[Event]) -> None:
        """Note what is to be done; it is noted until it is done, however busy the application is."""
        self._heard_at = time.monotonic()
        self._reading = None  # what is being read may be from before
        exact = {event.sheet for event in events if isinstance(event, Changed)}
        for event in events:
            if isinstance(event, Books):
                self._look = True
            elif isinstance(event, Moved) and event.reported:
                self._stands, self._placed = event.reported, True
            elif isinstance(event, Moved):
                self._moved = True
            elif isinstance(event, Changed) and event.reported and event.sheet in LIST_TITLES:
                self._reported.append(event)
            elif isinstance(event, Changed):
                self._spans.setdefault(event.sheet, []).append((event.first, event.last))
            elif event.sheet is not None:
                self._dirty.add(event.sheet)
                if event.sheet not in exact:
                    self._spans.setdefault(event.sheet, []).append((1, LAST_ROW))
            else:
                self._dirty.add(None)
        self._dirty.add(None)

    def _find(self, host: Host[Any]) -> None:
        """Which workbook is looked at: that of ours which is in front, else the one so far, else any of ours."""
        books = host.books()
        ours = [book for book in books if book == self._book or book.names.keys() >= {*OUR_NAMES}]
        front = next(iter(ours), None)
        book = self._book if ours[:1] != [*books[:1]] and self._book in ours else front
        if book is None:
            host.watch(None)
            self._book = self._mirror = self._stands = self._edited = None
            self._checked = self._check_wanted
            self._show("已关闭" if self._picture.file else "等待")
        elif book != self._book or self._mirror is None or book.name != self._mirror.book.file:
            host.watch(book)
            self._reported, self._spans, self._again, self._dirty, self._reading = [], {}, {}, set(), None
            if book != self._book:
                self._edited = None
            wanted, self._book = self._check_wanted, book
            self._mirror = Mirror(book)
            self._checked, self._unsaved = wanted, book.unsaved
            gc.freeze()  # what was read lives long: looking through it for garbage would only cost
        self._file = book.path if book else None
        self._look, self._moved = False, True

    def _take_reported(self) -> None:
        """Show what was reported, with changes what stands there now: the application may be at it for long yet.

        It is asked once more when it is quiet, for it spoke in the middle of its work.
        """
        reported, self._reported, self._placed = self._reported, [], False
        mirror = self._mirror
        if mirror is None:
            return
        for event in reported:  # in this order: the later ones know better
            looked = {event.sheet: mirror.look(event.sheet, event.first, event.last, event.reported)}
            mirror.take(looked)
            self._note_edited(looked)
            self._again.setdefault(event.sheet, []).append((event.first, event.last))
        self._show("已连接")

    def _take(self) -> None:
        """Read what was changed, and show what it means."""
        book, mirror = self._book, self._mirror
        if book is None or mirror is None:
            self._spans, self._moved, self._wanted = {}, False, None
            return
        if wanted := self._wanted:
            book.select(*wanted)
            self._moved = True
            if self._wanted is wanted:  # nobody has clicked again meanwhile
                self._wanted = None
        looked = {title: _looked(mirror, title, spans) for title, spans in self._spans.items() if title in LIST_TITLES}
        stands = book.stands() if self._moved else self._stands
        if COVER_TITLE in self._spans:
            mirror.take_around(mirror.look_around())
        self._spans, self._moved, self._stands = {}, False, stands
        mirror.take(looked)
        self._note_edited(looked)
        self._show("已连接")

    def _note_edited(self, looked: Mapping[str, Lines]) -> None:
        for title, lines in looked.items():
            if lines:
                self._edited = title, min(lines)

    def _settle(self) -> None:
        """Judge one more of the rules that were left for after what is quick, and show it once there is none left."""
        mirror = self._mirror
        if mirror is not None and mirror.settle() and mirror.settled:
            self._show("已连接")

    def _read_on(self, host: Host[Any]) -> None:
        """It is quiet: read what was not reported exactly, a piece at a time; whatever happens meanwhile comes first."""
        book, mirror = self._book, self._mirror
        if book is None or mirror is None:
            self._dirty.clear()
            return
        if self._reading is None:
            self._reading, self._read = self._quietly(host, book, mirror), None
        if self._read is None or self._read.done():
            read, self._read = self._read, None
            try:
                self._read_aside(host, self._reading.send(read and read.result()))
            except StopIteration:
                self._reading = None

    def _read_aside(self, host: Host[Any], read: Callable[[], Any]) -> None:
        found = self._read = Future()

        def work() -> None:
            try:
                found.set_result(read())
            except Exception as error:  # raised where the result is asked for, if it still is
                found.set_exception(error)
            host.wake()

        host.aside(work)

    def _quietly(self, host: Host[Any], book: OpenBook, mirror: Mirror) -> "_Pieces":
        """Yields how a piece is read, and is sent what was read; takes it in at the end."""
        if again := self._again:
            looked = yield lambda: {title: _looked(mirror, title, spans) for title, spans in again.items()}
            self._again = {}
            mirror.take(looked)
            self._show("已连接")
            return
        title = min(self._dirty, key=str)
        if title is None:
            around = yield mirror.look_around
            if mirror.take_around(around):
                host.watch(book)  # there may be new sheets
        elif title in LIST_TITLES:
            rows: Lines = {}
            for first, last in mirror.pieces(title, CHUNK):
                rows.update((yield partial(mirror.look, title, first, last)))
            mirror.take({title: rows} if rows else {})
        self._dirty.discard(title)
        self._show("已连接")

    def _show(self, status: Status) -> None:
        """Let others see what is known, where it is anything new."""
        before = self._picture
        mirror = self._mirror
        sheet, row = self._stands or (None, None)
        file = self._file if mirror else before.file
        findings = tuple(mirror.findings) if mirror else before.findings
        now = Picture(
            before.version,
            status,
            self._host.application if self._host else before.application,
            file,
            sheet,
            row,
            findings,
            self._edited,
            self._checked,
            self._unsaved,
        )
        if now != before:
            with self._news:
                self._picture = replace(now, version=before.version + 1)
                self._news.notify_all()


def _looked(mirror: Mirror, title: str, spans: Iterable[tuple[int, int]]) -> Lines:
    return {row: line for span in _joined(spans) for row, line in mirror.look(title, *span).items()}


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of rows in order, those that touch made one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found
