"""What a workbook says of one enterprise, as texts under the names of its sheets and columns.

A document shows nothing else, so it cannot say what the workbook does not: a name that a template uses is the head of
a column, as in the workbook, or one of those listed here.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from validators.book import Book
from validators.columns import BOOK_FIELDS, SHEETS
from validators.expr import Record
from validators.findings import Finding, Severity
from validators.records import Value, number_text
from workbook_templates.documents.filling import NOTHING, Known, Names

UNREAD = "（清单中此格读不出，请改正清单）"
NO_DAY = "　　　　年　　月　　日"
"""Where a day is to be written by hand."""
DIGITS = 12
"""Characters shown of a content's hash."""
JOINED = ("lines", "transport", "guarantee", "changes")
"""Sheets of the inventory whose rows belong to an enterprise."""
ABOUT = {
    "区县名称": "填报的县（市、区）",
    "清单校验码": "整本填报表内容的校验码；内容有任何改动，校验码就不同",
    "本企业校验码": "本企业各行内容的校验码",
}
"""Names that every document knows beside the columns."""
PLAN_ABOUT = {
    "方案日期": "一厂一策备案日期；清单中没有，或早于绩效等级核定日期的，留出空格待填",
}
PLAN_LISTS = {
    "待改正": "清单中本企业还没有改正的错误，每条有“问题”",
    "备案提示": "备案日期不合规则 CS09 时的说明，每条有“问题”",
}
PROBLEM = "问题"
FILED = "CS09"
"""The rule that says whether a plan was filed, and late enough."""


def shown(value: Value) -> str:
    """A value as a document writes it."""
    if value is None:
        return NOTHING
    if isinstance(value, dt.date):
        return f"{value.year}年{value.month}月{value.day}日"
    return value if isinstance(value, str) else number_text(value)


def row(sheet: str, record: Record) -> dict[str, str]:
    """A record under the heads of its columns; the workbook's own status is no part of it."""
    return {
        column.header: UNREAD if column.field in record.bad else shown(record[column.position])
        for column in SHEETS[sheet].columns
        if column.kind != "status"
    }


def row_names(sheet: str) -> dict[str, Names | None]:
    """The names that `row` knows."""
    return {column.header: None for column in SHEETS[sheet].columns if column.kind != "status"}


def about(book: Book) -> dict[str, str]:
    """What a workbook says of itself, and the hash of its content."""
    facts = {head: shown(book.facts.get(name)) for name, head in BOOK_FIELDS.items()}
    return facts | {"区县名称": book.county_name, "清单校验码": book.content()[:DIGITS]}


def _own_hash(rows: Mapping[str, Sequence[Record]]) -> str:
    """Hash of some rows by sheet, whatever their numbers."""
    said = [(sheet, record[:-2]) for sheet, records in rows.items() for record in records]
    return sha256(repr(said).encode()).hexdigest()[:DIGITS]


def plans(book: Book, findings: Iterable[Finding]) -> Iterator[tuple[Record, Known]]:
    """Each enterprise that can be told apart, and what its plan may say; `findings` are those of the workbook."""
    common = about(book)
    by_place: dict[tuple[str | None, int | None], list[Finding]] = {}
    for one in findings:
        by_place.setdefault((one.sheet, one.row), []).append(one)
    for rows in book.index("enterprises", "list_id").values():
        if len(rows) == 1:
            yield rows[0], common | _plan(book, rows[0], by_place)


def _plan(
    book: Book, enterprise: Record, findings: Mapping[tuple[str | None, int | None], Sequence[Finding]]
) -> dict[str, str | Sequence[Known]]:
    joined = {sheet: book.index(sheet, "list_id").get(enterprise.list_id, []) for sheet in JOINED}
    rows = {"enterprises": [enterprise], **joined}
    own = [
        finding
        for sheet, records in rows.items()
        for record in records
        for finding in findings.get((SHEETS[sheet].title, record.row), ())
    ]
    filing = [one for one in own if one.rule == FILED]
    filed = None if filing else enterprise.plan_filed_on
    return {
        **row("enterprises", enterprise),
        **{SHEETS[sheet].title: [row(sheet, record) for record in records] for sheet, records in joined.items()},
        "本企业校验码": _own_hash(rows),
        "方案日期": NO_DAY if filed is None else shown(filed),
        "待改正": [{PROBLEM: one.message} for one in own if one.severity >= Severity.ERROR and one.rule != FILED],
        "备案提示": [{PROBLEM: one.message} for one in filing],
    }


def plan_names() -> Names:
    """The names that a plan knows."""
    return {
        **dict.fromkeys([*BOOK_FIELDS.values(), *ABOUT, *PLAN_ABOUT]),
        **row_names("enterprises"),
        **{SHEETS[sheet].title: row_names(sheet) for sheet in JOINED},
        **{name: {PROBLEM: None} for name in PLAN_LISTS},
    }
