"""A city's workbooks of one year and round: which of them holds, and why."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from validators.book import Book
from validators.columns import LEVELS, POLLUTANTS
from validators.findings import Finding
from validators.ruleset import RuleSet, default, newest

FileStatus = Literal["采用", "未采用", "无法读取"]
CountyStatus = Literal["已报", "迟报", "未报", "无法读取", "已剔除"]
COUNTY_LIST_DUE = "县级清单上报"
"""The duty in deadlines.csv that a county's workbook answers."""


@dataclass
class Handed:
    """One file that was handed in."""

    file: str
    book: Book | None = None
    """None where it could not be read."""
    findings: list[Finding] = field(default_factory=list)
    """Of the workbook itself; they count only where it is adopted."""
    status: FileStatus = "未采用"
    reason: str = ""
    guessed: str = ""
    """Division code guessed from the name of an unreadable file; only said, never used."""


@dataclass
class County:
    """One submitting division."""

    code: str
    name: str
    status: CountyStatus
    reason: str = ""
    handed: Handed | None = None
    """The file that holds."""


@dataclass
class City:
    """All that was handed in, sorted out."""

    ruleset: RuleSet
    year: int
    round: str
    on: dt.date
    files: list[Handed]
    counties: list[County]
    exclusions: Mapping[str, str]
    """Reason by division code."""
    replaced: list[tuple[Handed, Handed]] = field(default_factory=list)
    """A file and the one with a higher 版次 that holds instead."""
    same: list[tuple[Handed, Handed]] = field(default_factory=list)
    """A file and another of equal content that counts."""
    clashes: list[tuple[Handed, Handed]] = field(default_factory=list)
    """A file and another of the same 版次 but different content."""

    @property
    def adopted(self) -> list[Handed]:
        """The files that hold, in the order of divisions.csv."""
        return [county.handed for county in self.counties if county.handed]

    def books(self) -> Iterator[Book]:
        """The workbooks that hold."""
        for handed in self.adopted:
            if handed.book:
                yield handed.book


def guess_county(file: str, ruleset: RuleSet) -> str:
    """Division code that a file name speaks of, or ''."""
    for code, row in ruleset.divisions.items():
        if code in file or row["name"] in file:
            return row["code"]
    return ""


def sort_out(
    files: Iterable[Handed],
    *,
    year: int | None = None,
    round_: str | None = None,
    on: dt.date | None = None,
    exclusions: Mapping[str, str] | None = None,
    ruleset: RuleSet | None = None,
) -> City:
    """Decide which file holds for each county (HZ01, HZ03, HZ04); the order of the files never matters.

    `year` and `round_` default to those of most files, `on` to the latest 填报日期 among them, `ruleset` to the newest
    of the year.
    """
    ordered = sorted(files, key=lambda handed: (handed.file, handed.book.sha256 if handed.book else ""))
    books = [handed.book for handed in ordered if handed.book]
    kinds = Counter((int(book.facts["year"]), book.round) for book in books if _year(book))
    wanted = [kind for kind in kinds if year in (None, kind[0]) and round_ in (None, kind[1])]
    most = max(wanted, key=lambda kind: (kinds[kind], kind), default=None)
    if most is None:
        rules = ruleset or (newest(str(year)) if year else default())
        most = rules.year, rules.rounds[0]
    year, round_ = year or most[0], round_ or most[1]
    rules = ruleset or newest(str(year))
    days = [book.facts["filled_on"] for book in books if book.facts.get("filled_on")]
    city = City(rules, year, round_, on or max(days, default=dt.date.today()), ordered, [], exclusions or {})
    own: dict[str, list[Handed]] = {}
    for handed in ordered:
        book = handed.book
        if book is None:
            handed.status, handed.guessed = "无法读取", guess_county(handed.file, rules)
        elif _year(book) != year or book.round != round_:
            whose = f"是 {_year(book)} 年{book.round}的清单" if _year(book) and book.round else "没有写明年度和轮次"
            handed.reason = f"{whose}，本次汇总的是 {year} 年{round_}"
        elif book.county not in rules.submitting:
            handed.reason = f"区划代码“{book.county}”不是提交单位"
        elif book.county in city.exclusions:
            handed.reason = f"该县已剔除：{city.exclusions[book.county]}"
        else:
            own.setdefault(book.county, []).append(handed)
    guessed = {handed.guessed for handed in ordered if handed.guessed}
    due = rules.deadline(round_, COUNTY_LIST_DUE)
    for code, name in rules.submitting.items():
        if code in city.exclusions:
            city.counties.append(County(code, name, "已剔除", city.exclusions[code]))
        elif code in own:
            handed = _choose(city, own[code])
            filled = handed.book.facts.get("filled_on") if handed.book else None
            late = bool(due and filled and filled > due)
            reason = f"填报日期 {filled} 晚于截止日期 {due}" if late else ""
            city.counties.append(County(code, name, "迟报" if late else "已报", reason, handed))
        elif code in guessed:
            names = "、".join(handed.file for handed in ordered if handed.guessed == code)
            city.counties.append(County(code, name, "无法读取", f"只收到无法读取的文件：{names}"))
        else:
            city.counties.append(County(code, name, "未报", "没有收到工作簿"))
    return city


def _year(book: Book) -> int:
    found = book.facts.get("year")
    return int(found) if isinstance(found, int | float) or (isinstance(found, str) and found.isdecimal()) else 0


def _choose(city: City, rivals: list[Handed]) -> Handed:
    """The file that holds of those of one county: highest 版次, then by content, never by order or name."""
    if len(rivals) == 1:
        rivals[0].status = "采用"
        return rivals[0]
    by_content: dict[str, Handed] = {}
    for handed in rivals:
        assert handed.book  # noqa: S101 - rivals are readable
        first = by_content.setdefault(handed.book.content(), handed)
        if first is not handed:
            handed.reason = f"与“{first.file}”内容相同，只算一份"
            city.same.append((handed, first))
    ranked = sorted(by_content.items(), key=lambda item: (-(item[1].book.revision if item[1].book else 0), item[0]))
    best = ranked[0][1]
    best.status, best.reason = "采用", ""
    for _, handed in ranked[1:]:
        if handed.book and best.book and handed.book.revision == best.book.revision:
            handed.reason = f"与“{best.file}”版次相同而内容不同，暂以后者列入"
            city.clashes.append((handed, best))
        else:
            handed.reason = f"已被版次更高的“{best.file}”取代"
            city.replaced.append((handed, best))
    return best


Totals = dict[str, dict[str, float]]


def reductions(books: Iterable[Book]) -> Totals:
    """Reductions in kg/d by level (`yellow`) and pollutant (`so2`); dust counts as 颗粒物 (facts: three lists)."""
    found: Totals = {level: dict.fromkeys(POLLUTANTS, 0.0) for level in LEVELS}
    for book in books:
        for level in LEVELS:
            for pollutant in POLLUTANTS:
                name = f"{level}_{pollutant}_cut"
                for sheet in ("lines", "mobile"):
                    found[level][pollutant] += sum(getattr(record, name) or 0.0 for record in book.tables[sheet])
            found[level]["pm"] += sum(getattr(record, f"{level}_dust_cut") or 0.0 for record in book.tables["dust"])
    return found
