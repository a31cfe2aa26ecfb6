"""Taking foreign tables in: their rows become rows of a county workbook, and every column, row and cell is accounted for.

Nothing is lost: what cannot be read as what is due stays as it stood, where the check finds it, or is listed with the
reason. Nothing is invented: what a table does not say in so many words is a `Guess`, and marked for a person.
"""

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from rapidfuzz import fuzz, process

from validators.columns import INVENTORY, LEVELS, POLLUTANTS, SHEETS, Column, letter
from validators.meanings import ID_PATTERNS, Raw, Unreadable, Value, meaning, number_text, text_of
from validators.rule import value_text
from validators.ruleset import RuleSet
from validators.text import folded
from workbook_templates.county.identities import give_ids, give_line_ids, identities
from workbook_templates.county.returned import as_text
from workbook_templates.formulas.default_formulas import SheetRows
from workbook_templates.layouts.declared import COUNT, YEAR, Entry, chinese, meanings
from workbook_templates.layouts.found import Fit, areas
from workbook_templates.layouts.head_words import known_heads
from workbook_templates.layouts.spellings import facts, measure, spelt
from workbook_templates.layouts.units import UnknownUnit, convert
from workbook_templates.layouts.words import DITTO, NOTES, NOTHING, TOTALS
from workbook_templates.xlsx.opened import Grid

_ABOVE = "这一格没有写，取上一行的"
_MOST = 20_000
"""Rows of a county's table at most."""
_Status = Literal["采用", "换算", "推测", "未用"]


@dataclass(slots=True)
class ColumnAccount:
    """What became of a column of a table."""

    file: str
    sheet: str
    column: str
    head: str
    status: _Status
    means: str | None
    note: str = ""


@dataclass(slots=True)
class RowAccount:
    """What became of a row of a table."""

    file: str
    sheet: str
    row: int
    taken: bool
    note: str


@dataclass(slots=True)
class CellAccount:
    """A cell of a table that was converted, guessed from or left out, and where what came of it stands."""

    file: str
    sheet: str
    cell: str
    value: str
    what: Literal["换算", "推测", "未取"]
    note: str
    key: str = ""
    """Key of the sheet of ours; '' where the cell was left out."""
    index: int = 0
    """0-based place among its rows."""
    field: str = ""
    arithmetic: str = ""
    """How a number that was guessed came about."""

    @property
    def words(self) -> str:
        """Note and arithmetic."""
        return f"{self.note}：{self.arithmetic}" if self.arithmetic else self.note


