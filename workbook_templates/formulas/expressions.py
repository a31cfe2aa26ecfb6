"""Conditions of `validators.expr` as Excel text.

A condition is judged only when all that it needs is there, as in Python: `needed` says so in front of it. What costs
something, or is used by several conditions, gets a helper cell of its own (`Plan.cell`), once per row.

Counts are only ever asked whether there is one, whether there is none, or whether there are several. No program
answers that from an index, and to look through thousands of rows in thousands of rows takes seconds. So a row finds
where the rows with its key begin once, and looks only there while they stand together, as they nearly always do; and
rows of one sheet are compared with each other only where their number of different keys says that some are alike.
"""

import datetime as dt
from dataclasses import dataclass
from functools import singledispatch
from typing import Protocol

from validators.columns import SHEETS, Column
from validators.expr import (
    Binary,
    Blank,
    Call,
    Cell,
    Codes,
    Const,
    Count,
    Expr,
    Given,
    In,
    Largest,
    Listed,
    Lookup,
    Not,
    Ref,
    Text,
    Total,
)
from validators.records import EXCEL_EPOCH
from workbook_templates.formulas.cells import all_of, any_of, given, nonblank, quoted
from workbook_templates.formulas.functions import FUNCTIONS, codes_in

MOST_SIGNS = 80
"""Signs of a key that are looked at to count different keys."""


class Untranslatable(ValueError):
    """No formula says this; the rule is judged in Python alone."""


class Plan(Protocol):
    """Where formulas find what they refer to (`workbook_templates.formulas.plan`)."""

    def value(self, column: Column) -> str:
        """Text, in the row of the formula, for a column's value or ""."""

    def entry(self, column: Column) -> str:
        """Address of the entry cell itself."""

    def cell(self, sheet: str, formula: str) -> str:
        """Address of the helper cell of a sheet with this formula, made if there is none yet."""

    def name(self, formula: str) -> str:
        """A name that stands for a formula, which is worked out wherever the name is used."""

    def held(self, column: Column) -> str:
        """Address of the helper cell that holds a column's value, for looking through the other rows."""

    def over(self, address: str) -> str:
        """All rows of the helper column of such an address."""

    def first_row(self, address: str) -> str:
        """The topmost cell of the helper column of such an address."""

    def look_up(self, table: str, key: str) -> str:
        """Text for the value of a table of the rule set by key; an error where it is not there."""

    def fixed(self, table: str, keys: tuple[object, ...], default: object) -> str:
        """Text for a value of a table of the rule set, or of the workbook itself, that no cell changes."""

    def single(self, formula: str) -> str:
        """Address of a cell of the hidden sheet with this formula, made if there is none yet."""

    def weights(self) -> tuple[str, str]:
        """Ranges of the places 1 to `MOST_SIGNS` and of random numbers below 2**25."""

    def words(self, name: str) -> str:
        """Range of a word list."""

    def table(self, name: str) -> dict[object, object]:
        """A table of the rule set."""


def constant(value: object) -> str:
    """A constant of a formula."""
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case str():
            return quoted(value)
        case int() | float():
            return f"{value:.15g}"
        case dt.date():
            return str((value - EXCEL_EPOCH).days)
        case None:
            return '""'
    raise Untranslatable(f"no constant of a formula: {value!r}")


@singledispatch
def say(node: Expr, plan: Plan) -> str:
    """Excel text for a node's value."""
    raise Untranslatable(type(node).__name__)


def needed(node: Expr, plan: Plan) -> list[str]:
    """Addresses or texts that must not be "" before a node can be judged."""
    found: dict[str, None] = {}
    for need in node.needs():
        if isinstance(need, Lookup) and _holds_lists(need, plan):
            continue  # `_one_of` finds nothing where it has no key
        text = say(need, plan)
        if not isinstance(need, Lookup) or not _is_constant(text):
            found[text] = None
    return list(found)


def _is_constant(text: str) -> bool:
    return text in ("TRUE", "FALSE") or text[0] in '"-0123456789'


def _holds_lists(node: Lookup, plan: Plan) -> bool:
    if node.table in ("own", "words"):
        return node.table == "words"
    return isinstance(next(iter(plan.table(node.table).values()), None), tuple)


def judged(node: Expr, plan: Plan, code: str) -> str:
    """A condition that gives a code where it holds, and "" where it does not or cannot be judged."""
    found = f'IF({say(node, plan)},{quoted(code)},"")'
    guards = [given(need) for need in needed(node, plan)]
    return f'IF({all_of(guards)},{found},"")' if guards else found


@say.register
def _(node: Const, plan: Plan) -> str:
    return constant(node.value)


@say.register
def _(node: Cell, plan: Plan) -> str:
    return plan.value(node.column)


