"""Write long lists of typed values as .xlsx, row by row: the province submission and the consolidated lists.

Nothing here can write a formula: a cell is a shared string, a number or a date, and text that begins with
``=``, ``+``, ``-`` or ``@`` is a shared string like any other. Identical input gives identical bytes (with
the same zlib and pydantic-core): zip dates, part order and compression are fixed, and shared strings are
numbered as they are first seen, which unlike sorting them needs no second look at the rows.

Rows become XML in batches, column by column: a text that repeats within a batch is formatted once, and a
column of numbers in one call. Memory holds one batch and the shared strings.
"""

import errno
import math
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import BufferedRandom, BytesIO
from itertools import count, islice
from pathlib import Path
from types import NoneType
from typing import BinaryIO, Literal
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile

from pydantic_core import to_json

from validators.columns import letter
from validators.meanings import FIRST_DAY, Value
from validators.ooxml.grid import EPOCH, LAST_COLUMN, LAST_ROW
from validators.text import FORBIDDEN, LONGEST

JOB = "QINGDAN_JOB"
"""Environment variable: who starts this program as a job names it here, and finds what it left if it was killed."""

_BATCH = 256  # rows; from 64 to 512 the time differs by a twentieth
_LEVEL = 1  # of zlib; level 6 doubles the time of the whole and saves a fifth of the file
_PAGE_WIDTH = 330  # characters: what is wider is printed on several pages side by side, on A3
_LINKS = 65_000  # Excel holds 65,530 on a sheet
_LARGEST_INT = 2**53  # beyond it a double skips whole numbers
_DAY_ZERO = EPOCH.toordinal()

_TYPES = {str, float, int, date, NoneType}
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads _x0041_ as A
_SHEET_NAME = re.compile(r"(?!')[^\[\]:*?/\\\x00-\x1f]{1,31}(?<!')")

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument"

_HEADER, _CODE, _DATE, _PROSE, _LINK = 1, 2, 3, 4, 5  # indexes into the cellXfs of _STYLES; 0 is the plain cell
_FONT = '<sz val="11"/><name val="宋体"/><family val="3"/><charset val="134"/>'
_TOP = '<alignment vertical="top"/>'
_TEXT_STYLES = {"code": f' s="{_CODE}"', "prose": f' s="{_PROSE}"', "link": f' s="{_LINK}"'}
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    f'<fonts count="3"><font>{_FONT}</font><font><b/>{_FONT}</font><font><u/><sz val="11"/><color rgb="FF0B5394"/>'
    '<name val="宋体"/><family val="3"/><charset val="134"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFDDEBF7"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">'
    f'{_TOP}</xf><xf numFmtId="0" fontId="1" fillId="2" borderId="0" xfId="0" applyFont="1" applyFill="1"'
    ' applyAlignment="1"><alignment horizontal="center" vertical="center" wrapText="1"/></xf>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">'
    f'{_TOP}</xf><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"'
    f' applyAlignment="1">{_TOP}</xf><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1">'
    '<alignment vertical="top" wrapText="1"/></xf>'
    f'<xf numFmtId="0" fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1">{_TOP}</xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


@dataclass(frozen=True)
class Head:
    """One column: its head, what it holds, and its width in characters.

    Each value is written as what it is, whatever the kind says; in a ``prose`` column text wraps, in a ``code`` one it has the format
    ``@``, so that leading zeros and long codes survive when the cell is edited; a ``link`` one looks like a link.
    """

    head: str
    kind: Literal["text", "prose", "code", "number", "date", "link"]
    width: float


@dataclass(frozen=True)
class ListSheet:
    """One sheet: its name, its columns, and its rows (read once) with one value per column.

    ``links`` are cells and the places of this workbook that a click on them leads to; read once, after the rows.
    """

    name: str
    columns: Sequence[Head]
    rows: Iterable[Sequence[Value]]
    links: Iterable[tuple[str, str]] = ()
    heading: str = ""
    """What is printed above each page: then the pages are numbered, cells have borders, and all columns fit on a page."""


def write_workbook(target: Path, sheets: Sequence[ListSheet], created: date, *, overwrite: bool = False) -> None:
    """Write the sheets to ``target``, whole or not at all; ``created`` is the day its properties name.

    Raises ValueError (in Chinese, with sheet and cell) for what a workbook cannot hold, FileExistsError when
    ``target`` exists and ``overwrite`` is not set, OSError when the disk refuses.
    """
    with replacing(target, overwrite=overwrite) as file:
        write_sheets(file, sheets, created)


