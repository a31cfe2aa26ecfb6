"""How the sheets look: rows of the head, fonts, colours, marks, and which columns stay in view."""

from itertools import groupby
from typing import Any, Literal

from validators.columns import Column, Sheet
from validators.findings import Severity

TITLE_ROW = 1
BAND_ROW = 2
MARK_ROW = 3
HEADER_ROW = 4
"""1-based row of the headers that programs read; the rows above it are for people."""
FIRST_ROW = HEADER_ROW + 1
"""1-based row of the first entry."""
HEAD_HEIGHTS = {TITLE_ROW: 30.0, BAND_ROW: 20.0, MARK_ROW: 16.5, HEADER_ROW: 45.0}
"""In points; the header row has room for three lines."""

BODY_FONT = "宋体"
HEAD_FONT = "黑体"
"""Both come with every Chinese Windows, Excel and WPS; LibreOffice elsewhere takes what it has instead."""
FONT_SIZE = 11
ENTRY_SIZE = 10
"""A little smaller than the default font, which sets the row height: so the entries have air."""
ENTRY_LINE = 12.75
"""Height of one line of an entry, in points."""
COLUMN_PIXELS, ROW_PIXELS = 72, 18
"""Default cell of `BODY_FONT` at `FONT_SIZE`; XlsxWriter takes the width of a digit from it."""

INK = "#1F3864"
"""Titles and bars."""
LINK = "#0B5394"
GREY = "#595959"
LINE = "#BFBFBF"
HEAD_LINE = "#8EA9C8"
OWN = "#F2F2F2"
"""Ground of cells that the workbook fills itself."""
OFFERED_GROUND = "#EAF3FA"
"""Ground of cells that hold a formula which may be overwritten."""
ENTRY = "#FFFBE6"
"""Ground of the officer's cells on the cover."""
PLAIN_BANDS = (("#BDD7EE", "#DDEBF7"), ("#C9DDBF", "#E7F0E2"))
"""Grounds of band and header, taken in turn."""
LEVEL_BANDS = {
    "黄色预警": ("#FFE38A", "#FFF5D1"),
    "橙色预警": ("#F7C08A", "#FDE9D5"),
    "红色预警": ("#F0A0A0", "#FADFDF"),
}
HEAD: dict[str, Any] = {"font_name": HEAD_FONT, "bg_color": PLAIN_BANDS[0][1]}
"""A head of a sheet that has no bands, in XlsxWriter's words."""
DAY = "yyyy-mm-dd"
"""How days are shown, as a number format."""
NO_BAND = ("#D9D9D9", "#EDEDED")
SEVERITY_LOOKS = {
    Severity.BLOCKER: ("#F4B6B6", "#7A0000"),
    Severity.ERROR: ("#FBD5D5", "#9C0006"),
    Severity.WARNING: ("#FFEFC2", "#7F5F00"),
    Severity.INFO: ("#E4ECF7", "#1F5C99"),
}
"""Ground and ink of what was found; its symbol always stands beside them, so that colour is never alone."""

RETURNED_TITLE, RETURNED_HEAD = "退回清单", "退回意见"
"""What a returned workbook has beyond the template: a sheet of findings, and a column of them after the declared ones."""
GUESSED_HEAD = "待确认"
"""The column that a workbook made of a foreign table has beside its lists: what was guessed in a row, or clashes."""
BESIDE = (RETURNED_HEAD, GUESSED_HEAD)
"""Columns that may stand after the declared ones and hold nothing to read."""

MarkKey = Literal["always", "offered", "usual", "when", "optional", "auto"]
MARKS: dict[MarkKey, tuple[str, str, str]] = {
    "always": ("＊必填", "#C00000", "每一行都要填。"),
    "offered": ("＊公式", "#1F5C99", "已给出公式，会自动算出；可以改填数字，改了要在说明列写明理由。"),
    "usual": ("＊默认", "#1F5C99", "填了清单编号，通常的内容自动出现；不对的请改选。"),
    "when": ("△条件必填", "#9C4A00", "满足条件时必填；点中单元格，提示里写着什么时候填。"),
    "optional": ("○选填", "#4F6228", "可以不填。"),
    "auto": ("－自动", "#595959", "由表格自己填写，不用管。"),
}
"""Mark above each header, its colour, and what it means: word and symbol, so that colour is never alone."""

WRONG, MISSING, LATER, WARN, TELL = "#?+!~"
"""First sign of a code (`formulas.plan`): an error, an error because nothing stands there, one because nothing stands on
another sheet yet, a warning, an information."""
AT_FAULT = WRONG + MISSING + LATER
NOT_YET = "○"
"""Stands before what is not filled in on another sheet yet."""
FAULTS: dict[str, dict[str, object]] = {
    WRONG: {"bg_color": "#F8CBC6", "font_color": "#8E0000", "bold": True, "underline": 1},
    MISSING: {"bg_color": "#FFE9A8", "font_color": "#8E0000", "border": 3, "border_color": "#C00000"},
    LATER: {"bg_color": "#EFEAF7", "font_color": "#4B2E83", "border": 4, "border_color": "#4B2E83"},
    WARN: {"bg_color": "#FFEFC2", "font_color": "#6B4E00", "italic": True},
}
"""Looks of cells at fault, worst first. Never by colour alone: bold and underlined, dashed and empty, dotted, slanted."""

PAPER_A3, PAPER_A4 = 8, 9
PRINT_SCALE = 56
PRINT_WIDTH = 275
"""Characters across one A3 landscape page at `PRINT_SCALE`, whatever font stands in for ours."""


def band_grounds(sheet: Sheet) -> dict[str, tuple[str, str]]:
    """Grounds of band and header by band name."""
    found: dict[str, tuple[str, str]] = {"": NO_BAND}
    turn = 0
    for column in sheet.columns:
        if column.band in LEVEL_BANDS:
            found[column.band] = LEVEL_BANDS[column.band]
        elif column.band not in found:
            found[column.band] = PLAIN_BANDS[turn % len(PLAIN_BANDS)]
            turn += 1
    return found


def kept_columns(sheet: Sheet) -> int:
    """How many columns stay in view on the left: up to the last of the leading numbers that name the row."""
    kept = 1
    for column in sheet.columns[1:]:
        if column.kind not in ("id", "ref") and column.required != "auto":
            break
        kept = column.position + 1
    return kept


def bands(sheet: Sheet) -> list[tuple[str, list[Column]]]:
    """Neighbouring columns of one band, in order; a band that is only partly kept in view counts as two."""
    kept = kept_columns(sheet)
    groups = groupby(sheet.columns, key=lambda column: (column.band, column.position < kept))
    return [(band, list(columns)) for (band, _), columns in groups]


def page_breaks(sheet: Sheet) -> list[int]:
    """Positions of the columns that begin a new page: pages hold whole bands beside the kept columns."""
    if sum(column.width for column in sheet.columns) < 1.1 * PRINT_WIDTH:
        return []  # shrunk to one page
    repeated = sum(column.width for column in sheet.columns[1 : kept_columns(sheet)])
    breaks: list[int] = []
    used = 0.0
    for _, columns in bands(sheet):
        width = sum(column.width for column in columns)
        if used and used + width > PRINT_WIDTH:
            breaks.append(columns[0].position)
            used = repeated
        used += width
    return breaks
