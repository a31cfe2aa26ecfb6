"""The engine: what xlwings asks of an application, answered by UNO.

Names and shapes are those of `xlwings.base_classes`. Every class has `api`, the UNO object behind it; what is
not implemented raises the NotImplementedError of the base class.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import xlwings
from xlwings import base_classes, utils

from addin.apps.libreoffice.instance import Office, hold

EPOCH = dt.datetime(1899, 12, 30)
LAST_ROW, LAST_COLUMN = 1 << 20, 1 << 10
VALUES = 1 | 2 | 4 | 16
"""`CellFlags`: numbers, dates, texts, formulas."""
DATES, FORMULAS = 2, 16
EVERYTHING = 1023
DATE_FORMAT, LOGICAL_FORMAT = 2, 1024
"""`NumberFormat` kinds."""
XLSX = "Calc MS Excel 2007 XML"
Value = str | float | bool | dt.datetime | None


class Engine:
    """The engine; `app` adds applications to it."""

    name = "libreoffice"
    type = "desktop"

    def __init__(self) -> None:
        self.apps = Apps(self)

    @staticmethod
    def prepare_xl_data_element(x: Any, options: Any) -> Any:
        """A value as it is written: None and NaN are blanks."""
        if x is None or (isinstance(x, float) and math.isnan(x)):
            return ""
        return x.item() if hasattr(x, "item") else x

    @staticmethod
    def clean_value_data(
        data: Sequence[Sequence[Value]],
        datetime_builder: Callable[..., Any],
        empty_as: Any,
        number_builder: Callable[[float], Any] | None,
        err_to_str: bool,
    ) -> list[list[Any]]:
        """Values as the user's options want them; `err_to_str` has no effect, an error is a blank."""

        def clean(value: Value) -> Any:
            if value is None or value == "":
                return empty_as
            if isinstance(value, dt.datetime) and datetime_builder is not dt.datetime:
                return datetime_builder(
                    year=value.year,
                    month=value.month,
                    day=value.day,
                    hour=value.hour,
                    minute=value.minute,
                    second=value.second,
                    microsecond=0,
                    tzinfo=None,
                )
            return number_builder(value) if number_builder and type(value) is float else value

        return [[clean(value) for value in row] for row in data]


class Apps(base_classes.Apps):
    """The applications that are driven, that in front first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.running: list[App] = []

    def keys(self) -> list[int]:
        return [app.pid for app in self]

    def __iter__(self) -> Iterator["App"]:
        return iter(self.running)

    def __len__(self) -> int:
        return len(self.running)

    def __getitem__(self, pid: int) -> "App":
        return next(app for app in self if app.pid == pid)

    def cleanup(self) -> None:
        pass


class App(base_classes.App):
    """A LibreOffice. (In all classes: an attribute of the class hides the read-only property of its base.)"""

    engine: Any = None
    visible = screen_updating = display_alerts = enable_events = True

    def __init__(self, office: Office, engine: Engine) -> None:
        self.office, self.engine = office, engine

    @property
    def api(self) -> Any:
        return self.office.desktop

    @property
    def pid(self) -> int:
        """Number of its process; of one that ran already, a number made of its pipe."""
        return self.office.process.pid if self.office.process else crc32(self.office.pipe.encode())

    @property
    def books(self) -> "Books":
        return Books(self)

    @property
    def selection(self) -> "Range | None":
        """The selected cells; of several areas the first."""
        document = self.api.CurrentComponent
        if document is None or not document.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
            return None
        chosen = hold(document.CurrentSelection)
        if not hasattr(chosen, "RangeAddress"):  # several areas; or a drawing, which has none
            chosen = hold(chosen.getByIndex(0)) if hasattr(chosen, "RangeAddresses") and chosen.Count else None
        return Range(Sheet(Book(self, document), chosen.Spreadsheet), chosen) if chosen is not None else None

    def activate(self, steal_focus: bool = False) -> None:
        """Make it the active one of xlwings; its window is brought to the front by that of a book."""
        running = self.engine.apps.running
        running.remove(self)
        running.insert(0, self)

    def calculate(self) -> None:
        for book in self.books:
            book.api.calculateAll()

    def quit(self) -> None:
        for book in list(self.books):
            book.close()
        self.engine.apps.running.remove(self)
        self.office.close()


class Books(base_classes.Books):
    """The spreadsheets that are open."""

    def __init__(self, app: App) -> None:
        self.app = app

    @property
    def api(self) -> Any:
        return self.app.api.Components

    def __iter__(self) -> Iterator["Book"]:
        components = hold(hold(self.api).createEnumeration())
        while components.hasMoreElements():
            document = components.nextElement()
            if document.supportsService("com.sun.star.sheet.SpreadsheetDocument"):
                yield Book(self.app, document)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __call__(self, name_or_index: str | int) -> "Book":
        books = list(self)
        if isinstance(name_or_index, int):
            return books[name_or_index - 1]
        for book in books:
            if name_or_index in (book.name, book.fullname):
                return book
        raise KeyError(name_or_index)

    @property
    def active(self) -> "Book":
        return Book(self.app, self.app.api.CurrentComponent)

    def add(self) -> "Book":
        return self._load("private:factory/scalc")

    def open(self, fullname: str | Path, *_: Any, **__: Any) -> "Book":
        """Open a file; Excel's options are not looked at, macros never run, links are not updated."""
        return self._load(Path(fullname).absolute().as_uri(), MacroExecutionMode=0, UpdateDocMode=0)

    def _load(self, url: str, **options: Any) -> "Book":
        document = self.app.api.loadComponentFromURL(url, "_blank", 0, self.app.office.options(**options))
        if document is None:
            raise FileNotFoundError(f"LibreOffice does not open {url}: not there, locked by another, or no spreadsheet")
        return Book(self.app, document)