@say.register
def _(node: Text, plan: Plan) -> str:
    return plan.value(node.cell.column)


@say.register
def _(node: Given, plan: Plan) -> str:
    return f'{plan.value(node.cell.column)}<>""'


@say.register
def _(node: Blank, plan: Plan) -> str:
    column = node.cell.column
    return f'IF({plan.value(column)}<>"",FALSE,NOT({nonblank(plan.entry(column))}))'


@say.register
def _(node: Not, plan: Plan) -> str:
    return f"NOT({say(node.inner, plan)})"


@say.register
def _(node: In, plan: Plan) -> str:
    return any_of([f"{say(node.inner, plan)}={constant(value)}" for value in node.values])


_SIGNS = {"==": "=", "!=": "<>"}


@say.register
def _(node: Binary, plan: Plan) -> str:
    if node.op in ("and", "or"):  # as IF, so that what costs something is only asked where it matters, as in Python
        left, right = say(node.left, plan), say(node.right, plan)
        return f"IF({left},{right},FALSE)" if node.op == "and" else f"IF({left},TRUE,{right})"
    if isinstance(node.left, Count) and isinstance(node.right, Const):
        match (node.op, node.right.value):
            case (">", 0):
                return exists(node.left, plan)
            case ("==", 0):
                return f"NOT({exists(node.left, plan)})"
            case (">", 1):
                return several(node.left, plan)
    return f"({say(node.left, plan)}{_SIGNS.get(node.op, node.op)}{say(node.right, plan)})"


@say.register
def _(node: Lookup, plan: Plan) -> str:
    if all(isinstance(key, Const) for key in node.keys):
        keys = tuple(key.value for key in node.keys if isinstance(key, Const))
        return plan.words(str(keys[0])) if node.table == "words" else plan.fixed(node.table, keys, node.default)
    key = '&"|"&'.join(say(key, plan) for key in node.keys)
    return plan.name(f"IFERROR({plan.look_up(node.table, key)},{constant(node.default)})")


def _sheet_of(node: Expr) -> str:
    """Key of the sheet whose row a node is about."""
    if isinstance(node, Cell):
        return node.column.sheet
    if isinstance(node, Text | Given | Blank):
        return node.cell.column.sheet
    found = {_sheet_of(part) for part in node.parts()} - {""}
    return found.pop() if found else ""


@say.register
def _(node: Call, plan: Plan) -> str:
    function = FUNCTIONS.get(node.function.__name__)
    if function is None:
        raise Untranslatable(node.function.__name__)
    return plan.name(function(plan.name, *(say(argument, plan) for argument in node.arguments)))


@dataclass(frozen=True)
class _Found:
    """Where the rows of a sheet with a key stand: helper cells of the row that asks."""

    first: str
    """Place of the topmost one within the list, 0 where there is none."""
    many: str
    together: str
    """Whether they stand one below the other."""

    def block(self, column: str) -> str:
        """Their part of a helper column, while they stand together."""
        return f"INDEX({column},{self.first}):INDEX({column},{self.first}+{self.many}-1)"


def place_of(sheet: str, key_field: str, key: Expr, plan: Plan) -> str:
    """Helper cell with the place of the topmost row of a sheet with a key, 0 where there is none."""
    keys, wanted = plan.over(plan.held(SHEETS[sheet][key_field])), say(key, plan)
    return plan.cell(_sheet_of(key), f'IF({wanted}="",0,IFERROR(MATCH({wanted},{keys},0),0))')


def _rows_of(sheet: str, key_field: str, key: Expr, plan: Plan) -> _Found:
    here, keys, wanted = _sheet_of(key), plan.over(plan.held(SHEETS[sheet][key_field])), say(key, plan)
    first = place_of(sheet, key_field, key, plan)
    many = plan.cell(here, f"IF({first}=0,0,COUNTIF({keys},{wanted}))")
    found = _Found(first, many, "")
    together = plan.cell(here, f"IF({many}=0,FALSE,COUNTIF({found.block(keys)},{wanted})={many})")
    return _Found(first, many, together)


@say.register
def _(node: Ref, plan: Plan) -> str:
    first = place_of(node.target.sheet, node.key_field, node.key, plan)
    return plan.cell(_sheet_of(node.key), f'IF({first}=0,"",INDEX({plan.over(plan.held(node.target))},{first}))')


