"""Made-up inventories of a county: rows that an officer could have typed and that no rule finds fault with.

What is made from is data: `sample_data/` holds the kinds of plants, the measures usual at each grade,
the guaranteed tasks, places and words. `plan.csv` lists the firms that come first, so that an inventory of
60 rows holds every grade, measure type and guarantee category; the firms after them are drawn by weight.
Magnitudes are plausible guesses of this project, not survey results.
"""

import csv
import datetime as dt
import math
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from stdnum.cn import uscc as gb32100

from validators.columns import DISPOSAL_TYPES, INVENTORY, LEVEL_NAMES, LEVELS, POLLUTANTS, SHEETS
from validators.credit_code import USCC_ALPHABET
from validators.ruleset import NOT_KEY, UNGRADED, RuleSet
from validators.ruleset_tables import LawRow

SampleValue = str | int | float | dt.date
Cells = dict[str, SampleValue]

LINE_COUNTS = {1: 8, 2: 14, 3: 18, 4: 20, 5: 14, 6: 10, 7: 6, 8: 5, 9: 3, 10: 2}
"""Weight of each number of lines, before the limit of the kind."""
GRADE_WEIGHTS = {"A": 2, "B": 8, "B-": 6, "C": 40, "D": 40, "引领性": 15, "非引领性": 60, UNGRADED: 1}
GUARANTEED_SHARE = 0.13
SPECIAL_WEIGHT = 5
"""How many times likelier a kind is in the counties known for it."""
KM_PER_DEGREE = 111.2
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class _Spec:
    """One firm that is to be made."""

    kind: LawRow
    grade: str
    guarantee: LawRow | None
    trait: str
    """'' or unfiled, idle, bar, change, fraud."""
    sites: int
    companion: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines of one kind at one plant."""

    kind: LawRow
    grade: str
    count: int


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: its cells, and what the rest of the plant's rows are worked out from."""

    cells: Cells
    daily: dict[str, float]
    """kg/d by pollutant."""
    run_days: int
    baseline: float
    """Output per day that its three capacities allow."""
    guaranteed: bool


def make_rows(county: str, enterprises: int, seed: int, ruleset: RuleSet) -> dict[str, list[Cells]]:
    """Rows of all sheets by key of the sheet, each {field: value}; an absent field is a blank cell.

    `county` is the code of a division that submits (KeyError otherwise), `enterprises` the number of rows
    of 企业基本信息 (1 to 1,500). Fields that the template computes are absent; about one line in ten has one
    reduction typed. Emissions are kg/d at lines and t/a at enterprises. The same arguments give the same
    content.
    """
    return _Maker(county, seed, ruleset).make(enterprises)


def make_officer(county: str, seed: int, ruleset: RuleSet) -> Cells:
    """The officer's `BOOK_FIELDS`; 填报日期 is 1 to 11 days before the county's inventory is due."""
    rng = random.Random(f"{county}/{seed}/officer")  # noqa: S311 - made-up data, not a secret
    return {
        "filled_by_office": f"{ruleset.submitting[county]}重污染天气应急指挥部办公室",
        "filled_by": person(rng),
        "filled_phone": _landline(rng),
        "filled_on": _due(ruleset, "县级清单上报") - dt.timedelta(rng.randint(1, 11)),
    }


@cache
def _table(name: str) -> list[LawRow]:
    text = files(__package__).joinpath("sample_data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _kinds() -> dict[str, LawRow]:
    return {row["kind"]: row for row in _table("kinds")}


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("sample_data", "words.toml").read_text(encoding="utf-8"))


@cache
def _ladders() -> dict[tuple[str, str], list[list[LawRow]]]:
    """Variants by (ladder, grade); a variant's rows are shared out over the lines of a plant in order."""
    found: dict[tuple[str, str], dict[str, list[LawRow]]] = {}
    for row in _table("ladders"):
        found.setdefault((row["ladder"], row["grade"]), {}).setdefault(row["variant"], []).append(row)
    return {key: list(variants.values()) for key, variants in found.items()}


