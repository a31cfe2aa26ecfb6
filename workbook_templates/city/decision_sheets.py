"""The sheets of the city workbook in which the office decides: conflicts, decisions, whole-society emissions."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from validators.book import Book
from validators.columns import POLLUTANT_NAMES, SHEETS
from validators.decisions import (
    DECISION_KINDS,
    EMISSION,
    EXCLUSION,
    FIELD_NAMES,
    HOLDS,
    REVOKED,
    Decision,
    Wrong,
    checked,
    parsed,
    standing,
)
from validators.expr import Record
from validators.findings import Severity
from validators.meanings import Raw, Value, text_of
from validators.rule import value_text
from validators.ruleset import RuleSet
from validators.settlement import City, conflict_key, crossings
from validators.versions import differences
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.opened import Opened
from workbook_templates.xlsx.styles import Style, put, text_width

CONFLICTS_SHEET, DECISIONS, EMISSIONS_SHEET = "冲突清单", "决定", "全社会排放"
_ROOM = 200
"""Blank rows for new decisions."""
_SHOWN = (
    "list_id", "name", "site", "uscc", "industry", "grade", "address", "so2_annual", "nox_annual", "pm_annual", "vocs_annual",
)  # fmt: skip
"""Fields of both rows that stand side by side."""
_SIDES = ("甲", "乙")
_HOLDING, _WHY, _KEY, _RULE = "以哪个为准（甲或乙）", "裁定理由", "对象", "规则"
RECORDED = ("编号", *FIELD_NAMES.values(), "记录人", "记录时间", "所见文件的SHA-256", "状态")
UNTAKEN = "✗ 没有采用："
"""Before what is said beside a decision that could not be taken, which stays where it was typed."""
SLIP_GROUND, SLIP_INK = appearance.SEVERITY_LOOKS[Severity.ERROR]
_MOST_LINES, LINE_HEIGHT = 24, 16
"""Lines of what differs that a row can show, and their height in points: no row is higher than 409."""
DIFFERENT_WIDTH = 78
"""Characters of a line of what differs."""
MOST_DIFFERENT = 200
"""Differences of two files of one revision that are listed."""


@dataclass(frozen=True, slots=True)
class Untaken:
    """What was typed into a city workbook and cannot be taken as it stands: it stays there until it is put right."""

    title: str
    """Sheet."""
    row: int
    """1-based, where it was typed."""
    typed: Mapping[str, Value]
    """By `FIELD_NAMES`."""
    why: str
    """In Chinese, without a full stop."""
    fields: tuple[str, ...] = ()
    """Those that have to be put right."""

    def __str__(self) -> str:
        """The line for the user."""
        return f"《{self.title}》第 {self.row} 行：{self.why}，没有采用，仍留在原处。请补正后重新汇总。"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two rows, or two files, of which one holds; `sides` are what a decision for one or the other says (`value`)."""

    rule: str
    key: str
    what: str
    sides: tuple[str, str]
    values: tuple[Sequence[Value], Sequence[Value]]
    fields: list[tuple[str, str, str]]
    """What differs, and how both have it."""

    @property
    def different(self) -> str:
        """Who the two are, and what differs, one below the other; several in a line where the page would not hold them."""
        lines = [f"{side}：{' '.join(map(str, values[:2]))}" for side, values in zip(_SIDES, self.values, strict=True)]
        fields = [f"{name}：甲 {one}，乙 {other}" for name, one, other in self.fields]
        room = _MOST_LINES - len(lines)
        for number, field in enumerate(fields):
            whole = len(fields) <= room
            if not whole and number and text_width(lines[-1]) + text_width(field) < DIFFERENT_WIDTH - 6:
                lines[-1] += f"；{field}"
            elif len(lines) < _MOST_LINES - 1 or whole:
                lines.append(field)
            else:
                return "\n".join([*lines, f"另有 {len(fields) - number} 项不同"])
        return "\n".join(lines)


