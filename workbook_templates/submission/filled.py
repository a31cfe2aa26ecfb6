"""Filling the province's own blank: its heads, styles, widths and print set-up stay, the rows come in the style of its first.

What could compute, link or hide is taken out and named, or the blank is refused: a submission holds values only.
"""

import copy
import datetime as dt
import math
import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZipFile

import openpyxl
from openpyxl.cell.cell import MergedCell
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.worksheet.datavalidation import DataValidationList

from validators.audit import ExpectedSheet, survey
from validators.columns import letter
from validators.decisions import Decision
from validators.meanings import text_of
from validators.settlement import City
from validators.text import folded
from workbook_templates.layouts.declared import Layout, WrongLayout
from workbook_templates.layouts.found import Fit, fits
from workbook_templates.layouts.words import TOTALS
from workbook_templates.submission.submission_workbook import (
    SERIAL,
    ProfileSheet,
    compiled,
    heads,
    rows_of,
    with_manifest,
)
from workbook_templates.xlsx.appearance import DAY
from workbook_templates.xlsx.opened import Grid, Opened, UnreadableWorkbook, open_workbook
from workbook_templates.xlsx.same_bytes import save

LINKS = ("externallinks/", "connections.xml", "embeddings/", "activex/", "querytables/", "customxml/", "webextensions/")
"""Parts of a package that reach outside or hold other programs' things."""
_LOST = (
    ("drawings/", "图片", rb"<(?:\w+:)?pic[ />]"), ("drawings/", "图表", rb"<(?:\w+:)?graphicFrame[ />]"),
    ("drawings/", "图形和文本框", rb"<(?:\w+:)?(?:sp|cxnSp)[ />]"), ("worksheets/", "页眉页脚里的图片", rb"<legacyDrawingHF[ />]"),
    ("worksheets/", "迷你图", rb"<(?:\w+:)?sparkline>"), ("worksheets/", "扩展的条件格式", rb"<x14:conditionalFormatting[ >]"),
    ("worksheets/", "扩展的下拉列表", rb"<x14:dataValidation[ >]"),
)  # fmt: skip
"""What openpyxl drops without a word: where it stands, what people call it, and how it begins there."""
Body = tuple[int, int]
"""First and last row that were filled; the last is the one before the first where there are none."""


@dataclass
class Filled:
    """What was filled, and what of the blank was taken out."""

    sha256: str
    """Of the blank."""
    bodies: dict[str, Body] = field(default_factory=dict)
    """By title of the sheet."""
    columns: dict[str, list[int]] = field(default_factory=dict)
    """0-based column of each head of the layout, by title."""
    tables: dict[str, int] = field(default_factory=dict)
    """Which table of the layout a sheet holds."""
    removed: list[str] = field(default_factory=list)


class BlankRefused(ValueError):
    """A blank that cannot be filled as a submission has to be; the message is Chinese."""


