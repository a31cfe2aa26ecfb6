"""County workbooks read and judged apart from this process (see `addin.reading.isolation`)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from addin.problems import Stop
from addin.reading import kept_readings
from addin.reading.isolation import Failure, each
from validators.book import Book
from validators.columns import KIND_NAMES, KINDS, SHEET_TITLES, BookKind
from validators.findings import Finding, Json
from validators.rule import judge
from validators.ruleset import UnknownRuleSet, load
from workbook_templates.county.reader import read_county
from workbook_templates.xlsx.opened import UnreadableWorkbook


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
    anew: bool = False,
) -> Iterator[Reading | Failure]:
    """A `Reading` or `Failure` for each workbook, in order.

    `previous` is the last version, for the rules of scope versions; `on` the day to judge dates by. Without
    `judged` nothing is found; with `records` the books come back too, without their last version; with `returned`
    they are as a returned workbook has them (`workbook_templates.county.returned.renumbered`). `rules` is the id of the rule
    set to judge by, for workbooks of its year. Workbooks of another `kind` than the one named are a `Failure`.
    What was read of the same file before serves again (`addin.reading.kept_readings`), unless it is to be read `anew`.
    """
    asked = on, judged, rules, returned
    keys = [None if anew or previous is not None else kept_readings.key_of(path, *asked) for path in paths]
    kept = [kept_readings.is_kept(key) for key in keys]
    items = [(path, previous, *asked, records, kind, key is not None) for path, key in zip(paths, keys, strict=True)]
    unread = each(_read, [item for item, own in zip(items, kept, strict=True) if not own])
    for path, key, item, own in zip(paths, keys, items, kept, strict=True):
        known = kept_readings.find(key, records=records) if key and own else None
        if known is not None and kind in (None, known[3]):
            yield Reading(path, *known)
            continue
        found = next(each(_read, [item]) if own else unread)
        if isinstance(found, Failure):
            yield found
            continue
        answer, digest, packed = found
        if key and packed:
            kept_readings.keep(key, digest, path, asked, packed)
        yield Reading(path, *answer)


def _read(
    path: Path,
    previous: Path | None,
    on: dt.date | None,
    judged: bool,
    rules: str | None,
    returned: bool,
    records: bool,
    kind: BookKind | None,
    keep: bool,
) -> tuple[kept_readings.KeptReading, str, bytes | None]:
    """In the child: everything that is asked for of one workbook, the SHA-256 of the file, and how the reading is kept."""
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
    said = summary(book), book.county_name, book.round, book.kind, findings
    dated = on is not None or book.facts.get("filled_on") is not None  # else it was judged by today
    packed = kept_readings.packed((*said, book, warning)) if keep and dated else None
    return (*said, book if records else None, warning), book.sha256, packed


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
