"""A workbook as the rules see it: records by sheet, what it says of itself, and what the reader noticed."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from operator import attrgetter, itemgetter
from typing import Any

from validators.columns import KINDS, LETTERS, ROOTS, SHEETS, BookKind
from validators.expr import Index, Record
from validators.lookup_tables import rule_table
from validators.records import record_type
from validators.ruleset import RuleSet, load


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the reader noticed; the rule named puts it into words.

    `what` says which case of the rule it is (the rule's docstring lists them), `value` and `meant` belong to it.
    """

    rule: str
    what: str
    sheet: str | None = None
    """Title as in the file."""
    cell: str | None = None
    row: int | None = None
    header: str | None = None
    key: str | None = None
    value: object = None
    meant: object = None


@dataclass(eq=False)
class Book:
    """One county workbook of either kind, read."""

    file: str
    """Name shown to people."""
    ruleset: RuleSet
    county: str
    """Division code, '' where the workbook does not say."""
    round: str
    revision: int
    on: dt.date
    """The day dates are judged by."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """`BOOK_FIELDS` as read."""
    kind: BookKind = "inventory"
    tables: dict[str, list[Record]] = field(default_factory=dict)
    """Records by key of the sheet; the sheets of its kind are always there."""
    faults: list[Fault] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    """Sheets that are missing or whose headers are damaged: rules that need them are silent."""
    letters: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """Column letter by sheet and field, as found in the file."""
    undated: bool = False
    """Whether its 填报日期 could not be read and no other day was named: then nothing is judged by `on`."""
    sha256: str = ""
    fact_cells: Mapping[str, str] = field(default_factory=dict)
    """Where its `facts` stand on the cover; absent where that is not known."""
    previous: "Book | None" = None
    """Last version's workbook, for the rules of scope versions."""
    _indexes: dict[tuple[str, ...], dict[object, list[Record]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.tables = {key: self.tables.get(key, []) for key in KINDS[self.kind]}

    def __getstate__(self) -> dict[str, Any]:
        """For another process: the rule set by id, records as columns (which pickle quickly), no indexes."""
        columns = {sheet: list(zip(*records, strict=True)) for sheet, records in self.tables.items()}
        changed = {"ruleset": self.ruleset.id, "tables": columns, "previous": None, "_indexes": {}}
        return {**self.__dict__, **changed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Back from another process."""
        tables = {
            sheet: [*map(record_type(sheet)._make, zip(*columns, strict=True))]  # type: ignore[attr-defined] # a named tuple
            for sheet, columns in state["tables"].items()
        }
        self.__dict__.update(state, ruleset=load(state["ruleset"]), tables=tables)

    @property
    def county_name(self) -> str:
        """The county's name, or what it wrote of itself."""
        row = self.ruleset.divisions.get(self.county)
        return row["name"] if row else str(self.facts.get("filled_by_office") or self.county or "未知区县")

    def index(self, sheet: str, field: str, *more: str) -> Index:
        """Records of a sheet by the value of one field, in the order of the rows; blanks are left out.

        With several fields the key is the tuple of their values, where only the first must be filled; rows in
        which one of them could not be read are left out.
        """
        fields = (field, *more)
        found = self._indexes.get((sheet, *fields))
        if found is None:
            found = {}
            positions = [SHEETS[sheet][name].position for name in fields]
            get = itemgetter(*positions)
            for record in self.tables[sheet]:
                if record[positions[0]] is not None and record.bad.isdisjoint(fields):
                    found.setdefault(get(record), []).append(record)
            self._indexes[sheet, *fields] = found
        return found

    def forget_indexes(self) -> None:
        """Make the indexes anew when they are next asked for: rows have changed."""
        self._indexes.clear()

    def put(self, sheet: str, row: int, record: Record | None) -> Record | None:
        """Let a record stand in a row, or none, in the table and in its indexes; returns the one that stood there."""
        old = _put(self.tables[sheet], row, record)
        for (own, *fields), index in self._indexes.items():
            if own != sheet:
                continue
            get = itemgetter(*(SHEETS[sheet][name].position for name in fields))
            first = SHEETS[sheet][fields[0]].position
            for one, put in ((old, None), (record, record)):
                if one is None or one[first] is None or not one.bad.isdisjoint(fields):
                    continue
                rows = index.setdefault(get(one), [])
                _put(rows, row, put)
                if not rows:
                    del index[get(one)]
        return old

    def table(self, name: str) -> Mapping[Any, Any]:
        """A table of the rule set by name (`validators.lookup_tables`); `own` is what the workbook says of itself."""
        if name == "own":
            known = self.county in self.ruleset.divisions
            return {
                **({} if self.undated else {"on": self.on}),
                "unnumbered": self._unnumbered(),
                **({"code": self.county, "name": self.county_name} if known else {}),
            }
        return rule_table(self.ruleset, name)

    def _unnumbered(self) -> bool:
        """Whether an enterprise's 清单编号 is blank or unreadable: then a number without an enterprise may be its own."""
        return any(record.list_id is None for record in self.tables[ROOTS[self.kind]])

    def content(self) -> str:
        """Hash of what the workbook says, whatever bytes it is written in: facts and rows, without their numbers."""
        digest = sha256(repr((self.county, self.round, self.revision, self.facts.get("year"))).encode())
        for sheet, records in self.tables.items():
            for record in records:
                digest.update(repr((sheet, record[:-2], sorted(record[-1]))).encode())
        for fault in self.faults:
            digest.update(repr((fault.rule, fault.cell, fault.value)).encode())
        return digest.hexdigest()

    def enterprise(self, list_id: str | None) -> Record | None:
        """The enterprise with that 清单编号."""
        found = self.index("enterprises", "list_id").get(list_id)
        return found[0] if found else None

    def address(self, sheet: str, field: str, row: int) -> str:
        """Cell address as in the file: `U12`."""
        own = self.letters.get(sheet, {})
        return f"{own.get(field, '')}{row}" if field in own else f"{LETTERS[sheet][field]}{row}"


def _put(records: list[Record], row: int, record: Record | None) -> Record | None:
    """Let a record stand in its place among records in the order of their rows, or none; returns the one before."""
    at = bisect_left(records, row, key=_row)
    old = records[at] if at < len(records) and records[at].row == row else None
    records[at : at + (old is not None)] = [] if record is None else [record]
    return old


_row = attrgetter("row")
