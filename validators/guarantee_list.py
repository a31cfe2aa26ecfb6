"""The guaranteed enterprises and projects of a city: who is to decide each, what stays in operation, how counties compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import fsum

from validators.book import Book
from validators.columns import POLLUTANTS
from validators.expr import Record, Row, check, compile_checks, split_ids
from validators.rule import all_rules
from validators.settlement import City

OTHERWISE = "省级确定"
"""Group of the categories for which the document says neither 应当 nor 可以: what the province decides."""
FILED, NOT_FILED, NOT_DUE = "✓ 已报", "✗ 应报未报", "－ 不需报"
"""Filing with the ministry."""
Amounts = dict[str, float]
"""kg/d by pollutant (`so2`)."""


@dataclass(frozen=True, slots=True)
class Guaranteed:
    """A row of 保障类."""

    book: Book
    record: Record
    group: str
    """应当, 可以 or `OTHERWISE`; '' where the category is not readable."""
    due: str | None
    """Who is to decide, None where what is filled in does not say."""
    enterprise: Record | None
    lines: tuple[Record, ...]
    """Those that may run."""

    @property
    def filing(self) -> str:
        """How the filing with the ministry stands: it is due of what the province's department of ecology decides."""
        if self.record.ministry_filed == "是":
            return FILED
        return NOT_FILED if self.due == "省生态环境厅" else NOT_DUE


def guaranteed(city: City) -> Iterator[Guaranteed]:
    """The rows of all counties, in their order."""
    duties = {row["category"]: row["duty"] or OTHERWISE for row in city.ruleset.tables["guarantee"]}
    for book in city.books():
        due, lines = decider(book), book.index("lines", "line_id")
        for record in book.tables["guarantee"]:
            own = [line for id_ in split_ids(record.line_ids or "") for line in lines.get(id_, ())]
            group = duties.get(record.guarantee_category, "")
            yield Guaranteed(book, record, group, due(record), book.enterprise(record.list_id), tuple(own))


def decider(book: Book) -> Callable[[Record], str | None]:
    """Who is to decide about a row of 保障类, by the table that rule BZ04 judges by."""
    all_rules()
    from validators.rules.guarantee import deciders  # only now: rules are registered in their order

    row = Row("guarantee")
    table = deciders(row)
    judge = compile_checks([check(row.decided_by, when, due) for due, when, _ in table])(book)

    def due(record: Record) -> str | None:
        found: list[int] = []
        judge(record, found.append)
        return table[found[0]][0] if found else None

    return due


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a county guarantees."""

    county: str
    numbers: dict[str, int]
    """Sites and projects by group; one with several tasks counts once, in the first group that it is in."""
    enterprises: int
    """All enterprises of the county."""
    kept: Amounts
    """What the guaranteed lines and projects emit in normal operation."""
    whole: Amounts
    """What all lines and dust sources emit."""

    @property
    def number(self) -> int:
        """Guaranteed sites and projects."""
        return sum(self.numbers.values())

    @property
    def share(self) -> float:
        """Of the four pollutants together, from 0 to 1."""
        whole = fsum(self.whole.values())
        return fsum(self.kept.values()) / whole if whole else 0.0


def extents(city: City, groups: tuple[str, ...]) -> Iterator[Extent]:
    """How much each county guarantees."""
    by_book: dict[int, list[Guaranteed]] = {}
    for one in guaranteed(city):
        by_book.setdefault(id(one.book), []).append(one)
    for book in city.books():
        first: dict[str | None, str] = {}
        own = by_book.get(id(book), [])
        for one in own:
            first.setdefault(one.record.list_id, one.group)
        lines = {line.line_id: line for one in own for line in one.lines}
        dust = [record for record in book.tables["dust"] if record.list_id in first]
        yield Extent(
            book.county_name,
            {group: sum(value == group for value in first.values()) for group in groups},
            len(book.tables["enterprises"]),
            _amounts(list(lines.values()), dust),
            _amounts(book.tables["lines"], book.tables["dust"]),
        )


def _amounts(lines: list[Record], dust: list[Record]) -> Amounts:
    found = {name: fsum(getattr(line, f"{name}_daily") or 0 for line in lines) for name in POLLUTANTS}
    found["pm"] += fsum(record.pm_daily or 0 for record in dust)
    return found