def write_sheets(file: BinaryIO, sheets: Sequence[ListSheet], created: date) -> None:
    """Write the workbook of ``write_workbook`` into an open file. Raises ValueError and OSError as that does."""
    _check_sheets(sheets)
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as package:
        strings: dict[str, int] = {}
        last_rows = []
        _put(package, "[Content_Types].xml", [_content_types(len(sheets))])
        for number, sheet in enumerate(sheets, 1):
            with _written_beside(package, f"xl/worksheets/sheet{number}.xml") as write:
                last_rows.append(write_sheet(write, sheet, strings))
        _put(package, "xl/sharedStrings.xml", shared_strings_xml(strings))
        for name, xml in _small_parts(sheets, last_rows, created).items():
            _put(package, name, [xml])
        for info in package.infolist():
            info.create_system = 0  # else it tells Windows from Linux


def fill_workbook(file: BinaryIO, prepared: bytes, strings: dict[str, int], sheets: Mapping[int, ListSheet]) -> None:
    """Write a workbook that another writer prepared into an open file, with these sheets in the place of its own of those numbers (from 1).

    ``strings`` are the shared strings of ``prepared`` by their indexes, which the sheets add to; its first cell
    formats are those of ``looks``. Raises as ``write_workbook``.
    """
    _check_sheets([*sheets.values()])
    filled = {f"xl/worksheets/sheet{number}.xml": sheet for number, sheet in sheets.items()}
    with (
        ZipFile(BytesIO(prepared)) as source,
        ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as package,
    ):
        for name in source.namelist():
            if name in filled:
                with _written_beside(package, name) as write:
                    write_sheet(write, filled[name], strings)
            elif name != "xl/sharedStrings.xml":
                _put(package, name, [source.read(name)])
        _put(package, "xl/sharedStrings.xml", shared_strings_xml(strings))
        for info in package.infolist():
            info.create_system = 0  # as above


def looks() -> list[dict[str, object]]:
    """What the cell formats of a sheet written here look like, in the order of their numbers from 1, for XlsxWriter."""
    top: dict[str, object] = {"valign": "top"}
    return [
        {"bold": True, "bg_color": "#DDEBF7", "align": "center", "valign": "vcenter", "text_wrap": True},
        {**top, "num_format": "@"},
        {**top, "num_format": "yyyy\\-mm\\-dd"},
        {**top, "text_wrap": True},
        {**top, "underline": 1, "font_color": "#0B5394"},
    ]


_GRID = '<printOptions gridLines="1"/>'


def _header_footer(heading: str) -> str:
    """The element that prints a heading above and the number below each page; an ampersand is doubled there."""
    said = escape(heading.replace("&", "&&"))
    return (
        f"<headerFooter><oddHeader>&amp;L{said}</oddHeader>"
        "<oddFooter>&amp;C第 &amp;P 页，共 &amp;N 页</oddFooter></headerFooter>"
    )


def write_sheet(write: Callable[[bytes], object], sheet: ListSheet, strings: dict[str, int]) -> int:
    """Write a sheet's XML in pieces and return the number of its last row.

    ``strings`` maps each shared string of the workbook to its index and grows by those of this sheet. Raises
    ValueError for what a workbook cannot hold.
    """
    letters = [letter(position) for position in range(len(sheet.columns))]
    widths = "".join(
        f'<col min="{number}" max="{number}" width="{column.width}" customWidth="1"/>'
        for number, column in enumerate(sheet.columns, 1)
    )
    fits = bool(sheet.heading) or sum(column.width for column in sheet.columns) <= _PAGE_WIDTH
    write(
        f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="{fits:d}"/></sheetPr>'
        '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft"'
        ' state="frozen"/><selection pane="bottomLeft" activeCell="A2" sqref="A2"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>'.encode()
    )
    header = [(name, f' s="{_HEADER}"') for name in letters]
    wrapped = [(place, column.width) for place, column in enumerate(sheet.columns)]
    write(_rows_xml(sheet.name, 1, [[column.head for column in sheet.columns]], header, strings, wrapped))
    wrapped = [(place, width) for place, width in wrapped if sheet.columns[place].kind == "prose"]
    columns = [(name, _TEXT_STYLES.get(column.kind, "")) for name, column in zip(letters, sheet.columns, strict=True)]
    rows = iter(sheet.rows)
    last_row = 1
    while batch := list(islice(rows, _BATCH)):
        if last_row + len(batch) > LAST_ROW:
            raise ValueError(f"工作表“{sheet.name}”超过 {LAST_ROW} 行，一张表放不下，请分成几个文件。")
        write(_rows_xml(sheet.name, last_row + 1, batch, columns, strings, wrapped))
        last_row += len(batch)
    write(f'</sheetData><autoFilter ref="A1:{letters[-1]}{last_row}"/>'.encode())
    links = "".join(
        f"<hyperlink ref={quoteattr(cell)} location={quoteattr(place)}/>" for cell, place in islice(sheet.links, _LINKS)
    )
    write(
        f"{f'<hyperlinks>{links}</hyperlinks>' if links else ''}"
        f"{_GRID if sheet.heading else ''}"
        f'<pageMargins left="0.4" right="0.4" top="{0.7 if sheet.heading else 0.5}" bottom="{0.6 if sheet.heading else 0.5}"'
        ' header="0.3" footer="0.3"/>'
        f'<pageSetup paperSize="8" scale="{100 if fits else 60}" fitToHeight="0" orientation="landscape"/>'
        f"{_header_footer(sheet.heading) if sheet.heading else ''}</worksheet>".encode()
    )
    return last_row


