"""The city workbook: the overview, what was found and decided, who has filed, and all counties' lists with their provenance.

Small sheets, charts and cells to fill in are XlsxWriter's; the long lists are streamed into the package that it made.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, BinaryIO

from validators.book import Book
from validators.columns import INVENTORY, LETTERS, SHEETS, Column, letter
from validators.decisions import Decision, standing
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Finding, Severity
from validators.records import Value
from validators.references import MINISTRY_RESULT, PROVINCE_RESULT, Import, Imports, Listed
from validators.rule import all_rules
from validators.ruleset import RuleSet, UnknownRuleSet, load
from validators.settlement import City, County, Handed, guess_county, ruleset_of
from validators.versions import Change
from workbook_templates.city.decision_sheets import (
    CONFLICTS_SHEET,
    DECISIONS,
    EMISSIONS_SHEET,
    Untaken,
    read_emissions,
    write_conflicts,
    write_decisions,
    write_emissions,
)
from workbook_templates.city.overview import write_overview
from workbook_templates.county.raw_cells import raw_cells, written
from workbook_templates.county.reader import (
    LONG_ID,
    PROVENANCE,
    Entries,
    Grid,
    Opened,
    SheetLayout,
    UnreadableWorkbook,
    find_layout,
    text_of,
)
from workbook_templates.lists.public_directory import PUBLIC, PUBLIC_HEADS, public_rows
from workbook_templates.xlsx.appearance import HEADER_ROW
from workbook_templates.xlsx.fast_reader import GridRows, Seen
from workbook_templates.xlsx.styles import new_workbook, styles
from workbook_templates.xlsx.writer import Head, ListSheet, fill_workbook, looks

COUNTIES, FILES, FINDINGS = "提交情况", "文件情况", "问题清单"
_GUARANTEED, CHANGES, _RESULTS = "保障类名单", "与上版差异", "参考资料"
_COUNTY_HEADS = (
    Head("区划代码", "code", 12), Head("区县", "text", 26), Head("状态", "text", 10), Head("原因", "prose", 40),
    Head("文件", "text", 28), Head("版次", "number", 8), Head("填报日期", "date", 12), Head("企业数", "number", 9),
    Head("生产线数", "number", 9), Head("错误", "number", 8), Head("提醒", "number", 8), Head("年度", "number", 8),
    Head("轮次", "text", 12), Head("规则集", "text", 10), Head("汇总日期", "date", 12), Head("SHA-256", "code", 66),
)  # fmt: skip
FILE_HEADS = (
    Head("文件", "text", 36),
    Head("状态", "text", 10),
    Head("原因", "prose", 60),
    Head("SHA-256", "code", 66),
)
FINDING_HEADS = (
    Head("严重程度", "text", 10), Head("规则", "code", 7), Head("规则名称", "prose", 15), Head("区县", "prose", 11),
    Head("跳转", "link", 14), Head("豁免", "text", 8), Head("文件", "prose", 14),
    Head("工作表", "prose", 13), Head("单元格", "code", 8), Head("表头", "prose", 18), Head("编号", "code", 20),
    Head("填的值", "prose", 14), Head("问题与改法", "prose", 62), Head("依据", "prose", 20), Head("相关的行", "prose", 22),
)  # fmt: skip
"""They fit on a page of A3 across, and the sentence is wide enough to be read there."""
GUARANTEED_FIELDS = (
    "list_id", "name", "guarantee_category", "co_disposal", "task", "line_ids", "max_load", "load_unit", "decided_by",
    "decided_on", "ministry_filed", "valid_until",
)  # fmt: skip
CHANGE_HEADS = (
    Head("变化", "text", 8), Head("区县", "text", 16), Head("工作表", "text", 16), Head("编号", "code", 22),
    Head("名称", "text", 30), Head("表头", "text", 26), Head("上版", "prose", 40), Head("本版", "prose", 40),
)  # fmt: skip
RESULT_HEADS = (
    Head("类别", "text", 14), Head("文件", "text", 26), Head("行", "number", 7), Head("统一社会信用代码", "code", 22),
    Head("企业名称", "text", 30), Head("清单编号", "code", 18), Head("厂区名称", "text", 16), Head("绩效等级", "text", 10),
    Head("日期", "date", 12), Head("规则集", "text", 24),
)  # fmt: skip
UNREAD_REFERENCE = "参考资料读不了"
_KEPT = ("GS01", "GS06", "GS07", "HZ03")
"""Rules that only the counties' own files can show: what they found is kept on the finding list and read back.