def fill_submission(
    target: Path,
    city: City,
    layout: Layout,
    blank: Path,
    *,
    signer: str | None = None,
    overwrite: bool,
    decisions: Sequence[Decision] = (),
    lifted: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """Fill the province's blank in its layout, with its manifest; the rest as in `write_submission`.

    Raises `BlankRefused` where what came of it would not pass its audit, and what `fill` raises.
    """

    def write(file: BinaryIO) -> dict[str, Any]:
        done = fill(blank, layout, city, file)
        sheets, cells = _surveyed(file, done.bodies)
        return {
            "profile": layout.name,
            "layout": {"name": layout.name, "sha256": layout.sha256, "text": layout.text},
            "blank": {"file": blank.name, "sha256": done.sha256, "removed": done.removed, "cells": cells},
            "filled": {
                title: {"table": done.tables[title], "first": first, "last": last, "columns": done.columns[title]}
                for title, (first, last) in done.bodies.items()
            },
            "sheets": sheets,
        }

    return with_manifest(target, city, write, signer=signer, overwrite=overwrite, decisions=decisions, lifted=lifted)


def _surveyed(
    file: BinaryIO, bodies: Mapping[str, tuple[int, int]]
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The sheets of a filled blank as the auditor will see them, and every cell that stands outside the rows.

    Raises `BlankRefused` where the auditor would object.
    """
    file.seek(0)
    opened = Opened("", file.read())
    grids = {title: grid for title in opened.sheets if (grid := opened.grid(title))}
    known: dict[str, list[str]] = {title: [] for title in grids}
    kinds = heads()
    for _ in range(len(grids) + 3):  # a head that is known may make another row the header row
        expected = [
            ExpectedSheet(
                name=title,
                rows=0,
                heads=own,
                sums={head: 0.0 for head in own if kinds.get(head) == "number" and own.count(head) == 1},
            )
            for title, own in known.items()
        ]
        facts, report = survey(file, kinds, expected)
        seen = {one.name: _row_texts(grids[one.name], one.header_row) for one in facts}
        if seen == known:
            break
        known = seen
    if report.verdict != "通过":
        said = "；".join(
            f"{f'《{one.sheet}》' if one.sheet else ''}{f'{one.cell} ' if one.cell else ''}{one.what}"
            for check in report.checks
            for one in check.evidence[:2]
        )
        raise BlankRefused(f"空白表填好以后通不过审计：{said[:300]}。请在空白表里去掉这些内容再用。")
    sheets = [{"name": one.name, "rows": one.rows, "heads": known[one.name], "sums": dict(one.sums)} for one in facts]
    return sheets, {title: outside(grid, bodies.get(title)) for title, grid in grids.items()}


def _row_texts(grid: Grid, row: int | None) -> list[str]:
    cells = next((cells for number, cells in grid.rows if number == row), [])
    return [cell for cell in cells if isinstance(cell, str) and cell]


def outside(grid: Grid, body: tuple[int, int] | None) -> dict[str, Any]:
    """The cells of a sheet that are none of the rows filled in, by their addresses; days as texts."""
    return {
        f"{letter(place)}{number}": cell.isoformat() if isinstance(cell, dt.date) else cell
        for number, cells in grid.rows
        if body is None or not body[0] <= number <= body[1]
        for place, cell in enumerate(cells)
        if cell != ""
    }


def fill(blank: Path, layout: Layout, city: City, target: BinaryIO) -> Filled:
    """Write the blank, filled, into an open file. Raises `UnreadableWorkbook` and `WrongLayout`."""
    opened = open_workbook(blank)
    if any(link in part.casefold() for part in opened.parts for link in LINKS):
        raise UnreadableWorkbook(
            f"“{blank.name}”里有外部链接或嵌入的内容，报省清单不能有。请在空白表里断开链接、删掉它们再用。"
        )
    grids = [grid for title in opened.sheets if (grid := opened.grid(title))]
    found = fits(layout, [grid for grid in grids if not grid.hidden], blank.name)
    done = Filled(opened.sha256, removed=_lost(blank))
    with warnings.catch_warnings(action="ignore"):  # it warns, in English, of some of what `_lost` has named
        book = openpyxl.load_workbook(blank)
    for title in list(book.sheetnames):
        if book[title].sheet_state != "visible":
            del book[title]
            done.removed.append(f"隐藏的工作表“{title}”")
    for name in list(book.defined_names):
        del book.defined_names[name]
        done.removed.append(f"名称“{name}”")
    sheets = compiled(layout)
    by_title = {grid.title: grid for grid in grids}
    for title, one in found.items():
        at = layout.tables.index(one.table)
        _fill_sheet(book[title], by_title[title], one, sheets[at], city, done)
        done.tables[title] = at
    missing = [table.title for number, table in enumerate(layout.tables) if number not in done.tables.values()]
    if missing:
        raise WrongLayout(
            f"“{blank.name}”里没有布局“{layout.name}”所列的{'、'.join(f'《{one}》' for one in missing)}。请核对空白表和布局。"
        )
    for sheet in book.worksheets:
        _strip(sheet, done)
    save(book, target, city.filled_on)
    return done


def _lost(blank: Path) -> list[str]:
    """What the blank holds that will not be in what is filled, and that openpyxl does not even see."""
    found: Counter[str] = Counter()
    with ZipFile(blank) as package:
        for part in package.namelist():
            for where, name, begins in _LOST:
                if f"xl/{where}" in part.casefold().replace("\\", "/") and part.casefold().endswith(".xml"):
                    found[name] += len(re.findall(begins, package.read(part)))
    return [f"{name} {number} 个" for name, number in found.items() if number]


def _fill_sheet(page: Any, grid: Grid, one: Fit, sheet: ProfileSheet, city: City, done: Filled) -> None:  # noqa: ANN401 - openpyxl's own
    title = page.title
    missing = [entry.head for at, entry in enumerate(one.table.entries) if at not in one.places]
    if missing:
        raise WrongLayout(
            f"空白表《{title}》里没有布局所列的表头“{'”“'.join(missing[:5])}”。请核对，或用 qingdan layout learn 另学一份。"
        )
    columns = [one.places[at] for at in range(len(one.table.entries))]
    rows = [values for values, _ in rows_of(sheet, city)]
    first, tail = _body(grid, one, columns)
    _as_codes(page, first - 1, columns, sheet)
    _unmerge(page, first, tail, done)
    room = (tail - first) if tail else max(page.max_row - first + 1, 0)
    if tail and len(rows) > room:
        _move_down(page, tail, len(rows) - room)
    styles = {
        column: copy.copy(page.cell(first, column + 1)._style) for column in range(max(page.max_column, *columns) + 1)
    }
    height = page.row_dimensions[first].height
    for number, values in enumerate(rows, first):
        for column, style in styles.items():
            cell = page.cell(number, column + 1)
            cell._style = copy.copy(style)
            cell.value = None
        for column, value in zip(columns, values, strict=True):
            _put(page.cell(number, column + 1), value)
        page.row_dimensions[number].hidden = False
        if height:
            page.row_dimensions[number].height = height
    last = first + len(rows) - 1
    for number in range(last + 1, first + room):
        for column in range(1, page.max_column + 1):
            page.cell(number, column).value = None
    computed = sum(first <= number < first + room for number, _ in grid.seen.places())
    if computed:
        done.removed.append(f"《{title}》数据行里的公式 {computed} 处")
    _totals(page, last + 1, sheet, columns, rows)
    done.bodies[title], done.columns[title] = (first, last), columns


def _body(grid: Grid, one: Fit, columns: Sequence[int]) -> tuple[int, int]:
    """The first row to fill, and the first one below that holds something of the blank's own; 0 where there is none."""
    first = one.heading.last + 1
    serial = {one.places[at] for at, entry in enumerate(one.table.entries) if folded(entry.head) == SERIAL}
    for number, cells in grid.rows:
        if number < first:
            continue
        texts = [text_of(cell) for cell in cells]
        filled = [text for text in texts if text]
        figures = [text for text in filled if text.replace(".0", "").isdecimal()]
        if number == first and len(filled) >= 3 and len(figures) == len(filled):
            first = number + 1  # numbers of the columns
            continue
        free = grid.seen.places() | {(number, place) for place in serial if texts[place : place + 1] == figures}
        if all((number, place) in free for place, text in enumerate(texts) if text):
            continue  # formulas, which give way, or rows that were numbered beforehand
        own = [texts[place] for place in columns if place < len(texts) and texts[place] and (number, place) not in free]
        if len(own) > 1 and not TOTALS.match(filled[0].replace(" ", "")) and number - first < 3:
            raise WrongLayout(
                f"空白表《{grid.title}》第 {number} 行已有内容（{'、'.join(own[:3])}）。请换一份没有填过的空白表。"
            )
        return first, number
    return first, 0


def _as_codes(page: Any, row: int, columns: Sequence[int], sheet: ProfileSheet) -> None:  # noqa: ANN401 - likewise
    """Numbers of the columns as texts, where codes stand below: a number there is what an audit objects to."""
    for place, head in zip(columns, sheet.heads, strict=True):
        cell = page.cell(row, place + 1)
        if head.kind == "code" and isinstance(cell.value, int | float):
            _put(cell, f"{cell.value:g}")


def _unmerge(page: Any, first: int, tail: int, done: Filled) -> None:  # noqa: ANN401 - likewise
    for area in list(page.merged_cells.ranges):
        if area.min_row >= first and (not tail or area.min_row < tail):
            page.unmerge_cells(str(area))
            done.removed.append(f"《{page.title}》数据行里的合并 {area}")


def _move_down(page: Any, tail: int, by: int) -> None:  # noqa: ANN401 - likewise
    """Make room above what stands below the rows: totals, notes, who signs."""
    areas = [area for area in list(page.merged_cells.ranges) if area.min_row >= tail]
    texts = [str(area) for area in areas]
    for text in texts:
        page.unmerge_cells(text)
    heights = {number: one.height for number, one in page.row_dimensions.items() if number >= tail and one.height}
    page.move_range(f"A{tail}:{letter(page.max_column - 1)}{page.max_row}", rows=by)
    for area in areas:
        page.merge_cells(
            start_row=area.min_row + by, end_row=area.max_row + by, start_column=area.min_col, end_column=area.max_col
        )
    for number in heights:
        page.row_dimensions[number].height = None
    for number, height in heights.items():
        page.row_dimensions[number + by].height = height


def _put(cell: Any, value: object) -> None:  # noqa: ANN401 - likewise
    """Write a value as what it is, never as a formula."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, dt.date):
        cell.number_format = DAY


def _totals(page: Any, below: int, sheet: ProfileSheet, columns: Sequence[int], rows: Sequence[Sequence[Any]]) -> None:  # noqa: ANN401 - likewise
    """Totals as values, in the rows below that say so."""
    for number in range(below, page.max_row + 1):
        texts = [
            str(page.cell(number, column).value or "").replace(" ", "") for column in range(1, page.max_column + 1)
        ]
        if not any(TOTALS.match(text) for text in texts):
            continue
        computed = [place for place in columns if page.cell(number, place + 1).data_type == "f"]
        for at, (place, head) in enumerate(zip(columns, sheet.heads, strict=True)):
            wanted = place in computed if computed else head.kind == "number" and "量" in head.head
            if wanted and not isinstance(page.cell(number, place + 1), MergedCell):
                own = [row[at] for row in rows if isinstance(row[at], int | float)]
                page.cell(number, place + 1).value = math.fsum(own)


def _strip(page: Any, done: Filled) -> None:  # noqa: ANN401 - likewise
    """Take out what is no value: drop-downs, conditional formats, links, notes, pictures, tables; refuse other formulas."""
    title = page.title
    if page.data_validations.dataValidation:
        done.removed.append(f"《{title}》的下拉列表和输入限制 {len(page.data_validations.dataValidation)} 处")
        page.data_validations = DataValidationList()
    if len(page.conditional_formatting):
        done.removed.append(f"《{title}》的条件格式 {len(page.conditional_formatting)} 处")
        page.conditional_formatting = ConditionalFormattingList()
    for held in (page._images, page._charts):
        held.clear()
    for name in list(page.tables):
        del page.tables[name]
        done.removed.append(f"《{title}》的表格“{name}”")
    page.legacy_drawing = None
    for row in page.iter_rows():
        for cell in row:
            if isinstance(cell, MergedCell):
                continue
            if cell.hyperlink or cell.comment:
                done.removed.append(f"《{title}》{cell.coordinate} 的{'链接' if cell.hyperlink else '批注'}")
                cell.hyperlink = cell.comment = None
            if cell.data_type == "f":
                raise UnreadableWorkbook(
                    f"空白表《{title}》{cell.coordinate} 是公式，报省清单不能有公式，也没有可信的值代替它。请在空白表里改成文字或清空再用。"
                )
