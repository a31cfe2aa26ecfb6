"""A year's law as data: the tables of `rulesets/<year>/`, each row with its source and whether it is verified.

Beside the shipped rule set of a year (`2020`) a computer may hold versions that a city loaded (`2020.1`, `2020.2`);
where they lie is not known here (`Shelf`).
"""

import csv
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Protocol

from validators.ruleset_tables import UNGRADED as UNGRADED  # noqa: PLC0414 - named here for all; the law, which is read first, asks for it too
from validators.ruleset_tables import LawRow, fields, labels

TABLES = tuple(labels("tables"))
NOT_KEY = "非重点行业"
PROVINCE = "省生态环境厅"
PROVINCIAL = "省"
"""名单 of the industries that only the province's own guide grades."""
FIRST_OPINION, OWN_OPINION = "初审意见", "审核意见"
"""What the county gives on grades that the province fixes, and on the others."""
BY_COUNTY, BY_CITY, ADJUSTMENTS = "县级完成绩效分级并上报", "市级审核", "绩效分级动态调整上报"
"""Duties of deadlines.csv that a grading workbook shows to be done."""
_VISITS = {"县、市逐个核查": ("每个", "每个"), "县逐个、市按比例": ("每个", "按比例"), "县": ("每个", "")}


def named(grade: str) -> str:
    """A grade as a sentence names it: A级, 引领性, 未评级."""
    return grade if grade.endswith(("性", "级")) else f"{grade}级"


class UnknownRuleSet(ValueError):
    """There is no such rule set, or it cannot be read; the message is Chinese."""


