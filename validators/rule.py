"""What a rule is, the register of all rules, and judging a workbook by them."""

import datetime as dt
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any, Literal

from validators.book import Book, Fault
from validators.columns import KINDS, SHEETS, BookKind, Column, position_of
from validators.expr import Cell, Check, Record, Row, compile_checks, evaluate, evaluate_rows
from validators.findings import Finding, Place, Severity, in_order
from validators.looks import Shown as Seen
from validators.meanings import number_text
from validators.ruleset import RuleSet
from validators.settlement import City
from validators.text import FORBIDDEN, LONGEST, length, visible

Scope = Literal["cell", "row", "workbook", "versions", "city"]
MOST_OTHERS = 10
MOST_SHOWN = 3
"""How many other rows a finding carries, and how many of them its message shows."""
GROUPS = {
    "GS": ("formats", "格式"),
    "JB": ("basic_information", "基本信息"),
    "PJ": ("grades", "绩效评级"),
    "BZ": ("guarantee", "保障类"),
    "CS": ("measures", "减排措施"),
    "JP": ("reductions", "减排量核算"),
    "YS": ("transport", "运输管控"),
    "YC": ("dust", "扬尘源"),
    "YD": ("mobile_sources", "移动源"),
    "SB": ("applications", "绩效分级申报"),
    "SC": ("reviews", "绩效分级审查核定"),
    "DT": ("dynamic_management", "绩效分级动态管理"),
    "HZ": ("city_wide", "全市汇总"),
}
"""What the ids of a group begin with: its module in `validators.rules`, and its name; in the order of the catalogue."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule over a whole workbook yields: where, and what is said; fields as in `Finding`."""

    message: str
    sheet: str | None = None
    """Key of the sheet, with `record`."""
    record: Record | None = None
    field: str | None = None
    severity: Severity | None = None
    related: tuple[tuple[str, Record, str], ...] = ()
    """Sheet key, record and field of other rows."""
    fault: Fault | None = None
    """Where the place is what the reader noticed, not a record."""
    for_city: bool = False
    """As in `Finding`; only where nothing more than a sheet is named."""


@dataclass(frozen=True, slots=True)
class CityFound:
    """What a rule over several workbooks yields; `related` are (workbook, sheet key, record, field)."""

    message: str
    file: str | None = None
    """Where the file is none that could be read; else `book` names it."""
    book: Book | None = None
    sheet: str | None = None
    record: Record | None = None
    field: str | None = None
    severity: Severity | None = None
    related: tuple[tuple[Book, str, Record, str], ...] = ()


BookRule = Callable[[Book], Iterator[Found]]
CityRule = Callable[[City], Iterator[CityFound]]
RowRule = Callable[[Row], Iterator[Check]]


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule: what stands in the catalogue, and the function that finds."""

    id: str
    name: str
    severity: Severity
    scope: Scope
    basis: str
    doc: str
    sheets: tuple[str, ...] = ()
    """Sheets whose rows a declared rule judges."""
    checks: dict[str, list[Check]] = field(default_factory=dict, repr=False)
    """Conditions by sheet, for rules that are declared (see `validators.expr`)."""
    book: BookRule | None = None
    """The function, for rules that are written over a whole workbook."""
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """What `book` looks at: fields by sheet, besides those that name a row (`key_of`); else only the reader's faults."""
    city: CityRule | None = None
    """The function, for rules over several workbooks."""

    def over_book(self, kind: BookKind) -> bool:
        """Whether `book` judges workbooks of a kind: one that reads no sheet looks at what the reader noticed in any."""
        return self.book is not None and (not self.reads or any(sheet in KINDS[kind] for sheet in self.reads))

    def serves(self, kind: BookKind) -> bool:
        """Whether the rule judges workbooks of a kind, alone or as those of a city, which has inventories."""
        declared = any(sheet in KINDS[kind] for sheet in self.sheets)
        return declared or self.over_book(kind) or (self.city is not None and kind == "inventory")


RULES: dict[str, Rule] = {}
"""All rules by id, in the order of the catalogue."""


def _register(rule: Rule) -> None:
    if rule.id in RULES:
        raise ValueError(f"rule {rule.id} is declared twice")
    RULES[rule.id] = rule


def row_rule(
    id_: str, name: str, severity: Severity, scope: Scope, basis: str, *sheets: str
) -> Callable[[RowRule], RowRule]:
    """Declare a rule over the rows of sheets: the function yields `check(...)`s, once, when it is registered."""

    def register(function: RowRule) -> RowRule:
        checks = {}
        for sheet in sheets:
            checks[sheet] = list(function(Row(sheet)))
            for one in checks[sheet]:
                one.rule = id_
        _register(Rule(id_, name, severity, scope, basis, inspect.getdoc(function) or "", sheets, checks))
        return function

    return register


def book_rule(
    id_: str, name: str, severity: Severity, scope: Scope, basis: str, **reads: tuple[str, ...]
) -> Callable[[BookRule], BookRule]:
    """Declare a rule over a whole workbook: the function yields `Found`s; `reads` as in `Rule`."""

    def register(function: BookRule) -> BookRule:
        doc = inspect.getdoc(function) or ""
        _register(Rule(id_, name, severity, scope, basis, doc, book=function, reads=reads))
        return function

    return register