def shared_strings_xml(strings: Mapping[str, int]) -> Iterator[bytes]:
    """The shared string part, in pieces; the strings stand in the order of their indexes."""
    yield f'{_DECLARATION}<sst xmlns="{_MAIN}" uniqueCount="{len(strings)}">'.encode()
    texts = iter(strings)
    while batch := list(islice(texts, 1024)):
        joined = escape("\0".join(batch))
        if "_x" in joined:
            joined = _LOOKS_ESCAPED.sub("_x005F_", joined)
        joined = joined.replace("\r", "&#13;")  # a bare one would be read as LF
        start = "<si><t>" if list(map(str.strip, batch)) == batch else '<si><t xml:space="preserve">'
        yield (start + joined.replace("\0", f"</t></si>{start}") + "</t></si>").encode()
    yield b"</sst>"


@contextmanager
def replacing(target: Path, *, overwrite: bool) -> Iterator[BufferedRandom]:
    """A new file that takes the place of ``target`` when the block ends well, else is removed."""
    temporary = target.with_name(f".{os.environ.get(JOB, '')}{secrets.token_hex(8)}.tmp")
    _check_free(target, overwrite)
    try:
        with temporary.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check_free(target, overwrite)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def restoring(path: Path) -> Iterator[None]:
    """What lay at ``path``, or that nothing did, is put back if the block fails; for small files."""
    before = path.read_bytes() if path.exists() else None
    try:
        yield
    except BaseException:
        if before is None:
            path.unlink(missing_ok=True)
        elif path.read_bytes() != before:
            with replacing(path, overwrite=True) as file:
                file.write(before)
        raise


def _check_free(target: Path, overwrite: bool) -> None:
    if not overwrite and target.exists():
        raise FileExistsError(errno.EEXIST, "文件已存在，没有覆盖", str(target))


def _check_sheets(sheets: Sequence[ListSheet]) -> None:
    """Raise ValueError for names and numbers of sheets and columns that a workbook cannot have."""
    if len({sheet.name.casefold() for sheet in sheets}) < max(len(sheets), 1):
        raise ValueError("至少要有一张工作表，且表名不能重复（不分大小写）。")
    for sheet in sheets:
        if not _SHEET_NAME.fullmatch(sheet.name):
            raise ValueError(f"工作表名“{sheet.name}”应为 1 至 31 个字，不含 [ ] : * ? / \\，首尾不是单引号。")
        if not 1 <= len(sheet.columns) <= LAST_COLUMN:
            raise ValueError(f"工作表“{sheet.name}”有 {len(sheet.columns)} 列，应为 1 至 {LAST_COLUMN} 列。")


def _opening(row: Sequence[Value], wrapped: Sequence[tuple[int, float]]) -> str:
    """A row's start tag, with NUL for its number, high enough for the texts that wrap (column and width).

    LibreOffice fits no row to its text when it opens a file. A Chinese character is as wide as two digits; some
    fonts that stand in for ours are a little higher.
    """
    texts = [(str(row[place]).encode("gbk", "replace"), max(width - 2, 2)) for place, width in wrapped]
    lines = max((math.ceil(len(text) / width) for text, width in texts), default=1)
    return f'<row r="\0" ht="{min(15 * lines + 4, 409)}" customHeight="1">' if lines > 1 else '<row r="\0">'