def conflicts(city: City) -> Iterator[Conflict]:
    """Everything of which only one can hold, decided or not: enterprises in two counties, files of one revision."""
    for key, ((book, record), *rest) in crossings(city).items():
        for other, row in rest:
            if other is not book:
                yield _of_rows(key, (book, record), (other, row))
    for book, record in city.dropped:
        key = conflict_key(record)
        for other in city.books():
            held = [row for row in other.tables["enterprises"] if conflict_key(row) == key]
            if held and other is not book:
                yield _of_rows(key, (other, held[0]), (book, record))
    for handed, best in (*city.clashes, *city.settled):
        if handed.book and best.book:
            yield _of_files(best.book, handed.book)


def _of_rows(key: str, one: tuple[Book, Record], other: tuple[Book, Record]) -> Conflict:
    def shown(book: Book, record: Record) -> list[Value]:
        return [book.county_name, book.file, record.row, *(getattr(record, name) for name in _SHOWN)]

    fields = [
        (column.header, value_text(one[1][column.position]), value_text(other[1][column.position]))
        for column in SHEETS["enterprises"].columns
        if column.required != "auto" and one[1][column.position] != other[1][column.position]
    ]
    return Conflict(
        "HZ02", key, "两个县区报了同一厂区", (one[0].county, other[0].county), (shown(*one), shown(*other)), fields
    )


def _of_files(best: Book, other: Book) -> Conflict:
    def shown(book: Book) -> list[Value]:
        rows = f"企业 {len(book.tables['enterprises'])} 家，生产线 {len(book.tables['lines'])} 条"
        return [book.county_name, book.file, None, None, rows, *[None] * (len(_SHOWN) - 2)]

    found: list[tuple[str, str, str]] = []
    for number, one in enumerate(differences(other.tables, best.tables)):
        if number == MOST_DIFFERENT:
            found.append(("还有，没有列全", "…", "…"))
            break
        sheet = SHEETS[one.sheet]
        if one.field:
            header = sheet[one.field].header
            found.append((f"{sheet.title} {one.key} {header}", value_text(one.after), value_text(one.before)))
        else:
            there = ("有这一行", "没有") if one.kind == "新增" else ("没有", "有这一行")
            found.append((f"{sheet.title} {one.key}", *there))
    return Conflict(
        "HZ03",
        best.county,
        "同一县区同一版次的两份文件",
        (best.sha256, other.sha256),
        (shown(best), shown(other)),
        found,
    )


def _sheet(
    book: Workbook, style: Style, title: str, heads: Sequence[tuple[str, float]], entry: Sequence[str], about: str
) -> Worksheet:
    """A sheet with its heads in the first row; those to fill in look like it. `about` stands above each printed page."""
    sheet = book.add_worksheet(title)
    sheet.set_row(0, 32)
    for place, (head, width) in enumerate(heads):
        sheet.set_column(place, place, width)
        ground = appearance.ENTRY if head in entry else appearance.PLAIN_BANDS[0][1]
        look = style(
            font_name=appearance.HEAD_FONT,
            bg_color=ground,
            border=1,
            border_color=appearance.HEAD_LINE,
            align="center",
            text_wrap=True,
        )
        sheet.write_string(0, place, head, look)
    sheet.set_landscape()
    sheet.set_paper(appearance.PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.4, 0.4, 0.7, 0.6)
    sheet.set_header(f"&L{about.replace('&', '&&')}")
    sheet.set_footer("&C第 &P 页，共 &N 页")
    sheet.repeat_rows(0)
    return sheet