def also_over_book(id_: str, **reads: tuple[str, ...]) -> Callable[[BookRule], BookRule]:
    """Add to a declared rule what only the whole workbook shows: the function yields `Found`s."""

    def register(function: BookRule) -> BookRule:
        RULES[id_] = replace(RULES[id_], book=function, reads=reads)
        return function

    return register


def city_rule(id_: str, name: str, severity: Severity, basis: str) -> Callable[[CityRule], CityRule]:
    """Declare a rule over the workbooks of a city: the function yields `CityFound`s."""

    def register(function: CityRule) -> CityRule:
        _register(Rule(id_, name, severity, "city", basis, inspect.getdoc(function) or "", city=function))
        return function

    return register


@cache
def all_rules() -> dict[str, Rule]:
    """The register, filled."""
    for module, _ in GROUPS.values():
        import_module(f"validators.rules.{module}")
    return RULES


class ShownValue:
    """A value in a message: formatted as a person writes it; `.header` names its column."""

    def __init__(self, value: object, header: str) -> None:
        self.value = value
        self.header = header

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else value_text(self.value)


def value_text(value: object) -> str:
    """A value as messages show it: `空白`, `2020-08-21`, `3`, or the text itself, with what is invisible in it named."""
    if value is None:
        return "空白"
    if isinstance(value, dt.date):
        return value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat()
    if isinstance(value, bool):
        return "逻辑值“真”" if value else "逻辑值“假”"
    if isinstance(value, int | float):
        return number_text(round(float(value), 6))
    return value.text if isinstance(value, Seen) else visible(str(value))


def plain_value(value: object) -> object:
    """A value as a finding's JSON carries it."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return int(value)
    if isinstance(value, Seen):
        return value.number
    if isinstance(value, str) and (length(value) > LONGEST or FORBIDDEN.search(value)):
        return visible(value)
    return value


def key_of(sheet: str, record: Record) -> str | None:
    """What identifies a row to people: its 生产线编码, else its 清单编号."""
    line_id: str | None = getattr(record, "line_id", None)
    list_id: str | None = record.list_id
    return line_id or list_id


NOWHERE: tuple[Place, ...] = ()
_Shown = dict[str, tuple[Callable[[Record], object], str]]
_Others = tuple[Callable[[Record], Iterable[Record]], str, str]
"""What a check's message shows, made for one workbook: values with their headers; other rows, sheet and field."""


@dataclass(frozen=True)
class _Compiled:
    """The declared checks of one sheet, compiled."""

    checks: list[Check]
    bind: Callable[..., Callable[[Record, Callable[[int], None]], None]]
    sheets: list[set[str]]
    """Other sheets that each check looks at."""


@cache
def compiled(sheet: str, only: frozenset[str] | None) -> _Compiled:
    """The declared checks of one sheet (of these rules, or of all) as one function; made once."""
    rules = [rule for rule in all_rules().values() if only is None or rule.id in only]
    checks = [one for rule in rules for one in rule.checks.get(sheet, ())]
    return _Compiled(checks, compile_checks(checks), [one.when.sheets() for one in checks])


def other_places(
    book: Book, sheet: str, record: Record, rows: Iterable[Record], other_sheet: str, name: str
) -> tuple[str, tuple[Place, ...]]:
    """Rows besides this one, as a message shows them and as places; at most `MOST_OTHERS`."""
    position = SHEETS[other_sheet][name].position
    first = list(islice((r for r in rows if other_sheet != sheet or r.row != record.row), MOST_OTHERS))
    texts = [f"第{r.row}行{key_of(other_sheet, r) or ''}（{value_text(r[position])}）" for r in first[:MOST_SHOWN]]
    return "、".join(texts) + ("等" if len(first) > MOST_SHOWN else ""), tuple(
        place(book, other_sheet, r, name) for r in first
    )


def place(book: Book, sheet: str, record: Record, name: str) -> Place:
    """The place of a cell of a record."""
    return Place(book.file, SHEETS[sheet].title, book.address(sheet, name, record.row), key_of(sheet, record))


def standing(rule: Rule, severity: Severity | None, ruleset: RuleSet) -> tuple[Severity, str]:
    """Severity and basis of what a rule found in this year: a basis of the year's own that is not verified only warns."""
    own = severity or rule.severity
    said = ruleset.bases.get(rule.id)
    if said is None:
        return own, rule.basis
    return own if said["verified"] == "yes" else min(own, Severity.WARNING), said["basis"]


def finding(
    book: Book,
    rule: Rule,
    sheet: str,
    record: Record,
    column: Column,
    message: str,
    severity: Severity | None,
    related: tuple[Place, ...] = (),
) -> Finding:
    """A finding at a cell of a record."""
    severity, basis = standing(rule, severity, book.ruleset)
    return Finding(
        rule.id,
        severity,
        book.file,
        SHEETS[sheet].title,
        book.address(sheet, column.field, record.row),
        record.row,
        column.header,
        key_of(sheet, record),
        plain_value(record[column.position]),
        message,
        basis,
        column.position + 1,
        related,
    )


