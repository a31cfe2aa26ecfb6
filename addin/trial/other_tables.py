"""Made-up tables that are not ours, for practice: last year's list of a county, and the blank that a province sends."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from addin.problems import output
from validators.columns import letter
from validators.meanings import Value
from workbook_templates.documents.docx_package import AS_OLD_AS
from workbook_templates.formulas.default_formulas import SheetRows
from workbook_templates.xlsx.same_bytes import save

_Cells = Mapping[str, Value]


def _same(value: Value) -> Value:
    return value


def _kilograms(value: Value) -> Value:
    """t/a as kg/a."""
    return round(value * 1000, 6) if isinstance(value, int | float) else value


def _graded(value: Value) -> Value:
    return f"{value}级" if value in ("A", "B", "C", "D") else value


@dataclass(frozen=True, slots=True)
class TableHead:
    """A column of such a table."""

    above: str
    """What stands in the upper row of heads, merged over its columns; '' where the head itself is merged down."""
    text: str
    means: str
    """What it is to be taken for; '' for nothing of ours."""
    written: Callable[[Value], Value] = _same
    """How a value of ours is written there."""


OLD_LIST = (
    TableHead("", "序号", ""),
    TableHead("", "清单编号", "enterprises.list_id"),
    TableHead("企业基本情况", "乡镇（街道）", "enterprises.township"),
    TableHead("企业基本情况", "单位名称", "enterprises.name"),
    TableHead("企业基本情况", "社会信用代码", "enterprises.uscc"),
    TableHead("企业基本情况", "重点行业类型", "enterprises.industry"),
    TableHead("企业基本情况", "绩效评级", "enterprises.grade", _graded),
    TableHead("企业基本情况", "环保负责人", "enterprises.contact"),
    TableHead("企业基本情况", "环保负责人电话", "enterprises.phone"),
    TableHead("企业基本情况", "年生产天数", "enterprises.run_days"),
    TableHead("年排放量（千克）", "二氧化硫", "enterprises.so2_annual", _kilograms),
    TableHead("年排放量（千克）", "氮氧化物", "enterprises.nox_annual", _kilograms),
    TableHead("年排放量（千克）", "颗粒物", "enterprises.pm_annual", _kilograms),
    TableHead("年排放量（千克）", "VOCs", "enterprises.vocs_annual", _kilograms),
    TableHead("", "产线名称", "lines.line_name"),
    TableHead("", "产品", "lines.product"),
    TableHead("应急减排措施", "黄色预警", "lines.yellow_measure"),
    TableHead("应急减排措施", "橙色预警", "lines.orange_measure"),
    TableHead("应急减排措施", "红色预警", "lines.red_measure"),
)
"""Last year's list: a row for each line, the enterprise merged down beside them."""
BLANK = (
    TableHead("", "序号", ""),
    TableHead("", "企业名称", "enterprises.name"),
    TableHead("", "统一社会信用代码", "enterprises.uscc"),
    TableHead("", "绩效等级", "lines.grade"),
    TableHead("生产线", "名称", "lines.line_name"),
    TableHead("生产线", "编码", "lines.line_id"),
    *(
        TableHead(f"{level}预警", text, f"lines.{key}_{what}")
        for level, key in (("黄色", "yellow"), ("橙色", "orange"), ("红色", "red"))
        for text, what in (("限停产措施", "measure"), ("NOx减排量（吨/天）", "nox_cut"), ("VOCs减排量（吨/天）", "vocs_cut"))
    ),
    TableHead("", "备注", "enterprises.remark"),
)  # fmt: skip
"""The province's blank, for a row for each line."""
_MADE_ON = dt.date(*AS_OLD_AS[:3])
_TITLE_ROW, UPPER, LOWER = 1, 2, 3
_LINE = Side(style="thin", color="808080")


