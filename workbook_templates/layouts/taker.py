"""Foreign tables become the rows of one county's workbook: what all sheets together say (`sheet_taker` takes each).

Nothing is lost: what cannot be read as what is due stays as it stood, where the check finds it, or is listed with the
reason. Nothing is invented: what a table does not say in so many words is a guess, and marked for a person.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from validators.columns import POLLUTANTS, SHEET_TITLES, SHEETS
from validators.meanings import Value, number_text
from validators.ruleset import RuleSet
from workbook_templates.county.identities import give_ids, give_line_ids, identities
from workbook_templates.layouts.accounts import Noting, Taken, TakenFact
from workbook_templates.xlsx.opened import Grid


class Taker:
    """The rows of one county that come of tables (see `take_sheet`). `before` gives the numbers that enterprises had (see `identities`)."""

    def __init__(self, county: str, rules: RuleSet, before: Mapping[str, str] | None = None) -> None:
        self.county, self.rules, self.before = county, rules, before or {}
        self.name = rules.submitting[county]
        self.taken = Taken()
        self.places: dict[str, int] = {}
        """Place of an enterprise by what it is known by."""
        self.beside: dict[tuple[str, int], int] = {}
        """Place of the row that another sheet has for an enterprise, by its key and the place of the enterprise."""
        self.said_beside: dict[tuple[int, str], list[tuple[Noting, int, TakenFact]]] = {}
        """What heads of other sheets' columns say of an enterprise, by its place and the field."""
        self.sources: dict[tuple[str, int, str], tuple[Noting, int, TakenFact]] = {}
        """Where emissions were read, by key of the sheet, place of the row and field."""

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
        self._rows_to_fill()
        return self.taken

    def _said_beside(self) -> None:
        """What the rows of an enterprise's lines agree on is the enterprise's, too; where they differ, that is said."""
        differ: Counter[str] = Counter()
        for (at, name), said in self.said_beside.items():
            row = self.taken.rows["enterprises"][at]
            if row.get(name) is not None:
                continue
            note, number, fact = said[0]
            if all(other.value == fact.value for _, _, other in said):
                row[name] = fact.value
                note(number, fact, "enterprises", at, name)
            else:
                differ[name] += 1
        for name, firms in differ.items():
            header = SHEETS["enterprises"][name].header
            self.taken.notes.append(f"有 {firms} 家企业各行的“{header}”不同，企业的没有填，请照规定填一个。")

    def _emissions(self) -> None:
        """Emissions of a year from those of the days, or those of the one line from the year's, where only one is said."""
        lines: dict[int, list[int]] = {}
        for place, row in enumerate(self.taken.rows["lines"]):
            if isinstance(at := row.get("@"), int):
                lines.setdefault(at, []).append(place)
        for at, places in lines.items():
            for pollutant in POLLUTANTS:
                self._emission(at, places, f"{pollutant}_annual", f"{pollutant}_daily")

    def _emission(self, at: int, places: Sequence[int], yearly: str, daily: str) -> None:
        firm, lines = self.taken.rows["enterprises"][at], self.taken.rows["lines"]
        said = [
            (value, days)
            for place in places
            if (value := _number(lines[place].get(daily))) is not None
            if (days := _number(lines[place].get("run_days"))) is not None
        ]
        if firm.get(yearly) is None and len(said) == len(places):
            made = _shown(math.fsum(value * days for value, days in said) / 1000)
            sums = " ＋ ".join(f"{number_text(value)} × {number_text(days)}" for value, days in said)
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
        note, number, fact = self.sources[key, index, name]
        guess = f"由{'年' if name.endswith('_annual') else '日'}排放量和年运行天数算得"
        note(number, TakenFact(None, fact.place, fact.raw, guess, words), to, place, made)

    def _rows_to_fill(self) -> None:
        """A row of 运输管控 for each enterprise, and one of 保障类 for each that is said to be guaranteed, where it has none.

        Without them a person would type the 清单编号 of each.
        """
        rows = self.taken.rows
        has = {row.get("list_id") for row in rows["transport"]}
        new = [{"list_id": row["list_id"]} for row in rows["enterprises"] if row["list_id"] not in has]
        if new:
            rows["transport"].extend(new)
            self.taken.notes.append(
                f"《{SHEET_TITLES['transport']}》里有 {len(new)} 家企业是旧表没有说到的，各加了一行，只写了清单编号，其余待填；没有货车的填 0。"
            )
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
                at = self.places.get(name)
                if at is not None and not _differ(rows[at], own):
                    for other in names:
                        self.places.setdefault(other, at)
                    return at
        rows.append({})
        for name in names:
            self.places.setdefault(name, len(rows) - 1)
        return len(rows) - 1


def _differ(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    """Whether two rows that share a name or number are of different enterprises all the same."""
    codes = one.get("uscc"), other.get("uscc")
    sites = one.get("site"), other.get("site")
    return (None not in codes and codes[0] != codes[1]) or (None not in sites and sites[0] != sites[1])


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None


def _shown(number: float) -> float:
    """A number that was worked out, with the digits that a cell has room for: four decimals, or four that count."""
    return round(number, 4) if number >= 1 else float(f"{number:.4g}")
