"""Taking one sheet of a foreign table: its rows become facts, facts rows of a county workbook, and all is accounted for."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from validators.columns import LEVELS, SHEETS, Column, letter
from validators.meanings import ID_PATTERNS, Raw, Unreadable, Value, meaning, number_text, text_of
from validators.rule import value_text
from workbook_templates.county.returned import as_text
from workbook_templates.layouts.accounts import (
    CellAccount,
    ColumnAccount,
    ColumnStatus,
    RowAccount,
    RowFacts,
    TakenFact,
)
from workbook_templates.layouts.cell_values import bare, by_name, meant, nearest
from workbook_templates.layouts.declared import COUNT, Entry, chinese, meanings
from workbook_templates.layouts.found import Fit
from workbook_templates.layouts.list_rows import ANOTHER_TABLE, fill_merged, passed_over, shares_of_one, year_of
from workbook_templates.layouts.spellings import facts, measure, spelt
from workbook_templates.layouts.taker import Taker
from workbook_templates.layouts.units import UnknownUnit, convert
from workbook_templates.layouts.words import DITTO, NOTHING
from workbook_templates.xlsx.opened import Grid

_ABOVE = "这一格没有写，取上一行的"
_MOST = 20_000
"""Rows of a county's table at most."""
_MOST_LINES = 99
CAPACITIES = ("eia_capacity", "permit_capacity", "last_output")
"""Columns whose unit stands in another one, 产能单位."""


class TooMany(ValueError):
    """A table has more rows than a county can have; the message is Chinese."""


def take_sheet(taker: Taker, file: str, grid: Grid, fit: Fit) -> None:
    """Take one sheet of a file. Raises `TooMany`."""
    _SheetTaker(taker, file, grid, fit).take()


