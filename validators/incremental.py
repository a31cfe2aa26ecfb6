"""The findings of a workbook whose rows change: kept the same as `judge` would find, for the work of what changed.

A changed row is judged again, and with it the rows that look at it: by the rules that look, and found through the
book's indexes. A rule over the whole workbook is due again when a field that it reads has changed; until it was
judged by `settle`, its findings are those from before.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from validators.book import Book, Fault
from validators.columns import KINDS, LETTERS, SHEETS, BookKind
from validators.expr import Cell, Expr, Lookup, Record
from validators.findings import Finding, in_order, order
from validators.rule import Rule, all_rules, compiled, judge, judge_book, judge_rows, rules_over

ChangedRows = Mapping[int, tuple[Record | None, Sequence[Fault]]]
"""What stands in rows of a sheet now, by number: a record or none, and what the reader noticed in its cells."""
NAMING = ("list_id", "line_id")
"""Fields that name a row (`rule.key_of`): every finding may show them."""


@dataclass(frozen=True, slots=True)
class _Onlooker:
    """Rows of a sheet that look at rows of another (or the same): those whose `key` has the value of its `field`."""

    sheet: str
    rules: frozenset[str]
    """The rules that look."""
    field: str | None = None
    """Field of the rows that are looked at; None: every row of the sheet looks at all of them."""
    key: str | None = None


class Watch:
    """The findings of one workbook, whose rows are changed through `update` alone."""

    def __init__(self, book: Book, faults: Mapping[str, Mapping[int, Sequence[Fault]]]) -> None:
        """`book` is read, its own faults are those of no single row; `faults` are those by sheet and row."""
        self.book = book
        self._of_rows: dict[str, dict[int, list[Finding]]] = {sheet: {} for sheet in book.tables}
        """Findings of declared rules by sheet and row."""
        self._of_faults: dict[str, dict[int, list[Finding]]] = {sheet: {} for sheet in book.tables}
        self._of_rules: dict[str, list[Finding]] = {}
        """Findings of rules over the workbook."""
        self._due: dict[str, Rule] = {}
        for sheet, records in book.tables.items():
            _by_row(judge_rows(book, sheet, records), self._of_rows[sheet])
            own = faults.get(sheet, {})
            _by_row(self._said(fault for row in own.values() for fault in row), self._of_faults[sheet])
            for looking in _onlookers(sheet):  # so that the first edit is no slower than the others
                compiled(looking.sheet, looking.rules)
                if looking.key:
                    book.index(looking.sheet, looking.key)
        for rule in rules_over(self.book.kind):
            self._of_rules[rule.id] = list(judge_book(book, rule))
        self.findings: list[Finding] = in_order(self._all())
        """All of them, in order."""

    def _all(self) -> Iterator[Finding]:
        for store in (self._of_rows, self._of_faults):
            for rows in store.values():
                for found in rows.values():
                    yield from found
        for found in self._of_rules.values():
            yield from found

    def _said(self, faults: Iterable[Fault]) -> Iterator[Finding]:
        """Faults put into words, each by its rule, which reads nothing else."""
        book = replace(self.book, faults=list(faults))
        for rule in dict.fromkeys(fault.rule for fault in book.faults):
            yield from judge_book(book, all_rules()[rule])

    def update(self, changes: Mapping[str, ChangedRows], faults: Sequence[Fault] | None = None) -> None:
        """Take in what stands in changed rows now; `faults` are those of no single row, if they may have changed.

        Where rows came or went, others may have moved, and what is due is settled at once.
        """
        own = self.book.table("own")
        moves = {
            sheet: [(self.book.put(sheet, row, record), record) for row, (record, _) in rows.items()]
            for sheet, rows in changes.items()
        }
        again: dict[tuple[str, frozenset[str]], dict[int, Record]] = {}
        for sheet, pairs in moves.items():
            for looking in _onlookers(sheet):
                looking_rows = again.setdefault((looking.sheet, looking.rules), {})
                looking_rows.update((record.row, record) for record in self._looking(looking, pairs))
        if self.book.table("own") != own:
            for looking in at_own(self.book.kind):
                again.setdefault((looking.sheet, looking.rules), {}).update(
                    (record.row, record) for record in self.book.tables[looking.sheet]
                )
        for sheet, rows in changes.items():
            records = [record for record, _ in rows.values() if record is not None]
            self._exchange(self._of_rows[sheet], rows, judge_rows(self.book, sheet, records), None)
            said = self._said(fault for _, noticed in rows.values() for fault in noticed)
            self._exchange(self._of_faults[sheet], rows, said, None)
        for (sheet, rules), found in again.items():
            left = [record for row, record in found.items() if row not in changes.get(sheet, ())]
            fresh = judge_rows(self.book, sheet, left, rules)
            self._exchange(self._of_rows[sheet], [record.row for record in left], fresh, rules)
        if faults is not None:
            self.book.faults[:] = faults
        for rule in rules_over(self.book.kind):
            if (faults is not None and not any(rule.reads.values())) or any(
                _differ(sheet, pairs, rule.reads[sheet]) for sheet, pairs in moves.items() if sheet in rule.reads
            ):
                self._due[rule.id] = rule
        if faults is not None or any((old is None) != (new is None) for pairs in moves.values() for old, new in pairs):
            while self.settle():
                pass

    def settle(self) -> bool:
        """Judge one rule that is due; whether there was one."""
        if not self._due:
            return False
        _, rule = self._due.popitem()
        now = list(judge_book(self.book, rule))
        self._swap(self._of_rules[rule.id], now)
        self._of_rules[rule.id] = now
        return True

    @property
    def settled(self) -> bool:
        """Whether no rule is due."""
        return not self._due

    def _looking(self, looking: _Onlooker, pairs: Iterable[tuple[Record | None, Record | None]]) -> Iterator[Record]:
        """The rows that look at changed ones, by what these were and are."""
        if looking.field is None or looking.key is None:
            yield from self.book.tables[looking.sheet]
            return
        values = {getattr(record, looking.field) for pair in pairs for record in pair if record is not None}
        index = self.book.index(looking.sheet, looking.key)
        for value in values:
            yield from index.get(value, ())

    def _exchange(
        self, store: dict[int, list[Finding]], rows: Iterable[int], fresh: Iterable[Finding], of: frozenset[str] | None
    ) -> None:
        """Put fresh findings of rows in the place of those that they had, or had by the rules `of`."""
        now: dict[int, list[Finding]] = {}
        _by_row(fresh, now)
        for row in rows:
            before = store.get(row, [])
            kept = [finding for finding in before if of is not None and finding.rule not in of]
            found = now.get(row, [])
            self._swap([finding for finding in before if of is None or finding.rule in of], found)
            if kept or found:
                store[row] = kept + found
            else:
                store.pop(row, None)

    def _swap(self, old: list[Finding], new: list[Finding]) -> None:
        """Exchange findings in the ordered list."""
        if old == new:
            return
        for finding in old:
            at = bisect_left(self.findings, order(finding), key=order)
            while self.findings[at] != finding:
                at += 1
            del self.findings[at]
        for finding in new:
            insort(self.findings, finding, key=order)


def _by_row(findings: Iterable[Finding], into: dict[int, list[Finding]]) -> None:
    for finding in findings:
        into.setdefault(finding.row or 0, []).append(finding)


def judge_again(book: Book, as_read: Book, findings: Sequence[Finding]) -> list[Finding]:
    """What `judge` finds in a book that has the rows of another one, for the work of what may differ.

    `findings` are those of the book `as_read`. Of them stands what was found by rules that look at rows alone; what the
    reader noticed then, what the workbook says of itself and the day to judge by may be others now.
    """
    over = rules_over(book.kind)
    declared_too = {rule.id for rule in over if rule.checks}
    if (
        (book.file, book.county, book.ruleset) != (as_read.file, as_read.county, as_read.ruleset)
        or any(as_read.letters.get(sheet, LETTERS[sheet]) != LETTERS[sheet] for sheet in book.tables)
        or any(fault.rule in declared_too for fault in as_read.faults)
        or as_read.damaged
        or as_read.previous
    ):
        return judge(book)
    noticed = [rule for rule in over if not rule.reads and not rule.checks]
    looking = at_own(book.kind) if book.table("own") != as_read.table("own") else ()
    gone = {rule.id for rule in noticed}.union(*(one.rules for one in looking))
    found = [finding for finding in findings if finding.rule not in gone]
    for rule in noticed:
        found += judge_book(book, rule)
    for one in looking:
        found += judge_rows(book, one.sheet, book.tables[one.sheet], one.rules)
    return in_order(found)


def _nodes(node: Expr) -> Iterator[Expr]:
    yield node
    for part in node.parts():
        yield from _nodes(part)


@cache
def _onlookers(looked_at: str) -> tuple[_Onlooker, ...]:
    """Who looks at the rows of a sheet."""
    found: dict[tuple[str, str | None, str | None], set[str]] = {}
    for sheet in SHEETS:
        for one in compiled(sheet, None).checks:
            nodes = [one.when, *one.shown.values(), *([one.others[0]] if one.others else [])]
            for look in (look for node in nodes for look in node.looks() if look.sheet == looked_at):
                by_key = isinstance(look.key, Cell)
                key = look.key.column.field if isinstance(look.key, Cell) else None
                found.setdefault((sheet, look.field if by_key else None, key), set()).add(one.rule)
    return tuple(_Onlooker(sheet, frozenset(rules), field, key) for (sheet, field, key), rules in found.items())


@cache
def at_own(kind: BookKind) -> tuple[_Onlooker, ...]:
    """Who looks at what the workbook says of itself (`Book.table("own")`)."""
    found: dict[str, set[str]] = {}
    for sheet in KINDS[kind]:
        for one in compiled(sheet, None).checks:
            for node in (node for root in (one.when, *one.shown.values()) for node in _nodes(root)):
                if isinstance(node, Lookup) and node.table == "own":
                    found.setdefault(sheet, set()).add(one.rule)
    return tuple(_Onlooker(sheet, frozenset(rules)) for sheet, rules in found.items())


def _differ(sheet: str, pairs: Iterable[tuple[Record | None, Record | None]], fields: tuple[str, ...]) -> bool:
    """Whether rows came, went or changed in one of these fields or in what names them."""
    names = [*fields, *(name for name in NAMING if name in SHEETS[sheet])]
    return any(
        (old is None) != (new is None)
        if old is None or new is None
        else not (old.bad ^ new.bad).isdisjoint(names)
        or any(getattr(old, name) != getattr(new, name) for name in names)
        for old, new in pairs
    )
