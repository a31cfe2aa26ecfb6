"""Tables that are not ours, of any format that offices use, as the sheets that our own reader gives.

What is no .xlsx goes through calamine or is split as text; there a formula cannot be told from what it gave.
"""

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from validators.columns import letter
from validators.meanings import Raw
from workbook_templates.xlsx.fast_reader import GridRows, Seen
from workbook_templates.xlsx.opened import LARGEST_FILE, Grid, UnreadableWorkbook, open_workbook

TEXTS = (".csv", ".txt", ".tsv")
_OLD = (".xls", ".xlsb", ".ods", ".et")
_SUFFIXES = (".xlsx", *_OLD, *TEXTS)
"""What is read as a table."""
_MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Foreign:
    """A file of tables."""

    name: str
    sha256: str
    sheets: tuple[Grid, ...]
    blind: bool
    """Whether formulas cannot be seen in it."""


def read_tables(path: Path) -> Foreign:
    """All sheets of a file. Raises `UnreadableWorkbook`, or OSError if it cannot be opened."""
    suffix = path.suffix.lower()
    if path.is_dir():
        raise UnreadableWorkbook(f"“{path.name}”是文件夹。请指定其中的文件。")
    if suffix in (".xlsm", ".xltm", ".xlam"):
        raise UnreadableWorkbook(f"“{path.name}”是带宏的工作簿。请在表格软件中另存为不含宏的 .xlsx 再试。")
    if suffix not in _SUFFIXES:
        raise UnreadableWorkbook(f"“{path.name}”不是表格。能读的有：{'、'.join(_SUFFIXES)}。")
    if path.stat().st_size > LARGEST_FILE:
        raise UnreadableWorkbook(f"“{path.name}”超过 {LARGEST_FILE >> 20} MB，不像一份清单。请核对是否拿错了文件。")
    with path.open("rb") as file:
        start = file.read(8)
    if suffix == ".xlsx" or (start.startswith(b"PK") and suffix in (".xls", ".et")):
        opened = open_workbook(path)
        grids = [grid for title in opened.sheets if (grid := opened.grid(title))]
        return Foreign(path.name, opened.sha256, tuple(grids), blind=False)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    binary = start.startswith((b"PK", b"\xd0\xcf\x11\xe0"))
    if suffix in TEXTS or not binary:
        return Foreign(path.name, digest, (_text(path, data),), blind=True)
    return Foreign(path.name, digest, tuple(_old(path.name, data)), blind=True)


def _text(path: Path, data: bytes) -> Grid:
    """A file of text: commas, tabs or semicolons between the cells, in UTF-8, UTF-16 or GB18030."""
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        if "<html" in text[:2000].lower() or "<table" in text[:5000].lower():
            raise UnreadableWorkbook(f"“{path.name}”的内容是网页，不是表格。请在表格软件中打开并另存为 .xlsx 再试。")
        first = text[:20_000]
        delimiter = max(",\t;", key=first.count)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error:
            break
        return Grid(path.stem, False, _rows(rows), Seen())
    raise UnreadableWorkbook(f"“{path.name}”不是表格，也不是文字文件。请在表格软件中打开并另存为 .xlsx 再试。")


def _old(name: str, data: bytes) -> Iterable[Grid]:
    """The sheets of a workbook that calamine reads; one that it stumbles over ends this process."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for facts in book.sheets_metadata:
            if str(facts.typ) != "SheetTypeEnum.WorkSheet":
                continue
            sheet = book.get_sheet_by_name(facts.name)
            if sheet.total_height * max(sheet.total_width, 1) > _MOST_CELLS:
                raise UnreadableWorkbook(f"“{name}”的工作表“{facts.name}”大得异常，不像一份清单。")
            seen = Seen()
            for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
                seen.merged.append(f"{letter(left)}{top + 1}:{letter(right)}{bottom + 1}")
            rows = _rows(sheet.to_python(skip_empty_area=False))
            yield Grid(facts.name, str(facts.visible) != "SheetVisibleEnum.Visible", rows, seen)
    except (CalamineError, ValueError) as error:
        if isinstance(error, UnreadableWorkbook):
            raise
        raise UnreadableWorkbook(
            f"“{name}”读不了，可能已损坏或加了密。请在表格软件中打开并另存为 .xlsx 再试。"
        ) from error


def _rows(rows: Iterable[Iterable[object]]) -> GridRows:
    found: GridRows = []
    for number, cells in enumerate(rows, 1):
        own = [_cell(cell) for cell in cells]
        while own and own[-1] == "":
            own.pop()
        if own:
            found.append((number, own))
    return found


def _cell(cell: object) -> Raw:
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date()
    if isinstance(cell, int) and not isinstance(cell, bool):
        return float(cell)
    return cell if isinstance(cell, str | float | bool | dt.date | dt.time | dt.timedelta) else ""