def _due(ruleset: RuleSet, what: str) -> dt.date:
    return ruleset.deadline("首报", what) or dt.date(ruleset.year, 8, 21)


def person(rng: random.Random) -> str:
    """A made-up name."""
    words = _words()
    return str(rng.choice(words["surnames"]) + "".join(rng.choices(words["given"], k=rng.randint(1, 2))))


def _mobile(rng: random.Random) -> str:
    return f"{rng.choice(_words()['mobile_prefixes'])}{rng.randrange(10**8):08d}"


def _landline(rng: random.Random) -> str:
    return f"0635-{rng.randint(2, 8)}{rng.randrange(10**6):06d}"


def _phone(rng: random.Random) -> str:
    return _landline(rng) if rng.random() < 0.1 else _mobile(rng)


def _significant(number: float, digits: int = 3) -> float:
    """A number as a person types it: so many significant digits."""
    found = float(f"{number:.{digits}g}")
    return int(found) if found == int(found) else found


def _emission(number: float) -> float:
    return round(number, 2 if number >= 1 else 3)


def _code(region: str, letter: str, number: int) -> str:
    """统一社会信用代码 of an enterprise (GB 32100-2015) around a 组织机构代码 (GB 11714-1997)."""
    digits = ""
    for _ in range(4):
        number, rest = divmod(number, len(USCC_ALPHABET))
        digits = USCC_ALPHABET[rest] + digits
    body = f"MA3{letter}{digits}"
    total = sum(weight * int(character, 36) for weight, character in zip(_ORG_WEIGHTS, body, strict=True))
    front = f"91{region}{body}{'0123456789X'[-total % 11]}"
    return front + str(gb32100.calc_check_digit(front))


def _brands(rng: random.Random) -> Iterator[str]:
    words = _words()
    found = [first + second for first in words["brand_first"] for second in words["brand_second"]]
    rng.shuffle(found)
    return iter(found)


