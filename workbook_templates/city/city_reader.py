"""The city workbook read back: its lists by county, who filed, and what it was made with."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from validators.book import Book
from validators.columns import INVENTORY, LETTERS, SHEETS, letter
from validators.findings import SEVERITY_NAMES, Finding, Severity
from validators.meanings import text_of
from validators.references import Import, Imports, Listed
from validators.ruleset import RuleSet, UnknownRuleSet, load
from validators.settlement import City, County, Handed, guess_county
from workbook_templates.city.city_workbook import COUNTIES, FILES, FINDINGS, RESULT_HEADS, RESULTS, UNREAD_REFERENCE
from workbook_templates.city.decision_sheets import CONFLICTS_SHEET, DECISIONS, EMISSIONS_SHEET, read_emissions
from workbook_templates.county.entries import LONG_ID, Entries
from workbook_templates.county.sheet_layout import PROVENANCE, SheetLayout, find_layout
from workbook_templates.xlsx.appearance import HEADER_ROW
from workbook_templates.xlsx.fast_reader import GridRows, Seen
from workbook_templates.xlsx.opened import Grid, Opened, UnreadableWorkbook

_KEPT = ("GS01", "GS06", "GS07", "HZ03")
"""Rules that only the counties' own files can show: what they found is kept on the finding list and read back.

