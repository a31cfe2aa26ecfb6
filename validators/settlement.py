"""A city's workbooks of one year and round: which of them holds, and why."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal

from validators.book import Book
from validators.columns import LEVEL_NAMES, LEVELS, POLLUTANT_NAMES, POLLUTANTS, SHEETS
from validators.expr import Record
from validators.findings import Finding
from validators.references import Imports, Listed
from validators.ruleset import RuleSet, default, named_in, newest

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
    settled: list[tuple[Handed, Handed]] = field(default_factory=list)
    """A file and another of the same 版次 that was decided to hold."""
    dropped: list[tuple[Book, Record]] = field(default_factory=list)
    """Enterprises that another county's were decided to hold for, with the workbook that they were in."""
    imports: Imports = field(default_factory=Imports)

    @property
    def filled_on(self) -> dt.date:
        """The latest 填报日期 of what holds: the day that outputs name as theirs, so that they can be made again."""
        days = [book.facts["filled_on"] for book in self.books() if book.facts.get("filled_on")]
        return max(days, default=dt.date(self.year, 1, 1))

    @property
    def adopted(self) -> list[Handed]:
        """The files that hold, in the order of divisions.csv."""
        return [county.handed for county in self.counties if county.handed]

    def books(self) -> Iterator[Book]:
        """The workbooks that hold."""
        for handed in self.adopted:
            if handed.book:
                yield handed.book


def ruleset_of(one: Listed, city: City) -> RuleSet | None:
    """The rule set by which a result was given: the one that it names, else the city's; None for one that is not here."""
    return named_in(one.ruleset) if one.ruleset else city.ruleset


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
    holding: Mapping[str, str] | None = None,
) -> City:
    """Decide which file holds for each county (HZ01, HZ03, HZ04); the order of the files never matters.

    `year` and `round_` default to those of most files, `on` to the latest 填报日期 among them, `ruleset` to the newest
    of the year. `holding` says with which digits the SHA-256 of the file begins that was decided to hold, by county.
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
        handed.status = "未采用"
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
            handed = _choose(city, own[code], (holding or {}).get(code, ""))
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


def _choose(city: City, rivals: list[Handed], decided: str) -> Handed:
    """The file that holds of those of one county: highest 版次, then as decided, then by content, never by order or name."""
    if len(rivals) == 1:
        rivals[0].status, rivals[0].reason = "采用", ""
        return rivals[0]
    by_content: dict[str, Handed] = {}
    for handed in rivals:
        assert handed.book  # noqa: S101 - rivals are readable
        first = by_content.setdefault(handed.book.content(), handed)
        if first is not handed:
            handed.reason = f"与“{first.file}”内容相同，只算一份"
            city.same.append((handed, first))

    def rank(item: tuple[str, Handed]) -> tuple[int, bool, str]:
        book = item[1].book
        chosen = bool(book and decided and book.sha256.startswith(decided))
        return -(book.revision if book else 0), not chosen, item[0]

    ranked = sorted(by_content.items(), key=rank)
    best = ranked[0][1]
    best.status, best.reason = "采用", ""
    for _, handed in ranked[1:]:
        if handed.book and best.book and handed.book.revision == best.book.revision:
            if decided and best.book.sha256.startswith(decided):
                handed.reason = f"与“{best.file}”版次相同而内容不同，已裁定以后者为准"
                city.settled.append((handed, best))
                continue
            handed.reason = f"与“{best.file}”版次相同而内容不同，暂以后者列入"
            city.clashes.append((handed, best))
        else:
            handed.reason = f"已被版次更高的“{best.file}”取代"
            city.replaced.append((handed, best))
    return best


def conflict_key(record: Record) -> str:
    """What an enterprise that two counties report is known by: 信用代码|厂区名称, as decisions on record have it."""
    return f"{record.uscc}|{record.site or ''}"


def crossings(city: City) -> dict[str, list[tuple[Book, Record]]]:
    """Enterprises that several counties report, by `conflict_key`, each with its rows (HZ02)."""
    seen: dict[str, list[tuple[Book, Record]]] = {}
    for book in city.books():
        for record in book.tables["enterprises"]:
            if record.uscc is not None and "site" not in record.bad:
                seen.setdefault(conflict_key(record), []).append((book, record))
    return {key: rows for key, rows in seen.items() if len({id(book) for book, _ in rows}) > 1}


Totals = dict[str, dict[str, float]]


def reductions(books: Iterable[Book]) -> Totals:
    """Reductions in kg/d by level (`yellow`) and pollutant (`so2`); dust counts as 颗粒物 (facts: three lists)."""
    found: Totals = {level: dict.fromkeys(POLLUTANTS, 0.0) for level in LEVELS}
    for book in books:
        for sheet, cuts in _CUTS.items():
            pick = itemgetter(*(SHEETS[sheet][name].position for name, _, _ in cuts))
            columns = zip(*map(pick, book.tables[sheet]), strict=True)
            for (_, level, pollutant), column in zip(cuts, columns, strict=False):  # there are none without rows
                found[level][pollutant] += sum(filter(None, column))
    return found


_CUTS = {
    **{sheet: [(f"{one}_{p}_cut", one, p) for one in LEVELS for p in POLLUTANTS] for sheet in ("lines", "mobile")},
    "dust": [(f"{level}_dust_cut", level, "pm") for level in LEVELS],
}
"""Columns of reductions by sheet, each with its level and pollutant."""
EVEN = 1e-9
"""Percentage points by which sums of the same numbers may differ."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A target and how far the city comes: one row of targets.csv."""

    level: str
    """As in the table: 黄色."""
    name: str
    """Of the pollutant, or SO2+NOx."""
    reduction: float
    """t/d."""
    emission: float
    """Whole-society emission in t/d; 0 where it is not given, or for a sum of ratios."""
    ratio: float | None
    """Percent, or None where the whole-society emission is not given."""
    target: float
    """Percent."""
    traded: bool
    """Whether it is the sum of several pollutants' ratios."""
    held_by_sum: bool
    """Whether the pollutant may be traded, so that the sum decides."""
    verified: bool
    source: str


def measured_against_targets(city: City) -> Iterator[Measured]:
    """Each target of the rule set, and what the workbooks that hold come to."""
    cut = reductions(city.books())
    keys = {name: key for key, name in POLLUTANT_NAMES.items()}
    levels = {name: key for key, name in LEVEL_NAMES.items()}
    rows = city.ruleset.tables["targets"]
    traded = {(row["level"], part) for row in rows if "+" in row["pollutants"] for part in row["pollutants"].split("+")}
    for row in rows:
        parts = [keys[part] for part in row["pollutants"].split("+")]
        tons = [cut[levels[row["level"]]][key] / 1000 for key in parts]
        whole = [city.imports.emissions.get(key, 0.0) for key in parts]
        ratio = sum(ton / emission * 100 for ton, emission in zip(tons, whole, strict=True)) if all(whole) else None
        several = len(parts) > 1
        yield Measured(
            row["level"],
            row["pollutants"],
            sum(tons),
            0.0 if several else whole[0],
            ratio,
            float(row["minimum_percent_of_whole_society"]),
            several,
            (row["level"], row["pollutants"]) in traded,
            row["verified"] == "yes",
            row["source"],
        )