class _Maker:
    """Makes one county's rows; holds what must not come twice."""

    def __init__(self, county: str, seed: int, ruleset: RuleSet) -> None:
        self.rng = random.Random(f"{county}/{seed}")  # noqa: S311 - made-up data, not a secret
        self.county = county
        self.district = ruleset.submitting[county]
        self.ruleset = ruleset
        self.place = next(row for row in _table("divisions") if row["code"] == county)
        self.townships = self.place["townships"].split("|")
        self.brands = _brands(self.rng)
        self.codes = iter(self.rng.sample(range(len(USCC_ALPHABET) ** 4), 2000))
        self.points: set[tuple[int, int]] = set()
        self.normals: set[tuple[str, float]] = set()
        self.rows: dict[str, list[Cells]] = {key: [] for key in INVENTORY}
        self.deadline = _due(ruleset, "保障类清单确定")
        self.transport_scale = ruleset.allowed(SHEETS["transport"]["red_transport"].values)
        self.vehicle_rules = {
            (row["industry"], row["subtype"], row["grade"], row["level"]): row["vehicle_rule"]
            for row in ruleset.tables["measures"]
            if row["vehicle_rule"]
        }
        special = self.place["special"].split("|")
        self.kinds = [row for row in _kinds().values() if row["weight"] != "0"]
        self.kind_weights = [
            int(row["weight"]) * (SPECIAL_WEIGHT if row["kind"] in special else 1) for row in self.kinds
        ]

    def make(self, enterprises: int) -> dict[str, list[Cells]]:
        """All sheets with that many enterprises."""
        removed = 1 + enterprises // 40
        numbers = list(range(1, enterprises + removed + 1))
        gone = sorted(self.rng.sample(numbers, removed))
        left = iter(sorted(set(numbers).difference(gone)))
        for spec in self._specs(enterprises):
            self._firm(spec, left)
        self._dust(1 + enterprises // 6)
        self._mobile()
        for number in gone:
            reason, note = self.rng.choice(list(_words()["removals"].items()))
            self.rows["removals"].append(
                {
                    "list_id": f"{self.county}-G-{number:04d}",
                    "name": self._name(self.rng.choice(self.kinds)),
                    "removal_reason": reason,
                    "removed_on": self._before(50, 220),
                    "note": note,
                }
            )
        return self.rows

    def _specs(self, enterprises: int) -> list[_Spec]:
        """Firms with that many sites in all: those of the plan first, then drawn ones; shuffled."""
        found: list[_Spec] = []
        plan = iter(_table("plan"))
        left = enterprises
        while left:
            row = next(plan, None)
            spec = self._planned(row, left) if row else self._drawn(left)
            found.append(spec)
            left -= spec.sites
        self.rng.shuffle(found)
        return found

    def _planned(self, row: LawRow, left: int) -> _Spec:
        named = row["guarantee"], row["kind"]
        guarantee = next((own for own in _table("guarantees") if (own["category"], own["kind"]) == named), None)
        sites = min(left, int(row["sites"]))
        kind = _kinds()[row["kind"]]
        grade = self._grade(kind, row["grade"], guarantee)
        return _Spec(kind, grade, guarantee, row["trait"], sites, row["companion"])

    def _drawn(self, left: int) -> _Spec:
        rng = self.rng
        if rng.random() < GUARANTEED_SHARE:
            table = _table("guarantees")
            guarantee = rng.choices(table, [int(row["weight"]) for row in table])[0]
            kind = _kinds()[guarantee["kind"]]
            usual = rng.choice(guarantee["grades"].split("|"))
            return _Spec(kind, self._grade(kind, usual, guarantee), guarantee, "", 1, "")
        kind = rng.choices(self.kinds, self.kind_weights)[0]
        grades = self._grades(kind)
        trait = rng.choices(("", "idle", "bar", "unfiled", "change", "fraud"), (80, 3, 3, 8, 5, 1))[0]
        if kind["industry"] == NOT_KEY and trait not in ("idle", "bar"):
            trait = ""
        possible = tuple(own for own in grades if trait != "bar" or own not in self.ruleset.high_grades)
        grade = self._lowest(grades) if trait in ("idle", "unfiled", "fraud") else self._any_grade(possible)
        companions = kind["companions"].split("|")
        companion = rng.choice(companions) if trait == "" and rng.random() < 0.25 else ""
        return _Spec(kind, grade, None, trait, min(left, rng.choices((1, 2, 3), (95, 4, 1))[0]), companion)

    def _grade(self, kind: LawRow, usual: str, guarantee: LawRow | None) -> str:
        """The usual grade, or where the year has it not, one that it has: guaranteed plants are B or better."""
        grades = self._grades(kind)
        if usual in grades:
            return usual
        better = [row["grade"] for row in self.ruleset.tables["grades"] if row["counts_as_b_or_above"] == "yes"]
        return self._any_grade(tuple(grade for grade in grades if grade in better or not guarantee))

    def _grades(self, kind: LawRow) -> tuple[str, ...]:
        """Grades that a plant of the kind can have."""
        if kind["industry"] == NOT_KEY:
            return (UNGRADED,)
        return tuple(self.ruleset.schemes[kind["industry"], kind["subtype"]]["grades"].split("|"))

    def _order(self, grade: str) -> int:
        return self.ruleset.grade_order.get(grade, 0)

    def _lowest(self, grades: tuple[str, ...]) -> str:
        return max(grades, key=self._order)

    def _any_grade(self, grades: tuple[str, ...]) -> str:
        return self.rng.choices(grades, [GRADE_WEIGHTS.get(grade, 0) for grade in grades])[0]

    def _before(self, least: int, most: int) -> dt.date:
        """A day that many days before guarantee lists are due, which is when the inventory is due too."""
        return self.deadline - dt.timedelta(self.rng.randint(least, most))

    def _name(self, kind: LawRow) -> str:
        return f"{self.place['place']}{next(self.brands)}{self.rng.choice(kind['suffixes'].split('|'))}"

    def _point(self) -> dict[str, SampleValue]:
        """A point of the county that no other row has, with five decimals, degrees."""
        while True:
            distance = float(self.place["radius_km"]) * math.sqrt(self.rng.random())
            angle = self.rng.random() * math.tau
            latitude = float(self.place["latitude"]) + distance * math.cos(angle) / KM_PER_DEGREE
            longitude = float(self.place["longitude"]) + distance * math.sin(angle) / (
                KM_PER_DEGREE * math.cos(math.radians(latitude))
            )
            point = round(longitude * 1e5), round(latitude * 1e5)
            if point not in self.points and point[0] % 10 and point[1] % 10:
                self.points.add(point)
                return {"longitude": point[0] / 1e5, "latitude": point[1] / 1e5}

    def _firm(self, spec: _Spec, numbers: Iterator[int]) -> None:
        rng = self.rng
        name = self._name(spec.kind)
        uscc = _code(self.place["region"], self.place["letter"], next(self.codes))
        people = {"legal_person": person(rng), "contact": person(rng), "phone": _phone(rng)}
        for site in range(spec.sites):
            list_id = f"{self.county}-G-{next(numbers):04d}"
            same = {"name": name, "uscc": uscc, **people}
            if spec.sites > 1:
                same["site"] = _words()["sites"][site]
            self._enterprise(spec, list_id, same, site + 1)

    def _groups(self, spec: _Spec) -> list[_Group]:
        """What lines the plant has, at most ten."""
        count = self.rng.choices(list(LINE_COUNTS), list(LINE_COUNTS.values()))[0]
        others = 0
        if spec.companion:
            companion = _kinds()[spec.companion]
            others = min(max(1, count // 3), int(companion["max_lines"]))
        main = _Group(spec.kind, spec.grade, max(1, min(count - others, int(spec.kind["max_lines"]))))
        if not others:
            return [main]
        return [main, _Group(companion, self._any_grade(self._grades(companion)), others)]

    def _enterprise(self, spec: _Spec, list_id: str, same: dict[str, str], site: int) -> None:
        rng, words = self.rng, _words()
        groups = self._groups(spec)
        worst = max(groups, key=lambda group: self._order(group.grade))
        lines: list[_Line] = []
        for group in groups:
            lines += self._lines(spec, group, list_id, len(lines) + 1)
        permit = rng.choice(spec.kind["permit"].split("|"))
        small = permit in ("登记管理", "无")
        number = len(self.rows["enterprises"])
        if number % 3 == 0:
            self.supervisor = {"supervisor": person(rng), "supervisor_phone": _phone(rng)}
        township = rng.choice(self.townships)
        row: Cells = {
            "list_id": list_id,
            "district": self.district,
            "township": township,
            **same,
            "permit_class": permit,
            **self._point(),
            "datum": rng.choices(("CGCS2000", "WGS84", "GCJ02"), (80, 15, 5))[0],
            "address": f"{self.district}{township}{rng.choice(words['roads'])}{number + 1}号",
            "industry_code": worst.kind["code"],
            "industry_name": worst.kind["code_name"],
            "industry": worst.kind["industry"],
            "grade": worst.grade,
            "bar": "无",
            "fraud": "是" if spec.trait == "fraud" else "否",
            "guaranteed": "是" if spec.guarantee else "否",
            "long_idle": "是" if spec.trait == "idle" else "否",
            "small": "是" if small else "否",
            "run_days": max(line.run_days for line in lines),
            "emission_source": rng.choice(words["sources"][permit]),
            "plan": "公示牌" if small else "操作方案",
            **self.supervisor,
        }
        if permit != "无":
            row["permit_no"] = f"{row['uscc']}{site:03d}{'X' if permit == '登记管理' else 'P'}"
        if rng.random() < 0.4:
            row["park"] = rng.choice(self.place["parks"].split("|"))
        if rng.random() < 0.1:
            row["remark"] = rng.choice(words["remarks"])
        if worst.kind["subtype"]:
            row["subtype"] = worst.kind["subtype"]
        if spec.trait == "bar":
            row["bar"] = rng.choice(("未批先建", "超许可排放浓度", "超许可排放量", "未安装使用自动监测"))
            since = self.ruleset.day("offence_from") or self.deadline - dt.timedelta(365)
            row["offence_on"] = since + dt.timedelta(rng.randint(0, 280))
        for pollutant in POLLUTANTS:
            row[f"{pollutant}_annual"] = round(sum(line.daily[pollutant] * line.run_days for line in lines) / 1000, 3)
        row.update(self._grading(worst, spec.trait, list_id))
        self.rows["enterprises"].append(row)
        self.rows["lines"] += [line.cells for line in lines]
        self._transport(list_id, spec, groups, lines)
        if spec.guarantee:
            self._guarantee(spec.guarantee, row, lines)

    def _grading(self, worst: _Group, trait: str, list_id: str) -> Cells:
        """What was applied for, who fixed the grade and when; a change of the grade goes to its own sheet."""
        fixed_on = self._before(18, 120)
        filed: Cells = {"plan_filed_on": fixed_on + dt.timedelta(self.rng.randint(1, 5))}
        if worst.grade == UNGRADED:
            return filed | {"filing": "不适用"}
        grade, grades = worst.grade, self._grades(worst.kind)
        filed |= {"fixed_by": "省生态环境厅" if grade in self.ruleset.high_grades else "县指挥部", "fixed_on": fixed_on}
        if trait in ("change", "fraud"):
            filed["fixed_by"] = self._change(list_id, grade, grades, trait, fixed_on)
        if trait == "unfiled":
            return filed | {"filing": "未申报"}
        lowest = self._order(grade) == self._order(self._lowest(grades))
        return filed | {"filing": "申请表" if lowest else "申请报告", "applied_grade": grade}

    def _change(self, list_id: str, grade: str, grades: tuple[str, ...], trait: str, on: dt.date) -> str:
        """Adds the change that led to the grade, and says who fixed the grade."""
        rng = self.rng
        old = rng.choice([own for own in grades if own != grade and self._order(own) != self._order(grade)])
        if trait == "fraud":
            reason = rng.choice(("虚假材料", "行贿"))
        elif self._order(old) < self._order(grade):
            reason = rng.choice(("监督检查不符", "设备或设施变更"))
        else:
            reason = rng.choice(("申报提升", "省核定") if grade in self.ruleset.high_grades else ("申报提升",))
        ours = "县指挥部" if reason == "申报提升" else "市指挥部"
        approved_by = "省生态环境厅" if grade in self.ruleset.high_grades else ours
        self.rows["changes"].append(
            {
                "list_id": list_id,
                "old_grade": old,
                "new_grade": grade,
                "changed_on": on,
                "reason": reason,
                "approved_by": approved_by,
                "reported_on": on + dt.timedelta(rng.randint(1, 5)),
                "note": f"由{old}调整为{grade}",
            }
        )
        return approved_by

    def _lines(self, spec: _Spec, group: _Group, list_id: str, first: int) -> list[_Line]:
        """The lines of one kind; in a guaranteed plant the first half (or the only one) do the task."""
        rng, kind, guarantee = self.rng, group.kind, spec.guarantee
        variant = rng.choice(_ladders().get((kind["ladder"], group.grade)) or _ladders()["*", group.grade])
        size = rng.uniform(0.5, 1.6)
        found: list[_Line] = []
        for position in range(group.count):
            step = variant[position * len(variant) // group.count]
            guaranteed = guarantee is not None and position < max(1, group.count // 2)
            if guarantee and guaranteed:
                step = guarantee | {f"{level}_type": guarantee["type"] for level in LEVELS}
            cells: Cells = {
                "list_id": list_id,
                "line_id": f"{list_id}-L{first + position:02d}",
                "line_name": f"{position + 1}号{kind['line']}",
                "process": kind["process"],
                "industry": kind["industry"],
                "grade": group.grade,
                "product": kind["product"],
                "capacity_unit": kind["unit"],
                "fuel": kind["fuel"],
                "abatement": kind["abatement"],
                "can_pause": kind["pause"],
                "keeper": person(rng),
                "keeper_phone": _phone(rng),
            }
            if kind["subtype"]:
                cells["subtype"] = kind["subtype"]
            own = size * rng.uniform(0.85, 1.15)
            found.append(self._line(cells, kind, own, step, idle=spec.trait == "idle", guaranteed=guaranteed))
        return found

    def _line(self, cells: Cells, kind: LawRow, size: float, step: LawRow, *, idle: bool, guaranteed: bool) -> _Line:
        rng, words = self.rng, _words()
        if idle:
            step = _ladders()["*", "A"][0][0]
        types = [step[f"{level}_type"] for level in LEVELS]
        ratios = [int(step[f"{level}_ratio"]) for level in LEVELS]
        units = 4 if "停产部分生产线" in types else rng.randint(1, 3)
        eia = _significant(float(kind["capacity"]) * size, 2)
        permit = _significant(eia * rng.choice((1, 1, 0.95)))
        output = 0 if idle else _significant(permit * rng.uniform(0.7, 0.94))
        run_days = 0 if idle else min(360, int(kind["days"]) + rng.randint(-12, 12))
        baseline = output / run_days if run_days else 0
        daily = {
            pollutant: 0 if idle else _emission(float(kind[pollutant]) * size * rng.uniform(0.9, 1.1))
            for pollutant in POLLUTANTS
        }
        cells |= {
            "equipment": f"{kind['machine']}{units}{kind['counter']}",
            "eia_capacity": eia,
            "permit_capacity": permit,
            "last_output": output,
            "run_days": run_days,
            **{f"{pollutant}_daily": kilograms for pollutant, kilograms in daily.items()},
        }
        indicator = kind["indicator"]
        normal = self._normal(kind, size)
        if set(types) <= {"自主减排", "不停产"} and (idle or rng.random() < 0.5):
            cells["indicator"] = "无"
        else:
            unit = kind["indicator_unit"]
            cells |= {"indicator": indicator, "indicator_unit": unit, "indicator_normal": normal}
        for level, type_, ratio in zip(LEVELS, types, ratios, strict=True):
            share = 1 - ratio / 100
            alert = _significant(normal / share, 4) if indicator == "出焦时间" else _significant(normal * share, 6)
            alert = alert if ratio else normal
            if cells["indicator"] != "无":
                cells[f"{level}_indicator"] = alert
            cells[f"{level}_type"] = type_
            cells[f"{level}_ratio"] = ratio
            cells[f"{level}_measure"] = (
                "长期停产"
                if idle
                else words["measures"][type_].format(
                    line=cells["line_name"],
                    machine=kind["machine"],
                    counter=kind["counter"],
                    units=units,
                    stopped=units * ratio // 100,
                    label=words["labels"][indicator],
                    normal=normal,
                    alert=alert,
                    unit=kind["indicator_unit"],
                    ratio=ratio,
                    product=kind["product"],
                    base=_significant(baseline),
                    limit=_significant(baseline * share),
                    output_unit=kind["unit"].removesuffix("/a"),
                )
            )
        if rng.random() < 0.12:
            self._type_a_cut(cells, daily, ratios)
        return _Line(cells, daily, run_days, baseline, guaranteed)

    def _normal(self, kind: LawRow, size: float) -> float:
        """Normal value of the indicator; no two lines of a kind share one, so that no two texts are the same."""
        hours = kind["indicator_unit"].startswith("h")
        usual = float(kind["normal"]) * (self.rng.uniform(0.8, 1) if hours else size)
        normal = next(
            found for digits in range(4, 18) if (kind["kind"], found := _significant(usual, digits)) not in self.normals
        )
        self.normals.add((kind["kind"], normal))
        return normal

    def _type_a_cut(self, cells: Cells, daily: dict[str, float], ratios: list[int]) -> None:
        """One reduction (kg/d) typed over the formula, where the line has any."""
        found = [
            (f"{level}_{pollutant}_cut", kilograms * ratio / 100)
            for level, ratio in zip(LEVELS, ratios, strict=True)
            for pollutant, kilograms in daily.items()
            if kilograms * ratio
        ]
        if found:
            field, cut = self.rng.choice(found)
            cells[field] = round(cut, 5)  # exact, or a level beside it would seem weaker (CS01)
            cells["reduction_note"] = self.rng.choice(_words()["reduction_notes"])

    def _transport(self, list_id: str, spec: _Spec, groups: list[_Group], lines: list[_Line]) -> None:
        rng = self.rng
        high = any(group.grade in self.ruleset.high_grades for group in groups)
        trucks = 0 if spec.trait == "idle" else round(int(spec.kind["trucks"]) * rng.uniform(0.5, 1.5))
        old = 0 if high else round(trucks * rng.uniform(0, 0.25))
        new_energy = round(trucks * rng.uniform(0, 0.2))
        fifth = round((trucks - old - new_energy) * rng.uniform(0.3, 0.8))
        machines = round(int(spec.kind["trucks"]) * rng.uniform(0.1, 0.4))
        gates = 1 if trucks < 50 else rng.randint(1, 3)
        row: Cells = {
            "list_id": list_id,
            "trucks": trucks,
            "trucks_cn4": old,
            "trucks_cn5": fifth,
            "trucks_cn6": trucks - old - new_energy - fifth,
            "trucks_new_energy": new_energy,
            "inner_vehicles": rng.randint(0, 6),
            "machines": machines,
            "machines_cn2": 0 if high else min(machines, rng.randint(0, 2)),
            "gates": gates,
            "barriers": gates * rng.randint(1, 2),
            "gate_video": "是" if high or trucks > 60 else rng.choice("是否"),
        }
        strength = 0
        for level, weakest in zip(LEVELS, (0, 1, 2), strict=True):
            needed = [rng.randint(weakest, weakest + 1) if trucks > 10 else 0, strength]
            needed += [2 for line in lines if line.cells[f"{level}_type"] == "仅运输管控"]
            for group in groups:
                rule = self.vehicle_rules.get(
                    (group.kind["industry"], group.kind["subtype"], group.grade, LEVEL_NAMES[level])
                )
                needed += [self.transport_scale.index(rule)] if rule and trucks else []
            strength = max(needed)
            row[f"{level}_transport"] = self.transport_scale[strength]
        self.rows["transport"].append(row)

    def _guarantee(self, guarantee: LawRow, enterprise: Cells, lines: list[_Line]) -> None:
        rng = self.rng
        own = [line for line in lines if line.guaranteed]
        shared = guarantee["category"] == "协同处置生活垃圾或危险废物"
        province = shared or enterprise["industry"] != NOT_KEY
        row: Cells = {
            "list_id": enterprise["list_id"],
            "name": enterprise["name"],
            "guarantee_category": guarantee["category"],
            "co_disposal": "是" if shared else "否",
            "task": guarantee["task"],
            "line_ids": "、".join(str(line.cells["line_id"]) for line in own),
            "decided_by": "省生态环境厅" if province else "县指挥部会同相关部门",
            "decided_on": self._before(13, 40),
            "ministry_filed": "是" if province else "否",
            "proof": f"{self.district}重污染天气应急指挥部〔{self.ruleset.year}〕{rng.randint(3, 40)}号",
        }
        if guarantee["type"] in DISPOSAL_TYPES:
            share = 1 - int(guarantee["yellow_ratio"]) / 100
            row["max_load"] = _significant(sum(line.baseline for line in own) * share)
            row["load_unit"] = f"{own[0].cells['capacity_unit']}".replace("/a", "/d")
        if rng.random() < 0.7:
            row["valid_until"] = dt.date(self.ruleset.year + rng.randint(0, 1), 12, 31)
        self.rows["guarantee"].append(row)

    def _dust(self, count: int) -> None:
        rng, words = self.rng, _words()
        types = {row["type"]: row for row in _table("dust")}
        projects = list(words["key_projects"].items())
        rng.shuffle(projects)
        for number in range(count):
            key = projects[number // 40] if number % 40 == 0 and number // 40 < len(projects) else None
            kind = types[key[1]] if key else list(types.values())[number % len(types)]
            township = rng.choice(self.townships)
            size = rng.uniform(0.5, 1.6)
            daily = _emission(float(kind["pm"]) * size)
            area = int(float(f"{float(kind['area']) * size:.2g}"))
            name = f"{key[0]}{self.district}段工程" if key else f"{township}{kind['name']}{number + 1}标段"
            brand = rng.choice(words["brand_first"]) + rng.choice(words["brand_second"])
            row: Cells = {
                "list_id": f"{self.county}-Y-{number + 1:04d}",
                "district": self.district,
                "dust_name": name,
                "dust_type": kind["type"],
                "address": f"{self.district}{township}{rng.choice(words['roads'])}{rng.randint(1, 200)}号",
                **self._point(),
                "area": area,
                "owner": f"{key[0]}建设指挥部" if key else f"{self.district}{township}人民政府",
                "builder": f"山东{brand}{kind['builder']}",
                "begun_on": self._before(60, 500),
                "done_on": self.deadline + dt.timedelta(rng.randint(45, 700)),
                "key_project": "是" if key else "否",
                "pm_daily": daily,
                "department": f"{self.district}{kind['department']}",
                "keeper": person(rng),
                "keeper_phone": _phone(rng),
            }
            machines = rng.randint(2, 5)
            times = rng.randint(2, 4)
            for step, level in enumerate(LEVELS, 1):
                row[f"{level}_measure"] = words["dust"][level].format(
                    machine=kind["machine"], count=machines * step, times=times + step, area=area // 2
                )
                row[f"{level}_dust_cut"] = round(daily * (0.25 * step - rng.uniform(0, 0.1)), 2)
            self.rows["dust"].append(row)
            if key:
                self.rows["guarantee"].append(
                    {
                        "list_id": row["list_id"],
                        "name": name,
                        "guarantee_category": "重点保障性建设工程",
                        "co_disposal": "否",
                        "task": f"{key[0]}{self.district}段主体工程施工",
                        "decided_by": "省级主管部门会同省生态环境厅",
                        "decided_on": self._before(13, 40),
                        "ministry_filed": "是",
                        "proof": f"省重点项目名单〔{self.ruleset.year}〕{rng.randint(1, 20)}号",
                    }
                )

    def _mobile(self) -> None:
        rng = self.rng
        for number, kind in enumerate(_table("mobile"), 1):
            fleet = round(int(kind["fleet"]) * rng.uniform(0.4, 1.6))
            row: Cells = {
                "list_id": f"{self.county}-D-{number:04d}",
                "district": self.district,
                "category": kind["category"],
                "fleet": fleet,
                "department": f"{self.district}{kind['department']}",
                "keeper": person(rng),
                "keeper_phone": _phone(rng),
            }
            daily = {pollutant: _emission(float(kind[pollutant]) * fleet) for pollutant in POLLUTANTS}
            row |= {f"{pollutant}_daily": kilograms for pollutant, kilograms in daily.items()}
            for level in LEVELS:
                ratio = int(kind[f"{level}_ratio"])
                row[f"{level}_measure"] = kind["measure"].format(count=fleet * ratio // 100)
                for pollutant, kilograms in daily.items():
                    row[f"{level}_{pollutant}_cut"] = round(kilograms * ratio / 100, 3)
            self.rows["mobile"].append(row)