@dataclass
class Taken:
    """What the tables give."""

    rows: SheetRows = field(default_factory=lambda: {key: [] for key in INVENTORY})
    columns: list[ColumnAccount] = field(default_factory=list)
    read: list[RowAccount] = field(default_factory=list)
    cells: list[CellAccount] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is to be said of whole files and sheets."""


class TooMany(ValueError):
    """A table has more rows than a county can have; the message is Chinese."""


@dataclass(slots=True)
class _Fact:
    """A value that a row gives, the column of the table that it is from, and why it is a guess, if it is one."""

    value: Value
    place: int
    raw: str
    guess: str = ""
    arithmetic: str = ""


_Facts = dict[tuple[str, str], _Fact]
"""By key of the sheet and field."""


class Taker:
    """Takes tables into one county's workbook. `before` gives the numbers that enterprises had (see `identities`)."""

    def __init__(self, county: str, rules: RuleSet, before: Mapping[str, str] | None = None) -> None:
        self.county, self.rules, self.before = county, rules, before or {}
        self.name = rules.submitting[county]
        self.taken = Taken()
        self._at: dict[str, int] = {}
        """Place of an enterprise by what it is known by."""
        self.beside: dict[tuple[str, int], int] = {}
        """Place of the row that another sheet has for an enterprise, by its key and the place of the enterprise."""
        self.said_beside: dict[tuple[int, str], list[tuple[_Sheet, int, _Fact]]] = {}
        """What heads of other sheets' columns say of an enterprise, by its place and the field."""
        self.sources: dict[tuple[str, int, str], tuple[_Sheet, int, _Fact]] = {}
        """Where emissions were read, by key of the sheet, place of the row and field."""

    def take(self, file: str, grid: Grid, fit: Fit) -> None:
        """Take one sheet. Raises `TooMany`."""
        _Sheet(self, file, grid, fit).take()

    def pass_over(self, file: str, grid: Grid) -> None:
        """Account for a sheet that no table of the layout fits."""
        if grid.rows:
            self.taken.notes.append(f"“{file}”的工作表“{grid.title}”不在布局里，{len(grid.rows)} 行都没有取。")

    def finish(self) -> Taken:
        """Give numbers to the rows that have none, and what follows from all rows together."""
        rows = self.taken.rows
        enterprises = rows["enterprises"]
        self._said_beside()
        self._emissions()
        give_ids(enterprises, "G", self.county, [identities(row) for row in enterprises], self.before)
        ids = {place: str(row["list_id"]) for place, row in enumerate(enterprises) if row.get("list_id")}
        for key in ("lines", "transport", "guarantee", "changes"):
            for row in rows[key]:
                at = row.pop("@", None)
                if isinstance(at, int) and at in ids:
                    row["list_id"] = ids[at]
        for row in rows["removals"]:
            row.pop("@", None)
        give_line_ids(rows["lines"])
        for key, mark, name in (("dust", "Y", "dust_name"), ("mobile", "D", "category")):
            names = [[f"{mark}|{row.get(name) or ''}{row.get('address') or ''}"] for row in rows[key]]
            give_ids(rows[key], mark, self.county, names, self.before)
            for row in rows[key]:
                row.pop("@", None)
        for key in ("enterprises", "dust", "mobile"):
            for row in rows[key]:
                row.setdefault("district", self.name)
        self._guarantee()
        return self.taken

    def _said_beside(self) -> None:
        """What the rows of an enterprise's lines agree on is the enterprise's, too; where they differ, that is said."""
        differ: Counter[str] = Counter()
        for (at, name), told in self.said_beside.items():
            row = self.taken.rows["enterprises"][at]
            if row.get(name) is not None:
                continue
            sheet, number, fact = told[0]
            if all(other.value == fact.value for _, _, other in told):
                row[name] = fact.value
                sheet._note(number, fact, "enterprises", at, name)
            else:
                differ[name] += 1
        for name, firms in differ.items():
            header = SHEETS["enterprises"][name].header
            self.taken.notes.append(f"有 {firms} 家企业各行的“{header}”不同，企业的没有填，请照规定填一个。")

    def _emissions(self) -> None:
        """Emissions of a year from those of the days, or those of the one line from the year's, where only one is told."""
        lines: dict[int, list[int]] = {}
        for place, row in enumerate(self.taken.rows["lines"]):
            if isinstance(at := row.get("@"), int):
                lines.setdefault(at, []).append(place)
        for at, places in lines.items():
            for pollutant in POLLUTANTS:
                self._emission(at, places, f"{pollutant}_annual", f"{pollutant}_daily")

    def _emission(self, at: int, places: Sequence[int], yearly: str, daily: str) -> None:
        firm, lines = self.taken.rows["enterprises"][at], self.taken.rows["lines"]
        told = [
            (value, days)
            for place in places
            if (value := _number(lines[place].get(daily))) is not None
            if (days := _number(lines[place].get("run_days"))) is not None
        ]
        if firm.get(yearly) is None and len(told) == len(places):
            made = _shown(math.fsum(value * days for value, days in told) / 1000)
            sums = " ＋ ".join(f"{number_text(value)} × {number_text(days)}" for value, days in told)
            firm[yearly] = made
            words = f"（{sums}）÷ 1000 = {number_text(made)} t/a"
            self._worked_out("lines", places[0], daily, "enterprises", at, yearly, words)
            return
        line, whole = lines[places[0]], _number(firm.get(yearly))
        days = _number(line.get("run_days"))
        if (
            len(places) == 1
            and line.get(daily) is None
            and whole is not None
            and days is not None
            and (days or not whole)
        ):
            line[daily] = made = _shown(whole * 1000 / days) if days else 0.0
            words = f"{number_text(whole)} × 1000 ÷ {number_text(days)} = {number_text(made)} kg/d"
            self._worked_out("enterprises", at, yearly, "lines", places[0], daily, words)

    def _worked_out(self, key: str, index: int, name: str, to: str, place: int, made: str, words: str) -> None:
        """Account for a number that was worked out from another one that was read."""
        sheet, number, fact = self.sources[key, index, name]
        guess = f"由{'年' if name.endswith('_annual') else '日'}排放量和年运行天数算得"
        sheet._note(number, _Fact(None, fact.place, fact.raw, guess, words), to, place, made)

    def _guarantee(self) -> None:
        """A row in the sheet of guarantees for each enterprise that is said to be guaranteed and has none."""
        rows = self.taken.rows
        named = {row.get("list_id") for row in rows["guarantee"]}
        for row in rows["enterprises"]:
            if row.get("guaranteed") == "是" and row.get("list_id") not in named:
                rows["guarantee"].append({"list_id": row["list_id"], "name": row.get("name")})

    def enterprise(self, own: Mapping[str, Value], raw_id: str, *, apart: bool) -> int:
        """Place of the enterprise that these facts name, a new one where it is not there yet; -1 where none is named."""
        names = ([f"#{raw_id}"] if raw_id else []) + identities(own)
        if not names:
            return -1
        rows = self.taken.rows["enterprises"]
        if not apart:
            for name in names:
                at = self._at.get(name)
                if at is not None and not _differ(rows[at], own):
                    for other in names:
                        self._at.setdefault(other, at)
                    return at
        rows.append({})
        for name in names:
            self._at.setdefault(name, len(rows) - 1)
        return len(rows) - 1