def _rows_xml(
    sheet: str,
    first: int,
    rows: Sequence[Sequence[Value]],
    columns: Sequence[tuple[str, str]],
    strings: dict[str, int],
    wrapped: Sequence[tuple[int, float]],
) -> bytes:
    """The XML of a batch of rows from row ``first`` on; a column is its letters and its texts' style."""
    for number, row in enumerate(rows, first):
        if len(row) != len(columns):
            raise ValueError(f"工作表“{sheet}”第 {number} 行有 {len(row)} 个值，应为 {len(columns)} 个。")
    try:
        cells = [
            _cells(name, style, values, strings)
            for (name, style), values in zip(columns, zip(*rows, strict=True), strict=True)
        ]
    except ValueError:
        for number, row in enumerate(rows, first):
            for (name, style), value in zip(columns, row, strict=True):
                try:
                    _cells(name, style, [value], strings)
                except ValueError as reason:
                    raise ValueError(f"工作表“{sheet}”的单元格 {name}{number}：{reason}") from None
        raise
    opening = [_opening(row, wrapped) for row in rows] if wrapped else ['<row r="\0">'] * len(rows)
    closing = ["</row>"] * len(rows)
    lines = map("".join, zip(opening, *cells, closing, strict=True))
    return "".join([line.replace("\0", str(number)) for number, line in enumerate(lines, first)]).encode()


def _cells(name: str, text_style: str, values: Sequence[Value], strings: dict[str, int]) -> Iterable[str]:
    """The XML of one column's cells, with NUL for the row number. Raises ValueError with the reason alone."""
    types = set(map(type, values))
    if not types <= _TYPES:
        wrong = "、".join(sorted(kind.__name__ for kind in types - _TYPES))
        raise ValueError(f"不能写入 {wrong} 类型的值，只能写文字、数、日期或留空。")
    if types == {NoneType}:
        return [""] * len(values)
    if int in types:
        _check_whole_numbers(values)
    cell = f'<c r="{name}\0"'
    if types <= {float, int, NoneType}:
        start = f"{cell}><v>"
        xml = f"{start}{_number_texts(values)}</v></c>".replace(",", f"</v></c>\1{start}")
        return xml.replace(f"{start}null</v></c>", "").split("\1")
    distinct = dict.fromkeys(values)
    distinct.pop(None, None)
    distinct.pop("", None)
    texts = [value for value in distinct if isinstance(value, str)]
    new = [text for text in texts if text not in strings]
    if new:
        _check_texts(new)
        strings.update(zip(new, count(len(strings))))
    start = f'{cell}{text_style} t="s"><v>'
    cells: dict[Value, str] = {text: f"{start}{strings[text]}</v></c>" for text in texts}
    if len(texts) < len(distinct):
        cells |= {value: f"{cell}{_number_or_date(value)}" for value in distinct if not isinstance(value, str)}
    cells[None] = cells[""] = ""
    return map(cells.__getitem__, values)


def _number_or_date(value: float | date | None) -> str:
    """What follows the reference in a cell of a number or date."""
    if isinstance(value, date):
        return f' s="{_DATE}"><v>{_day_number(value)}</v></c>'
    return f"><v>{_number_texts([value])}</v></c>"


def _number_texts(numbers: Sequence[Value]) -> str:
    """The shortest texts that read back as these numbers, without ".0", with commas between; None is "null".

    pydantic's JSON writer makes them five times as fast as ``repr``.
    """
    texts = f"{to_json(numbers).decode()[1:-1]},"
    if "N" in texts or "I" in texts:  # NaN, Infinity, -Infinity
        raise ValueError("数值是无穷大或不是数（NaN），请改为数字或留空。")
    return texts.replace(".0,", ",").replace("-0,", "0,")[:-1]


def _check_whole_numbers(values: Sequence[Value]) -> None:
    for value in values:
        if type(value) is int and abs(value) > _LARGEST_INT:
            raise ValueError(f"整数 {value} 太大，表格软件存不准，请按文字填写。")


