"""Opening a workbook, and reading its sheets one at a time, whoever made it: nothing in it is trusted, nothing is run.

A sheet is read by regular expressions (`fast_reader`) where it is spelled as spreadsheet programs do, else by an XML
parser (`xml_reader`).
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from validators.looks import BUILT_IN, Look, look_of
from validators.ooxml.package import (
    MAX_SMALL_PART,
    EncryptedError,
    NotPackageError,
    Package,
    PackageError,
    SafeParser,
    TooBigError,
    expect_workbook,
    open_package,
    parse,
    relationships,
    sheets,
    workbook_part,
)
from validators.text import visible
from workbook_templates.xlsx.fast_reader import GridRows, Seen, Workbook, read_quickly, read_strings
from workbook_templates.xlsx.ink import Paint, Paints, Rich
from workbook_templates.xlsx.xml_reader import read_slowly, shared_strings

LARGEST_FILE = 200 * 2**20
LARGEST_SHEET = 1 << 30


class UnreadableWorkbook(ValueError):
    """The file cannot be read as a workbook; the message is one plain Chinese line."""


@dataclass
class Grid:
    """One sheet: its rows as `(1-based row, cells from column A)`, rows without any value left out."""

    title: str
    hidden: bool
    rows: GridRows
    seen: Seen


class Tab(Protocol):
    """A sheet before it is read; `validators.ooxml.package.SheetTab` is one."""

    @property
    def kind(self) -> str:
        """`worksheet`, or what else it is (a chart sheet)."""

    @property
    def state(self) -> str:
        """`visible`, or how it is hidden."""


class Source(Protocol):
    """Where a workbook is read from: a file, or one that is open in a spreadsheet application."""

    @property
    def name(self) -> str:
        """File name as people know it."""

    @property
    def names(self) -> Mapping[str, str]:
        """Text of each defined name of the whole workbook."""

    @property
    def sheets(self) -> Mapping[str, Tab]:
        """Its sheets by title, in order."""

    def grid(self, title: str) -> Grid | None:
        """One sheet, or None where there is no such worksheet."""


class Opened:
    """A workbook, opened; its sheets are read one at a time, when they are asked for."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._package = open_package(io.BytesIO(data), tolerant=True)
        expect_workbook(self._package)
        book = workbook_part(self._package)
        macros = any(part.casefold().endswith("vbaproject.bin") for part in self._package.members)
        if macros or _macro_type(self._package):
            raise NotPackageError("工作簿含有宏。请在表格软件中另存为不含宏的 .xlsx 再提交")
        self.names = _defined_names(self._package, book)
        """Text of each defined name."""
        self.sheets = {sheet.name: sheet for sheet in sheets(self._package)}

    @property
    def parts(self) -> list[str]:
        """Names of the parts of the package."""
        return list(self._package.members)

    def digest(self, besides: Iterable[str]) -> str:
        """SHA-256 of all parts, packed as they are, but the sheets with these titles."""
        left_out = {self.sheets[title].part.casefold() for title in besides if title in self.sheets}
        digest = hashlib.sha256()
        for name, member in sorted(self._package.members.items()):
            if name not in left_out:
                digest.update(repr((name, member.method, member.size, member.crc, member.packed)).encode())
                digest.update(self._package.packed(name))
        return digest.hexdigest()

    @cached_property
    def _workbook(self) -> Workbook:
        return _workbook(self._package, workbook_part(self._package))

    def grid(self, title: str) -> Grid | None:
        """One sheet, or None where there is no such worksheet. Raises `UnreadableWorkbook`."""
        sheet = self.sheets.get(title)
        if sheet is None or sheet.kind != "worksheet":
            return None
        with _readable(self.name):
            read = read_quickly(lambda: self._package.chunks(sheet.part), self._workbook)
            seen, rows = read or read_slowly(self._package, sheet.part, self._workbook)
        return Grid(title, sheet.state != "visible", rows, seen)


def open_workbook(path: Path) -> Opened:
    """The workbook at `path`. Raises `UnreadableWorkbook`, or OSError if the file cannot be opened."""
    if path.is_dir():
        raise UnreadableWorkbook(f"“{path.name}”是文件夹，不是工作簿。请指定其中的 .xlsx 文件。")
    if path.stat().st_size > LARGEST_FILE:
        raise UnreadableWorkbook(f"“{path.name}”超过 {LARGEST_FILE >> 20} MB，不像一份清单。请核对是否拿错了文件。")
    data, name = path.read_bytes(), visible(path.name, 255)
    with _readable(name):
        return Opened(name, data)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Put into words what makes a file unreadable."""
    try:
        yield
    except (NotPackageError, EncryptedError) as error:
        raise UnreadableWorkbook(f"“{name}”无法读取：{str(error).rstrip('。')}。") from error
    except TooBigError as error:
        raise UnreadableWorkbook(f"“{name}”无法读取：内容异常庞大，不像一份清单。请核对是否拿错了文件。") from error
    except (PackageError, ValueError, OverflowError) as error:
        raise UnreadableWorkbook(
            f"“{name}”无法读取：内容已损坏或不完整。请重新拷贝一份；能打开的，在表格软件中打开并另存为 .xlsx 再试。"
        ) from error


def _workbook(package: Package, book: str) -> Workbook:
    """What the cells of all sheets refer to."""
    parts = {related.type.rpartition("/")[2]: related.part for related in relationships(package, book)}
    strings: Sequence[str | Rich] | None = []
    if table := parts.get("sharedStrings"):
        strings = read_strings(package.read(table, LARGEST_SHEET))
        if strings is None:
            strings = shared_strings(package, table)
    since_1904: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            since_1904.append(tag)

    parse(package, book, start)
    styles = parts.get("styles")
    looks, paints = _styles(package, styles) if styles else ({}, {})
    return Workbook(strings or [], looks, bool(since_1904), paints)


def _styles(package: Package, part: str) -> tuple[dict[str, Look], dict[str, Paint]]:
    """By number of the cell style: what its format makes of a number, and how its cells look; plain ones are absent."""
    paints = Paints()
    codes: dict[str, str] = {}
    found: dict[str, Look] = {}
    section = ""
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal section, count
        paints.start(tag, attributes)
        if tag in ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            section = tag
        elif tag == "numFmt" and not section:
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif tag == "xf" and section == "cellXfs":
            number = attributes.get("numFmtId", "0")
            look = look_of(codes.get(number, BUILT_IN.get(number, "")))
            if look is not None:
                found[str(count)] = look
            count += 1

    parse(package, part, start)
    return found, paints.found


def _macro_type(package: Package) -> bool:
    found: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        if "macroEnabled" in kind or "binary" in kind:
            found.append(kind)

    parse(package, "[Content_Types].xml", start)
    return bool(found)


def _defined_names(package: Package, book: str) -> dict[str, str]:
    """Defined names of the whole workbook and their texts."""
    found: dict[str, str] = {}
    name: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "definedName" and "localSheetId" not in attributes:
            name.append(attributes.get("name", ""))

    def text(data: str) -> None:
        if name:
            found[name[-1]] = found.get(name[-1], "") + data

    parser = SafeParser(book, start, lambda tag: name.clear(), text)
    for chunk in package.chunks(book, MAX_SMALL_PART):
        parser.feed(chunk)
    parser.close()
    return found
