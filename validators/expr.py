"""The language in which a rule is said once: conditions over the cells of a row and of the rows it refers to.

`line.yellow_ratio > line.orange_ratio` builds a small tree. `compile_checks` turns the trees of one sheet into
one Python function over records; the workbook's own formulas are made from the same trees.

A condition is only judged when every cell that it needs is there and readable: a blank or unreadable cell has
findings of its own, and hides all that follow from it. `blank(cell)` is the one test that needs no value.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, Protocol

from validators.columns import SHEETS, Column
from validators.findings import Severity

Record = Any
"""A row: a named tuple with the fields of its sheet, then `row` (1-based) and `bad` (unreadable fields)."""
Index = Mapping[object, list[Record]]


class Indexed(Protocol):
    """What compiled checks ask of a workbook."""

    def index(self, sheet: str, field: str, *more: str) -> Index:
        """Records of a sheet by the value of one field, or by the values of several, in the order of the rows."""

    def table(self, name: str) -> Mapping[Any, Any]:
        """A table of the rule set by name."""


_NOTHING: tuple[Record, ...] = ((None,) * 80,)
"""What a reference to a missing row finds: a row of blanks."""


class Expr:
    """A node of a condition; operators build new nodes."""

    def py(self, names: "SourceNames") -> str:
        """Source text of a Python expression for the node's value."""
        raise NotImplementedError

    def parts(self) -> "tuple[Expr, ...]":
        """The nodes that this one is built of."""
        return ()

    def looks(self) -> "Iterator[LookedAt]":
        """Other rows that this node looks at."""
        for part in self.parts():
            yield from part.looks()

    def sheets(self) -> "set[str]":
        """Other sheets that this node looks at."""
        return {look.sheet for look in self.looks()}

    def needs(self) -> "Iterator[Expr]":
        """Cells and references that must hold a value before this node can be judged."""
        for part in self.parts():
            yield from part.needs()

    def __eq__(self, other: object) -> "Expr":  # type: ignore[override] # builds a node, as query languages do
        return Binary("==", self, wrap(other))

    def __ne__(self, other: object) -> "Expr":  # type: ignore[override] # likewise
        return Binary("!=", self, wrap(other))

    def __lt__(self, other: object) -> "Expr":
        return Binary("<", self, wrap(other))

    def __le__(self, other: object) -> "Expr":
        return Binary("<=", self, wrap(other))

    def __gt__(self, other: object) -> "Expr":
        return Binary(">", self, wrap(other))

    def __ge__(self, other: object) -> "Expr":
        return Binary(">=", self, wrap(other))

    def __add__(self, other: object) -> "Expr":
        return Binary("+", self, wrap(other))

    def __sub__(self, other: object) -> "Expr":
        return Binary("-", self, wrap(other))

    def __mul__(self, other: object) -> "Expr":
        return Binary("*", self, wrap(other))

    def __truediv__(self, other: object) -> "Expr":
        return Binary("/", self, wrap(other))

    def __and__(self, other: "Expr") -> "Expr":
        return Binary("and", self, other)

    def __or__(self, other: "Expr") -> "Expr":
        return Binary("or", self, other)

    def __invert__(self) -> "Expr":
        return Not(self)

    def isin(self, values: Iterable[object]) -> "Expr":
        """Whether the value is one of these."""
        return In(self, tuple(values))

    __hash__ = object.__hash__


class LookedAt(NamedTuple):
    """Rows that a node looks at: those of a sheet whose `field` has the value of `key`; without them any."""

    sheet: str
    field: str | None = None
    key: Expr | None = None