So is a formula that a county wrote where text is due (GS03): in the list it stands as text, which is allowed there.
"""


def head(column: Column) -> Head:
    """How a declared column is written in a list."""
    kind = "code" if column.is_code else "number" if column.is_number else "date" if column.kind == "date" else "text"
    return Head(column.header, kind, column.width)  # type: ignore[arg-type] # one of the four


@dataclass(frozen=True)
class Desk:
    """What the office's record adds to what was handed in."""

    records: Sequence[Decision] = ()
    """All decisions of the year."""
    version: int = 0
    previous: int = 0
    """Number of the version that `changes` are against; 0 where there is none."""
    changes: Sequence[tuple[str, Change]] = ()
    """With the name of the county."""
    untaken: Sequence[Untaken] = ()
    """What was typed into the last city workbook and cannot be taken as it stands."""


def write_city(file: BinaryIO, city: City, findings: list[Finding], *, desk: Desk = Desk()) -> None:
    """Write the city workbook into an open file; `findings` are those that count: of the files that hold, of the city.

    Raises ValueError for what a workbook cannot hold, OSError when the disk refuses.
    """
    by_row = _rows_found(findings)
    places = _places(city, by_row)
    held = standing(desk.records)
    made = BytesIO()
    book = new_workbook(made, valign="top")
    book.set_properties({"created": dt.datetime.combine(city.filled_on, dt.time()), "comments": "qingdan"})
    for look in looks():
        book.add_format(look)._get_xf_index()  # the numbers that `fill_workbook` counts on
    style = styles(book)
    streamed: dict[int, ListSheet] = {}

    whose = f"{city.ruleset.thresholds['city_name']}{city.year}年{city.round}应急减排清单"
    made_on = f"汇总日期 {city.on}{f'，台账第 {desk.version} 版' if desk.version else ''}"

    def about(title: str) -> str:
        """What stands above each printed page of a sheet."""
        return f"{whose}　{title}　（{made_on}）"

    def stream(sheet: ListSheet, rows: int) -> None:
        sheet = replace(sheet, heading=about(sheet.name))
        page = book.add_worksheet(sheet.name)
        page.autofilter(0, 0, rows, len(sheet.columns) - 1)  # for their defined names
        page.repeat_rows(0)
        streamed[len(book.worksheets())] = sheet

    write_overview(book, style, city, findings, _notes(city, desk), [one.title for one in desk.untaken])
    counties = {one.handed.file: one.name for one in city.counties if one.handed}
    rows = (_finding_row(one, counties, places) for one in findings)
    stream(ListSheet(FINDINGS, FINDING_HEADS, rows, _links(findings, places)), len(findings))
    homeless = write_conflicts(book, style, city, held, desk.untaken, about(CONFLICTS_SHEET))
    stream(ListSheet(COUNTIES, _COUNTY_HEADS, _county_rows(city, findings)), len(city.counties))
    files = list(_file_rows(city))
    stream(ListSheet(FILES, FILE_HEADS, files), len(files))
    own = [one for one in desk.untaken if one.title == DECISIONS]
    write_decisions(book, style, city, desk.records, [*own, *homeless], about(DECISIONS))
    write_emissions(book, style, city, held, desk.untaken, about(EMISSIONS_SHEET))
    public, _ = public_rows(city)
    stream(ListSheet(PUBLIC, PUBLIC_HEADS, public), len(public))
    guaranteed = [Head("序号", "number", 7), Head("区县", "text", 16)]
    guaranteed += [head(SHEETS["guarantee"][name]) for name in GUARANTEED_FIELDS]
    stream(
        ListSheet(_GUARANTEED, guaranteed, _guaranteed_rows(city)),
        sum(len(b.tables["guarantee"]) for b in city.books()),
    )
    stream(ListSheet(CHANGES, CHANGE_HEADS, map(_change_row, desk.changes)), len(desk.changes))
    results = list(city.imports.rows(PROVINCE_RESULT, MINISTRY_RESULT))
    stream(ListSheet(_RESULTS, RESULT_HEADS, map(_result_row, results)), len(results))
    for sheet in INVENTORY.values():
        heads = [*map(head, sheet.columns), *(Head(name, "text", 18) for name in PROVENANCE)]
        number = sum(len(one.tables[sheet.key]) for one in city.books())
        stream(ListSheet(sheet.title, heads, _list_rows(city, sheet.key, by_row)), number)
    book.close()
    strings = {text: number for number, text in enumerate(book.str_table.string_array)}
    fill_workbook(file, made.getvalue(), strings, streamed)