class _SheetTaker:
    """Takes the rows of one sheet."""

    def __init__(self, taker: Taker, file: str, grid: Grid, fit: Fit) -> None:
        self.taker, self.file, self.grid, self.fit = taker, file, grid, fit
        self.taken, self.rules = taker.taken, taker.rules
        self.table = fit.table
        self.entries = fit.entries
        self.converting = {place for place, entry in fit.entries if entry.converts}
        self.converted = Counter[int]()
        """Cells of each column that were converted; then those that were guessed from, or left out."""
        self.guessed = Counter[int]()
        self.lost = Counter[int]()
        self.example: dict[int, str] = {}
        self.computed = grid.seen.places()
        self.fractions = shares_of_one(grid, fit)
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
        fill_merged(self.grid, self.fit, below)
        years = [year_of(self.fit, cells) for _, cells in below]
        latest = max(
            (year for year in years if year and year <= self.rules.year), default=max(filter(None, years), default=None)
        )
        if latest is not None and latest > self.rules.year:
            self.taken.notes.append(
                f"“{self.file}”的工作表“{self.grid.title}”是 {latest} 年的，填报表是 {self.rules.year} 年的。请核对是否拿错了表。"
            )
        done = False
        above: dict[str, Raw] = {}
        for (number, cells), year in zip(below, years, strict=True):
            why = "上面已是另一张表" if done else passed_over(self.fit, cells)
            if why == ANOTHER_TABLE:
                done = True
            if not why and year not in (None, latest):
                why = f"是 {year} 年的，取的是 {latest} 年的"
            if why:
                self._account(number, taken=False, note=why)
                continue
            self._row(number, cells, above)
        self._columns()
        self._notes(below)

    # One row.

    def _row(self, number: int, cells: Sequence[Raw], above: dict[str, Raw]) -> None:
        said: RowFacts = {}
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
                self.taker.said_beside.setdefault((at, name), []).append((self._note, number, fact))
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
        said: RowFacts,
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
                    said["enterprises", "remark"] = TakenFact(kept, place, text)
                else:
                    self.kept.append(kept)
                return
        earlier = said.get((column.sheet, column.field))
        if earlier is not None and column.field == "remark":
            fact.value = f"{earlier.value}；{fact.value}"
        said[column.sheet, column.field] = fact
        if not column.unit and entry.unit and column.field in CAPACITIES and ("lines", "capacity_unit") not in said:
            said["lines", "capacity_unit"] = TakenFact(entry.unit, place, entry.head)

    def _label(self, number: int, place: int, entry: Entry, text: str, said: RowFacts) -> None:
        text = dict(entry.values).get(text, text)
        found = facts(entry.means.partition(".")[2], text, self.rules)
        if found is None:
            self._left(number, place, text, f"看不懂这个{entry.means.partition('.')[2]}")
            return
        own, guessed = found
        for name, value in own.items():
            column = SHEETS["enterprises"][name]
            read = meant(column, value, self.rules)
            said.setdefault(("enterprises", name), TakenFact(value if read is None else read, place, text))
        for name, value in guessed.items():
            said.setdefault(
                ("enterprises", name), TakenFact(value, place, text, guess=f"“{entry.head}”是“{text}”，没有说是")
            )

    def _value(
        self, number: int, place: int, entry: Entry, column: Column, raw: Raw, text: str, cells: Sequence[Raw]
    ) -> TakenFact | None:
        """What a cell gives; None where it was left out, which is then accounted for."""
        own = dict(entry.values).get(text.strip())
        if own is not None:
            raw = own
        elif column.kind == "enum" and isinstance(raw, str | float):
            known = spelt(column, text, self.rules)
            if known is None and (near := nearest(column, text, self.rules)):
                return TakenFact(near, place, text, guess=f"“{text}”最接近“{near}”")
            raw = known or text
        elif isinstance(raw, str) and column.is_number:
            raw = bare(raw, column, entry)
        try:
            value = meaning(column, raw, self.rules)
        except Unreadable:
            return TakenFact(as_text(column, raw if isinstance(raw, str | float) else text), place, text)
        if isinstance(value, float | int) and column.is_number:
            if place in self.fractions:
                shown = f"{number_text(value)} × 100 = {number_text(round(value * 100, 9))} %"
                return TakenFact(
                    round(value * 100, 9), place, text, guess="这一列都不大于 1，按小数当百分数", arithmetic=shown
                )
            if place in self.converting:
                days = self._days(column.sheet, cells)
                try:
                    made, words = convert(value, entry.unit, column.unit, days)
                except UnknownUnit as error:
                    self._left(number, place, text, str(error))
                    return None
                self.example.setdefault(place, words)
                return TakenFact(made, place, text, arithmetic=words)
        return TakenFact(value, place, text)

    def _days(self, sheet: str, cells: Sequence[Raw]) -> float | None:
        """Days of running a year that the row tells."""
        order = (f"{sheet}.run_days", "enterprises.run_days", "lines.run_days")
        for means in order:
            for place, entry in self.entries:
                if entry.means == means and place < len(cells):
                    raw = cells[place]
                    read = meant(SHEETS[means.partition(".")[0]]["run_days"], raw, self.rules) if raw != "" else None
                    if isinstance(read, float | int) and read > 0:
                        return float(read)
        return None

    def _derive(self, said: RowFacts) -> None:
        """措施类型 and ratio where the text of a measure says them and no column does."""
        has = {entry.means for _, entry in self.entries}
        for level in LEVELS:
            fact = said.get(("lines", f"{level}_measure"))
            if fact is None or f"lines.{level}_type" in has or not isinstance(fact.value, str):
                continue
            if self.table.grain == "企业" and "：" in fact.value and self._names(said):
                continue  # each line's own, see `_split`
            self._measured(said, level, fact)

    def _measured(self, said: RowFacts, level: str, fact: TakenFact) -> None:
        line = said.get(("lines", "line_name"))
        found = measure(str(fact.value), str(line.value or "") if line else "")
        if found is None:
            return
        kind, ratio, words = found
        why = f"措施写“{words}”"
        said["lines", f"{level}_type"] = TakenFact(kind, fact.place, fact.raw, guess=why)
        if ratio is not None and ("lines", f"{level}_ratio") not in said:
            said["lines", f"{level}_ratio"] = TakenFact(ratio, fact.place, fact.raw, guess=why)

    # Where the facts go.

    def _place(self, own: Mapping[str, Value], raw_ids: Mapping[str, str], said: RowFacts) -> int:
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
            said.setdefault(("enterprises", "list_id"), TakenFact(raw, said["lines", "line_id"].place, line))
        if self.table.rows in ("removals", "dust", "mobile"):
            return -1
        has_site = any(entry.means == "enterprises.site" for _, entry in self.entries)
        apart = self.table.grain == "厂区" and not raw and not has_site
        if self.table.rows not in ("enterprises", "lines") and not own:  # a list that only refers to enterprises
            return self.taker.places.get(f"#{raw}", -1)
        given = {name: value for name, value in own.items() if name in ("uscc", "name", "site")}
        if not given and raw and f"#{raw}" not in self.taker.places and not own:
            return -1
        return self.taker.enterprise(given, raw, apart=apart)

    def _enterprise(self, number: int, at: int, said: RowFacts) -> list[str]:
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

    def _besides(self, said: RowFacts) -> dict[str, dict[str, TakenFact]]:
        """What these facts say in other sheets, too, by key of the sheet and field (`declared.others`)."""
        found: dict[str, dict[str, TakenFact]] = {}
        for (sheet, name), fact in said.items():
            for other in self.besides.get(f"{sheet}.{name}", ()):
                key, _, field = other.partition(".")
                if fact.value is not None and (key, field) not in said:
                    known = self.inherited and fact.guess == _ABOVE  # whose line it is has been marked already
                    found.setdefault(key, {})[field] = replace(fact, guess="") if known else fact
        return found

    def _others(
        self, number: int, at: int, said: RowFacts, besides: Mapping[str, Mapping[str, TakenFact]], notes: list[str]
    ) -> None:
        by_sheet: dict[str, dict[str, TakenFact]] = {}
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
                    why = TakenFact(None, place, "", guess="这一行没有写企业，算作上一行那家的")
                    self._note(number, why, sheet, len(rows) - 1, "list_id")

    def _lay(self, number: int, sheet: str, index: int, own: Mapping[str, TakenFact]) -> None:
        row = self.taken.rows[sheet][index]
        for name, fact in own.items():
            if row.get(name) is None:
                row[name] = fact.value
                self._note(number, fact, sheet, index, name)

    def _names(self, said: RowFacts) -> list[str]:
        """Names of an enterprise's lines where one cell lists several."""
        fact = said.get(("lines", "line_name"))
        names = [name.strip() for name in str(fact.value).split("；")] if fact and fact.value else []
        return names if len(names) > 1 and len(set(names)) == len(names) and all(names) else []

    def _split(self, said: RowFacts, own: dict[str, TakenFact]) -> list[dict[str, TakenFact]]:
        """The lines of an enterprise that one row puts together: its texts say of each line `名称：…`."""
        names = self._names(said)
        if not names:
            return [own]
        found: list[dict[str, TakenFact]] = [{} for _ in names]
        for name, fact in own.items():
            texts = str(fact.value).split("；") if isinstance(fact.value, str) else []
            by_line = by_name(texts, names)
            if name == "line_name":
                values: Sequence[Value] = names
            elif by_line is not None:
                values = by_line
            elif isinstance(fact.value, str):
                values = [fact.value] * len(names)  # the same for all
            else:
                values = [fact.value, *[None] * (len(names) - 1)]  # a sum: it cannot be shared out
            for part, value in zip(found, values, strict=True):
                if value is not None:
                    guess = fact.guess or (
                        ""
                        if name == "line_name" or by_line is not None or isinstance(fact.value, str)
                        else "各线合计，没有分到各线"
                    )
                    part[name] = TakenFact(value, fact.place, fact.raw, guess, fact.arithmetic)
        for part in found:
            lines: RowFacts = {("lines", name): fact for name, fact in part.items()}
            for level in LEVELS:
                if f"{level}_measure" in part and f"{level}_type" not in part:
                    self._measured(lines, level, part[f"{level}_measure"])
            part |= {name: fact for (_, name), fact in lines.items()}
        return found

    # The account.

    def _note(self, number: int, fact: TakenFact, key: str, index: int, name: str) -> None:
        cell = f"{letter(fact.place)}{number}"
        if name.endswith(("_annual", "_daily")):
            self.taker.sources[key, index, name] = self._note, number, fact
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
            status: ColumnStatus = "采用"
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