@dataclass(eq=False)
class SourceNames:
    """What generated source text refers to. Equal texts share a name, so that nothing is worked out twice."""

    cells: dict[int, str] = field(default_factory=dict)
    """Cells of the row by position; the sheet's other cells are not fetched."""
    constants: dict[tuple[type, object], str] = field(default_factory=dict)
    indexes: dict[tuple[str, ...], str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    """Values that are the same for every row, by their source text."""
    memos: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)
    """Numbers of values that cost something, by their source text, in which other values stand as marks."""

    def cell(self, position: int) -> str:
        """Name of a cell of the row."""
        return self.cells.setdefault(position, f"v{position}")

    def constant(self, value: object) -> str:
        """Name of a constant, which must be hashable."""
        return self.constants.setdefault((type(value), value), f"k{len(self.constants)}")

    def index(self, sheet: str, field: str, *more: str) -> str:
        """Name of an index of a sheet."""
        return self.indexes.setdefault((sheet, field, *more), f"i{len(self.indexes)}")

    def table(self, name: str) -> str:
        """Name of a table of the rule set."""
        return self.tables.setdefault(name, f"t{len(self.tables)}")

    def once_per_book(self, text: str) -> str:
        """Name of a value that depends on no cell."""
        return self.fixed.setdefault(text, f"f{len(self.fixed)}")

    def once_per_row(self, text: str) -> str:
        """A mark for a value that costs something; `written` puts its text there."""
        return f"\0{self.values.setdefault(text, len(self.values))}\0"

    def once_per_key(self, arguments: str, value: Callable[[str], str]) -> str:
        """A mark for a value that is worked out once for equal arguments; `value` is given their name.

        So a sheet whose rows all have one key is judged in the time of any other.
        """
        number = self.memos.setdefault(f"{arguments} {value('')}", len(self.memos))
        memo, name = f"m{number}", f"a{number}"
        made = f"{memo}.setdefault({name}, {value(name)})"
        return self.once_per_row(f"({memo}[{name}] if ({name} := {arguments}) in {memo} else {made})")

    def function(self, arguments: str, lines: list[str], *, keep: bool) -> Any:  # noqa: ANN401 - the callers say what it is
        """`bind(book)`, which makes a function of a record `v` with these lines as its body.

        With `keep`, a value that is used several times is worked out at most once per row, and only when it is
        asked for: before that, what it is made of may be blank.
        """
        own = list(self.values)
        uses = Counter(mark for text in (*lines, *own) for mark in _MARK.findall(text)) if keep else Counter[str]()
        kept = [f"c{number} = " for number, times in uses.items() if times > 1]

        def value(mark: re.Match[str]) -> str:
            text, name = _MARK.sub(value, own[int(mark[1])]), f"c{mark[1]}"
            return text if uses[mark[1]] < 2 else f"({name} if {name} is not unknown else ({name} := {text}))"

        source = [
            "def bind(book):",
            *(f" {name} = book.index(*{key!r})" for key, name in self.indexes.items()),
            *(f" {name} = book.table({table!r})" for table, name in self.tables.items()),
            *(f" {name} = {text}" for text, name in self.fixed.items()),
            *(f" m{number} = {{}}" for number in range(len(self.memos))),
            f" def function({arguments}):",
            *(f"  {name} = v[{position}]" for position, name in self.cells.items()),
            f"  {''.join(kept)}unknown",
            *(f"  {_MARK.sub(value, line)}" for line in lines),
            " return function",
        ]
        space: dict[str, Any] = {name: constant for (_, constant), name in self.constants.items()}
        space |= {"nothing": _NOTHING, "unknown": object(), "total": total, "largest": largest}
        space |= {"split_ids": split_ids}
        exec(compile("\n".join(source), "<rules>", "exec"), space)  # noqa: S102 - made from rules, from no input
        return space["bind"]


_MARK = re.compile("\0([0-9]+)\0")


@dataclass(eq=False)
class Const(Expr):
    """A text or number that stands in the rule."""

    value: object

    def py(self, names: SourceNames) -> str:
        plain = self.value is None or isinstance(self.value, str | int | float)
        return repr(self.value) if plain else names.constant(self.value)


@dataclass(eq=False)
class Cell(Expr):
    """A cell of the row that is judged."""

    column: Column

    def py(self, names: SourceNames) -> str:
        return names.cell(self.column.position)

    def needs(self) -> Iterator[Expr]:
        yield self