@dataclass(frozen=True, eq=False)
class RuleSet:
    """The tables of one year as they stand in the files, and what is derived from them."""

    id: str
    """The year, and the number of the version where it was loaded: `2020`, `2020.1`."""
    tables: dict[str, list[LawRow]] = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """Hash of what the tables say."""
        return sha256(json.dumps(self.tables, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @property
    def year(self) -> int:
        """The year the rule set is for."""
        return int(self.id[:4])

    @cached_property
    def thresholds(self) -> dict[str, str]:
        """Thresholds and switches by name, as text."""
        return {row["name"]: row["value"] for row in self.tables["thresholds"]}

    def number(self, name: str) -> float:
        """A threshold as a number, in the unit that `thresholds.csv` states."""
        return float(self.thresholds[name])

    def day(self, name: str) -> dt.date | None:
        """A threshold as a date, None where it is not known."""
        value = self.thresholds.get(name)
        return dt.date.fromisoformat(value) if value else None

    def switch(self, name: str) -> bool:
        """Whether a threshold that is a switch is on; the city may turn each."""
        return self.thresholds[name] == "yes"

    @cached_property
    def industries(self) -> list[LawRow]:
        """Rows of industries.csv that enterprises are filed under: the province's further ones only where it is said so."""
        provincial = self.switch("provincial_industries")
        return [row for row in self.tables["industries"] if provincial or row["listed_by"] != PROVINCIAL]

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The named lists that `columns.csv` refers to with `@`."""
        industries = self.industries
        return {
            "industries": tuple(dict.fromkeys(row["industry"] for row in industries)),
            "subtypes": tuple(dict.fromkeys(row["subtype"] for row in industries if row["subtype"])),
            "grades": tuple(row["grade"] for row in self.tables["grades"]),
            "guarantee": tuple(row["category"] for row in self.tables["guarantee"]),
            "divisions": tuple(row["name"] for row in self.tables["divisions"] if row["submits"] == "yes"),
        }

    def allowed(self, values: str) -> tuple[str, ...]:
        """The allowed values of an enumerated column: `A|B` or `@list|more`."""
        found: list[str] = []
        for part in values.split("|"):
            found += self.values[part[1:]] if part.startswith("@") else [part]
        return tuple(found)

    @cached_property
    def schemes(self) -> dict[tuple[str, str], LawRow]:
        """Row of industries.csv by (industry, subtype or '')."""
        return {(row["industry"], row["subtype"]): row for row in self.industries}

    def scheme(self, industry: str | None, subtype: str | None) -> LawRow | None:
        """Row of industries.csv that an industry and a subtype stand for; a subtype that is not its own is passed over."""
        return self.schemes.get((industry or "", subtype or "")) or self.schemes.get((industry or "", ""))

    @cached_property
    def subtypes(self) -> dict[str, tuple[str, ...]]:
        """Subtypes by industry, for industries with several schemes only; one that also has a row without may be left blank."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self.industries:
            if row["subtype"]:
                found[row["industry"]] = (*found.get(row["industry"], ()), row["subtype"])
        return found

    @cached_property
    def grade_order(self) -> dict[str, int]:
        """Order of the grades, 1 is best; grades without an order (未评级) are absent."""
        return {row["grade"]: int(row["order"]) for row in self.tables["grades"] if row["order"]}

    @cached_property
    def high_grades(self) -> tuple[str, ...]:
        """Grades that an enterprise with an offence may not apply for."""
        return tuple(row["grade"] for row in self.tables["grades"] if row["high"] == "yes")

    def fixed_by_province(self, grade: str | None) -> bool:
        """Whether a grade goes through county, city and province; the others are the county's to give."""
        return any(row["grade"] == grade and row["fixed_by"] == PROVINCE for row in self.tables["grades"])

    @cached_property
    def visits(self) -> dict[str, tuple[str, str]]:
        """Grade asked for → how the county and how the city visit the site: 每个, 按比例 or ''."""
        return {row["grade"]: _VISITS.get(row["site_visit"], ("", "")) for row in self.tables["grades"]}

    def lowest(self, industry: str | None, subtype: str | None) -> str | None:
        """The lowest grade of an industry's scheme, None where the rule set does not say."""
        row = self.scheme(industry, subtype)
        return row["lowest"] or None if row else None

    def ungraded(self, industry: str | None, subtype: str | None) -> bool:
        """Whether what belongs here takes no part in grading and must reduce all the same: 未评级 is its only grade."""
        row = self.scheme(industry, subtype)
        return row is not None and row["grades"] == UNGRADED

    @property
    def rounds(self) -> tuple[str, ...]:
        """The rounds of the year, in order."""
        return self.words["round"]

    @cached_property
    def bases(self) -> dict[str, LawRow]:
        """Row of basis.csv by rule, for rules that have a basis of their own in this year."""
        return {row["rule"]: row for row in self.tables["basis"]}

    @cached_property
    def divisions(self) -> dict[str, LawRow]:
        """Row of divisions.csv by code, withdrawn codes leading to the row that replaced them."""
        own = {row["code"]: row for row in self.tables["divisions"]}
        return {code: own[row["alias_of"]] if row["alias_of"] else row for code, row in own.items()}

    @cached_property
    def division_aliases(self) -> dict[str, str]:
        """Withdrawn names of divisions and the names that replaced them."""
        rows = self.tables["divisions"]
        return {row["name"]: self.divisions[row["code"]]["name"] for row in rows if row["alias_of"]}

    @cached_property
    def submitting(self) -> dict[str, str]:
        """Codes and names of the divisions that submit a workbook."""
        return {row["code"]: row["name"] for row in self.tables["divisions"] if row["submits"] == "yes"}

    def deadline(self, round_: str, what: str) -> dt.date | None:
        """The day a duty of a round is due, or None where the rule set names none."""
        for row in self.tables["deadlines"]:
            if row["round"] == round_ and row["what"] == what:
                return dt.date.fromisoformat(f"{row['year']}-{row['month_day']}")
        return None

    @cached_property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Word lists by name."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self.tables["words"]:
            found[row["list"]] = (*found.get(row["list"], ()), row["word"])
        return found


class Shelf(Protocol):
    """Where the versions lie that were loaded on this computer."""

    def ids(self) -> Sequence[str]:
        """Their ids, in any order."""

    def read(self, id_: str) -> RuleSet:
        """One of them, always the same object. Raises `UnknownRuleSet`."""


_shelf: list[Shelf] = []


def use(shelf: Shelf) -> None:
    """From now on the versions on this shelf are known."""
    _shelf[:] = [shelf]


def _folder() -> Traversable:
    return files(__package__).joinpath("rulesets")


@cache
def years() -> tuple[str, ...]:
    """Years that rule sets are shipped for; each is the id of the shipped one."""
    return tuple(sorted(entry.name for entry in _folder().iterdir() if entry.is_dir() and entry.name.isdecimal()))


def versions(year: str) -> tuple[str, ...]:
    """Ids of a year's rule sets from the shipped one to the newest; none for a year without one."""
    loaded = [id_ for shelf in _shelf for id_ in shelf.ids() if id_.partition(".")[0] == year]
    return (year, *sorted(loaded, key=lambda id_: int(id_.partition(".")[2]))) if year in years() else ()


def load(id_: str) -> RuleSet:
    """The rule set of that id. Raises `UnknownRuleSet`."""
    year, _, number = id_.partition(".")
    known = versions(year)
    if id_ not in known:
        have = "、".join(known or years())
        raise UnknownRuleSet(f"没有{f'规则集 {id_}' if number else f' {id_} 年的规则集'}；现有：{have}。")
    return _shelf[0].read(id_) if number else _shipped(id_)


def newest(year: str) -> RuleSet:
    """The newest rule set of a year. Raises `UnknownRuleSet`."""
    return load([year, *versions(year)][-1])


def named_in(text: str) -> RuleSet | None:
    """The rule set that a text names: its id, or the newest of the year that it writes (环办大气函〔2020〕340号)."""
    for year in dict.fromkeys(re.findall(r"(?<!\d)(\d{4})(?!\d)", text)):
        if text in versions(year):
            return load(text)
        if year in years():
            return newest(year)
    return None


def default() -> RuleSet:
    """The newest rule set of the last year whose law is complete, for whoever names no year."""
    found = [newest(year) for year in years()]
    return next((one for one in reversed(found) if one.thresholds["complete"] == "yes"), found[-1])


def judging(year: str, named: str) -> RuleSet:
    """The rule set that a workbook of that year is judged by, which names this one.

    A loaded version that is at hand is what it was made with. One that names the shipped rule set, or none, is judged
    by the newest of its year; one that names a version that is not here by the shipped one, which GS06 says.
    """
    if year not in years():
        return default()
    if named in versions(year) and named != year:
        return load(named)
    return newest(year) if named in ("", year) else load(year)


def of_tables(id_: str, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> RuleSet:
    """A rule set of these rows; what a row leaves out is blank, what is not declared is dropped."""
    return RuleSet(
        id_,
        {
            table: [
                {one.name: (row.get(one.name) or "").strip() for one in fields(table)} for row in tables.get(table, ())
            ]
            for table in TABLES
        },
    )


def completed(rules: RuleSet) -> RuleSet:
    """A loaded version with what this release knows and the version is too old to hold: thresholds and word lists."""
    shipped = _shipped(str(rules.year))
    lacking = {
        table: [row for row in shipped.tables[table] if row[name] not in {own[name] for own in rules.tables[table]}]
        for table, name in (("thresholds", "name"), ("words", "list"))
    }
    return RuleSet(rules.id, {**rules.tables, **{table: rules.tables[table] + rows for table, rows in lacking.items()}})


@cache
def _shipped(year: str) -> RuleSet:
    folder = _folder().joinpath(year)
    return of_tables(
        year,
        {
            table: list(csv.DictReader(folder.joinpath(f"{table}.csv").read_text(encoding="utf-8").splitlines()))
            for table in TABLES
        },
    )