class Book(base_classes.Book):
    """A spreadsheet."""

    app: Any = None
    api: Any = None

    def __init__(self, app: App, document: Any) -> None:
        self.app, self.api = app, document

    @property
    def fullname(self) -> str:
        """Path of the file, or the window's title while it was never saved."""
        url = self.api.URL
        return self.app.office.uno.fileUrlToSystemPath(url) if url else self.api.Title

    @property
    def name(self) -> str:
        return Path(self.fullname).name

    @property
    def sheets(self) -> "Sheets":
        return Sheets(self)

    @property
    def names(self) -> "Names":
        return Names(self)

    def save(self, path: str | None = None, password: str | None = None) -> None:
        """Save under its name, or as an .xlsx under another."""
        if path is None:
            self.api.store()
        else:
            self.api.storeAsURL(Path(path).absolute().as_uri(), self.app.office.options(FilterName=XLSX))

    def close(self) -> None:
        self.api.setModified(False)
        self.api.close(True)

    def activate(self) -> None:
        self.api.CurrentController.Frame.activate()
        self.api.CurrentController.Frame.ContainerWindow.toFront()


class Names(base_classes.Names):
    """The names that are defined for a whole book."""

    api: Any = None

    def __init__(self, book: Book) -> None:
        self.book, self.api = book, hold(book.api.NamedRanges)

    def __len__(self) -> int:
        return self.api.Count

    def __call__(self, name_or_index: str | int) -> "Name":
        if isinstance(name_or_index, int):
            return Name(self.book, self.api.getByIndex(name_or_index - 1))
        return Name(self.book, self.api.getByName(name_or_index))

    def contains(self, name_or_index: str | int) -> bool:
        if isinstance(name_or_index, int):
            return 1 <= name_or_index <= len(self)
        return self.api.hasByName(name_or_index)

    def __iter__(self) -> Iterator["Name"]:
        return (self(number) for number in range(1, len(self) + 1))


class Name(base_classes.Name):
    """A defined name."""

    api: Any = None

    def __init__(self, book: Book, api: Any) -> None:
        self.book, self.api = book, hold(api)

    @property
    def name(self) -> str:
        return self.api.Name

    @property
    def refers_to(self) -> str:
        """In Excel's spelling: `=Sheet1!$A$1`."""
        return f"={excel_formula(self.api.Content)}"

    @property
    def refers_to_range(self) -> "Range":
        cells = self.api.ReferredCells
        return Range(Sheet(self.book, cells.Spreadsheet), cells)


class Sheets(base_classes.Sheets):
    """The sheets of a book."""

    api: Any = None

    def __init__(self, book: Book) -> None:
        self.book, self.api = book, hold(book.api.Sheets)

    @property
    def active(self) -> "Sheet":
        return Sheet(self.book, self.book.api.CurrentController.ActiveSheet)

    def __call__(self, name_or_index: str | int) -> "Sheet":
        if isinstance(name_or_index, int):
            return Sheet(self.book, self.api.getByIndex(name_or_index - 1))
        if not self.api.hasByName(name_or_index):
            raise xlwings.NoSuchObjectError(name_or_index)
        return Sheet(self.book, self.api.getByName(name_or_index))

    def __len__(self) -> int:
        return self.api.Count

    def __iter__(self) -> Iterator["Sheet"]:
        return (self(number) for number in range(1, len(self) + 1))

    def __contains__(self, name: str) -> bool:
        return self.api.hasByName(name)

    def add(self, before: "Sheet | None" = None, after: "Sheet | None" = None, name: str | None = None) -> "Sheet":
        place = before.index - 1 if before else after.index if after else len(self)
        free = (f"Sheet{number}" for number in range(1, len(self) + 2))
        chosen = name or next(one for one in free if one not in self)
        self.api.insertNewByName(chosen, place)
        return self(chosen)


