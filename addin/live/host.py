"""What a live session asks of a spreadsheet application: to read, to hear, to select a cell. It cannot write.

An application is driven from one thread only, that of the session, and from where `aside` reads; `wake` alone may be
called from others.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from workbook_templates.xlsx.fast_reader import GridRows, Seen
from workbook_templates.xlsx.opened import Tab


class Busy(Exception):
    """The application does not answer now, or should not be asked (a cell is being typed, a dialog is open); nothing
    is lost by asking later."""


class Gone(Exception):
    """The workbook was closed, or the application ended, while it was asked."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Values or formulas of these rows were changed; no other event need follow for them."""

    sheet: str
    """Title."""
    first: int
    last: int
    """1-based rows, inclusive; may reach far beyond what is filled (a whole column)."""
    reported: tuple[GridRows, Seen] | None = field(default=None, compare=False, repr=False)
    """What the application, still at it, said stands there now, as from `OpenBook.rows`; without it, ask."""


@dataclass(frozen=True, slots=True)
class Dirty:
    """Something on a sheet changed, and the application does not say where: rows moved, cells filled down."""

    sheet: str | None = None
    """Title; None is any sheet, or the set of sheets itself."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The officer may stand elsewhere: another cell, another sheet."""

    reported: tuple[str, int] | None = field(default=None, compare=False, repr=False)
    """Where he stands now, as `OpenBook.stands` gives it, where the application said so; without it, ask."""


@dataclass(frozen=True, slots=True)
class Books:
    """A workbook was opened, closed, renamed, or came to the front."""


Event = Changed | Dirty | Moved | Books


@dataclass(frozen=True, slots=True)
class OpenTab:
    """A sheet of an open workbook before it is read (`workbook_templates.xlsx.opened.Tab`)."""

    kind: str
    state: str


class DefinedNames(Mapping[str, str]):
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


class OpenBook(Protocol):
    """A workbook that is open in the application. Everything raises `Busy` or `Gone`."""

    @property
    def name(self) -> str:
        """Name of the file, or the title of the window while it was never saved."""

    @property
    def path(self) -> str:
        """Path of the saved file, or the title of the window while it was never saved."""

    @property
    def unsaved(self) -> bool:
        """Whether it has changes that are not in its file."""

    @property
    def names(self) -> Mapping[str, str]:
        """Texts of the defined names of the whole workbook, as a file has them: `填报说明!$C$5`."""

    @property
    def sheets(self) -> Mapping[str, Tab]:
        """Sheets by title, in order."""

    def rows(self, title: str, first: int, last: int) -> tuple[GridRows, Seen]:
        """Rows of a sheet from `first` to `last` (1-based, inclusive), those without any value left out.

        Values are those of `meanings.Raw`: logical values as bool, moments as `fast_reader.moment` makes them of numbers.
        A formula stands in `Seen.formulas` (Excel text without `=`) and what it gives among the values; an error
        value stands in `Seen.errors` and is a blank. Nothing of the `shape`.
        """

    def shape(self, title: str) -> Seen:
        """What is merged and hidden on a sheet, and nothing else."""

    def stands(self) -> tuple[str, int] | None:
        """Title of the sheet and 1-based row where the officer stands; None where the workbook is not in front."""

    def select(self, title: str, cell: str) -> None:
        """Select a cell, soon; what is being typed is entered first, where it is typed. Nothing is raised over others."""


B = TypeVar("B", bound=OpenBook)


class Host(Protocol[B]):
    """A running spreadsheet application."""

    application: str
    """Its name as people know it: LibreOffice, Excel, WPS."""

    def books(self) -> Sequence[B]:
        """The open workbooks, that in front first; the same workbook compares equal each time.

        Raises `Busy`; `Gone` where the application ended.
        """

    def watch(self, book: B | None) -> None:
        """From now on hear the changes of this workbook and of no other. Raises `Busy` or `Gone`."""

    def wait(self, timeout: float) -> Sequence[Event]:
        """What was heard since the last call, at once if there is something, else within `timeout` seconds.

        Returns early and empty after `wake`. Raises `Gone` where the application ended, `Busy` where nothing was
        heard and it shows a dialog.
        """

    def aside(self, read: Callable[[], None]) -> None:
        """Read something for which nobody waits: in a thread of its own, where the application can be asked in two."""

    def wake(self) -> None:
        """Make `wait` return; may be called from any thread."""

    def leave(self) -> None:
        """Stop hearing; the application and its workbooks stay as they are."""
