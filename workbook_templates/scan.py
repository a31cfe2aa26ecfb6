"""What a fast reader cannot see in a sheet's XML: formulas, errors, merged and hidden cells, and its true extent.

Works on XML in the spelling that Excel, WPS, LibreOffice, XlsxWriter and openpyxl write. Any other spelling is
noticed (`Scan.plain` is False) and read by the slower parser instead.
"""

import re
from dataclasses import dataclass, field

from validators.columns import position_of

Place = tuple[int, int]
"""1-based row and 0-based column."""


@dataclass
class Scan:
    """What was seen in one sheet."""

    plain: bool
    """Whether the XML is spelled as expected; nothing else here holds if not."""
    last_row: int = 0
    last_column: int = -1
    """Extent of the cells that hold something: 1-based row, 0-based column."""
    filled_rows: int = 0
    formulas: dict[Place, str] = field(default_factory=dict)
    """Text of each formula; a shared one stands at its first cell, the others refer to it (`shared`)."""
    shared: dict[Place, Place] = field(default_factory=dict)
    """Cells of a shared formula and the cell that holds its text."""
    errors: dict[Place, str] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """0-based first and last column."""


_ROW = re.compile(rb'<row r="([0-9]{1,7})"([^>]*)>')
_LAST_CELL = re.compile(rb'<c r="([A-Z]{1,3})[0-9]+"')
_FORMULA = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*><f([^>]*?)(?:/>|>([^<]*)</f>)')
_ERROR = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*? t="e"[^>]*>(?:<f[^>]*>[^<]*</f>|<f[^>]*/>)?<v>([^<]*)</v>')
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})"')
_COLUMN = re.compile(rb"<col ([^>]*)>")
_HIDDEN = re.compile(rb' hidden="(?:1|true)"')
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')


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
    cells, formulas = xml.count(b"<c "), sum(map(xml.count, (b"<f>", b"<f ", b"<f/>")))
    if (
        start < 0
        or b"<!" in xml
        or b":sheetData" in xml
        or cells != xml.count(b'<c r="')
        or xml.count(b"<row ") != xml.count(b'<row r="')
        or b"<c>" in xml
        or b"<row>" in xml
    ):
        return Scan(plain=False)
    found = Scan(plain=True)
    end = xml.find(b"</sheetData>", start)
    rows = list(_ROW.finditer(xml, start))
    edges = [row.start() for row in rows[1:]] + [end if end >= 0 else len(xml)]
    for row, edge in zip(rows, edges, strict=False):
        if _HIDDEN.search(row[2]):
            found.hidden_rows.add(int(row[1]))
        last = max(
            xml.rfind(b"<v>", row.end(), edge), xml.rfind(b"<is>", row.end(), edge), xml.rfind(b"<f", row.end(), edge)
        )
        if last < 0:
            continue
        cell = _LAST_CELL.match(xml, xml.rfind(b"<c ", row.end(), last))
        if cell is None:
            return Scan(plain=False)
        found.last_row = max(found.last_row, int(row[1]))
        found.last_column = max(found.last_column, position_of(cell[1]))
        found.filled_rows += 1
    if formulas:
        masters: dict[bytes, Place] = {}
        seen = 0
        for match in _FORMULA.finditer(xml, start):
            seen += 1
            place = int(match[2]), position_of(match[1])
            if match[3] and b't="shared"' in match[3]:
                number = dict(_ATTRIBUTE.findall(match[3])).get(b"si", b"")
                if match[4]:
                    masters[number] = place
                    found.formulas[place] = unescape(match[4])
                elif number in masters:
                    found.shared[place] = masters[number]
                else:
                    found.formulas[place] = ""
            else:
                special = b't="array"' in match[3] or b't="dataTable"' in match[3]
                found.formulas[place] = "" if special else unescape(match[4] or b"")
        if seen != formulas:
            return Scan(plain=False)
    if b't="e"' in xml:
        for match in _ERROR.finditer(xml, start):
            found.errors[int(match[2]), position_of(match[1])] = unescape(match[3])
    found.merged = [match[1].decode() for match in _MERGED.finditer(xml, max(end, 0))]
    for match in _COLUMN.finditer(xml, 0, start):
        if _HIDDEN.search(b" " + match[1]):
            own = dict(_ATTRIBUTE.findall(match[1]))
            found.hidden_columns.append((int(own.get(b"min", b"1")) - 1, int(own.get(b"max", b"1")) - 1))
    return found