class Sheet(base_classes.Sheet):
    """A sheet."""

    book: Any = None
    api: Any = None

    def __init__(self, book: Book, api: Any) -> None:
        self.book, self.api = book, hold(api)

    @property
    def name(self) -> str:
        return self.api.Name

    @name.setter
    def name(self, name: str) -> None:
        self.api.Name = name

    @property
    def index(self) -> int:
        return self.api.RangeAddress.Sheet + 1

    @property
    def visible(self) -> bool:
        return self.api.IsVisible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self.api.IsVisible = visible

    @property
    def cells(self) -> "Range":
        return Range(self, self.api)

    @property
    def used_range(self) -> "Range":
        cursor = hold(self.api.createCursor())
        cursor.gotoEndOfUsedArea(False)
        last = cursor.RangeAddress
        return self.range((1, 1), (last.EndRow + 1, last.EndColumn + 1))

    def range(self, first: Any, second: Any = None) -> "Range":
        """Cells by `"A1:B2"`, a defined name, corners as pairs, corner and shape as four numbers, or two ranges."""
        if isinstance(first, Range):
            other = second or first
            corners = [(r.row, r.column) for r in (first, other)]
            corners += [(r.row + r.shape[0] - 1, r.column + r.shape[1] - 1) for r in (first, other)]
            rows, columns = zip(*corners, strict=True)
            first, second = (min(rows), min(columns)), (max(rows), max(columns))
        elif isinstance(first, str):
            name, (first, second) = first, utils.a1_to_tuples(first)
            if not first:
                names = next(
                    (n for n in map(hold, (self.api.NamedRanges, self.book.api.NamedRanges)) if n.hasByName(name)), None
                )
                if names is None:
                    raise xlwings.NoSuchObjectError(name)
                return Range(self, hold(names.getByName(name)).ReferredCells)
        elif len(first) == 4:
            row, column, height, width = first
            first, second = (row, column), (row + height - 1, column + width - 1)
        (top, left), (bottom, right) = first, second or first
        return Range(self, self.api.getCellRangeByPosition(left - 1, top - 1, right - 1, bottom - 1))

    def activate(self) -> None:
        self.book.api.CurrentController.setActiveSheet(self.api)

    select = activate

    def delete(self) -> None:
        self.book.sheets.api.removeByName(self.name)

    def clear(self) -> None:
        self.api.clearContents(EVERYTHING)

    def clear_contents(self) -> None:
        self.api.clearContents(VALUES)