@say.register
def _(node: Total, plan: Plan) -> str:
    sheet, key = SHEETS[node.sheet], say(node.key, plan)
    own = plan.held(sheet[node.key_field])
    values = [plan.value(sheet[name]) for name in node.fields]
    known = all_of([given(value) for value in values])
    products = plan.over(plan.cell(node.sheet, f'IF({own}="","",IF({known},{"*".join(values)},"?"))'))
    keys, rows = plan.over(own), _rows_of(node.sheet, node.key_field, node.key, plan)
    block = rows.block(products)
    together = f'IF(COUNT({block})={rows.many},SUM({block}),"")'
    scattered = f'IF(COUNTIFS({keys},{key},{products},"~?")=0,SUMIF({keys},{key},{products}),"")'
    return plan.cell(_sheet_of(node.key), f"IF({rows.many}=0,0,IF({rows.together},{together},{scattered}))")


@say.register
def _(node: Largest, plan: Plan) -> str:
    """The largest value over the rows of a small sheet; "" where there is none, or one is missing."""
    sheet, key = SHEETS[node.target.sheet], say(node.key, plan)
    values = plan.over(plan.cell(sheet.key, f"N({plan.value(node.target)})"))
    keys = plan.over(plan.held(sheet[node.key_field]))
    some = exists(Count(sheet.key, node.key_field, node.key, ()), plan)
    missing = exists(Count(sheet.key, node.key_field, node.key, ((node.target.field, "unknown", Const(None)),)), plan)
    return plan.cell(_sheet_of(node.key), f'IF({some},IF({missing},"",SUMPRODUCT(MAX(({keys}={key})*{values}))),"")')


@say.register
def _(node: Listed, plan: Plan) -> str:
    joined = plan.value(node.joined.column)
    keys = plan.over(_keys(Count(node.sheet, node.key_field, Const(None), node.where), plan)[0])
    code = codes_in(joined)
    return plan.cell(
        node.joined.column.sheet, f'IF({joined}="",0,SUMPRODUCT(({code}<>"")*ISNUMBER(MATCH({code},{keys},0))))'
    )


@say.register
def _(node: Codes, plan: Plan) -> str:
    joined = plan.value(node.joined.column)
    return plan.cell(node.joined.column.sheet, f'IF({joined}="",0,SUMPRODUCT(--({codes_in(joined)}<>"")))')


def _keys(count: Count, plan: Plan) -> tuple[str, list[Expr]]:
    """The helper column of the sheet that is counted in: its key where a row meets the conditions, else "".

    Values that the row of the formula says (`==`) are part of the key; they are returned in order.
    """
    sheet = SHEETS[count.sheet]
    parts, tests, equal = [plan.held(sheet[count.key_field])], [], list[Expr]()
    for name, op, other in count.where:
        column = sheet[name]
        own = plan.value(column)
        if op == "unknown":
            tests.append(f'{own}=""')
        elif op == "==" and isinstance(other, Const) and other.value is None:
            tests.append(say(Blank(Cell(column)), plan))
        elif op == "==" and not isinstance(other, Const):
            tests.append(given(own))
            parts.append(own)
            equal.append(other)
        elif op in ("==", "!=") and isinstance(other, Const):
            tests += dict.fromkeys((f'{own}<>""', f"{own}{_SIGNS[op]}{constant(other.value)}"))
        elif op == "in" and isinstance(other, Const) and isinstance(other.value, tuple):
            tests.append(any_of([f"{own}={constant(value)}" for value in other.value]))
        else:
            raise Untranslatable(f"count {name} {op}")
    if not tests:
        return parts[0], equal
    key = '&"|"&'.join(parts)
    return plan.cell(count.sheet, f'IF(AND({parts[0]}<>"",{",".join(tests)}),{key},"")'), equal


def exists(count: Count, plan: Plan) -> str:
    """Whether a row is counted, in a helper cell of the row that asks."""
    here, key = _sheet_of(count.key), say(count.key, plan)
    for place, (name, op, other) in enumerate(count.where):
        rest = count.where[:place] + count.where[place + 1 :]
        if op == "in" and isinstance(other, Lookup):
            return _one_of(count, name, other, rest, plan)
        if op == "!=" and isinstance(other, Cell) and other.column is SHEETS[count.sheet][name] and not rest:
            return _unlike(count, other, plan)
        if op in ("!=", "contains") and not isinstance(other, Const):
            return _counted(count, plan)
    if not count.where:
        return f"{place_of(count.sheet, count.key_field, count.key, plan)}>0"
    keys, equal = _keys(count, plan)
    column, wanted = plan.over(keys), '&"|"&'.join([key, *(say(value, plan) for value in equal)])
    anywhere = f"ISNUMBER(MATCH({wanted},{column},0))"
    if count.sheet != "lines":
        return plan.cell(here, f'IF({key}="",FALSE,{anywhere})')
    rows = _rows_of(count.sheet, count.key_field, count.key, plan)
    there = f"COUNTIF({rows.block(column)},{wanted})>0"
    return plan.cell(here, f"IF({rows.many}=0,FALSE,IF({rows.together},{there},{anywhere}))")


