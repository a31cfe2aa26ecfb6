"""County workbooks read and judged apart from this process (see `addin.reading.isolation`)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addin.problems import Stop
from addin.reading import ruleset_store  # noqa: F401 - so that rule sets loaded on this computer are known
from addin.reading.isolation import Failure, each
from validators.book import Book
from validators.columns import KIND_NAMES, KINDS, SHEET_TITLES, BookKind
from validators.findings import Finding, Json
from validators.rule import judge
from validators.ruleset import UnknownRuleSet, load
from workbook_templates.county.reader import UnreadableWorkbook, read_county


@dataclass(frozen=True, slots=True)
class Reading:
    """One workbook: what it says of itself, what was found, and its records where they were asked for."""

    path: Path
    summary: Json
    """As in `files` of the contract."""
    county_name: str
    round: str
    kind: BookKind
    findings: list[Finding]
    book: Book | None = None
    warning: str = ""
    """Why the last version was not compared with, or ''."""


def read_all(
    paths: Sequence[Path],
    *,
    previous: Path | None = None,
    on: dt.date | None = None,
    judged: bool = True,
    records: bool = False,
    rules: str | None = None,
    returned: bool = False,
    kind: BookKind | None = None,
) -> Iterator[Reading | Failure]:
    """A `Reading` or `Failure` for each workbook, in order.

    `previous` is the last version, for the rules of scope versions; `on` the day to judge dates by. Without
    `judged` nothing is found; with `records` the books come back too, without their last version; with `returned`
    they are as a returned workbook has them (`workbook_templates.county.returned.renumbered`). `rules` is the id of the rule
    set to judge by, for workbooks of its year. Workbooks of another `kind` than the one named are a `Failure`.
    """
    items = [(path, previous, on, judged, records, rules, returned, kind) for path in paths]
    for path, found in zip(paths, each(_read, items), strict=True):
        if isinstance(found, Failure):
            yield found
        else:
            yield Reading(path, *found)


def _read(
    path: Path,
    previous: Path | None,
    on: dt.date | None,
    judged: bool,
    records: bool,
    rules: str | None,
    returned: bool,
    kind: BookKind | None,
) -> tuple[Any, ...]:
    """In the child: everything that is asked for of one workbook, as plain data."""
    warning = ""
    try:
        book = read_county(path, on=on, rules=load(rules) if rules else None)
        if previous is not None:
            book.previous = read_county(previous, on=on)
    except UnknownRuleSet as error:
        raise Stop(str(error)) from error
    except UnreadableWorkbook as error:
        other = path.suffix.lower() != ".xlsx" and ".xlsx" not in str(error).replace(path.name, "")
        raise Stop(f"{error}{'请在表格软件中另存为 .xlsx 再试。' if other else ''}") from error
    for one in (book, book.previous):
        if one is not None and one.kind != (kind or book.kind):
            raise Stop(of_another_kind(one, kind or book.kind))
    if book.previous is not None and book.previous.county != book.county:
        warning = (
            f"“{book.previous.file}”是{book.previous.county_name}的，“{book.file}”是{book.county_name}的，"
            "两者没有比对。请用 --previous 指定同一区县的上一版。"
        )
        book.previous = None
    if returned:
        from workbook_templates.county.returned import renumbered

        book = renumbered(book)
    findings = judge(book) if judged else []
    return summary(book), book.county_name, book.round, book.kind, findings, book if records else None, warning


def of_another_kind(book: Book, wanted: BookKind) -> str:
    """What is said of a workbook that is not of the kind that is wanted."""
    return f"“{book.file}”是{KIND_NAMES[book.kind]}，不是{KIND_NAMES[wanted]}，不能用在这里。请核对是否拿错了文件。"


def read_whole(path: Path, kind: BookKind | None) -> Book:
    """The workbook at `path`, unjudged. Raises `Stop` where it cannot be read whole or is of another kind."""
    (found,) = read_all([path], judged=False, records=True, kind=kind)
    return whole(found, path.name)


def whole(found: Reading | Failure, name: str) -> Book:
    """The book of what was read with its records. Raises `Stop` where it could not be read, or not whole."""
    if isinstance(found, Failure):
        raise Stop(found.message)
    assert found.book is not None  # noqa: S101 - records were asked for
    return undamaged(found.book, name)


def undamaged(book: Book, name: str) -> Book:
    """The book, where all its sheets could be read. Raises `Stop` with a line that calls it by this name."""
    if book.damaged:
        titles = "、".join(f"《{SHEET_TITLES[key]}》" for key in book.tables if key in book.damaged)
        raise Stop(f"“{name}”的{titles}缺失或表头被改动，读不全。请先用 qingdan check 找出并改正。")
    return book


def summary(book: Book) -> Json:
    """The contract's object for a file that was read."""
    year = book.facts.get("year")
    return {
        "file": book.file,
        "county": book.county or None,
        "year": int(year) if isinstance(year, int | float) or (isinstance(year, str) and year.isdecimal()) else None,
        "revision": book.revision or None,
        "ruleset": book.ruleset.id,
        "rows": {sheet.title: len(book.tables[sheet.key]) for sheet in KINDS[book.kind].values()},
    }