class Range(base_classes.Range):
    """A block of cells."""

    sheet: Any = None
    api: Any = None
    options: Any = None

    def __init__(self, sheet: Sheet, api: Any) -> None:
        self.sheet, self.api = sheet, hold(api)
        self._asked: Any = None

    @property
    def _area(self) -> Any:
        # not a cached_property: until Python 3.12 one thread that asks holds the lock of all, and a listener,
        # for which LibreOffice waits, would wait for it
        if self._asked is None:
            self._asked = self.api.RangeAddress
        return self._asked

    @property
    def row(self) -> int:
        return self._area.StartRow + 1

    @property
    def column(self) -> int:
        return self._area.StartColumn + 1

    @property
    def shape(self) -> tuple[int, int]:
        area = self._area
        return area.EndRow - area.StartRow + 1, area.EndColumn - area.StartColumn + 1

    @property
    def coords(self) -> tuple[Any, ...]:
        return self.sheet.name, self.row, self.column, *self.shape

    @property
    def max_cells_per_write(self) -> None:
        """All at once."""

    @property
    def has_array(self) -> bool:
        return False

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, row: int, column: int | None = None) -> "Range":
        if column is None:
            row, column = divmod(row - 1, self.shape[1])
            row, column = row + 1, column + 1
        return self.sheet.range((self.row + row - 1, self.column + column - 1))

    def get_address(self, row_absolute: bool, col_absolute: bool, external: bool) -> str:
        height, width = self.shape
        corners = [(self.row, self.column), (self.row + height - 1, self.column + width - 1)]
        texts = [
            f"{'$' if col_absolute else ''}{utils.col_name(column)}{'$' if row_absolute else ''}{row}"
            for row, column in corners
        ]
        return ":".join(dict.fromkeys(texts))

    @property
    def address(self) -> str:
        return self.get_address(True, True, False)

    @property
    def raw_value(self) -> Any:
        """Numbers as float, texts, logical values as bool, dates as datetime, '' for a blank, None for an error."""
        rows = [list(row) for row in self.api.getDataArray()]
        self._dates(rows)
        self._logical(rows)
        return rows[0][0] if len(self) == 1 else rows

    @raw_value.setter
    def raw_value(self, value: Any) -> None:
        height, width = self.shape
        if not isinstance(value, list | tuple):
            value = [[value] * width] * height
        elif value and not isinstance(value[0], list | tuple):
            value = [value]
        target = (
            self if (len(value), len(value[0])) == (height, width) else self(1, 1)._resized(len(value), len(value[0]))
        )
        target.api.setDataArray(tuple(tuple(_plain(cell) for cell in row) for row in value))
        for y, row in enumerate(value):
            for x, cell in enumerate(row):
                if isinstance(cell, str) and cell.startswith("="):
                    hold(target.api.getCellByPosition(x, y)).setFormula(calc_formula(cell))
                elif isinstance(cell, dt.date):
                    target(y + 1, x + 1)._show_as("YYYY-MM-DD", DATE_FORMAT)
                elif isinstance(cell, bool):
                    target(y + 1, x + 1)._show_as("BOOLEAN", LOGICAL_FORMAT)

    def _dates(self, rows: list[list[Any]]) -> None:
        area = self._area
        for dated in hold(self.api.queryContentCells(DATES)).RangeAddresses:
            for row in rows[dated.StartRow - area.StartRow : dated.EndRow - area.StartRow + 1]:
                for at in range(dated.StartColumn - area.StartColumn, dated.EndColumn - area.StartColumn + 1):
                    if type(row[at]) is float:
                        row[at] = date(row[at])

    def _logical(self, rows: list[list[Any]]) -> None:
        """Turn 1 and 0 into logical values where they are shown as such."""
        likely = [(y, x) for y, row in enumerate(rows) for x, value in enumerate(row) if value in (0.0, 1.0)]
        if len(likely) > FEW:
            area, formats = self._area, hold(self.api.UniqueCellFormatRanges)
            for group in (hold(formats.getByIndex(number)) for number in range(formats.Count)):
                if self._is_logical(group.NumberFormat):
                    for own in group.RangeAddresses:
                        for row in rows[own.StartRow - area.StartRow : own.EndRow - area.StartRow + 1]:
                            for x in range(own.StartColumn - area.StartColumn, own.EndColumn - area.StartColumn + 1):
                                row[x] = bool(row[x]) if row[x] in (0.0, 1.0) else row[x]
            return
        runs: list[list[tuple[int, int]]] = []
        for y, x in likely:
            if runs and runs[-1][-1] == (y, x - 1):
                runs[-1].append((y, x))
            else:
                runs.append([(y, x)])
        for run in runs:
            (y, first), (_, last) = run[0], run[-1]
            shared = hold(self.api.getCellRangeByPosition(first, y, last, y)).NumberFormat
            for _, x in run:
                # cells of several formats say that they have the general one, which is 0
                key = shared or hold(self.api.getCellByPosition(x, y)).NumberFormat
                if self._is_logical(key):
                    rows[y][x] = bool(rows[y][x])

    def _is_logical(self, key: int) -> bool:
        kinds = self.sheet.book.app.office.kinds
        if key not in kinds:
            kinds[key] = hold(hold(self.sheet.book.api.NumberFormats).getByKey(key)).Type
        return bool(kinds[key] & LOGICAL_FORMAT)

    def _resized(self, height: int, width: int) -> "Range":
        return self.sheet.range((self.row, self.column, height, width))

    def _show_as(self, code: str, kind: int) -> None:
        """Give cells a format of a kind, unless they have one."""
        formats = hold(self.sheet.book.api.NumberFormats)
        if not hold(formats.getByKey(self.api.NumberFormat)).Type & kind:
            self.number_format = code

    @property
    def formula(self) -> Any:
        """Formulas in Excel's spelling with `=`, else what would be typed to enter the value; '' for a blank."""
        rows = tuple(tuple(map(formula, row)) for row in self.api.getFormulaArray())
        return rows[0][0] if len(self) == 1 else rows

    @formula.setter
    def formula(self, value: Any) -> None:
        self.raw_value = value

    formula2 = formula

    @property
    def number_format(self) -> str:
        return hold(hold(self.sheet.book.api.NumberFormats).getByKey(self.api.NumberFormat)).FormatString

    @number_format.setter
    def number_format(self, code: str) -> None:
        formats, locale = hold(self.sheet.book.api.NumberFormats), self.sheet.book.app.office.locale
        key = formats.queryKey(code, locale, False)
        self.api.NumberFormat = formats.addNew(code, locale) if key < 0 else key

    @property
    def color(self) -> tuple[int, int, int] | None:
        found = self.api.CellBackColor
        return None if found is None or found < 0 else (found >> 16, found >> 8 & 255, found & 255)

    @color.setter
    def color(self, color: str | tuple[int, int, int] | None) -> None:
        red, green, blue = utils.hex_to_rgb(color) if isinstance(color, str) else color or (0, 0, 0)
        self.api.CellBackColor = -1 if color is None else red << 16 | green << 8 | blue

    def clear(self) -> None:
        self.api.clearContents(EVERYTHING)

    def clear_contents(self) -> None:
        self.api.clearContents(VALUES)

    def clear_formats(self) -> None:
        self.api.clearContents(32 | 512)

    def end(self, direction: str) -> "Range":
        """Where Ctrl and an arrow lead: `up`, `down`, `left` or `right`."""
        row, column = self.row, self.column
        used = self.sheet.used_range.shape
        upright = direction in ("up", "down")
        last = max(used[0], row) if upright else max(used[1], column)
        line = self.sheet.range((1, column), (last, column)) if upright else self.sheet.range((row, 1), (row, last))
        filled = [cell != "" for cells in line.api.getDataArray() for cell in cells]
        at, step = (row if upright else column) - 1, 1 if direction in ("down", "right") else -1
        inside = filled[at] and 0 <= at + step < len(filled) and filled[at + step]
        at += step
        while 0 <= at < len(filled) and filled[at] == inside:
            at += step
        if inside:
            at -= step
        elif not 0 <= at < len(filled):
            at = 0 if step < 0 else (LAST_ROW if upright else LAST_COLUMN) - 1
        return self.sheet.range((at + 1, column) if upright else (row, at + 1))

    def select(self) -> None:
        self.sheet.book.api.CurrentController.select(self.api)


