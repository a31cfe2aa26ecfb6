"""What is due in a year, for whom, and how many days are left: the deadlines of a rule set on a day."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from validators.book import Book
from validators.findings import Json
from validators.grading_procedure import undone
from validators.ruleset import RuleSet

SOON = 7
"""Days before a deadline from which on it is pressing."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One row of deadlines.csv."""

    what: str
    who: str
    round: str
    due: dt.date
    left: int
    """Days until it is due; negative where it is past."""
    verified: bool
    source: str
    lacking: tuple[str, ...] | None = None
    """清单编号 of the sites for which it is not done; None where no workbook shows that."""

    @property
    def state(self) -> str:
        """Symbol and words: how many days, and what is lacking as far as it is known."""
        days = "当天" if self.left == 0 else f"还有 {self.left} 天" if self.left > 0 else f"已过 {-self.left} 天"
        symbol = "✗" if self.left < 0 else "！" if self.left <= SOON else "○"
        if self.lacking is None:
            return f"{symbol} {days}"
        return f"{symbol} {days}，还差 {len(self.lacking)} 个厂区" if self.lacking else f"✓ 没有待办的厂区，{days}"

    @property
    def basis(self) -> str:
        """Where it stands, and whether that was verified."""
        return self.source if self.verified else f"{self.source}（待核实）"

    def to_json(self) -> Json:
        """As commands and the pane say it."""
        return {
            "what": self.what,
            "who": self.who,
            "round": self.round,
            "due": str(self.due),
            "days": self.left,
            "lacking": None if self.lacking is None else list(self.lacking),
            "state": self.state,
            "source": self.source,
            "verified": self.verified,
        }


def duties(ruleset: RuleSet, on: dt.date, books: Iterable[Book] = ()) -> list[Duty]:
    """All duties, earliest first; grading workbooks show for which sites one is not done yet."""
    lacking: dict[str, tuple[str, ...]] = {}
    for book in books:
        for what, sites in undone(book):
            lacking[what] = (*lacking.get(what, ()), *sites)
    found = []
    for row in ruleset.tables["deadlines"]:
        due = dt.date.fromisoformat(f"{row['year']}-{row['month_day']}")
        verified = row["verified"] == "yes"
        own = lacking.get(row["what"])
        found.append(Duty(row["what"], row["who"], row["round"], due, (due - on).days, verified, row["source"], own))
    return sorted(found, key=lambda duty: duty.due)


def heading(rules: RuleSet, on: dt.date) -> str:
    """What stands above the duties of a rule set on a day, or in place of them where it names none."""
    if rules.tables["deadlines"]:
        return f"{rules.thresholds['ruleset_name']}，以 {on} 计："
    return f"规则集 {rules.id} 没有录入期限。请用 qingdan ruleset edit --year {rules.year} 补录。"