@dataclass(eq=False)
class Binary(Expr):
    """Two nodes and a Python operator between them."""

    op: str
    left: Expr
    right: Expr

    def py(self, names: SourceNames) -> str:
        return f"({self.left.py(names)} {self.op} {self.right.py(names)})"

    def parts(self) -> tuple[Expr, ...]:
        return (self.left, self.right)


@dataclass(eq=False)
class Not(Expr):
    """The opposite."""

    inner: Expr

    def py(self, names: SourceNames) -> str:
        return f"(not {self.inner.py(names)})"

    def parts(self) -> tuple[Expr, ...]:
        return (self.inner,)


@dataclass(eq=False)
class In(Expr):
    """Whether a value is one of several constants."""

    inner: Expr
    values: tuple[object, ...]

    def py(self, names: SourceNames) -> str:
        return f"({self.inner.py(names)} in {names.constant(frozenset(self.values))})"

    def parts(self) -> tuple[Expr, ...]:
        return (self.inner,)


@dataclass(eq=False)
class Blank(Expr):
    """Whether nothing stands in a cell (an unreadable value is not nothing)."""

    cell: Cell

    def py(self, names: SourceNames) -> str:
        return f"({self.cell.py(names)} is None and {self.cell.column.field!r} not in v.bad)"


@dataclass(eq=False)
class Given(Expr):
    """Whether a readable value stands in a cell."""

    cell: Cell

    def py(self, names: SourceNames) -> str:
        return f"({self.cell.py(names)} is not None)"


@dataclass(eq=False)
class Text(Expr):
    """The text of a cell, '' where it is blank."""

    cell: Cell

    def py(self, names: SourceNames) -> str:
        return f"({self.cell.py(names)} or '')"


@dataclass(eq=False)
class Lookup(Expr):
    """A value of a rule-set table by key, or a default; several keys make a tuple. Without a default it is needed."""

    table: str
    keys: tuple[Expr, ...]
    default: object

    def py(self, names: SourceNames) -> str:
        keys = ", ".join(key.py(names) for key in self.keys)
        default = Const(self.default).py(names)
        found = f"{names.table(self.table)}.get({f'({keys})' if len(self.keys) > 1 else keys}, {default})"
        fixed = all(isinstance(key, Const) for key in self.keys)
        return names.once_per_book(found) if fixed else names.once_per_row(found)

    def parts(self) -> tuple[Expr, ...]:
        return self.keys

    def needs(self) -> Iterator[Expr]:
        yield from super().needs()
        if self.default is None:
            yield self


@dataclass(eq=False)
class Ref(Expr):
    """A field of the first row of a sheet whose key equals a value; blank where there is none."""

    target: Column
    key_field: str
    key: Expr

    def py(self, names: SourceNames) -> str:
        index = names.index(self.target.sheet, self.key_field)
        return names.once_per_row(f"{index}.get({self.key.py(names)}, nothing)[0][{self.target.position}]")

    def looks(self) -> Iterator[LookedAt]:
        yield from super().looks()
        yield LookedAt(self.target.sheet, self.key_field, self.key)

    def parts(self) -> tuple[Expr, ...]:
        return (self.key,)

    def needs(self) -> Iterator[Expr]:
        yield from self.key.needs()
        yield self


