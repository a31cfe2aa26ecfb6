"""The report on tables that were taken in: what became of every column, row and cell."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import BinaryIO

from validators.columns import LETTERS, SHEET_TITLES
from validators.meanings import Value
from validators.ruleset import RuleSet
from workbook_templates.layouts.accounts import CellAccount, Taken
from workbook_templates.xlsx.appearance import FIRST_ROW
from workbook_templates.xlsx.writer import Head, ListSheet, write_sheets

SUMMARY_HEADS = (Head("项目", "text", 20), Head("说明", "prose", 100))
COLUMN_HEADS = (
    Head("文件", "text", 24), Head("工作表", "text", 16), Head("列", "text", 6), Head("表头", "text", 36),
    Head("结果", "text", 8), Head("含义", "text", 40), Head("说明", "prose", 70),
)  # fmt: skip
ROW_HEADS = (
    Head("文件", "text", 24), Head("工作表", "text", 16), Head("行", "number", 8), Head("结果", "text", 8),
    Head("说明", "prose", 80),
)  # fmt: skip
CELL_HEADS = (
    Head("文件", "text", 24), Head("工作表", "text", 16), Head("单元格", "text", 9), Head("原来写的", "prose", 36),
    Head("说明", "prose", 60), Head("填到", "text", 18), Head("填报表单元格", "text", 12), Head("填的值", "prose", 30),
)  # fmt: skip


def guessed_fields(taken: Taken) -> dict[tuple[str, int], dict[str, str]]:
    """Why fields were guessed, by row."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for one in taken.cells:
        if one.what == "推测":
            found.setdefault((one.key, one.index), {})[one.field] = one.note
    return found


def address(key: str, index: int, name: str) -> str:
    """Where a field stands in the workbook that is written."""
    return f"{LETTERS[key][name]}{FIRST_ROW + index}"


def write_report(file: BinaryIO, taken: Taken, rules: RuleSet, more: Sequence[tuple[str, str]] = ()) -> None:
    """Write the account as a workbook, `more` at the end of its summary. Raises as `write_sheets` does."""
    read, cells = taken.read, taken.cells
    summary = [
        ("表里的行", f"{len(read)} 行，取了 {sum(one.taken for one in read)} 行"),
        *((SHEET_TITLES[key], f"{len(own)} 行") for key, own in taken.rows.items() if own),
        *((f"{status}的列", f"{number} 列") for status, number in Counter(one.status for one in taken.columns).items()),
        *((f"{what}的格", f"{number} 格") for what, number in Counter(one.what for one in cells).items()),
        *(("请留意", note) for note in taken.notes),
        *more,
    ]
    columns = [(one.file, one.sheet, one.column, one.head, one.status, one.means, one.note) for one in taken.columns]
    rows = [(one.file, one.sheet, one.row, "采用" if one.taken else "未取", one.note) for one in read]
    sheets = [
        ListSheet("概要", SUMMARY_HEADS, summary),
        ListSheet("各列", COLUMN_HEADS, columns),
        ListSheet("各行", ROW_HEADS, rows),
    ]
    for what, title in (("推测", "推测的格"), ("换算", "换算的格"), ("未取", "未取的格")):
        sheets.append(ListSheet(title, CELL_HEADS, [_cell_row(one, taken) for one in cells if one.what == what]))
    write_sheets(file, sheets, dt.date(rules.year, 1, 1))


def _cell_row(one: CellAccount, taken: Taken) -> tuple[Value, ...]:
    here: tuple[Value, ...] = (one.file, one.sheet, one.cell, one.value, one.words)
    if not one.key:
        return (*here, "", "", "")
    value = taken.rows[one.key][one.index].get(one.field)
    shown = "" if value is None else str(value)
    return (*here, SHEET_TITLES[one.key], address(one.key, one.index, one.field), shown)