def write_conflicts(
    book: Workbook, style: Style, city: City, decisions: Sequence[Decision], untaken: Sequence[Untaken], about: str
) -> list[Untaken]:
    """Add the sheet of conflicts: both side by side, and where to say which holds.

    Of what could not be taken, that about a conflict stands there as it was typed; returns the rest.
    """
    names = ["区县", "来源文件", "来源行", *(SHEETS["enterprises"][name].header for name in _SHOWN)]
    widths = [14, 18, 7, 16, 24, 10, 21, 16, 8, 24, 9, 9, 9, 9]
    heads: list[tuple[str, float]] = [
        (_RULE, 7),
        ("说明", 14),
        (_KEY, 22),
        (_HOLDING, 12),
        (_WHY, 20),
        ("现在的裁定", 20),
        ("不同之处", DIFFERENT_WIDTH),
    ]
    for side in _SIDES:
        heads += [(f"{side}_{name}", width) for name, width in zip(names, widths, strict=True)]
        heads.append((f"{side}_取值", 20))
    sheet = _sheet(book, style, CONFLICTS_SHEET, heads, (_HOLDING, _WHY), about)
    edge = {"border": 1, "border_color": appearance.LINE, "valign": "top", "text_wrap": True}
    plain, code = style(**edge), style(**edge, num_format="@", font_color=appearance.GREY)
    entry = style(**edge, bg_color=appearance.ENTRY)
    slip = style(**edge, bg_color=SLIP_GROUND, font_color=SLIP_INK)
    held = {(one.rule, one.key): one for one in decisions if one.kind == HOLDS}
    left = {(one.typed["rule"], one.typed["key"]): one for one in untaken if one.title == CONFLICTS_SHEET}
    row = 0
    for row, one in enumerate(conflicts(city), 1):
        decided = held.get((one.rule, one.key))
        holding = city.ruleset.submitting.get(decided.value, decided.value[:16]) if decided else ""
        if decided and decided.value in one.sides:
            holding = f"{_SIDES[one.sides.index(decided.value)]}（{holding}）"
        said = f"第{decided.id}号：以{holding}为准。{decided.reason}" if decided else "未裁定"
        typed = left.pop((one.rule, one.key), None)
        chosen, why = (str(typed.typed[name] or "") for name in ("value", "reason")) if typed else ("", "")
        if typed:
            said = f"{UNTAKEN}{typed.why}。{said}"
        if chosen in one.sides:
            chosen = _SIDES[one.sides.index(chosen)]
        values: list[Value] = [one.rule, one.what, one.key, chosen, why, said, one.different]
        for own, side in zip(one.values, one.sides, strict=True):
            values += [*own, side]
        for place, value in enumerate(values):
            head = heads[place][0]
            look = entry if head in (_HOLDING, _WHY) else code if head.endswith("取值") else plain
            put(sheet, row, place, value, slip if typed and head in (_HOLDING, _WHY, "现在的裁定") else look)
        lines = sum(1 + int(text_width(text) // DIFFERENT_WIDTH) for text in one.different.split("\n"))
        sheet.set_row(row, min(LINE_HEIGHT * max(lines, 3), 409))
        sheet.data_validation(
            row,
            3,
            row,
            3,
            {
                "validate": "list",
                "source": list(_SIDES),
                "input_title": "裁定",
                "input_message": "选甲或乙，并写明理由；下次汇总时记入台账并照此办理。",
            },
        )
    sheet.autofilter(0, 0, max(row, 1), len(heads) - 1)
    sheet.print_area(
        0, 0, max(row, 1), len(heads) - 2 * (len(names) + 1) - 1
    )  # what differs; the whole rows are for the screen
    sheet.freeze_panes(1, 3)
    gone = "这处冲突已不在《冲突清单》里，不再需要的请清空本行"
    return [replace(one, title=DECISIONS, why=gone, fields=("value",)) for one in left.values()]


def write_decisions(
    book: Workbook, style: Style, city: City, records: Sequence[Decision], untaken: Sequence[Untaken], about: str
) -> None:
    """Add the sheet of all decisions on record, those that could not be taken as typed, and blank rows for new ones."""
    widths = (7, 12, 8, 11, 28, 18, 36, 14, 22, 12, 10, 12, 26, 22, 22)
    entry = [*FIELD_NAMES.values()]
    sheet = _sheet(book, style, DECISIONS, list(zip(RECORDED, widths, strict=True)), entry, about)
    edge = {"border": 1, "border_color": appearance.LINE, "valign": "top", "text_wrap": True}
    own, day = style(**edge, bg_color=appearance.OWN), style(**edge, bg_color=appearance.OWN, num_format=appearance.DAY)
    held = {one.id for one in standing(records)}
    for row, one in enumerate(records, 1):
        late = one.until and one.until < city.on
        state = (
            "已过期"
            if one.id in held and late
            else "有效"
            if one.id in held or one.kind == REVOKED
            else "已被取代或撤销"
        )
        values = [
            one.id,
            *(getattr(one, name) or None for name in FIELD_NAMES),
            one.who,
            one.at[:16].replace("T", " "),
            one.seen or None,
            state,
        ]
        for place, value in enumerate(values):
            put(sheet, row, place, value, day if isinstance(value, dt.date) else own)
    first = len(records) + 1
    last = first + len(untaken) + _ROOM - 1
    text = style(**edge, bg_color=appearance.ENTRY, num_format="@")
    until = style(**edge, bg_color=appearance.ENTRY, num_format=appearance.DAY)
    slip = {**edge, "bg_color": SLIP_GROUND, "font_color": SLIP_INK}
    for row, left in enumerate(untaken, first):
        for place, name in enumerate(FIELD_NAMES, 1):
            value = left.typed.get(name)
            shape = appearance.DAY if isinstance(value, dt.date) else "@"
            ground = slip if name in left.fields else {**edge, "bg_color": appearance.ENTRY}
            put(sheet, row, place, value, style(**ground, num_format=shape))
        put(sheet, row, 0, UNTAKEN[0], style(**slip))
        put(sheet, row, len(RECORDED) - 1, f"{UNTAKEN}{left.why}。补正后重新汇总。", style(**slip))
    for row in range(first + len(untaken), last + 1):
        for place, name in enumerate(FIELD_NAMES, 1):
            sheet.write_blank(row, place, None, until if name == "until" else text)
    sheet.data_validation(
        first,
        1,
        last,
        1,
        {
            "validate": "list",
            "source": list(DECISION_KINDS),
            "input_title": "录入决定",
            "input_message": "每行一项。豁免：规则、对象（清单编号）或区划代码、理由、批准人、文号、有效期至。剔除：区划代码、理由。"
            "等级变更：对象（清单编号）、取值（等级）、理由、批准人、文号。下次汇总时记入台账。",
        },
    )
    sheet.freeze_panes(1, 2)


EMISSION_HEADS = (
    ("污染物", 12), ("本版采用（t/d）", 16), ("出处", 40), ("改为（t/d）", 16), ("新的出处", 40), ("状态", 40),
)  # fmt: skip


def write_emissions(
    book: Workbook, style: Style, city: City, decisions: Sequence[Decision], untaken: Sequence[Untaken], about: str
) -> None:
    """Add the sheet of whole-society emissions: those of this version, and where to say others."""
    entry = [head for head, _ in EMISSION_HEADS[3:5]]
    sheet = _sheet(book, style, EMISSIONS_SHEET, EMISSION_HEADS, entry, about)
    edge = {"border": 1, "border_color": appearance.LINE}
    own, fill = style(**edge, bg_color=appearance.OWN), style(**edge, bg_color=appearance.ENTRY)
    source = {one.key: f"{one.reason}（第{one.id}号）" for one in decisions if one.kind == EMISSION}
    slip = style(**edge, bg_color=SLIP_GROUND, font_color=SLIP_INK, text_wrap=True)
    left = {one.typed["key"]: one for one in untaken if one.title == EMISSIONS_SHEET}
    for row, (key, name) in enumerate(POLLUTANT_NAMES.items(), 1):
        for place, value in enumerate((name, city.imports.emissions.get(key), source.get(name))):
            put(sheet, row, place, value, own)
        typed = left.get(name)
        for place, field in ((3, "value"), (4, "reason")):
            put(sheet, row, place, typed.typed.get(field) if typed else None, slip if typed else fill)
        if typed:
            put(sheet, row, 5, f"{UNTAKEN}{typed.why}。补正后重新汇总。", slip)
    sheet.write_string(
        len(POLLUTANT_NAMES) + 2,
        0,
        "全市一个数，各县区共用；录入后下次汇总记入台账，该年各版沿用，改动另记一条。单位：吨/天。",
        style(font_color=appearance.GREY),
    )


def read_emissions(opened: Opened) -> dict[str, float]:
    """The whole-society emissions of the version, in t/d by pollutant (`so2`)."""
    keys = {name: key for key, name in POLLUTANT_NAMES.items()}
    return {
        keys[name]: float(value)
        for row in _rows(opened, EMISSIONS_SHEET)
        if (name := text_of(row.get("污染物"))) in keys and isinstance(value := row.get("本版采用（t/d）"), int | float)
    }


def _rows(opened: Opened, title: str) -> Iterator[dict[str, Any]]:
    """Rows of a sheet by its heads, with `row` for the 1-based number; nothing where the sheet is not there."""
    grid = opened.grid(title)
    if grid is None or not grid.rows:
        return
    heads = [text_of(cell) for cell in grid.rows[0][1]]
    for number, cells in grid.rows[1:]:
        yield {"row": number, **{head: cell for head, cell in zip(heads, cells, strict=False) if cell != ""}}


def read_decisions(
    opened: Opened, rules: RuleSet, shas: Mapping[str, str], known: Mapping[int, Decision]
) -> tuple[list[Decision], list[Untaken]]:
    """What was decided in a city workbook since it was written, and what cannot be taken as it was typed.

    `shas` are the hashes of the counties' files, by county, that were seen: what an exclusion is about. `known` are the
    decisions on record, by number; one that was altered on the sheet is a new decision.
    """
    found: list[Decision] = []
    wrong: list[Untaken] = []

    def take(title: str, row: int, typed: Mapping[str, Value]) -> None:
        try:
            one = checked(parsed(typed), rules)
            seen = shas.get(one.county, "") if one.kind == EXCLUSION else opened.sha256
            found.append(replace(one, seen=seen))
        except Wrong as error:
            wrong.append(Untaken(title, row, dict(typed), str(error), error.fields))

    for row in _rows(opened, DECISIONS):
        typed = {name: _typed(row.get(head)) for name, head in FIELD_NAMES.items()}
        number = row.get("编号")
        recorded = known.get(int(number)) if isinstance(number, int | float) else None
        if any(typed.values()) and not (recorded and _shows(typed, recorded)):
            take(DECISIONS, row["row"], typed)
    for row in _rows(opened, CONFLICTS_SHEET):
        side, why = _typed(row.get(_HOLDING)), _typed(row.get(_WHY))
        if side or why:
            rule, key = text_of(row.get(_RULE)), text_of(row.get(_KEY))
            right = side in _SIDES
            value = text_of(row.get(f"{side}_取值")) if right else side
            typed = {"kind": HOLDS, "rule": rule, "key": key, "value": value, "reason": why}
            if right:
                take(CONFLICTS_SHEET, row["row"], typed)
            else:
                wrong.append(Untaken(CONFLICTS_SHEET, row["row"], typed, f"“{_HOLDING}”应填甲或乙", ("value",)))
    for row in _rows(opened, EMISSIONS_SHEET):
        amount, source = _typed(row.get("改为（t/d）")), _typed(row.get("新的出处"))
        if amount or source:
            name = text_of(row.get("污染物"))
            take(EMISSIONS_SHEET, row["row"], {"kind": EMISSION, "key": name, "value": amount, "reason": source})
    return found, wrong


def _typed(cell: Raw) -> Value:
    """A cell as it was typed: a day stays one, all else is its text; None where there is none."""
    return cell if isinstance(cell, dt.date) else text_of(cell) or None


def _shows(typed: Mapping[str, Value], recorded: Decision) -> bool:
    """Whether a row says what the record says, blanks and line breaks apart."""
    pairs = ((typed[name], getattr(recorded, name)) for name in FIELD_NAMES)
    return all("".join(str(one or "").split()) == "".join(str(other or "").split()) for one, other in pairs)


def printed(opened: Opened) -> set[int]:
    """Numbers of the decisions that were on record when the workbook was written."""
    return {int(row["编号"]) for row in _rows(opened, DECISIONS) if isinstance(row.get("编号"), int | float)}
