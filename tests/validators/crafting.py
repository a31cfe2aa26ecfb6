"""Makes workbook packages for the tests of the auditor: a plain one, and ones that have been tampered with."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import xlsxwriter

from validators.audit import AuditCheck, ColumnKind, Report, audit

SHEET, BOOK, STRINGS, STYLES = (
    f"xl/{name}" for name in ("worksheets/sheet1.xml", "workbook.xml", "sharedStrings.xml", "styles.xml")
)
TYPES, BOOK_RELS, SHEET_RELS = (
    "[Content_Types].xml",
    "xl/_rels/workbook.xml.rels",
    "xl/worksheets/_rels/sheet1.xml.rels",
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
HEADS: dict[str, ColumnKind] = {"名称": "text", "数量": "number", "代码": "code", "日期": "date"}
ROWS = [("甲厂", 1.5, "00123", 43831), ("乙厂", -2, "371502", 43832), ("丙 & 丁", 0.1, "91", None)]


def plain_workbook(rows: list[tuple[object, ...]] | None = None, **options: bool) -> bytes:
    """A workbook of plain values as XlsxWriter writes it, with one header row and `ROWS` below."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet("企业")
    code = book.add_format({"num_format": "@"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for column, head in enumerate(HEADS):
        sheet.write_string(0, column, head)
    for row, values in enumerate(ROWS if rows is None else rows, 1):
        for column, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, column, value, code if column == 2 else None)
            elif value is not None:
                sheet.write_number(row, column, value, day if column == 3 else None)
    book.close()
    return target.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of a package by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A package of these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return target.getvalue()


def changed(part: str, old: str, new: str, base: bytes | None = None) -> bytes:
    """The plain workbook with the first `old` in a part replaced by `new`."""
    parts = parts_of(base or plain_workbook())
    assert old.encode() in parts[part], f"{old} is not in {part}"
    parts[part] = parts[part].replace(old.encode(), new.encode(), 1)
    return packed(parts)


def with_part(name: str, content_type: str, relation: str, data: bytes = b"<x/>", owner: str = BOOK_RELS) -> bytes:
    """The plain workbook with one more part, declared and related as it should be."""
    parts = parts_of(plain_workbook())
    override = f'<Override PartName="/{name}" ContentType="{content_type}"/></Types>'
    parts[TYPES] = parts[TYPES].replace(b"</Types>", override.encode())
    empty = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    relation = relation if ":" in relation else OFFICE + relation
    link = f'<Relationship Id="rIdX" Type="{relation}" Target="/{name}"/></Relationships>'
    parts[owner] = parts.get(owner, empty.encode()).replace(b"</Relationships>", link.encode())
    parts[name] = data
    return packed(parts)


def with_cell(cell: str, row: int = 3) -> bytes:
    """The plain workbook with one more cell at the end of a row (the columns A to D are taken)."""
    return changed(SHEET, "</row>", "</row>", _at_end(cell, row))


def _at_end(cell: str, row: int) -> bytes:
    parts = parts_of(plain_workbook())
    pieces = parts[SHEET].split(b"</row>")
    pieces[row - 1] += cell.encode()
    parts[SHEET] = b"</row>".join(pieces).replace(b'<dimension ref="A1:D4"/>', b'<dimension ref="A1:Z9"/>')
    return packed(parts)


def report_of(
    data: bytes,
    name: str = "提交.xlsx",
    *,
    heads: Mapping[str, ColumnKind] = HEADS,
    manifest: bytes | None = None,
    reproduction: AuditCheck | None = None,
) -> Report:
    """The audit of these bytes."""
    return audit(io.BytesIO(data), name, heads=heads, manifest=manifest, reproduction=reproduction)


def failed(report: Report) -> set[str]:
    """The ids of the checks that failed."""
    return {check.id for check in report.checks if check.result == "不通过"}


def said(report: Report, check: str) -> str:
    """All evidence texts of a check."""
    return "\n".join(e.what for c in report.checks if c.id == check for e in c.evidence)


def manifest_of(data: bytes, **changes: object) -> bytes:
    """A true manifest of the plain workbook in `data`, with changes."""
    found: dict[str, Any] = {
        "format": "qingdan-manifest/1",
        "file": "提交.xlsx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "profile": "default",
        "year": 2020,
        "round": "首报",
        "ruleset": "2020",
        "tool": "qingdan 0.1.0",
        "sheets": [{"name": "企业", "rows": 3, "heads": list(HEADS), "sums": {"数量": sum([1.5, -2, 0.1])}}],
        "inputs": [],
        "exclusions": [],
        "waivers": [],
    }
    return json.dumps(found | changes, ensure_ascii=False).encode()