def make_old_list(path: Path, rows: SheetRows, title: str) -> int:
    """Write last year's list of these enterprises and lines; returns the number of its rows, the total's not counted."""
    book = openpyxl.Workbook()
    page = _heads(book, "减排清单", title, OLD_LIST)
    at = LOWER + 1
    for number, enterprise in enumerate(rows["enterprises"], 1):
        own = [line for line in rows["lines"] if line.get("list_id") == enterprise["list_id"]]
        for line in own:
            _row(page, at, [_said(head, enterprise, line) if head.means else number for head in OLD_LIST])
            at += 1
        for column, head in enumerate(OLD_LIST, 1):
            if len(own) > 1 and not head.means.startswith("lines."):
                for row in range(at - len(own) + 1, at):
                    page.cell(row, column).value = None
                page.merge_cells(start_row=at - len(own), end_row=at - 1, start_column=column, end_column=column)
    page.cell(at, 1, "合计")
    with output(path, force=True) as file:
        save(book, file, _MADE_ON)
    return at - LOWER - 1


def make_blank(path: Path, title: str) -> None:
    """Write the province's blank: merged heads, a drop-down, ten rows, a row of totals, and who signs."""
    book = openpyxl.Workbook()
    page = _heads(book, "附表1", title, BLANK)
    last = LOWER + 10
    for row in range(LOWER + 1, last + 1):
        _row(page, row, [None] * len(BLANK))
    page.cell(last + 1, 1, "合计")
    for column, head in enumerate(BLANK):
        if "减排量" in head.text:
            own = f"{letter(column)}{LOWER + 1}:{letter(column)}{last}"
            page.cell(last + 1, column + 1).value = f"=SUM({own})"
    page.cell(last + 2, 1, "填表人：　　　　　　审核人：　　　　　　单位负责人：")
    grades = DataValidation("list", formula1='"A,B,B-,C,D"')
    grades.add(f"D{LOWER + 1}:D{last}")
    page.add_data_validation(grades)
    page.page_setup.orientation = "landscape"
    page.print_title_rows = f"{UPPER}:{LOWER}"
    with output(path, force=True) as file:
        save(book, file, _MADE_ON)


def _said(head: TableHead, enterprise: _Cells, line: _Cells) -> Value:
    sheet, _, field = head.means.partition(".")
    return head.written((line if sheet == "lines" else enterprise).get(field))


def _heads(book: openpyxl.Workbook, name: str, title: str, heads: Sequence[TableHead]) -> Worksheet:
    page = book.worksheets[0]
    page.title = name
    page.cell(_TITLE_ROW, 1, title).font = Font(name="宋体", size=16, bold=True)
    page.merge_cells(start_row=_TITLE_ROW, end_row=_TITLE_ROW, start_column=1, end_column=len(heads))
    for column, head in enumerate(heads, 1):
        page.cell(UPPER, column, head.above or head.text)
        page.cell(LOWER, column, head.text if head.above else None)
        for row in (UPPER, LOWER):
            page.cell(row, column).fill = PatternFill("solid", "DDEBF7")
            page.cell(row, column).border = Border(_LINE, _LINE, _LINE, _LINE)
            page.cell(row, column).alignment = Alignment("center", "center", wrap_text=True)
        page.column_dimensions[letter(column - 1)].width = 8 if head.text == "序号" else 22
    for column, head in enumerate(heads, 1):
        if not head.above:
            page.merge_cells(start_row=UPPER, end_row=LOWER, start_column=column, end_column=column)
        elif column == 1 or heads[column - 2].above != head.above:
            last = max(place for place, other in enumerate(heads, 1) if other.above == head.above)
            page.merge_cells(start_row=UPPER, end_row=UPPER, start_column=column, end_column=last)
    page.freeze_panes = f"A{LOWER + 1}"
    return page


def _row(page: Worksheet, row: int, values: Sequence[Value]) -> None:
    for column, value in enumerate(values, 1):
        cell = page.cell(row, column, value)
        cell.border = Border(_LINE, _LINE, _LINE, _LINE)
        cell.font = Font(name="仿宋", size=11)
        cell.alignment = Alignment(vertical="center", wrap_text=True)