def _notes(city: City, desk: Desk) -> list[str]:
    """What stands under the title of the overview."""
    notes = [f"规则集：{city.ruleset.thresholds['ruleset_name']}　　汇总日期：{city.on}", *_results_note(city)]
    if desk.version:
        kinds = Counter(change.kind for _, change in desk.changes)
        compared = "，".join(f"{kind} {kinds[kind]}" for kind in ("新增", "移出", "修改"))
        against = f"与第 {desk.previous} 版相比：{compared}（见《{CHANGES}》）" if desk.previous else "本年第一版"
        notes.append(f"台账第 {desk.version} 版　　{against}")
    return notes


def _results_note(city: City) -> Iterator[str]:
    """By which rule sets the results of province and ministry were given, where one says so."""
    results = [*city.imports.rows(PROVINCE_RESULT, MINISTRY_RESULT)]
    if any(one.ruleset for one in results):
        given = Counter(
            rules.id if (rules := ruleset_of(one, city)) else f"“{one.ruleset}”（本机没有）" for one in results
        )
        yield f"核定、复核结果所依据的规则集：{'，'.join(f'{id_} {times} 条' for id_, times in given.items())}"


def _places(city: City, by_row: Mapping[tuple[str, str, int], object]) -> dict[tuple[str, str, int], int]:
    """1-based row in the lists of each row that something was found in, by file, sheet and row of the county's."""
    found: dict[tuple[str, str, int], int] = {}
    for sheet in INVENTORY.values():
        row = 1
        for book in city.books():
            for record in book.tables[sheet.key]:
                row += 1
                if (place := (book.file, sheet.title, record.row)) in by_row:
                    found[place] = row
    return found


_BY_HEADER = {
    (sheet.title, column.header): letter(column.position) for sheet in INVENTORY.values() for column in sheet.columns
}


def _target(finding: Finding, places: Mapping[tuple[str, str, int], int]) -> tuple[str, str] | None:
    """Sheet and cell of the lists that a finding is about, or None."""
    row = places.get((finding.file or "", finding.sheet or "", finding.row or 0))
    return (
        (finding.sheet or "", f"{_BY_HEADER.get((finding.sheet or '', finding.header or ''), 'A')}{row}")
        if row
        else None
    )


def _links(findings: Sequence[Finding], places: Mapping[tuple[str, str, int], int]) -> Iterator[tuple[str, str]]:
    column = letter([one.head for one in FINDING_HEADS].index("跳转"))
    for number, finding in enumerate(findings, 2):
        if target := _target(finding, places):
            yield f"{column}{number}", f"'{target[0]}'!{target[1]}"


def _guaranteed_rows(city: City) -> Iterator[list[Value]]:
    number = 0
    for book in city.books():
        for record in book.tables["guarantee"]:
            number += 1
            yield [number, book.county_name, *(getattr(record, name) for name in GUARANTEED_FIELDS)]


def _change_row(one: tuple[str, Change]) -> list[Value]:
    county, change = one
    sheet = SHEETS[change.sheet]
    header = sheet[change.field].header if change.field else None
    return [
        change.kind, county, sheet.title, change.key, written(change.name), header, written(change.before),
        written(change.after),
    ]  # fmt: skip


def _result_row(one: Listed) -> list[Value]:
    return [one.kind, one.file, one.row, one.uscc, one.name, one.list_id, one.site, one.grade, one.day, one.ruleset]


def _rows_found(findings: Iterable[Finding]) -> dict[tuple[str, str, int], tuple[Severity, str, int]]:
    """For each row with findings: the worst, its rule, and how many."""
    found: dict[tuple[str, str, int], tuple[Severity, str, int]] = {}
    for finding in findings:
        if finding.file and finding.sheet and finding.row and finding.severity > Severity.INFO:
            place = finding.file, finding.sheet, finding.row
            worst, rule, number = found.get(place, (Severity.INFO, "", 0))
            better = finding.severity > worst
            found[place] = (finding.severity, finding.rule, number + 1) if better else (worst, rule, number + 1)
    return found


def _list_rows(
    city: City, key: str, by_row: Mapping[tuple[str, str, int], tuple[Severity, str, int]]
) -> Iterator[list[Value]]:
    title = SHEETS[key].title
    for book in city.books():
        raw = raw_cells(book, key)
        for record in book.tables[key]:
            values = list(record[:-2])
            for name in record.bad:
                position = SHEETS[key][name].position
                values[position] = raw.get((record.row, name))
            state = by_row.get((book.file, title, record.row))
            values[0] = f"{SEVERITY_SYMBOLS[state[0]]} {state[1]}（共{state[2]}项）" if state else "✓"
            yield [*values, book.file, title, record.row]


