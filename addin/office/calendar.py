"""`qingdan calendar`: what is due, for whom, how many days are left, and what is not done yet."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import Field

from addin.office.results import Result
from addin.reading.gradings import read_gradings
from addin.reading.inbox import inbox
from addin.reading.steps import Step, Unread, silent, worst
from validators.book import Book
from validators.deadlines import Duty, duties, heading
from validators.findings import Json
from validators.ruleset import RuleSet, default


class Calendar(Result):
    """What is due."""

    ruleset: str
    on: str
    duties: list[Json]
    errors: list[Unread]
    heading: str = Field(exclude=True)
    found: list[Duty] = Field(exclude=True)

    @property
    def code(self) -> int:
        """1 where something is overdue."""
        return worst(self.errors, any(duty.left < 0 and duty.lacking for duty in self.found))

    def lines(self) -> Iterator[str]:
        """A line for each duty."""
        yield self.heading
        for duty in self.found:
            yield f"{duty.due}  {duty.state}  {duty.what}（{duty.round}，{duty.who}）  {duty.basis}"

    def warnings(self) -> Iterable[str]:
        """Files that could not be read."""
        return (one.message for one in self.errors)


def calendar(sources: Sequence[Path], *, rules: RuleSet | None, on: dt.date | None, step: Step = silent) -> Calendar:
    """What is due on a day (default: today) by these rules, else by those of the grading workbooks. Raises `Stop`."""
    books: list[Book] = []
    wrong: list[Unread] = []
    if sources:
        books, wrong = read_gradings(inbox(sources), step, year=rules.year if rules else None)
    law = rules or (books[0].ruleset if books else default())
    today = on or dt.date.today()
    found = duties(law, today, books)
    return Calendar(
        ruleset=law.id,
        on=str(today),
        duties=[duty.to_json() for duty in found],
        errors=wrong,
        heading=heading(law, today),
        found=found,
    )