def app(office: Office) -> xlwings.App:
    """An office as an application of xlwings, whose active engine and application become ours and this one."""
    if ENGINE not in (engine.impl for engine in xlwings.engines):
        xlwings.engines.add(xlwings.Engine(impl=ENGINE))
    xlwings.engines[ENGINE.name].activate()
    running = ENGINE.apps.running
    if office not in (one.office for one in running):
        running.insert(0, App(office, ENGINE))
    return xlwings.App(impl=next(one for one in running if one.office is office))


ENGINE = Engine()
FEW = 60
"""So many cells that may be logical values are looked at one by one, which is quicker than asking for all formats."""
_SHEET = re.compile(r"""("[^"]*")|(;)|\$?(?:('(?:[^']|'')+')|([^\W\d]\w*))\.(?=\$?[A-Z]{1,3}\$?\d)""")
_CALC = re.compile(r"""("[^"]*")|(,)|('(?:[^']|'')+'|[^\W\d]\w*)!""")


def excel_formula(text: str) -> str:
    """A formula of Calc in Excel's spelling: `,` between arguments, `!` after the name of a sheet."""
    if "." not in text:  # no other sheet, as nearly always
        pieces = text.split('"')
        pieces[::2] = [piece.replace(";", ",") for piece in pieces[::2]]
        return '"'.join(pieces)

    def one(found: re.Match[str]) -> str:
        quoted, separator, *sheet = found.groups()
        return quoted or ("," if separator else f"{sheet[0] or sheet[1]}!")

    return _SHEET.sub(one, text)


def calc_formula(text: str) -> str:
    """The opposite."""

    def one(found: re.Match[str]) -> str:
        quoted, separator, sheet = found.groups()
        return quoted or (";" if separator else f"${sheet}.")

    return _CALC.sub(one, text)


def date(serial: float) -> dt.datetime:
    """The moment that a number means which is shown as a date."""
    return EPOCH + dt.timedelta(milliseconds=round(serial * 86_400_000))


def formula(text: str) -> str:
    """A formula as LibreOffice gives it in Excel's spelling, or the text that would be typed for a value."""
    if text.startswith("="):
        return excel_formula(text)
    return text.removeprefix("'")


def _plain(value: Any) -> Any:
    """A value as UNO takes it."""
    if isinstance(value, dt.datetime):
        return (value.replace(tzinfo=None) - EPOCH) / dt.timedelta(days=1)
    if isinstance(value, dt.date):
        return float((value - EPOCH.date()).days)
    if isinstance(value, str) and value.startswith("="):
        return ""
    return float(value) if isinstance(value, int | float) else "" if value is None else value
