"""A year's law as data: the tables of `rulesets/<year>/`, each row with its source and whether it is verified."""

import csv
import datetime as dt
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

Row = dict[str, str]
TABLES = (
    "industries", "grades", "measures", "guarantee", "targets", "divisions", "deadlines", "thresholds", "words",
)  # fmt: skip
NOT_KEY = "非重点行业"
UNGRADED = "未评级"
HIGH_GRADES = ("A", "B", "B-", "引领性")
"""Grades that the province fixes (聊重指办〔2020〕6号 三(二))."""


class UnknownRuleSet(ValueError):
    """There is no rule set for the year asked for; the message is Chinese."""


@dataclass(frozen=True, eq=False)
class RuleSet:
    """The tables of one year as they stand in the files, and what is derived from them."""

    id: str
    tables: dict[str, list[Row]] = field(repr=False)

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

    def day(self, name: str) -> dt.date:
        """A threshold as a date."""
        return dt.date.fromisoformat(self.thresholds[name])

    @cached_property
    def b_minus_counts_as_b(self) -> bool:
        """Whether B级及以上 includes B- (the document does not say)."""
        return self.thresholds["b_minus_counts_as_b"] == "yes"

    @cached_property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The named lists that `columns.csv` refers to with `@`."""
        industries = self.tables["industries"]
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
    def schemes(self) -> dict[tuple[str, str], Row]:
        """Row of industries.csv by (industry, subtype or '')."""
        return {(row["industry"], row["subtype"]): row for row in self.tables["industries"]}

    @cached_property
    def subtypes(self) -> dict[str, tuple[str, ...]]:
        """Subtypes by industry, for industries with several schemes only."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self.tables["industries"]:
            if row["subtype"]:
                found[row["industry"]] = (*found.get(row["industry"], ()), row["subtype"])
        return found

    @cached_property
    def grade_order(self) -> dict[str, int]:
        """Order of the grades, 1 is best; grades without an order (未评级) are absent."""
        return {row["grade"]: int(row["order"]) for row in self.tables["grades"] if row["order"]}

    @cached_property
    def divisions(self) -> dict[str, Row]:
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


def _folder() -> Traversable:
    return files(__package__).joinpath("rulesets")


def years() -> tuple[str, ...]:
    """Ids of the rule sets that are shipped."""
    return tuple(sorted(entry.name for entry in _folder().iterdir() if entry.is_dir() and entry.name[0].isdigit()))


@cache
def load(id_: str) -> RuleSet:
    """The shipped rule set of that id (a year). Raises `UnknownRuleSet`."""
    if id_ not in years():
        raise UnknownRuleSet(f"没有 {id_} 年的规则集；现有：{'、'.join(years())}。")
    folder = _folder().joinpath(id_)
    return RuleSet(
        id_,
        {
            name: list(csv.DictReader(folder.joinpath(f"{name}.csv").read_text(encoding="utf-8").splitlines()))
            for name in TABLES
        },
    )