@dataclass(eq=False)
class Count(Expr):
    """How many rows of a sheet have a key and meet further conditions `(field, operator, value)`.

    Operators are Python's, `contains` for a part of a text, and `unknown` for a blank or unreadable cell (its value
    is passed over). A blank cell meets only `== None` and `unknown`, an unreadable one only `unknown`.
    """

    sheet: str
    key_field: str
    key: Expr
    where: tuple[tuple[str, str, Expr], ...]

    def py(self, names: SourceNames) -> str:
        values = [value.py(names) for _, op, value in self.where if op != "=="]
        if not values:
            return names.once_per_row(f"len({self._rows(names, self._key(names))})")

        def counted(name: str) -> str:
            tests = self._tests([f"{name}[{number}]" for number in range(1, len(values) + 1)])
            return f"sum(1 for r in {self._rows(names, f'{name}[0]')} if {tests})"

        return names.once_per_key(f"({self._key(names)}, {', '.join(values)})", counted)

    def rows(self, names: SourceNames) -> str:
        """Source text of an iterable of the rows that are counted."""
        rows = self._rows(names, self._key(names))
        return f"filter(lambda r: {self.tests(names)}, {rows})"

    def tests(self, names: SourceNames) -> str:
        """Source text of the conditions on a row `r` other than equalities, which the index answers."""
        return self._tests([value.py(names) for _, op, value in self.where if op != "=="]) or "True"

    def _key(self, names: SourceNames) -> str:
        """The key and the values of `==`, which share one index: no other rows are looked at."""
        equal = [value.py(names) for _, op, value in self.where if op == "=="]
        key = self.key.py(names)
        return f"({key}, {', '.join(equal)})" if equal else key

    def _rows(self, names: SourceNames, key: str) -> str:
        equal = [name for name, op, _ in self.where if op == "=="]
        return f"{names.index(self.sheet, self.key_field, *equal)}.get({key}, ())"

    def _tests(self, values: list[str]) -> str:
        tests = []
        rest = [(name, op) for name, op, _ in self.where if op != "=="]
        for (name, op), value in zip(rest, values, strict=True):
            cell = f"r[{SHEETS[self.sheet][name].position}]"
            if op == "unknown":
                tests.append(f"{cell} is None")
                continue
            tests.append(f"{cell} is not None")
            tests.append(f"{value} in {cell}" if op == "contains" else f"{cell} {op} {value}")
        return " and ".join(tests)

    def looks(self) -> Iterator[LookedAt]:
        yield from super().looks()
        yield LookedAt(self.sheet, self.key_field, self.key)

    def parts(self) -> tuple[Expr, ...]:
        return (self.key, *(value for _, _, value in self.where))


@dataclass(eq=False)
class Total(Expr):
    """Sum over the rows of a sheet with a key of the product of fields; blank where one of them is missing."""

    sheet: str
    key_field: str
    key: Expr
    fields: tuple[str, ...]

    def py(self, names: SourceNames) -> str:
        index = names.index(self.sheet, self.key_field)
        positions = names.constant(tuple(SHEETS[self.sheet][name].position for name in self.fields))
        return names.once_per_key(self.key.py(names), lambda key: f"total({index}.get({key}, ()), {positions})")

    def looks(self) -> Iterator[LookedAt]:
        yield from super().looks()
        yield LookedAt(self.sheet, self.key_field, self.key)

    def parts(self) -> tuple[Expr, ...]:
        return (self.key,)

    def needs(self) -> Iterator[Expr]:
        yield from self.key.needs()
        yield self


@dataclass(eq=False)
class Largest(Expr):
    """Largest value of a field over the rows of a sheet with a key; blank where there is none or one is missing."""

    target: Column
    key_field: str
    key: Expr

    def py(self, names: SourceNames) -> str:
        index = names.index(self.target.sheet, self.key_field)
        position = self.target.position
        return names.once_per_key(self.key.py(names), lambda key: f"largest({index}.get({key}, ()), {position})")

    def looks(self) -> Iterator[LookedAt]:
        yield from super().looks()
        yield LookedAt(self.target.sheet, self.key_field, self.key)

    def parts(self) -> tuple[Expr, ...]:
        return (self.key,)

    def needs(self) -> Iterator[Expr]:
        yield from self.key.needs()
        yield self