So is a formula that a county wrote where text is due, or a text partly struck out (GS03): in the list they stand as
text, which is allowed there.
"""


def read_city(opened: Opened, known: Mapping[str, Book] | None = None) -> tuple[City, list[Finding]]:
    """The city workbook read back: its lists by county, and the findings that only the counties' files showed (`_KEPT`).

    `known` are workbooks by the names of their files whose rows the lists are known to hold (see `reads_back`): theirs
    are not read. Raises `UnreadableWorkbook`.
    """
    try:
        return _city(opened, known or {})
    except (ValueError, TypeError, KeyError, IndexError) as error:
        if isinstance(error, UnreadableWorkbook):
            raise
        raise UnreadableWorkbook(f"“{opened.name}”的《{COUNTIES}》已被改动，无法认读。请重新汇总。") from error


def _values(opened: Opened, title: str) -> Grid:
    """A sheet of the city workbook, which must hold nothing but values. Raises `UnreadableWorkbook`."""
    grid = opened.grid(title)
    if grid is None:
        raise UnreadableWorkbook(
            f"“{opened.name}”不是汇总工作簿：缺少工作表“{title}”。请指定 qingdan consolidate 生成的文件。"
        )
    odd = grid.seen.places() | grid.seen.errors.keys()
    if odd:
        row, column = min(odd)
        raise UnreadableWorkbook(
            f"“{opened.name}”的《{title}》{letter(column)}{row} 是公式或错误值。请改为数值，或重新汇总。"
        )
    return grid


def _named(name: str, id_: str) -> RuleSet:
    try:
        return load(id_)
    except UnknownRuleSet as error:
        raise UnreadableWorkbook(
            f"“{name}”是用规则集 {id_} 汇总的，{str(error).rstrip('。')}。请用 qingdan ruleset load 载入该版，或重新汇总。"
        ) from error


def lists_digest(opened: Opened) -> str:
    """SHA-256 of all parts of a city workbook but the sheets in which the office writes."""
    return opened.digest([CONFLICTS_SHEET, DECISIONS, EMISSIONS_SHEET])


def reads_back(book: Book, city: City) -> bool:
    """Whether the rows of a workbook, once they stand in the lists of the city, are read back as they are.

    Rows of which the reader noticed nothing are; the others, and the first of each sheet, are tried.
    """
    if book.damaged or book.ruleset is not city.ruleset:
        return False
    again = Book(book.file, book.ruleset, book.county, book.round, book.revision, city.on, letters={**LETTERS})
    for key, records in book.tables.items():
        sheet = SHEETS[key]
        noticed = {fault.row for fault in book.faults if fault.sheet == sheet.title}
        tried = [
            record
            for at, record in enumerate(records)
            if at == 0 or record.row in noticed or record.bad or len(record.list_id or "") < LONG_ID
        ]
        rows: GridRows = [(record.row, ["" if value is None else value for value in record[:-2]]) for record in tried]
        positions = {column.field: column.position for column in sheet.columns}
        layout = SheetLayout(HEADER_ROW, positions, [], [], [])
        Entries(again, sheet, Grid(sheet.title, False, rows, Seen()), layout, typed=False).read()
        if again.tables[key] != tried or again.faults:
            return False
    return True


def _city(opened: Opened, known: Mapping[str, Book]) -> tuple[City, list[Finding]]:
    counties = list(_table(_values(opened, COUNTIES)))
    first = counties[0]
    rules = _named(opened.name, text_of(first.get("规则集")))
    on = first["汇总日期"]
    if not isinstance(on, dt.date):
        raise ValueError("汇总日期")
    city = City(rules, int(text_of(first.get("年度"))), text_of(first.get("轮次")), on, [], [], {})
    exclusions = {}
    by_file: dict[str, Book] = {}
    for row in counties:
        code, status = text_of(row.get("区划代码")), text_of(row.get("状态"))
        county = County(code, text_of(row.get("区县")), status, text_of(row.get("原因")))  # type: ignore[arg-type] # one of the five
        if status == "已剔除":
            exclusions[code] = county.reason
        file = text_of(row.get("文件"))
        if file:
            book = Book(
                file,
                rules,
                code,
                city.round,
                int(row.get("版次") or 0),
                on,
                {
                    "filled_on": row.get("填报日期"),
                    "year": str(city.year),
                    "template_version": "1.0",
                    "division": code,
                    "round": city.round,
                    "revision": text_of(row.get("版次")),
                },
                sha256=text_of(row.get("SHA-256")),
                letters={**LETTERS},
            )
            county.handed = Handed(file, book, status="采用")
            by_file[file] = book
            city.files.append(county.handed)
        city.counties.append(county)
    city.exclusions = exclusions
    city.imports = _imports(opened)
    for row in _table(_values(opened, FILES)):
        file, status, why = (text_of(row.get(name)) for name in ("文件", "状态", "原因"))
        if status == "无法读取":
            city.files.append(Handed(file, status="无法读取", reason=why, guessed=guess_county(file, rules)))
        elif status == UNREAD_REFERENCE:
            city.imports.unread.append((file, why))
    unknown = {file: book for file, book in by_file.items() if file not in known}
    for key, sheet in INVENTORY.items() if unknown else ():
        _read_list(opened.name, key, _values(opened, sheet.title), by_file, unknown)
    for file in by_file.keys() & known.keys():
        by_file[file].tables = known[file].tables
    found = map(_finding, _table(_values(opened, FINDINGS)))
    return city, [one for one in found if one.rule in _KEPT or (one.rule == "GS03" and _stands_as_text(one, by_file))]


def seen_files(opened: Opened) -> dict[str, str]:
    """SHA-256 of the file that held for each county, by its code. Raises `UnreadableWorkbook`."""
    rows = _table(_values(opened, COUNTIES))
    return {text_of(row.get("区划代码")): text_of(row.get("SHA-256")) for row in rows}


def _imports(opened: Opened) -> Imports:
    """The results of the review and the emissions that the workbook was made with."""
    own: dict[tuple[str, str], list[Listed]] = {}
    for row in _table(_values(opened, RESULTS)):
        kind, file = text_of(row.get("类别")), text_of(row.get("文件"))
        day = row.get("日期")
        uscc, name, list_id, site, grade = (text_of(row.get(one.head)) for one in RESULT_HEADS[3:8])
        when = day if isinstance(day, dt.date) else None
        by = text_of(row.get("规则集"))
        listed = Listed(kind, file, int(row.get("行") or 0), uscc, name, list_id, site, grade, when, by)
        own.setdefault((kind, file), []).append(listed)
    files = [Import(kind, file, "", tuple(rows)) for (kind, file), rows in own.items()]
    return Imports(files, read_emissions(opened))


def _stands_as_text(finding: Finding, by_file: Mapping[str, Book]) -> bool:
    """Whether a county's formula, or what it struck out a part of, still stands as a text in the list where the finding says.

    What the list itself shows again, as a garbled text, is found there.
    """
    book = by_file.get(finding.file or "")
    sheet = next((sheet for sheet in INVENTORY.values() if sheet.title == finding.sheet), None)
    column = next((one for one in sheet.columns if one.header == finding.header), None) if sheet else None
    if book is None or sheet is None or column is None:
        return False
    if any((one.rule, one.sheet, one.cell) == (finding.rule, finding.sheet, finding.cell) for one in book.faults):
        return False
    records = [record for record in book.tables[sheet.key] if record.row == finding.row]
    return any(record[column.position] == finding.value for record in records)


def _table(grid: Grid) -> Iterator[dict[str, Any]]:
    """Rows below the first one by its heads."""
    heads = [text_of(cell) for cell in grid.rows[0][1]] if grid.rows else []
    for _, cells in grid.rows[1:]:
        yield {name: (cell if cell != "" else None) for name, cell in zip(heads, cells, strict=False)}


def _read_list(name: str, key: str, grid: Grid, by_file: Mapping[str, Book], wanted: Mapping[str, Book]) -> None:
    """Rows of a list into those workbooks that are wanted of the ones they came from, read as the counties' own sheets are."""
    sheet = SHEETS[key]
    layout = find_layout(sheet, grid)
    heads = {text_of(cell): position for position, cell in enumerate(grid.rows[0][1])} if grid.rows else {}
    lost = layout.missing or layout.double or [one for one in PROVENANCE if one not in heads]
    if lost:
        raise UnreadableWorkbook(f"“{name}”的《{sheet.title}》表头已损坏（{lost[0]}）。请重新汇总。")
    source, row_at = heads[PROVENANCE[0]], heads[PROVENANCE[2]]
    as_county = replace(layout, header_row=HEADER_ROW)
    by_source: dict[str, GridRows] = {file: [] for file in by_file}
    for number, cells in grid.rows[1:]:
        own = by_source.get(text_of(cells[source]))
        if own is None:
            raise UnreadableWorkbook(
                f"“{name}”的《{sheet.title}》第 {number} 行没有来源文件，或来源文件不在《{COUNTIES}》中。请重新汇总。"
            )
        own.append((int(text_of(cells[row_at])), cells))
    for file, book in wanted.items():
        Entries(book, sheet, Grid(sheet.title, False, by_source[file], Seen()), as_county, typed=False).read()


def _finding(row: Mapping[str, Any]) -> Finding:
    names = {name: severity for severity, name in SEVERITY_NAMES.items()}
    severity = names.get(text_of(row.get("严重程度")).rpartition(" ")[2], Severity.ERROR)
    cell = text_of(row.get("单元格"))
    return Finding(
        text_of(row.get("规则")),
        severity,
        row.get("文件"),
        row.get("工作表"),
        cell or None,
        int("".join(filter(str.isdecimal, cell)) or 0) or None,
        row.get("表头"),
        row.get("编号"),
        row.get("填的值"),
        text_of(row.get("问题与改法")),
        text_of(row.get("依据")),
    )
