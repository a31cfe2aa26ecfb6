"""The city workbook: the overview, what was found and decided, who has filed, and all counties' lists with their provenance.

Small sheets, charts and cells to fill in are XlsxWriter's; the long lists are streamed into the package that it made.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import BinaryIO

from validators.columns import INVENTORY, SHEETS, Column, letter
from validators.decisions import Decision, standing
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Finding, Severity
from validators.meanings import Value
from validators.references import MINISTRY_RESULT, PROVINCE_RESULT, Listed
from validators.rule import all_rules
from validators.settlement import City, ruleset_of
from validators.versions import Change
from workbook_templates.city.decision_sheets import (
    CONFLICTS_SHEET,
    DECISIONS,
    EMISSIONS_SHEET,
    Untaken,
    write_conflicts,
    write_decisions,
    write_emissions,
)
from workbook_templates.city.overview import write_overview
from workbook_templates.county.raw_cells import raw_cells, written
from workbook_templates.county.sheet_layout import PROVENANCE
from workbook_templates.lists.public_directory import PUBLIC, PUBLIC_HEADS, public_rows
from workbook_templates.xlsx.styles import new_workbook, styles
from workbook_templates.xlsx.writer import Head, ListSheet, fill_workbook, looks

COUNTIES, FILES, FINDINGS = "提交情况", "文件情况", "问题清单"
_GUARANTEED, CHANGES, RESULTS = "保障类名单", "与上版差异", "参考资料"
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
    stream(ListSheet(RESULTS, RESULT_HEADS, map(_result_row, results)), len(results))
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
        change.kind,
        county,
        sheet.title,
        change.key,
        written(change.name),
        header,
        written(change.before),
        written(change.after),
    ]


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
            county.code,
            county.name,
            county.status,
            county.reason or None,
            book.file if book else None,
            book.revision if book else None,
            book.facts.get("filled_on") if book else None,
            len(book.tables["enterprises"]) if book else None,
            len(book.tables["lines"]) if book else None,
            sum(finding.severity >= Severity.ERROR for finding in own) if book else None,
            sum(finding.severity == Severity.WARNING for finding in own) if book else None,
            city.year,
            city.round,
            city.ruleset.id,
            city.on,
            book.sha256 if book else None,
        ]


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
        severity,
        finding.rule,
        all_rules()[finding.rule].name,
        counties.get(finding.file or ""),
        f"{target[0]}!{target[1]}" if target else None,
        f"第{finding.waiver}号" if finding.waiver else None,
        finding.file,
        finding.sheet,
        finding.cell,
        finding.header,
        finding.key,
        written(finding.value),
        finding.message,
        finding.basis,
        related or None,
    ]