@dataclass(eq=False)
class ListedCodes(Expr):
    """How many of the codes that stand joined in a cell are the key of a row that meets conditions, as in `Count`."""

    joined: Cell
    sheet: str
    key_field: str
    where: tuple[tuple[str, str, Expr], ...]

    def py(self, names: SourceNames) -> str:
        rows = Count(self.sheet, self.key_field, Const(None), self.where)
        found = f"any(True for r in {names.index(self.sheet, self.key_field)}.get(k, ()) if {rows.tests(names)})"
        return names.once_per_row(f"sum(1 for k in split_ids({self.joined.py(names)}) if {found})")

    def parts(self) -> tuple[Expr, ...]:
        return (self.joined,)

    def looks(self) -> Iterator[LookedAt]:
        yield LookedAt(self.sheet)


@dataclass(eq=False)
class Codes(Expr):
    """How many codes stand joined in a cell."""

    joined: Cell

    def py(self, names: SourceNames) -> str:
        return f"len(split_ids({self.joined.py(names)}))"

    def parts(self) -> tuple[Expr, ...]:
        return (self.joined,)


def split_ids(joined: str) -> list[str]:
    """Codes joined by 、 (or by a comma or semicolon, which officers also type)."""
    for other in "，,;；":
        joined = joined.replace(other, "、")
    return [part for part in joined.split("、") if part]


@dataclass(eq=False)
class Call(Expr):
    """A named function of values, from a rule module."""

    function: Callable[..., object]
    arguments: tuple[Expr, ...]

    def py(self, names: SourceNames) -> str:
        arguments = ", ".join(argument.py(names) for argument in self.arguments)
        return names.once_per_row(f"{names.constant(self.function)}({arguments})")

    def parts(self) -> tuple[Expr, ...]:
        return self.arguments


def total(rows: Iterable[Record], positions: tuple[int, ...]) -> float | None:
    """Sum over rows of the product of the values at these positions; None where one is missing."""
    found = 0.0
    for record in rows:
        product = 1.0
        for position in positions:
            value = record[position]
            if value is None:
                return None
            product *= value
        found += product
    return found


def largest(rows: Iterable[Record], position: int) -> Any:  # noqa: ANN401 - of the type of the field
    """Largest of the values at this position; None where there is none or one is missing."""
    values = [record[position] for record in rows]
    return None if not values or None in values else max(values)


def wrap(value: object) -> Expr:
    """A node for a value that is not one already."""
    return value if isinstance(value, Expr) else Const(value)


class Row:
    """The cells of a sheet by field: `Row("lines").grade`."""

    def __init__(self, sheet: str) -> None:
        self._sheet = SHEETS[sheet]

    def __getattr__(self, name: str) -> Cell:
        if name.startswith("__") or name not in self._sheet:
            raise AttributeError(f"{self._sheet.key} has no column {name}")
        return Cell(self._sheet[name])

    def __getitem__(self, name: str) -> Cell:
        return Cell(self._sheet[name])

    def __contains__(self, name: str) -> bool:
        return name in self._sheet

    @property
    def key(self) -> str:
        """Key of the sheet."""
        return self._sheet.key

    @property
    def columns(self) -> tuple[Column, ...]:
        """The sheet's columns."""
        return self._sheet.columns


def blank(cell: Cell) -> Expr:
    """Whether nothing stands in the cell."""
    return Blank(cell)


def filled(cell: Cell) -> Expr:
    """Whether something stands in the cell, readable or not."""
    return Not(Blank(cell))


def given(cell: Cell) -> Expr:
    """Whether a readable value stands in the cell; unlike using the value, asking needs none."""
    return Given(cell)


def text_of(cell: Cell) -> Expr:
    """The text of a cell, '' where it is blank: unlike the cell itself it can always be judged."""
    return Text(cell)


def call(function: Callable[..., object], *arguments: object) -> Expr:
    """The value of a Python function of cells."""
    return Call(function, tuple(wrap(argument) for argument in arguments))


def lookup(table: str, *keys: object, default: object = None) -> Expr:
    """A value of a rule-set table (see `validators.lookup_tables`)."""
    return Lookup(table, tuple(wrap(key) for key in keys), default)


def ref(sheet: str, field: str, **key: Expr) -> Expr:
    """A field of the first row of another sheet whose key field equals a value."""
    [(key_field, value)] = key.items()
    return Ref(SHEETS[sheet][field], key_field, value)