def _check_texts(texts: Sequence[str]) -> None:
    joined = "".join(texts)
    if not joined.isprintable() and (found := FORBIDDEN.search(joined)):
        raise ValueError(f"文字中有文件不能保存的字符 U+{ord(found[0]):04X}，请删去该字符。")
    if max(map(len, texts)) * 2 > LONGEST:
        length = max(len(text.encode("utf-16-le")) // 2 for text in texts)
        if length > LONGEST:
            raise ValueError(f"文字长 {length} 个字符，一个单元格最多 {LONGEST} 个，请缩短。")


def _day_number(day: date) -> int:
    if day < FIRST_DAY:
        raise ValueError(f"日期 {day} 早于 {FIRST_DAY}，各种表格软件理解不一，请改正。")
    return day.toordinal() - _DAY_ZERO


@contextmanager
def _written_beside(package: ZipFile, name: str) -> Iterator[Callable[[bytes], None]]:
    """What writes a part in pieces, each packed by another thread while the next one is made.

    Raises what the disk refuses, with the next piece or at the end.
    """
    from concurrent.futures import ThreadPoolExecutor, wait  # takes long to import, and most commands write nothing

    with ThreadPoolExecutor(1) as beside, package.open(name, "w") as part:
        last = beside.submit(int)

        def write(piece: bytes) -> None:
            nonlocal last
            last.result()
            last = beside.submit(part.write, piece)

        try:
            yield write
        finally:
            wait([last])  # before the part is closed
        last.result()


def _put(package: ZipFile, name: str, pieces: Iterable[bytes]) -> None:
    with package.open(name, "w") as part:  # writestr would record the time of day
        for piece in pieces:
            part.write(piece)


def _content_types(sheets: int) -> bytes:
    overrides = {
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "/docProps/app.xml": f"{_TYPE}.extended-properties+xml",
        "/xl/workbook.xml": f"{_TYPE}.spreadsheetml.sheet.main+xml",
        "/xl/styles.xml": f"{_TYPE}.spreadsheetml.styles+xml",
        "/xl/sharedStrings.xml": f"{_TYPE}.spreadsheetml.sharedStrings+xml",
    } | {f"/xl/worksheets/sheet{n}.xml": f"{_TYPE}.spreadsheetml.worksheet+xml" for n in range(1, sheets + 1)}
    return (
        f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides.items())
        + "</Types>"
    ).encode()


def _relationships(targets: Iterable[tuple[str, str]]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(targets, 1)
        )
        + "</Relationships>"
    )


def _small_parts(sheets: Sequence[ListSheet], last_rows: Sequence[int], created: date) -> dict[str, bytes]:
    """The parts besides content types, sheets and shared strings, by name."""
    listed = names = ""
    for number, (sheet, last_row) in enumerate(zip(sheets, last_rows, strict=True)):
        listed += f'<sheet name={quoteattr(sheet.name)} sheetId="{number + 1}" r:id="rId{number + 1}"/>'
        quoted = escape("'" + sheet.name.replace("'", "''") + "'")
        names += (  # the first one is what Excel adds for each autofilter
            f'<definedName name="_xlnm._FilterDatabase" localSheetId="{number}" hidden="1">'
            f"{quoted}!$A$1:${letter(len(sheet.columns) - 1)}${last_row}</definedName>"
            f'<definedName name="_xlnm.Print_Titles" localSheetId="{number}">{quoted}!$1:$1</definedName>'
        )
    relationships = f"{_OFFICE}/relationships"
    workbook_targets = [(f"{relationships}/worksheet", f"worksheets/sheet{n + 1}.xml") for n in range(len(sheets))]
    workbook_targets += [(f"{relationships}/{part}", f"{part}.xml") for part in ("styles", "sharedStrings")]
    moment = f'<dcterms:created xsi:type="dcterms:W3CDTF">{created:%Y-%m-%d}T00:00:00Z</dcterms:created>'
    parts = {
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{relationships}">'
        f"<bookViews><workbookView/></bookViews><sheets>{listed}</sheets>"
        f"<definedNames>{names}</definedNames></workbook>",
        "xl/_rels/workbook.xml.rels": _relationships(workbook_targets),
        "xl/styles.xml": _STYLES,
        "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{moment}{moment.replace('created', 'modified')}</cp:coreProperties>",
        "docProps/app.xml": f'<Properties xmlns="{_OFFICE}/extended-properties">'
        "<Application>qingdan</Application></Properties>",
        "_rels/.rels": _relationships(
            [
                (f"{relationships}/officeDocument", "xl/workbook.xml"),
                (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
                (f"{relationships}/extended-properties", "docProps/app.xml"),
            ]
        ),
    }
    return {name: f"{_DECLARATION}{xml}".encode() for name, xml in parts.items()}
