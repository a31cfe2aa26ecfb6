"""The grading procedure: what follows from what a grading workbook records (聊重指办〔2020〕6号 三、四).

Three grades are kept apart: the one asked for (`applied_grade`), the one fixed (`Standing.fixed`), and the one in
force (`Standing.held`). All is worked out from the rows; nothing is read from the columns that the workbook leaves
to the program.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from validators.book import Book
from validators.expr import Record
from validators.ruleset import ADJUSTMENTS, BY_CITY, BY_COUNTY, OWN_OPINION, PROVINCE, UNGRADED

MINISTRY = "生态环境部"
COUNTY, CITY = "县指挥部", "市指挥部"
UNFILED = "未申报"
RETURNED = "退回补正"
REFUSED = "不同意"
EACH, DRAWN, NOT_DRAWN = "逐个核查", "抽中", "未抽中"
FORMER = "原等级"
"""Value of the threshold `pending_grade` by which an enterprise keeps the grade that it had."""
ADJUSTED = "等级调整"


@dataclass(frozen=True, slots=True)
class Grounded:
    """A grade and why it is that one."""

    grade: str | None
    """None where it is the lowest of an industry whose lowest grade the rule set does not say."""
    by: str
    """Who fixed it; '' where nobody has."""
    on: dt.date | None
    ground: str
    """In Chinese, with the clause or document."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the application of one site stands."""

    application: Record
    stage: str
    """In Chinese, what was reached or what is waited for."""
    fixed: Grounded | None
    held: Grounded
    """The grade in force."""


def last(book: Book, sheet: str, list_id: str) -> Record | None:
    """The last row that a sheet has for a site."""
    rows = book.index(sheet, "list_id").get(list_id, ())
    return rows[-1] if rows else None


def result(book: Book, list_id: str) -> Record | None:
    """The result that holds: the latest, of the same day the ministry's."""
    rows = [row for row in book.index("province", "list_id").get(list_id, ()) if row.grade]
    return max(rows, key=lambda row: (row.fixed_on or dt.date.min, row.fixed_by == MINISTRY), default=None)


def visited(book: Book, list_id: str, visitor: str) -> bool:
    """Whether that office was at the site."""
    return any(row.visitor == visitor for row in book.index("visits", "list_id").get(list_id, ()))


def adjustment(book: Book, list_id: str, since: dt.date | None) -> Record | None:
    """The last change of the grade after a day that holds: one to a grade of the province's needs the province."""
    found = [
        row
        for row in book.index("events", "list_id").get(list_id, ())
        if row.what == ADJUSTED
        and row.new_grade
        and row.changed_on
        and (since is None or row.changed_on > since)
        and (row.approved_by in (PROVINCE, MINISTRY) or not book.ruleset.fixed_by_province(row.new_grade))
    ]
    return max(found, key=lambda row: row.changed_on, default=None)


def _worst(book: Book, application: Record, grade: str | None) -> str | None:
    """The worse of a grade and those fixed for the industries and processes of the site, unless lines stand apart."""
    if book.ruleset.switch("lines_apart"):
        return grade
    order = book.ruleset.grade_order
    rows = book.index("processes", "list_id").get(application.list_id, ())
    grades = [one for one in (grade, *(row.fixed_grade for row in rows)) if one in order]
    return max(grades, key=lambda one: order[one], default=grade)


def fixed(book: Book, application: Record) -> Grounded | None:
    """The grade that was fixed, None while none is."""
    least = book.ruleset.lowest(application.industry, application.subtype)
    if application.fraud not in (None, "否"):
        return Grounded(least, COUNTY, None, f"{application.fraud}，直接评定为最低等级（四(二)）")
    if application.filing == UNFILED:
        return Grounded(least, COUNTY, None, "规定时限内没有申报，按最低等级管理（三(一)）")
    if application.list_id is None:
        return None
    held = result(book, application.list_id)
    if held is not None:
        document = f"，{held.document}" if held.document else ""
        said = "核定" if held.fixed_by == PROVINCE else "抽查复核"
        ground = f"{held.fixed_by}{said}{document}（三(二)3）"
        return Grounded(_worst(book, application, held.grade), held.fixed_by, held.fixed_on, ground)
    review = last(book, "county", application.list_id)
    if (
        review is None
        or review.opinion != OWN_OPINION
        or review.result in (None, RETURNED)
        or review.grade is None
        or book.ruleset.fixed_by_province(review.grade)
    ):
        return None
    ground = f"{COUNTY}{OWN_OPINION}（三(二)1）"
    return Grounded(_worst(book, application, review.grade), COUNTY, review.reviewed_on, ground)