def _county_rows(city: City, findings: list[Finding]) -> Iterator[list[Value]]:
    for county in city.counties:
        book = county.handed.book if county.handed else None
        own = [finding for finding in findings if book and finding.file == book.file]
        yield [
            county.code, county.name, county.status, county.reason or None,
            book.file if book else None, book.revision if book else None,
            book.facts.get("filled_on") if book else None,
            len(book.tables["enterprises"]) if book else None, len(book.tables["lines"]) if book else None,
            sum(finding.severity >= Severity.ERROR for finding in own) if book else None,
            sum(finding.severity == Severity.WARNING for finding in own) if book else None,
            city.year, city.round, city.ruleset.id, city.on, book.sha256 if book else None,
        ]  # fmt: skip


def _file_rows(city: City) -> Iterator[list[Value]]:
    for handed in city.files:
        yield [handed.file, handed.status, handed.reason or None, handed.book.sha256 if handed.book else None]
    for one in city.imports.files:
        said = f"{one.kind}，{len(one.rows)} 行" if one.rows else one.kind
        yield [one.file, "参考资料", said, one.sha256]
    for file, why in city.imports.unread:
        yield [file, UNREAD_REFERENCE, why, None]


def _finding_row(
    finding: Finding, counties: Mapping[str, str], places: Mapping[tuple[str, str, int], int]
) -> list[Value]:
    severity = f"{SEVERITY_SYMBOLS[finding.severity]} {SEVERITY_NAMES[finding.severity]}"
    related = "；".join(f"{place.file} {place.sheet}!{place.cell or ''}" for place in finding.related)
    target = _target(finding, places)
    return [
        severity, finding.rule, all_rules()[finding.rule].name, counties.get(finding.file or ""),
        f"{target[0]}!{target[1]}" if target else None, f"第{finding.waiver}号" if finding.waiver else None, finding.file, finding.sheet, finding.cell,
        finding.header, finding.key, written(finding.value), finding.message, finding.basis, related or None,
    ]  # fmt: skip


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
        Entries(again, sheet, Grid(sheet.title, False, rows, Seen()), layout).read()
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
                file, rules, code, city.round, int(row.get("版次") or 0), on,
                {"filled_on": row.get("填报日期"), "year": str(city.year), "template_version": "1.0", "division": code,
                 "round": city.round, "revision": text_of(row.get("版次"))},
                sha256=text_of(row.get("SHA-256")), letters={**LETTERS},
            )  # fmt: skip
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
    return city, [one for one in found if one.rule in _KEPT or (one.rule == "GS03" and _formula_stands(one, by_file))]


def seen_files(opened: Opened) -> dict[str, str]:
    """SHA-256 of the file that held for each county, by its code. Raises `UnreadableWorkbook`."""
    rows = _table(_values(opened, COUNTIES))
    return {text_of(row.get("区划代码")): text_of(row.get("SHA-256")) for row in rows}


def _imports(opened: Opened) -> Imports:
    """The results of the review and the emissions that the workbook was made with."""
    own: dict[tuple[str, str], list[Listed]] = {}
    for row in _table(_values(opened, _RESULTS)):
        kind, file = text_of(row.get("类别")), text_of(row.get("文件"))
        day = row.get("日期")
        uscc, name, list_id, site, grade = (text_of(row.get(one.head)) for one in RESULT_HEADS[3:8])
        when = day if isinstance(day, dt.date) else None
        by = text_of(row.get("规则集"))
        listed = Listed(kind, file, int(row.get("行") or 0), uscc, name, list_id, site, grade, when, by)
        own.setdefault((kind, file), []).append(listed)
    files = [Import(kind, file, "", tuple(rows)) for (kind, file), rows in own.items()]
    return Imports(files, read_emissions(opened))


def _formula_stands(finding: Finding, by_file: Mapping[str, Book]) -> bool:
    """Whether the text of a county's formula still stands in the list where the finding says."""
    book = by_file.get(finding.file or "")
    sheet = next((sheet for sheet in INVENTORY.values() if sheet.title == finding.sheet), None)
    column = next((one for one in sheet.columns if one.header == finding.header), None) if sheet else None
    if book is None or sheet is None or column is None or column.kind != "text":
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
        Entries(book, sheet, Grid(sheet.title, False, by_source[file], Seen()), as_county).read()


def _finding(row: Mapping[str, Any]) -> Finding:
    names = {name: severity for severity, name in SEVERITY_NAMES.items()}
    severity = names.get(text_of(row.get("严重程度")).rpartition(" ")[2], Severity.ERROR)
    cell = text_of(row.get("单元格"))
    return Finding(
        text_of(row.get("规则")), severity, row.get("文件"), row.get("工作表"), cell or None,
        int("".join(filter(str.isdecimal, cell)) or 0) or None, row.get("表头"), row.get("编号"), row.get("填的值"),
        text_of(row.get("问题与改法")), text_of(row.get("依据")),
    )  # fmt: skip
