"""What a fast reader cannot see in a sheet's XML: formulas, errors, merged and hidden cells, and its true extent.

Works on XML in the spelling that Excel, WPS, LibreOffice, XlsxWriter and openpyxl write. Any other spelling is
noticed (`Scan.plain` is False) and read by the slower parser instead.
"""

import re
from dataclasses import dataclass, field

from validators.columns import position_of

Place = tuple[int, int]
"""1-based row and 0-based column."""

Formula = tuple[bytes, bytes, bytes, bytes]
"""Column letters, row, attributes and text as they stand in the XML; a shared one has its text at its first cell."""


@dataclass
class Scan:
    """What was seen in one sheet."""

    plain: bool
    """Whether the XML is spelled as expected; nothing else here holds if not."""
    last_row: int = 0
    last_column: int = -1
    """Extent of the cells that hold something: 1-based row, 0-based column."""
    filled_rows: int = 0
    formulas: list[Formula] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """0-based first and last column."""

    def places(self) -> set[Place]:
        """Cells that hold a formula."""
        return {(int(row), position_of(letters)) for letters, row, _, _ in self.formulas}


_ROW = re.compile(rb'<row r="([0-9]{1,7})"([^>]*)>')
_LAST_CELL = re.compile(rb'<c r="([A-Z]{1,3})[0-9]+"')
_FORMULA = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*><f([^>]*?)(?:/>|>([^<]*)</f>)')
_ERROR = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*? t="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>')
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_COLUMN = re.compile(rb"<col ([^>]*)>")
_PREFIXED = re.compile(rb'xmlns:[^=]*=["\'][^"\']*/(?:2006/main|spreadsheetml/main)["\']')
"""A name for the main namespace other than the default one."""
_HIDDEN = re.compile(rb' hidden="(?:1|true)"')
ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')


def unescape(text: bytes) -> str:
    """Text of an XML element without its five entities."""
    found = text.decode("utf-8", "replace")
    if "&" in found:
        for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
            found = found.replace(entity, character)
    return found


def scan(xml: bytes) -> Scan:
    """Look over one worksheet part."""
    start = xml.find(b"<sheetData")
    end = xml.find(b"</sheetData>", start)
    end = len(xml) if end < 0 else end
    rows = list(_ROW.finditer(xml, start, end))
    if (
        start < 0
        or b"<!" in xml
        or _PREFIXED.search(xml, 0, start)
        or xml.find(b"xmlns", start, end) >= 0
        or xml.count(b"<row", start, end) != len(rows)
        or xml.count(b"<c", start, end) != xml.count(b'<c r="', start, end)
    ):
        return Scan(plain=False)
    found = Scan(plain=True)
    formulas = xml.count(b"<f", start, end)
    inline = b"<is>" in xml
    edges = [row.start() for row in rows[1:]] + [end]
    for row, edge in zip(rows, edges, strict=False):
        if _HIDDEN.search(row[2]):
            found.hidden_rows.add(int(row[1]))
        first = row.end()
        last = max(xml.rfind(b"<v>", first, edge), xml.rfind(b"<f", first, edge))
        if inline:
            last = max(last, xml.rfind(b"<is>", first, edge))
        if last < 0:
            continue
        cell = _LAST_CELL.match(xml, xml.rfind(b"<c ", first, last))
        if cell is None:
            return Scan(plain=False)
        found.last_row = max(found.last_row, int(row[1]))
        found.last_column = max(found.last_column, position_of(cell[1]))
        found.filled_rows += 1
    if formulas:
        found.formulas = _FORMULA.findall(xml, start, end)
        if len(found.formulas) != formulas:
            return Scan(plain=False)
    if b't="e"' in xml:
        for match in _ERROR.finditer(xml, start):
            found.errors[int(match[2]), position_of(match[1])] = unescape(match[3])
    found.merged = [match[1].decode() for match in _MERGED.finditer(xml, end)]
    for match in _COLUMN.finditer(xml, 0, start):
        if _HIDDEN.search(b" " + match[1]):
            own = dict(ATTRIBUTE.findall(match[1]))
            found.hidden_columns.append((int(own.get(b"min", b"1")) - 1, int(own.get(b"max", b"1")) - 1))
    return found