def judge_rows(
    book: Book, sheet: str, records: Iterable[Record], only: frozenset[str] | None = None
) -> Iterator[Finding]:
    """Findings of all declared rules (or `only` those with these ids) on these rows of a sheet.

    The rules look at other rows through the book's indexes.
    """
    own = compiled(sheet, only)
    if not own.checks:
        return
    hits: list[int] = []
    bound: dict[int, tuple[_Shown, _Others | None]] = {}
    judge = own.bind(book)
    rules = all_rules()
    for record in records:
        judge(record, hits.append)
        if not hits:
            continue
        for number in hits:
            if book.damaged and own.sheets[number] & book.damaged:
                continue
            one = own.checks[number]
            if number not in bound:
                values = {
                    name: (evaluate(node)(book), node.column.header if isinstance(node, Cell) else "")
                    for name, node in one.shown.items()
                }
                named = one.others and (evaluate_rows(one.others[0])(book), one.others[0].sheet, one.others[1])
                bound[number] = values, named
            values, others_of = bound[number]
            others, related = "", NOWHERE
            if others_of:
                rows, *where = others_of
                others, related = other_places(book, sheet, record, rows(record), *where)
            shown = {name: ShownValue(value(record), header) for name, (value, header) in values.items()}
            message = one.say.format(others=others, **shown)
            yield finding(book, rules[one.rule], sheet, record, one.at.column, message, one.severity, related)
        hits.clear()


def judge_book(book: Book, rule: Rule) -> Iterator[Finding]:
    """Findings of one rule that is written over the whole workbook."""
    assert rule.book is not None  # noqa: S101 - for the type checker; callers choose such rules
    for found in rule.book(book):
        yield _from_found(book, rule, found)


def _from_found(book: Book, rule: Rule, found: Found) -> Finding:
    severity, basis = standing(rule, found.severity, book.ruleset)
    if found.fault is not None:
        fault = found.fault
        return Finding(
            rule.id,
            severity,
            book.file,
            fault.sheet,
            fault.cell,
            fault.row,
            fault.header,
            fault.key,
            plain_value(fault.value),
            found.message,
            basis,
            _column_of(fault.cell),
        )
    if found.record is None or found.sheet is None:
        title = SHEETS[found.sheet].title if found.sheet else None
        return Finding(
            rule.id,
            severity,
            book.file,
            title,
            None,
            None,
            None,
            None,
            None,
            found.message,
            basis,
            for_city=found.for_city,
        )
    related = tuple(place(book, *other) for other in found.related)
    column = SHEETS[found.sheet][found.field or "list_id"]
    return finding(book, rule, found.sheet, found.record, column, found.message, severity, related)


def judge_city(city: City) -> list[Finding]:
    """Every finding by the rules of scope city; those of the workbooks themselves are not among them."""
    found: list[Finding] = []
    for rule in all_rules().values():
        if rule.city is not None:
            found += [_from_city(rule, one, city.ruleset) for one in rule.city(city)]
    return in_order(found)


def _from_city(rule: Rule, found: CityFound, ruleset: RuleSet) -> Finding:
    book = found.book
    if book is None or found.sheet is None or found.record is None or found.field is None:
        file = book.file if book else found.file
        severity, basis = standing(rule, found.severity, ruleset)
        return Finding(rule.id, severity, file, None, None, None, None, None, None, found.message, basis)
    related = tuple(
        Place(other.file, SHEETS[sheet].title, other.address(sheet, name, record.row), key_of(sheet, record))
        for other, sheet, record, name in found.related
    )
    column = SHEETS[found.sheet][found.field]
    return finding(book, rule, found.sheet, found.record, column, found.message, found.severity, related)


def _column_of(cell: str | None) -> int:
    """1-based column of a cell address; 0 where there is none."""
    return position_of((cell or "").rstrip("0123456789")) + 1


WORKBOOK_SCOPES: Sequence[Scope] = ("cell", "row", "workbook", "versions")


@cache
def rules_over(kind: BookKind) -> tuple[Rule, ...]:
    """The rules over a whole workbook of a kind."""
    return tuple(rule for rule in all_rules().values() if rule.over_book(kind) and rule.scope in WORKBOOK_SCOPES)


def judge(book: Book) -> list[Finding]:
    """Every finding of one workbook by the rules of scope cell, row, workbook and versions, in order."""
    found: list[Finding] = []
    for sheet, records in book.tables.items():
        found += judge_rows(book, sheet, records)
    for rule in rules_over(book.kind):
        found += judge_book(book, rule)
    return in_order(found)


def page(doc: str) -> dict[str, str]:
    """The parts of a rule's page in the catalogue: 检查什么, 为什么, 怎么改 (its basis stands in the rule)."""
    parts: dict[str, Any] = {}
    current = ""
    for text in doc.splitlines():
        head, colon, rest = text.strip().partition("：")
        if colon and head in ("检查什么", "为什么", "怎么改"):
            current = head
            parts[current] = rest.strip()
        elif current and text.strip():
            parts[current] += text.strip()
    return parts