def in_force(book: Book, application: Record, own: Grounded | None) -> Grounded:
    """The grade in force where `own` is the one fixed."""
    if application.fraud in (None, "否"):
        change = adjustment(book, application.list_id, own.on if own else None) if application.list_id else None
        if change is not None:
            ground = f"{change.changed_on} 调整：{change.content or ADJUSTED}（四(一)）"
            return Grounded(change.new_grade, change.approved_by or "", change.changed_on, ground)
    if own is not None:
        return own
    pending = book.ruleset.thresholds.get("pending_grade", FORMER)
    if pending != FORMER:
        return Grounded(pending, "", None, "尚未核定，按核定之前统一执行的等级")
    if application.former_grade in (None, UNGRADED):
        least = book.ruleset.lowest(application.industry, application.subtype)
        return Grounded(least, "", None, "尚未核定，原来未评级，按最低等级")
    return Grounded(application.former_grade, "", None, "尚未核定，执行原等级")


def stage(book: Book, application: Record) -> str:
    """What an application has reached, or what it waits for, in Chinese."""
    if application.fraud not in (None, "否"):
        return "评为最低等级"
    if application.filing == UNFILED:
        return "未申报，最低等级"
    if application.list_id is None:
        return "缺清单编号"
    if application.filing is None or application.applied_grade is None:
        return "申报未填全"
    own = fixed(book, application)
    if own is not None:
        return f"{own.by}已{'评定' if own.by == COUNTY else '核定' if own.by == PROVINCE else '复核'}"
    by_county, by_city = book.ruleset.visits.get(application.applied_grade, ("", ""))
    review = last(book, "county", application.list_id)
    if review is None:
        waits = by_county and not visited(book, application.list_id, COUNTY)
        return "待县级现场核查和审查" if waits else "待县级审查"
    if review.result == RETURNED:
        return "县级退回补正"
    if by_county and not visited(book, application.list_id, COUNTY):
        return "待县级现场核查"
    if not book.ruleset.fixed_by_province(application.applied_grade):
        return "待县级评定"
    if review.result == REFUSED:
        return "县级初审不同意"
    return _beyond_county(book, application, review, by_city)


def _beyond_county(book: Book, application: Record, review: Record, by_city: str) -> str:
    if review.reported_on is None:
        return "待上报市里"
    ruling = last(book, "city", application.list_id)
    due = by_city == "每个" or (ruling is not None and ruling.drawn in (EACH, DRAWN))
    seen = not due or visited(book, application.list_id, CITY)
    if ruling is None:
        return "待市级审核" if seen else "待市级现场核查和审核"
    if ruling.result == RETURNED:
        return "市级退回补正"
    if ruling.result == REFUSED:
        return "市级审核不同意"
    if not seen:
        return "待市级现场核查"
    return "待上报省厅" if ruling.reported_on is None else "待省厅核定"


def standings(book: Book) -> list[Standing]:
    """Where each application of a grading workbook stands, in the order of the rows."""
    found = []
    for application in book.tables["applications"]:
        own = fixed(book, application)
        found.append(Standing(application, stage(book, application), own, in_force(book, application, own)))
    return found


def undone(book: Book) -> Iterator[tuple[str, list[str]]]:
    """Duties of deadlines.csv and the 清单编号 of the sites for which they are not done yet."""
    filed = [
        row
        for row in book.tables["applications"]
        if row.list_id and row.filing not in (None, UNFILED) and row.fraud in (None, "否")
    ]
    reviews = {row.list_id: last(book, "county", row.list_id) for row in filed}
    yield BY_COUNTY, [id_ for id_, review in reviews.items() if review is None or review.reported_on is None]
    rulings = {
        row.list_id: last(book, "city", row.list_id)
        for row in filed
        if book.ruleset.fixed_by_province(row.applied_grade)
        and (review := reviews[row.list_id]) is not None
        and review.result == "同意"
    }
    yield BY_CITY, [id_ for id_, ruling in rulings.items() if ruling is None or _open(ruling)]
    changes = [row for row in book.tables["events"] if row.what == ADJUSTED]
    yield ADJUSTMENTS, [row.list_id for row in changes if row.list_id and row.reported_on is None]


def _open(ruling: Record) -> bool:
    """Whether the city has not finished with an application: returned, or agreed and not yet sent on."""
    return bool(ruling.result != REFUSED and ruling.reported_on is None)
