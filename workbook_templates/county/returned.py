"""What a county gets back: its rows in our template, with what was found listed, written beside each row and coloured.

Rows stand one below the other from the first on, so everything found is found in the workbook as it is returned.
Texts that could not be read stay as they were typed; a code that was stored as a number is written with its exponent,
so that it is found again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from xlsxwriter import Workbook

from validators.book import Book, Fault
from validators.columns import LETTERS, SHEET_TITLES, SHEETS, Column, Sheet, letter
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Finding, Severity, counts
from validators.meanings import Value
from validators.rule import all_rules, page, value_text
from workbook_templates.county.raw_cells import raw_cells, written
from workbook_templates.formulas.default_formulas import OFFERED, entered
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.appearance import FIRST_ROW, HEADER_ROW, RETURNED_HEAD, RETURNED_TITLE
from workbook_templates.xlsx.ink import PART_NAMED
from workbook_templates.xlsx.styles import GrowingSheet, Style, put, text_width

_LIST_HEADS = (
    ("程度", 9), ("规则", 8), ("规则名称", 18), ("工作表", 16), ("单元格", 9), ("编号", 20), ("表头", 20), ("填的值", 18),
    ("问题", 62), ("怎么改", 40), ("依据", 24),
)  # fmt: skip
"""Heads of the finding list and their widths in characters."""
LIST_LINK = 4
"""0-based column of the links."""
LIST_HEAD_ROW = 4
MOST_LINKS = 60_000
"""Excel holds 65,530 links on a sheet."""
BESIDE_WIDTH = 60
_MOST_BESIDE = 6
"""Findings that are written beside a row; the list has all."""
NO_TEXT = "公式"
"""What the reader keeps of a formula without a text of its own."""
AREAS = 200
"""Cells in one conditional format."""


def renumbered(book: Book) -> Book:
    """The workbook with its rows where the returned one has them, and in our columns."""
    at: dict[tuple[str, int], int] = {}
    tables = {}
    for key, records in book.tables.items():
        at |= {(SHEETS[key].title, one.row): FIRST_ROW + number for number, one in enumerate(records)}
        tables[key] = [one._replace(row=FIRST_ROW + number) for number, one in enumerate(records)]
    faults = [_moved(fault, at) for fault in book.faults]
    return replace(book, tables=tables, faults=faults, letters=dict[str, Mapping[str, str]](LETTERS), _indexes={})


_BY_HEADER = {(sheet.title, column.header): column for sheet in SHEETS.values() for column in sheet.columns}


def _moved(fault: Fault, at: dict[tuple[str, int], int]) -> Fault:
    row = at.get((fault.sheet or "", fault.row or 0))
    if row is None:
        return fault
    column = _BY_HEADER.get((fault.sheet or "", fault.header or ""))
    cell = f"{LETTERS[column.sheet][column.field]}{row}" if column else None
    return replace(fault, row=row, cell=cell)


def rows_of(book: Book) -> dict[str, list[dict[str, Value]]]:
    """The rows of a workbook for `write_county`, with what could not be read as the text that it was.

    A formula, an error value or a text partly struck out would pass as readable where any text may stand, so there the
    cell is blank, and only what is said beside the row holds it.
    """
    found: dict[str, list[dict[str, Value]]] = {}
    for key, records in book.tables.items():
        raw = raw_cells(book, key)
        offered = [(field, formula) for (sheet, field), formula in OFFERED.items() if sheet == key]
        found[key] = []
        for record in records:
            row = entered(key, record, book.county_name)
            values = record._asdict()
            for field, formula in offered:
                if field in values and values[field] is None and formula.value(values, book.county_name) is not None:
                    row[field] = ""  # the officer cleared what was offered (what is inherited `entered` leaves blank)
            for field in record.bad:
                row[field] = as_text(SHEETS[key][field], raw.get((record.row, field)))
            found[key].append(row)
    return found


def cleared(book: Book) -> list[str]:
    """Cells in which something stood that `rows_of` leaves blank, as 《表》格."""
    found = []
    for key, records in book.tables.items():
        raw = raw_cells(book, key)
        for record in records:
            for field in sorted(record.bad):
                value = raw.get((record.row, field))
                if value is not None and as_text(SHEETS[key][field], value) == "":
                    found.append(f"《{SHEETS[key].title}》{LETTERS[key][field]}{record.row}")
    return found


def as_text(column: Column, value: Value) -> Value:
    """What could not be read as what is due, as the text that the check finds again."""
    if isinstance(value, int | float) and column.kind in ("code18", "code22"):
        return f"{value:.16E}"
    text = None if value is None else value_text(value)
    found_again = column.is_number or column.kind in ("date", "enum", "id")
    if (
        text
        and not found_again
        and (not isinstance(value, str) or text[0] in "=#" or text == NO_TEXT or PART_NAMED.search(text))
    ):
        return ""
    return text


def write_list(book: Workbook, style: Style, findings: Sequence[Finding], whose: str) -> None:
    """Add the sheet of everything found, the worst first, each with a link to its cell; `whose` names the version."""
    sheet = book.add_worksheet(RETURNED_TITLE)
    sheet.hide_gridlines(2)
    for place, (_, width) in enumerate(_LIST_HEADS):
        sheet.set_column(place, place, width)
    open_ = [finding for finding in findings if not finding.waiver]
    by_severity = counts(open_)
    said = "，".join(
        f"{SEVERITY_SYMBOLS[one]} {SEVERITY_NAMES[one]} {by_severity[one.name]}"
        for one in sorted(Severity, reverse=True)
    )
    title = style(font_name=appearance.HEAD_FONT, font_size=16, font_color=appearance.INK)
    hint = style(font_color=appearance.GREY)
    sheet.set_row(0, 30)
    sheet.write_string(0, 0, f"{whose} 退回意见", title)
    lifted = len(findings) - len(open_)
    more = f"另有 {lifted} 处已豁免，不必改，列在最后。" if lifted else ""
    sheet.write_string(1, 0, f"{f'{said}。' if open_ else '没有要改的。'}{more}", hint)
    sheet.write_string(
        2,
        0,
        "点“单元格”跳到该格；各表最右一列“退回意见”写着这一行的问题，改好一行就清空该行的退回意见，颜色随即消失。"
        "错误必须改正，提醒请核对。改完更新填报日期，把本文件按这一版次报送。",
        hint,
    )
    head = style(
        font_name=appearance.HEAD_FONT,
        bg_color=appearance.PLAIN_BANDS[0][0],
        border=1,
        border_color=appearance.HEAD_LINE,
        align="center",
        text_wrap=True,
    )
    for place, (name, _) in enumerate(_LIST_HEADS):
        sheet.write_string(LIST_HEAD_ROW - 1, place, name, head)
    edge = {"border": 1, "border_color": appearance.LINE, "text_wrap": True, "valign": "top", "align": "left"}
    edge["font_size"] = appearance.ENTRY_SIZE
    plain = style(**edge)
    link = style(**edge, font_color=appearance.LINK, underline=1)
    ordered = sorted(findings, key=lambda finding: (bool(finding.waiver), -finding.severity))
    for row, finding in enumerate(ordered, LIST_HEAD_ROW):
        ground, ink = appearance.SEVERITY_LOOKS[finding.severity]
        level = f"{SEVERITY_SYMBOLS[finding.severity]} {SEVERITY_NAMES[finding.severity]}"
        if finding.waiver:
            ground, ink, level = appearance.OWN, appearance.GREY, f"－ 已豁免（第{finding.waiver}号）"
        rule = all_rules()[finding.rule]
        texts = (
            level,
            finding.rule,
            rule.name,
            finding.sheet,
            finding.cell,
            finding.key,
            finding.header,
            written(finding.value),
            finding.message,
            page(rule.doc)["怎么改"],
            finding.basis,
        )
        for place, value in enumerate(texts):
            put(sheet, row, place, value, style(**edge, bg_color=ground, font_color=ink) if place == 0 else plain)
        if finding.sheet in SHEET_TITLES.values() and row < MOST_LINKS:
            where = f"internal:'{finding.sheet}'!{finding.cell or f'A{HEADER_ROW}'}"
            sheet.write_url(row, LIST_LINK, where, link, finding.cell or "整张表")
        lines = max(math.ceil(text_width(str(texts[place])) / _LIST_HEADS[place][1]) for place in (8, 9, 10))
        sheet.set_row(row, appearance.ENTRY_LINE * lines + 3)
    last = LIST_HEAD_ROW - 1 + len(ordered)
    sheet.autofilter(LIST_HEAD_ROW - 1, 0, last, len(_LIST_HEADS) - 1)
    sheet.freeze_panes(LIST_HEAD_ROW, 0)
    sheet.set_landscape()
    sheet.set_paper(appearance.PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(LIST_HEAD_ROW - 1)
    sheet.set_tab_color("#C00000")


def write_beside(page_: GrowingSheet, style: Style, sheet: Sheet, findings: Sequence[Finding]) -> None:
    """Write what was found beside each row of a sheet, as a last column, and colour it and the cells it speaks of."""
    _beside_head(page_, style, sheet, RETURNED_HEAD, "#F4B6B6")
    own: dict[int, list[Finding]] = {}
    for finding in findings:
        if finding.sheet == sheet.title and finding.row and finding.severity > Severity.INFO and not finding.waiver:
            own.setdefault(finding.row, []).append(finding)
    cells: dict[Severity, dict[str, int]] = {}
    for row, found in own.items():
        found.sort(key=lambda finding: -finding.severity)
        texts = [f"{SEVERITY_SYMBOLS[one.severity]} {one.rule} {one.message}" for one in found[:_MOST_BESIDE]]
        if len(found) > _MOST_BESIDE:
            texts.append(f"… 还有 {len(found) - _MOST_BESIDE} 项，见《{RETURNED_TITLE}》")
        _beside_row(page_, style, sheet, row, texts, appearance.SEVERITY_LOOKS[found[0].severity])
        for one in reversed(found):  # the worst colours the cell
            if one.cell:
                for other in cells.values():
                    other.pop(one.cell, None)
                cells.setdefault(one.severity, {})[one.cell] = row
    for severity, areas in cells.items():
        _colour(page_, style, sheet, areas, appearance.SEVERITY_LOOKS[severity])


def write_guessed(page_: GrowingSheet, style: Style, sheet: Sheet, guessed: Mapping[int, Mapping[str, str]]) -> None:
    """Write beside each row which fields were guessed and why, and colour them until the text is taken away."""
    look = appearance.SEVERITY_LOOKS[Severity.WARNING]
    _beside_head(page_, style, sheet, appearance.GUESSED_HEAD, look[0])
    cells: dict[str, int] = {}
    for row, fields in guessed.items():
        heads: dict[str, list[str]] = {}
        for name, why in fields.items():
            heads.setdefault(why, []).append(sheet[name].header)
        texts = [f"？ {'、'.join(own)}：{why}" for why, own in heads.items()]
        more = [f"… 还有 {len(texts) - _MOST_BESIDE} 项，见报告"] if len(texts) > _MOST_BESIDE else []
        _beside_row(page_, style, sheet, row, texts[:_MOST_BESIDE] + more, look)
        cells |= {f"{LETTERS[sheet.key][name]}{row}": row for name in fields}
    _colour(page_, style, sheet, cells, look)


def _beside_head(page_: GrowingSheet, style: Style, sheet: Sheet, head: str, ground: str) -> None:
    page_.set_column(len(sheet.columns), len(sheet.columns), BESIDE_WIDTH)
    page_.write_string(
        HEADER_ROW - 1,
        len(sheet.columns),
        head,
        style(
            font_name=appearance.HEAD_FONT,
            font_size=appearance.ENTRY_SIZE,
            bg_color=ground,
            border=1,
            border_color=appearance.HEAD_LINE,
            align="center",
        ),
    )


def _beside_row(
    page_: GrowingSheet, style: Style, sheet: Sheet, row: int, texts: Sequence[str], looks: tuple[str, str]
) -> None:
    look = style(bg_color=looks[0], font_color=looks[1], text_wrap=True, font_size=appearance.ENTRY_SIZE)
    page_.write_string(row - 1, len(sheet.columns), "\n".join(texts), look)
    lines = sum(
        math.ceil(text_width(text) * appearance.ENTRY_SIZE / appearance.FONT_SIZE / BESIDE_WIDTH) for text in texts
    )
    page_.at_least(row - 1, lines * appearance.ENTRY_LINE + 3)


def _colour(page_: GrowingSheet, style: Style, sheet: Sheet, cells: Mapping[str, int], looks: tuple[str, str]) -> None:
    """Colour cells, each with its row, as long as something stands beside the row."""
    look = style(bg_color=looks[0], font_color=looks[1])
    ordered = sorted(cells, key=lambda cell: cells[cell])
    for start in range(0, len(ordered), AREAS):
        some = ordered[start : start + AREAS]
        first = f"{some[0]}:{some[0]}"
        page_.conditional_format(
            first,
            {
                "type": "formula",
                "criteria": f'=${letter(len(sheet.columns))}{cells[some[0]]}<>""',
                "format": look,
                "multi_range": " ".join(some),
            },
        )