def count(sheet: str, *where: tuple[str, str, object], **key: Expr) -> Count:
    """Number of rows of a sheet with a key, and where further fields compare as said."""
    [(key_field, value)] = key.items()
    return Count(sheet, key_field, value, tuple((name, op, wrap(other)) for name, op, other in where))


def summed(sheet: str, *fields: str, **key: Expr) -> Expr:
    """Sum over the rows of a sheet with a key of the product of fields."""
    [(key_field, value)] = key.items()
    return Total(sheet, key_field, value, fields)


def listed(joined: Cell, sheet: str, key_field: str, *where: tuple[str, str, object]) -> Expr:
    """How many of the codes joined in a cell are the key of a row of a sheet in which further fields compare as said."""
    return ListedCodes(joined, sheet, key_field, tuple((name, op, wrap(other)) for name, op, other in where))


def codes(joined: Cell) -> Expr:
    """How many codes stand joined in a cell."""
    return Codes(joined)


def latest(sheet: str, field: str, **key: Expr) -> Expr:
    """Largest value of a field, such as the last day, over the rows of a sheet with a key."""
    [(key_field, value)] = key.items()
    return Largest(SHEETS[sheet][field], key_field, value)


@dataclass(eq=False)
class Check:
    """One condition that a rule finds: where, when, and what is said to the officer."""

    at: Cell
    """The cell to change."""
    when: Expr
    say: str
    """Chinese message; `{name}` is the value and `{name.header}` the header of a node given in `shown`."""
    severity: Severity | None = None
    """Where it differs from the rule's own."""
    shown: dict[str, Expr] = field(default_factory=dict)
    others: tuple[Count, str] | None = None
    """Rows that the finding also speaks of, and the field that matters there; `{others}` in the message."""
    brief: str = ""
    """What the workbook says beside the row, in a few words; where it is empty, the rule's name."""
    later: bool = False
    """Whether what is missing stands on another sheet, which may not have been filled in yet: the workbook says so softly."""
    rule: str = ""
    """Set by the registry."""


def check(
    at: Cell,
    when: Expr,
    say: str,
    severity: Severity | None = None,
    others: tuple[Count, str] | None = None,
    brief: str = "",
    *,
    later: bool = False,
    **shown: object,
) -> Check:
    """A `Check`; the cell itself can be shown as `{at}`."""
    values = {"at": at, **{name: wrap(value) for name, value in shown.items()}}
    return Check(at, when, say, severity, values, others, brief, later)


Judge = Callable[[Record, Callable[[int], None]], None]


def compile_checks(checks: list[Check]) -> Callable[[Indexed], Judge]:
    """One function for all checks of a sheet.

    Returns `bind(book)`, which returns `judge(record, hit)`; `hit(number)` is called for each check that fires.
    """
    names = SourceNames()
    lines = []
    for number, one in enumerate(checks):
        guards = dict.fromkeys(f"{need.py(names)} is not None" for need in one.when.needs())
        lines.append(f"if {' and '.join([*guards, one.when.py(names)])}: hit({number})")
    bind: Callable[[Indexed], Judge] = names.function("v, hit", lines, keep=True)
    return bind


@cache
def evaluate(node: Expr) -> Callable[[Indexed], Callable[[Record], Any]]:
    """A function for the value of one node, for messages: `evaluate(node)(book)(record)`; made when first asked for."""
    names = SourceNames()
    bind: Callable[[Indexed], Callable[[Record], Any]] = names.function("v", [f"return {node.py(names)}"], keep=False)
    return bind


@cache
def evaluate_rows(counted: Count) -> Callable[[Indexed], Callable[[Record], Any]]:
    """The same for an iterable of the rows that a node counts: `evaluate_rows(node)(book)(record)`."""
    names = SourceNames()
    bind: Callable[[Indexed], Callable[[Record], Any]] = names.function(
        "v", [f"return {counted.rows(names)}"], keep=False
    )
    return bind
