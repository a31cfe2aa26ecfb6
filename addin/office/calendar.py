"""`qingdan calendar`: what is due, for whom, how many days are left, and what is not done yet."""

import datetime as dt
from collections.abc import Sequence

from addin.cli.arguments import day, files, rules_of
from addin.cli.terminal import document, progress, say, unread
from addin.office.consolidation import inbox
from addin.reading.gradings import read_gradings
from validators.book import Book
from validators.deadlines import duties, heading
from validators.findings import Json


def calendar(given: Sequence[str], *, year: str | None, on: str | None, as_json: bool) -> int:
    """Say what is due; returns the exit code."""
    books: list[Book] = []
    wrong: list[Json] = []
    if given:
        with progress("日程") as step:
            books, wrong = read_gradings(inbox(files(given)), step, year=year)
    rules = rules_of(year) if year or not books else books[0].ruleset
    today = day("--on", on) or dt.date.today()
    found = duties(rules, today, books)
    if as_json:
        document(
            {
                "ruleset": rules.id,
                "on": str(today),
                "duties": [duty.to_json() for duty in found],
                "errors": wrong,
            }
        )
    else:
        say(heading(rules, today))
        for duty in found:
            say(f"{duty.due}  {duty.state}  {duty.what}（{duty.round}，{duty.who}）  {duty.basis}")
    return unread(wrong, 1 if any(duty.left < 0 and duty.lacking for duty in found) else 0)