def _differ(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    """Whether two rows that share a name or number are of different enterprises all the same."""
    codes = one.get("uscc"), other.get("uscc")
    sites = one.get("site"), other.get("site")
    return (None not in codes and codes[0] != codes[1]) or (None not in sites and sites[0] != sites[1])


class _Sheet:
    """Takes the rows of one sheet."""

    def __init__(self, taker: Taker, file: str, grid: Grid, fit: Fit) -> None:
        self.taker, self.file, self.grid, self.fit = taker, file, grid, fit
        self.taken, self.rules = taker.taken, taker.rules
        self.table = fit.table
        self.entries: list[tuple[int, Entry]] = [(place, fit.table.entries[at]) for at, place in fit.places.items()]
        self.converted = Counter[int]()
        """Cells of each column that were converted; then those that were guessed from, or left out."""
        self.guessed = Counter[int]()
        self.lost = Counter[int]()
        self.example: dict[int, str] = {}
        self.computed = grid.seen.places()
        self.heads = {folded(text) for text in fit.heading.texts if text}
        self.fractions = self._fractions()
        self.besides = {means: found for means in meanings().values() if (found := self.table.besides(means))}
        """What a head of each meaning says in other sheets, too."""
        self.lines: set[tuple[object, ...]] = set()
        """Lines that were taken, with their enterprises, where rows are enterprises."""
        self.kept: list[str] = []
        """Numbers of another system that have no place in our columns, of the present row."""
        self.count = 0
        """Lines that the present row says there are."""
        self.inherited = False
        """Whether the present row names no enterprise, and so belongs to the one above."""

    def take(self) -> None:
        """Take every row below the heads, and account for all columns."""
        below = [(number, list(cells)) for number, cells in self.grid.rows if number > self.fit.heading.last]
        if len(below) > _MOST:
            raise TooMany(
                f"“{self.file}”的工作表“{self.grid.title}”有 {len(below)} 行，一个区县最多 {_MOST} 行。"
                "请核对是否拿错了表，或先筛出本区县的行。"
            )
        self._fill_merged(below)
        latest = self._latest_year(below)
        if latest is not None and latest > self.rules.year:
            self.taken.notes.append(
                f"“{self.file}”的工作表“{self.grid.title}”是 {latest} 年的，填报表是 {self.rules.year} 年的。请核对是否拿错了表。"
            )
        done = False
        above: dict[str, Raw] = {}
        for number, cells in below:
            why = "上面已是另一张表" if done else self._passed_over(cells)
            if why.startswith("这里开始"):
                done = True
            if not why and latest is not None and self._year(cells) not in (None, latest):
                why = f"是 {self._year(cells)} 年的，取的是 {latest} 年的"
            if why:
                self._account(number, taken=False, note=why)
                continue
            self._row(number, cells, above)
        self._columns()
        self._notes(below)

    # Which rows are rows of the list.

    def _fill_merged(self, below: Sequence[tuple[int, list[Raw]]]) -> None:
        """Let a cell that is merged down stand in every row that it covers."""
        rows = dict(below)
        for first, left, last, _ in areas(self.grid):
            if last <= first or first <= self.fit.heading.last or first not in rows:
                continue
            value = rows[first][left] if left < len(rows[first]) else ""
            for number in range(first + 1, last + 1):
                if number in rows and value != "":
                    cells = rows[number]
                    cells += [""] * (left + 1 - len(cells))
                    cells[left] = value

    def _passed_over(self, cells: Sequence[Raw]) -> str:
        """Why a row is no row of the list, or ''."""
        texts = [text_of(cell) for cell in cells]
        filled = [text for text in texts if text]
        own = [texts[place] for place, entry in self.entries if entry.means and place < len(texts) and texts[place]]
        known = sum(folded(text) in self.heads for text in filled)
        if known >= max(2, len(filled) // 2 + 1):
            return "重复的表头"
        if not filled:
            return "空行"
        if any(TOTALS.match(re.sub(r"\s", "", text)) for text in filled[:2]):
            return "合计行"
        if all(NOTES.match(text) for text in filled) or (
            len(filled) <= 2
            and NOTES.match(filled[0])
            and not any(
                entry.means.endswith((".name", ".uscc"))
                and place < len(texts)
                and texts[place]
                and place != texts.index(filled[0])
                for place, entry in self.entries
            )
        ):
            return "表下的说明"
        if (
            len(filled) >= 3
            and all(text.isdecimal() for text in filled)
            and list(map(int, filled)) == list(range(int(filled[0]), int(filled[0]) + len(filled)))
        ):
            return "列号"
        if len(filled) >= 3 and sum(folded(text) in known_heads() for text in filled) * 2 > len(filled):
            return "这里开始另一张表，没有取；请把它放在单独的工作表里再导入"
        if not own:
            return "没有布局里的列"
        return ""

    def _year(self, cells: Sequence[Raw]) -> int | None:
        place = next((place for place, entry in self.entries if entry.means == YEAR), None)
        found = re.search(r"(20\d\d)", text_of(cells[place])) if place is not None and place < len(cells) else None
        return int(found[1]) if found else None

    def _latest_year(self, below: Sequence[tuple[int, list[Raw]]]) -> int | None:
        years = {year for _, cells in below if (year := self._year(cells))}
        return max((year for year in years if year <= self.rules.year), default=max(years, default=None))

    def _fractions(self) -> set[int]:
        """Columns of percentages whose numbers are all at most one: they are shares of one."""
        found = set()
        for place, entry in self.entries:
            column = entry.column
            if column is None or column.unit != "%" or entry.unit:
                continue
            own = [
                cells[place]
                for number, cells in self.grid.rows
                if number > self.fit.heading.last and place < len(cells)
            ]
            numbers = [one for one in own if isinstance(one, float) and one]
            if numbers and max(numbers) <= 1 and min(numbers) < 1:
                found.add(place)
        return found

    # One row.

    def _row(self, number: int, cells: Sequence[Raw], above: dict[str, Raw]) -> None:
        said: _Facts = {}
        self.kept, self.count = [], 0
        raw_ids: dict[str, str] = {}
        ditto = self._ditto(number, cells, above)
        for place, entry in self.entries:
            raw = ditto.get(place, cells[place] if place < len(cells) else "")
            if raw == "" or raw is None:
                continue
            if (number, place) in self.computed:
                self._left(number, place, raw, "是公式，算得的值不可信；请在表格软件中把它粘贴为数值")
                continue
            if isinstance(raw, str) and raw.strip() in NOTHING:
                continue
            self._cell(number, place, entry, raw, cells, said, raw_ids)
            if place in ditto and entry.column:
                fact = said.get((entry.column.sheet, entry.column.field))
                if fact:
                    fact.guess = fact.guess or _ABOVE
        self._derive(said)
        notes = list(self.kept)
        own = {name: fact.value for (sheet, name), fact in said.items() if sheet == "enterprises"}
        district = own.get("district")
        if district is not None and district in self.rules.allowed("@divisions") and district != self.taker.name:
            self._account(number, taken=False, note=f"是{district}的")
            return
        at = self._place(own, raw_ids, said)
        besides = self._besides(said)
        if at >= 0:
            notes += self._enterprise(number, at, said)
            for name, fact in besides.get("enterprises", {}).items():
                self.taker.said_beside.setdefault((at, name), []).append((self, number, fact))
        self._others(number, at, said, besides, notes)
        self._account(number, taken=True, note="；".join(notes))

    def _ditto(self, number: int, cells: Sequence[Raw], above: dict[str, Raw]) -> dict[int, Raw]:
        """Values of the row above for cells that say so, and for the enterprise where a line does not name it."""
        found: dict[int, Raw] = {}
        own = [(place, entry) for place, entry in self.entries if entry.means.startswith("enterprises.")]
        named = [place for place, entry in own if entry.means.rpartition(".")[2] in ("name", "uscc", "list_id")]
        blank = all(place >= len(cells) or cells[place] == "" for place in named)
        same = self.inherited = bool(named) and blank and self.table.rows == "lines" and bool(above)
        for place, entry in self.entries:
            cell = cells[place] if place < len(cells) else ""
            if (isinstance(cell, str) and cell.strip() in DITTO) or (same and cell == "" and (place, entry) in own):
                before = above.get(entry.head, "")
                if before != "":
                    found[place] = before
        for place, entry in self.entries:
            above[entry.head] = found.get(place, cells[place] if place < len(cells) else "")
        return found

    def _cell(
        self,
        number: int,
        place: int,
        entry: Entry,
        raw: Raw,
        cells: Sequence[Raw],
        said: _Facts,
        raw_ids: dict[str, str],
    ) -> None:
        text = text_of(raw) if not isinstance(raw, dt.date | dt.time) else str(raw)
        column = entry.column
        if column is None:
            if entry.means.startswith("合写."):
                self._label(number, place, entry, text, said)
            elif entry.means == COUNT and text.isdecimal():
                self.count = int(text)
            return
        if column.required == "auto":
            return
        fact = self._value(number, place, entry, column, raw, text, cells)
        if fact is None:
            return
        if column.kind in ("id", "ref") and fact.value is not None:
            raw_ids[f"{column.sheet}.{column.field}"] = text
            if column.kind == "id" and not re.match(ID_PATTERNS[column.values], str(fact.value)):
                kept = f"原{entry.head}：{text}"
                if column.sheet == "enterprises":
                    said["enterprises", "remark"] = _Fact(kept, place, text)
                else:
                    self.kept.append(kept)
                return
        earlier = said.get((column.sheet, column.field))
        if earlier is not None and column.field == "remark":
            fact.value = f"{earlier.value}；{fact.value}"
        said[column.sheet, column.field] = fact
        if not column.unit and entry.unit and column.field in CAPACITIES and ("lines", "capacity_unit") not in said:
            said["lines", "capacity_unit"] = _Fact(entry.unit, place, entry.head)

    def _label(self, number: int, place: int, entry: Entry, text: str, said: _Facts) -> None:
        text = dict(entry.values).get(text, text)
        found = facts(entry.means.partition(".")[2], text, self.rules)
        if found is None:
            self._left(number, place, text, f"看不懂这个{entry.means.partition('.')[2]}")
            return
        own, guessed = found
        for name, value in own.items():
            column = SHEETS["enterprises"][name]
            read = _meant(column, value, self.rules)
            said.setdefault(("enterprises", name), _Fact(value if read is None else read, place, text))
        for name, value in guessed.items():
            said.setdefault(
                ("enterprises", name), _Fact(value, place, text, guess=f"“{entry.head}”是“{text}”，没有说是")
            )

    def _value(
        self, number: int, place: int, entry: Entry, column: Column, raw: Raw, text: str, cells: Sequence[Raw]
    ) -> _Fact | None:
        """What a cell gives; None where it was left out, which is then accounted for."""
        told = dict(entry.values).get(text.strip())
        if told is not None:
            raw = told
        elif column.kind == "enum" and isinstance(raw, str | float):
            known = spelt(column, text, self.rules)
            if known is None and (near := _near(column, text, self.rules)):
                return _Fact(near, place, text, guess=f"“{text}”最接近“{near}”")
            raw = known or text
        elif isinstance(raw, str) and column.is_number:
            raw = _bare(raw, column, entry)
        try:
            value = meaning(column, raw, self.rules)
        except Unreadable:
            return _Fact(as_text(column, raw if isinstance(raw, str | float) else text), place, text)
        if isinstance(value, float | int) and column.is_number:
            if place in self.fractions:
                shown = f"{number_text(value)} × 100 = {number_text(round(value * 100, 9))} %"
                return _Fact(
                    round(value * 100, 9), place, text, guess="这一列都不大于 1，按小数当百分数", arithmetic=shown
                )
            if entry.converts:
                days = self._days(column.sheet, cells)
                try:
                    made, words = convert(value, entry.unit, column.unit, days)
                except UnknownUnit as error:
                    self._left(number, place, text, str(error))
                    return None
                self.example.setdefault(place, words)
                return _Fact(made, place, text, arithmetic=words)
        return _Fact(value, place, text)

    def _days(self, sheet: str, cells: Sequence[Raw]) -> float | None:
        """Days of running a year that the row tells."""
        order = (f"{sheet}.run_days", "enterprises.run_days", "lines.run_days")
        for means in order:
            for place, entry in self.entries:
                if entry.means == means and place < len(cells):
                    raw = cells[place]
                    read = _meant(SHEETS[means.partition(".")[0]]["run_days"], raw, self.rules) if raw != "" else None
                    if isinstance(read, float | int) and read > 0:
                        return float(read)
        return None

    def _derive(self, said: _Facts) -> None:
        """措施类型 and ratio where the text of a measure says them and no column does."""
        has = {entry.means for _, entry in self.entries}
        for level in LEVELS:
            fact = said.get(("lines", f"{level}_measure"))
            if fact is None or f"lines.{level}_type" in has or not isinstance(fact.value, str):
                continue
            if self.table.grain == "企业" and "：" in fact.value and self._names(said):
                continue  # each line's own, see `_split`
            self._measured(said, level, fact)

    def _measured(self, said: _Facts, level: str, fact: _Fact) -> None:
        line = said.get(("lines", "line_name"))
        found = measure(str(fact.value), str(line.value or "") if line else "")
        if found is None:
            return
        kind, ratio, words = found
        why = f"措施写“{words}”"
        said["lines", f"{level}_type"] = _Fact(kind, fact.place, fact.raw, guess=why)
        if ratio is not None and ("lines", f"{level}_ratio") not in said:
            said["lines", f"{level}_ratio"] = _Fact(ratio, fact.place, fact.raw, guess=why)

    # Where the facts go.

    def _place(self, own: Mapping[str, Value], raw_ids: Mapping[str, str], said: _Facts) -> int:
        raw = raw_ids.get("enterprises.list_id") or next(
            (
                text
                for name, text in raw_ids.items()
                if name.endswith(".list_id") and name.partition(".")[0] not in ("dust", "mobile")
            ),
            "",
        )
        if not raw and (line := raw_ids.get("lines.line_id", "")) and re.match(ID_PATTERNS["L"], line):
            raw = line.rpartition("-L")[0]
            said.setdefault(("enterprises", "list_id"), _Fact(raw, said["lines", "line_id"].place, line))
        if self.table.rows in ("removals", "dust", "mobile"):
            return -1
        has_site = any(entry.means == "enterprises.site" for _, entry in self.entries)
        apart = self.table.grain == "厂区" and not raw and not has_site
        if self.table.rows not in ("enterprises", "lines") and not own:  # a list that only refers to enterprises
            return self.taker._at.get(f"#{raw}", -1)
        given = {name: value for name, value in own.items() if name in ("uscc", "name", "site")}
        if not given and raw and f"#{raw}" not in self.taker._at and not own:
            return -1
        return self.taker.enterprise(given, raw, apart=apart)

    def _enterprise(self, number: int, at: int, said: _Facts) -> list[str]:
        """Lay what a row says of an enterprise over what is known of it; what differs is said."""
        row = self.taken.rows["enterprises"][at]
        differ = []
        for (sheet, name), fact in said.items():
            if sheet != "enterprises" or fact.value is None:
                continue
            known = row.get(name)
            if known is None:
                row[name] = fact.value
                self._note(number, fact, "enterprises", at, name)
            elif known != fact.value and not fact.guess and name != "remark":
                differ.append(f"{SHEETS[sheet][name].header}“{fact.raw}”与前面的“{value_text(known)}”不同，取前面的")
        return differ

    def _besides(self, said: _Facts) -> dict[str, dict[str, _Fact]]:
        """What these facts say in other sheets, too, by key of the sheet and field (`declared.others`)."""
        found: dict[str, dict[str, _Fact]] = {}
        for (sheet, name), fact in said.items():
            for other in self.besides.get(f"{sheet}.{name}", ()):
                key, _, field = other.partition(".")
                if fact.value is not None and (key, field) not in said:
                    known = self.inherited and fact.guess == _ABOVE  # whose line it is has been marked already
                    found.setdefault(key, {})[field] = replace(fact, guess="") if known else fact
        return found

    def _others(
        self, number: int, at: int, said: _Facts, besides: Mapping[str, Mapping[str, _Fact]], notes: list[str]
    ) -> None:
        by_sheet: dict[str, dict[str, _Fact]] = {}
        for (sheet, name), fact in said.items():
            if sheet != "enterprises":
                by_sheet.setdefault(sheet, {})[name] = fact
        for sheet, own in by_sheet.items():
            if not any(fact.value is not None for fact in own.values()):
                continue
            parts = self._split(said, own) if sheet == "lines" and self.table.grain != "生产线" else [own]
            if sheet not in (self.table.rows, "lines") and at >= 0:
                known = self.taker.beside.get((sheet, at))
                if known is not None:
                    self._lay(number, sheet, known, {**besides.get(sheet, {}), **own})
                    continue
                self.taker.beside[sheet, at] = len(self.taken.rows[sheet])
            if sheet == "lines" and len(parts) < self.count <= _MOST_LINES:
                notes.append(f"写着 {self.count} 条生产线，说到的有 {len(parts)} 条，其余留空")
                parts = [*parts, *[{}] * (self.count - len(parts))]
            for part in parts:
                rows = self.taken.rows[sheet]
                if sheet == "lines" and self.table.grain == "企业" and at >= 0:
                    same = (at, *sorted((name, str(fact.value)) for name, fact in part.items()))
                    if part and same in self.lines:
                        notes.append("说到的生产线与前面的一行相同，只算一条")
                        continue
                    self.lines.add(same)
                rows.append({"@": at} if at >= 0 and sheet not in ("dust", "mobile") else {})
                self._lay(number, sheet, len(rows) - 1, {**besides.get(sheet, {}), **part})
                if sheet == "lines" and self.inherited:
                    place = next((fact.place for fact in part.values()), 0)
                    why = _Fact(None, place, "", guess="这一行没有写企业，算作上一行那家的")
                    self._note(number, why, sheet, len(rows) - 1, "list_id")

    def _lay(self, number: int, sheet: str, index: int, own: Mapping[str, _Fact]) -> None:
        row = self.taken.rows[sheet][index]
        for name, fact in own.items():
            if row.get(name) is None:
                row[name] = fact.value
                self._note(number, fact, sheet, index, name)

    def _names(self, said: _Facts) -> list[str]:
        """Names of an enterprise's lines where one cell lists several."""
        fact = said.get(("lines", "line_name"))
        names = [name.strip() for name in str(fact.value).split("；")] if fact and fact.value else []
        return names if len(names) > 1 and len(set(names)) == len(names) and all(names) else []

    def _split(self, said: _Facts, own: dict[str, _Fact]) -> list[dict[str, _Fact]]:
        """The lines of an enterprise that one row puts together: its texts say of each line `名称：…`."""
        names = self._names(said)
        if not names:
            return [own]
        found: list[dict[str, _Fact]] = [{} for _ in names]
        for name, fact in own.items():
            texts = str(fact.value).split("；") if isinstance(fact.value, str) else []
            told = _by_name(texts, names)
            if name == "line_name":
                values: Sequence[Value] = names
            elif told is not None:
                values = told
            elif isinstance(fact.value, str):
                values = [fact.value] * len(names)  # the same for all
            else:
                values = [fact.value, *[None] * (len(names) - 1)]  # a sum: it cannot be shared out
            for part, value in zip(found, values, strict=True):
                if value is not None:
                    guess = fact.guess or (
                        ""
                        if name == "line_name" or told is not None or isinstance(fact.value, str)
                        else "各线合计，没有分到各线"
                    )
                    part[name] = _Fact(value, fact.place, fact.raw, guess, fact.arithmetic)
        for part in found:
            lines: _Facts = {("lines", name): fact for name, fact in part.items()}
            for level in LEVELS:
                if f"{level}_measure" in part and f"{level}_type" not in part:
                    self._measured(lines, level, part[f"{level}_measure"])
            part |= {name: fact for (_, name), fact in lines.items()}
        return found

    # The account.

    def _note(self, number: int, fact: _Fact, key: str, index: int, name: str) -> None:
        cell = f"{letter(fact.place)}{number}"
        if name.endswith(("_annual", "_daily")):
            self.taker.sources[key, index, name] = self, number, fact
        if fact.guess:
            self.guessed[fact.place] += 1
            self.taken.cells.append(
                CellAccount(
                    self.file, self.grid.title, cell, fact.raw, "推测", fact.guess, key, index, name, fact.arithmetic
                )
            )
        elif fact.arithmetic:
            self.converted[fact.place] += 1
            self.taken.cells.append(
                CellAccount(self.file, self.grid.title, cell, fact.raw, "换算", fact.arithmetic, key, index, name)
            )

    def _left(self, number: int, place: int, raw: Raw, why: str) -> None:
        self.lost[place] += 1
        cell = f"{letter(place)}{number}"
        self.taken.cells.append(CellAccount(self.file, self.grid.title, cell, text_of(raw), "未取", why))

    def _account(self, number: int, *, taken: bool, note: str) -> None:
        self.taken.read.append(RowAccount(self.file, self.grid.title, number, taken, note))

    def _columns(self) -> None:
        entries = dict(self.entries)
        width = max((len(cells) for _, cells in self.grid.rows), default=0)
        filled = Counter(
            place
            for number, cells in self.grid.rows
            if number > self.fit.heading.last
            for place, cell in enumerate(cells)
            if cell != ""
        )
        for place in range(max(width, len(self.fit.heading.texts))):
            head = self.fit.heading.texts[place] if place < len(self.fit.heading.texts) else ""
            entry = entries.get(place)
            if not head and not filled[place]:
                continue
            status: _Status = "采用"
            notes = []
            if entry is None or not entry.means:
                status = "未用"
                why = "布局里没有这一列" if entry is None else "清单里没有对应的列"
                notes.append(f"{why}，{filled[place]} 格有内容" if filled[place] else why)
            elif self.converted[place]:
                status = "换算"
                notes.append(
                    f"{entry.unit} 换算成 {entry.column.unit if entry.column else ''}，例如 {self.example.get(place, '')}"
                )
            elif self.guessed[place]:
                status = "推测"
            if self.guessed[place]:
                notes.append(f"{self.guessed[place]} 格是推测的，已在填报表里标出")
            if self.lost[place]:
                notes.append(f"{self.lost[place]} 格没有取，见《未取的格》")
            besides = self.table.shown_besides(entry.means) if entry else ""
            if besides:
                notes.append(f"也填{besides}")
            hidden = any(first <= place <= last for first, last in self.grid.seen.hidden_columns)
            if hidden and filled[place]:
                notes.append("这一列在表里是隐藏的")
            means = chinese(entry.means) if entry and entry.means else None
            self.taken.columns.append(
                ColumnAccount(self.file, self.grid.title, letter(place), head, status, means, "；".join(notes))
            )

    def _notes(self, below: Sequence[tuple[int, list[Raw]]]) -> None:
        where = f"“{self.file}”的工作表“{self.grid.title}”"
        missing = [entry.head for at, entry in enumerate(self.table.entries) if at not in self.fit.places]
        if missing:
            self.taken.notes.append(
                f"{where}里没有布局所列的“{'”“'.join(missing[:8])}”{'等' if len(missing) > 8 else ''}。"
            )
        hidden = sorted({number for number, _ in below} & self.grid.seen.hidden_rows)
        if hidden:
            self.taken.notes.append(f"{where}有 {len(hidden)} 行是隐藏的（第 {hidden[0]} 行等），也取了。")


_MOST_LINES = 99
CAPACITIES = ("eia_capacity", "permit_capacity", "last_output")
"""Columns whose unit stands in another one, 产能单位."""


def _meant(column: Column, raw: Raw, rules: RuleSet) -> Value:
    try:
        return meaning(column, raw, rules)
    except Unreadable:
        return None


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None


def _shown(number: float) -> float:
    """A number that was worked out, with the digits that a cell has room for: four decimals, or four that count."""
    return round(number, 4) if number >= 1 else float(f"{number:.4g}")


def _bare(text: str, column: Column, entry: Entry) -> str:
    """A number without the unit that stands behind it, where that is the one that is due."""
    match = re.fullmatch(r"\s*([+-]?[\d,]+(?:\.\d+)?)\s*([^\d\s]+)\s*", text)
    due = (entry.unit or column.unit).lower()
    same = {
        "d": ("天", "日", "d"),
        "t/a": ("吨/年", "t/a", "吨"),
        "kg/d": ("千克/天", "公斤/天", "kg/d", "kg", "千克", "公斤"),
    }
    return match[1] if match and match[2].lower() in (due, *same.get(due, ())) else text


def _near(column: Column, text: str, rules: RuleSet) -> str | None:
    """The one choice that a text comes close to, if there is one."""
    allowed = rules.allowed(column.values)
    plain = folded(text)
    inside = [
        one for one in allowed if len(plain) > 1 and len(one) > 1 and (plain in folded(one) or folded(one) in plain)
    ]
    if len(inside) == 1:
        return inside[0]
    ranked = process.extract(text, allowed, scorer=fuzz.ratio, limit=2)
    sure = ranked and ranked[0][1] >= 80 and (len(ranked) == 1 or ranked[0][1] - ranked[1][1] >= 10)
    return str(ranked[0][0]) if sure else None


def _by_name(texts: Sequence[str], names: Sequence[str]) -> list[Value] | None:
    """What is said of each line, where each text begins with the name of one or goes on with the one before; else None."""
    found: dict[str, str] = {}
    last = ""
    for text in texts:
        name = next((name for name in sorted(names, key=len, reverse=True) if text.startswith(name)), "")
        if not (name or last):
            return None
        if name:
            own = text.removeprefix(f"{name}：")
            found[name] = f"{found[name]}；{own}" if name in found else own
        else:
            found[last] += f"；{text}"
        last = name or last
    return [found.get(name) for name in names] if found else None


def left_rows(taken: Taken) -> Iterable[RowAccount]:
    """Rows that were not taken."""
    return (one for one in taken.read if not one.taken)


def guesses(taken: Taken) -> Iterator[CellAccount]:
    """Cells of ours that were guessed."""
    return (one for one in taken.cells if one.what == "推测")