def _one_of(count: Count, name: str, listed: Lookup, rest: tuple[tuple[str, str, Expr], ...], plan: Plan) -> str:
    """Whether a row holds one of the values that a table lists for a cell."""
    [cell] = listed.keys
    tests = []
    table = plan.table(listed.table)
    for value in dict.fromkeys(one for values in table.values() for one in values):  # type: ignore[attr-defined] # lists
        asks = In(cell, tuple(key for key, values in table.items() if value in values))  # type: ignore[operator] # lists
        held = Count(count.sheet, count.key_field, count.key, (*rest, (name, "==", _Same(value))))
        tests.append(f"AND({say(asks, plan)},{exists(held, plan)})")
    return any_of(tests)


class _Same(Expr):
    """A constant that is part of a key, so that one helper column serves all constants."""

    def __init__(self, value: object) -> None:
        self.value = value


@say.register
def _(node: _Same, plan: Plan) -> str:
    return constant(node.value)


def _different(keys: str, plan: Plan) -> tuple[str, str]:
    """How many different keys stand in a helper column, and how many keys at all.

    Keys are counted by numbers made of them: with random weights, two different ones give the same number never.
    """
    places, weights = plan.weights()
    number = f'SUMPRODUCT(_xlfn.UNICODE(MID({keys}&REPT("0",{MOST_SIGNS}),{places},1))*{weights})'
    numbers = plan.over(plan.cell(_sheet_at(keys), f'IF({keys}="","",{number})'))
    distinct = plan.single(f"IF(COUNT({numbers})<2,COUNT({numbers}),SUMPRODUCT(--(FREQUENCY({numbers},{numbers})>0)))")
    return distinct, f"COUNT({numbers})"


def _sheet_at(address: str) -> str:
    """Key of the sheet of an address."""
    title = address.partition("!")[0]
    return next(sheet.key for sheet in SHEETS.values() if sheet.title == title)


def several(count: Count, plan: Plan) -> str:
    """Whether rows besides this one of the same sheet are counted with it.

    Rows that repeat a key say so in a helper column; a row is one of several where its key stands there.
    """
    keys, _ = _keys(count, plan)
    distinct, many = _different(keys, plan)
    some = plan.single(f"{distinct}<{many}")
    place = f"SUM(ROW({keys}))-ROW({plan.first_row(keys)})+1"
    again = f'IF(MATCH({keys},{plan.over(keys)},0)<>{place},{keys},"")'
    return _stands_again(keys, again, some, plan)


def _stands_again(keys: str, again: str, some: str, plan: Plan) -> str:
    """Whether the key of a row is among those that `again` gives for a row; only where there are some."""
    sheet = _sheet_at(keys)
    marked = plan.over(plan.cell(sheet, f'IF({some},IF({keys}="","",{again}),"")'))
    return plan.cell(sheet, f'IF({some},IF({keys}="",FALSE,ISNUMBER(MATCH({keys},{marked},0))),FALSE)')


def _unlike(count: Count, other: Cell, plan: Plan) -> str:
    """Whether a row of the same sheet has the key of this one and another value, both given.

    Rows that differ from the topmost one with their key say so in a helper column.
    """
    own = plan.held(other.column)
    keys, _ = _keys(Count(count.sheet, count.key_field, count.key, ((other.column.field, "!=", Const("")),)), plan)
    pairs = plan.cell(count.sheet, f'IF({keys}="","",{keys}&"|"&{own})')
    some = plan.single(f"{_different(keys, plan)[0]}<{_different(pairs, plan)[0]}")
    again = f'IF(INDEX({plan.over(own)},MATCH({keys},{plan.over(keys)},0))<>{own},{keys},"")'
    return _stands_again(keys, again, some, plan)


def _counted(count: Count, plan: Plan) -> str:
    """Whether a row is counted, by looking through all rows of a small sheet that have the key."""
    sheet, key = SHEETS[count.sheet], say(count.key, plan)
    asked = [f"{plan.over(plan.held(sheet[count.key_field]))},{key}"]
    for name, op, other in count.where:
        area, value = plan.over(plan.held(sheet[name])), say(other, plan)
        if op == "contains":
            asked.append(f'{area},"*"&{value}&"*"')
        elif op in ("==", "!="):
            asked += [f'{area},"?*"', f'{area},"{_SIGNS[op]}"&{value}'] if op == "!=" else [f"{area},{value}"]
        else:
            raise Untranslatable(f"count {name} {op}")
    any_row = exists(Count(count.sheet, count.key_field, count.key, ()), plan)
    return plan.cell(_sheet_of(count.key), f"IF({any_row},COUNTIFS({','.join(asked)})>0,FALSE)")
