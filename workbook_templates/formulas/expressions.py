"""Conditions of `validators.expr` as Excel text.

A condition is judged only when all that it needs is there, as in Python: `needed` says so in front of it. What costs
something, or is used by several conditions, gets a helper cell of its own (`Plan.cell`), once per row.

Rows of other sheets are found by numbers (`cells.key`), through names of absolute ranges, by MATCH alone: it reads
helper cells in every program also while they are being worked out, which COUNTIF and SUMIF do not in ONLYOFFICE. Counts
are only ever asked whether there is one, whether there is none, or whether there are several. Rows of one sheet are
compared with each other only where their number of different keys says that some are alike.
"""

import datetime as dt
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
    ListedCodes,
    Lookup,
    Not,
    Ref,
    Text,
    Total,
)
from validators.ooxml.grid import EPOCH
from workbook_templates.formulas.alike import HelperColumns, again
from workbook_templates.formulas.cells import all_of, any_of, given, quoted
from workbook_templates.formulas.functions import FUNCTIONS, NO_CODE, Maker, codes_in
from workbook_templates.xlsx.appearance import HEADER_ROW

_BLOCK = 40
"""Rows of one enterprise that are summed while they stand together; for more, or others, all rows are looked through."""

MANY_OF_MANY = ("enterprises", "lines")
"""Sheets of which the one has many rows, and each of these some of the many of the other."""


class Untranslatable(ValueError):
    """No formula says this; the rule is judged in Python alone."""


class Plan(Maker, HelperColumns, Protocol):
    """Where formulas find what they refer to (`workbook_templates.formulas.plan`)."""

    county: str

    def value(self, column: Column) -> str:
        """Text, in the row of the formula, for a column's value or ""."""

    def kept(self, column: Column) -> str:
        """The same in a helper cell, for what is used many times."""

    def blank(self, column: Column) -> str:
        """Whether nothing stands in an entry cell."""

    def name(self, sheet: str, formula: str) -> str:
        """A name that stands for a formula of the rows of a sheet, which is worked out wherever the name is used."""

    def across(self, column: Column) -> str:
        """Text for a column's value that other rows look at, in their helper cells."""

    def held(self, column: Column) -> str:
        """Address of the helper cell that holds the value of a column that other rows look at."""

    def key(self, column: Column) -> str:
        """Address of the helper cell that holds what a row is found by in a column."""

    def number(self, column: Column) -> str:
        """Address of the helper cell with a number for a key that is a text; others may have the same."""

    def look_up(self, table: str, key: str) -> str:
        """Text for the value of a table of the rule set by key; an error where it is not there."""

    def fixed(self, table: str, keys: tuple[object, ...], default: object) -> str:
        """Text for a value of a table of the rule set, or of the workbook itself, that no cell changes."""

    def listed(self, column: Column) -> str:
        """A name for the allowed values of a column."""

    def words(self, name: str) -> tuple[str, ...]:
        """A word list."""

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
            return str((value - EPOCH).days)
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
    return plan.blank(node.cell.column)


@say.register
def _(node: Not, plan: Plan) -> str:
    return f"NOT({say(node.inner, plan)})"


@say.register
def _(node: In, plan: Plan) -> str:
    return any_of([f"{say(node.inner, plan)}={constant(value)}" for value in node.values])


def _is_seldom(node: Expr) -> bool:
    """Whether a condition is that of rows that are alike: soon answered where none are, and asked of all rows anew when a
    key changes."""
    return (
        isinstance(node, Binary)
        and node.op == ">"
        and isinstance(node.left, Count)
        and not isinstance(node.left.key, Const)
    )


_SIGNS = {"==": "=", "!=": "<>"}


@say.register
def _(node: Binary, plan: Plan) -> str:
    if node.op in ("and", "or"):  # as IF, so that what costs something is only asked where it matters, as in Python
        first, then = (
            (node.right, node.left) if node.op == "and" and _is_seldom(node.right) else (node.left, node.right)
        )
        left, right = say(first, plan), say(then, plan)
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
        if node.table == "words":
            return ";".join(map(quoted, plan.words(str(keys[0]))))
        return plan.fixed(node.table, keys, node.default)
    key = '&"|"&'.join(say(key, plan) for key in node.keys)
    return plan.name(_sheet_of(node), f"IFERROR({plan.look_up(node.table, key)},{constant(node.default)})")


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
    return function(
        plan,
        *(  # a text is looked at many times
            plan.kept(one.column) if isinstance(one, Cell) and one.column.kind == "text" else say(one, plan)
            for one in node.arguments
        ),
    )


def _key_of(node: Expr, plan: Plan) -> str:
    """What the rows that a node names are found by."""
    assert isinstance(node, Cell), node  # noqa: S101 - rules look others up by a cell of their own
    return plan.key(node.column)


def place_of(sheet: str, key_field: str, key: Expr, plan: Plan) -> str:
    """Helper cell with the place of the topmost row of a sheet with a key, 0 where there is none."""
    keys, wanted = plan.over(sheet, plan.key(SHEETS[sheet][key_field])), _key_of(key, plan)
    found = f"MATCH({wanted},{keys},0)"
    exact = f"IF(EXACT(INDEX({keys},{found}),{wanted}),{found},0)"  # a text may hold wildcards
    return plan.cell(_sheet_of(key), f'IF({wanted}="",0,IFERROR(IF(ISNUMBER({wanted}),{found},{exact}),0))')


@say.register
def _(node: Ref, plan: Plan) -> str:
    first = place_of(node.target.sheet, node.key_field, node.key, plan)
    values = plan.over(node.target.sheet, plan.held(node.target))
    return plan.name(_sheet_of(node.key), f'IF({first}=0,"",INDEX({values},{first}))')


@say.register
def _(node: Total, plan: Plan) -> str:
    sheet, here = SHEETS[node.sheet], _sheet_of(node.key)
    own, key = plan.key(sheet[node.key_field]), _key_of(node.key, plan)
    keys, first = plan.over(node.sheet, own), place_of(node.sheet, node.key_field, node.key, plan)
    many = _many(node.sheet, node.key_field, node.key, plan)
    if len(node.fields) == 1:
        products = plan.over(node.sheet, plan.held(sheet[node.fields[0]]))
    else:
        values = [plan.across(sheet[name]) for name in node.fields]
        known = all_of([given(value) for value in values])
        products = plan.over(node.sheet, plan.cell(node.sheet, f'IF({own}="","",IF({known},{"*".join(values)},""))'))
    part = f"INDEX({products},{first}):INDEX({products},{first}+{many}-1)"
    apart = f'IF(SUMPRODUCT(({keys}={key})*({products}=""))=0,SUMPRODUCT(--({keys}={key}),{products}),"")'
    near = f'IF(COUNT({part})={many},SUM({part}),"")'
    return plan.name(here, f"IF({many}=0,0,IF({many}<{_BLOCK},{near},{apart}))")


def _many(name: str, key_field: str, wanted: Expr, plan: Plan) -> str:
    """Helper cell with how many rows of a sheet have a key where they stand together, else `_BLOCK`."""
    own, key = plan.key(SHEETS[name][key_field]), _key_of(wanted, plan)
    keys, first = plan.over(name, own), place_of(name, key_field, wanted, plan)
    # a row begins a block where the one above it has another key; a second block of a key is known by that key
    place = f"SUM(ROW({own}))-{HEADER_ROW - 1}"
    begins = f"INDEX({keys},{place}-1)<>{own}"
    again = plan.cell(name, f'IF({own}="","",IF({begins},IF(MATCH({own},{keys},0)<{place},{own},""),""))')
    block = f"INDEX({keys},{first}):INDEX({keys},{first}+{_BLOCK - 1})"
    together = f"IF(ISNUMBER(MATCH({key},{plan.over(name, again)},0)),{_BLOCK},SUMPRODUCT(--({block}={key})))"
    return plan.cell(_sheet_of(wanted), f"IF({first}=0,0,IFERROR({together},{_BLOCK}))")


@say.register
def _(node: Largest, plan: Plan) -> str:
    """The largest value over the rows of a small sheet; "" where there is none, or one is missing."""
    sheet, key, name = SHEETS[node.target.sheet], _key_of(node.key, plan), node.target.sheet
    own, held = plan.key(sheet[node.key_field]), plan.held(node.target)
    keys, values = plan.over(name, own), plan.over(name, held)
    later = f'SUMPRODUCT(({keys}={own})*({values}>{held})*({values}<>""))'
    newest = plan.cell(name, f'IF({own}="","",IF({held}="","",IF({later}=0,{own},"")))')
    missing = exists(Count(name, node.key_field, node.key, ((node.target.field, "unknown", Const(None)),)), plan)
    found = f'IFERROR(INDEX({values},MATCH({key},{plan.over(name, newest)},0)),"")'
    return plan.name(_sheet_of(node.key), f'IF({key}="","",IF({missing},"",{found}))')


@say.register
def _(node: ListedCodes, plan: Plan) -> str:
    joined = plan.kept(node.joined.column)
    keys = plan.over(node.sheet, _keys(Count(node.sheet, node.key_field, Const(None), node.where), plan)[0])
    codes = codes_in(plan, joined, plan.county)
    found = "+".join(
        f"IF({there},ISNUMBER(MATCH({code},{keys},0)),FALSE)" for there, code in codes
    )  # looking costs time
    return plan.name(node.joined.column.sheet, f'IF({joined}="",0,{found})')


@say.register
def _(node: Codes, plan: Plan) -> str:
    joined = plan.kept(node.joined.column)
    found = "+".join(f"({code}<>{NO_CODE})" for _, code in codes_in(plan, joined, plan.county))
    return plan.name(node.joined.column.sheet, f'IF({joined}="",0,{found})')


def _keys(count: Count, plan: Plan, only: str = "") -> tuple[str, list[tuple[Column, Expr]]]:
    """The helper column of the sheet that is counted in: its key where a row meets the conditions, else "".

    Values that the row of the formula says (`==`) are part of the key; they are returned in order. Rows that nobody
    asks for hold 0 where a condition says `only` which.
    """

    def placed(formula: str) -> str:
        return plan.cell(count.sheet, f"IF({only},{formula},0)" if only else formula)

    sheet = SHEETS[count.sheet]
    key = plan.key(sheet[count.key_field])
    tests, equal = [], list[tuple[Column, Expr]]()
    for name, op, other in count.where:
        column = sheet[name]
        own = plan.across(column)
        if len(count.where) == 1 and (op == "unknown" or (op == "==" and not isinstance(other, Const))):
            # one column says of each row which value it has, and that it has none
            joined = _with(key, [(column, own)], plan)
            return placed(f'IF({key}="","",{joined})'), [(column, _Same("") if op == "unknown" else other)]
        if op == "unknown":
            tests.append(f'{own}=""')
        elif op == "==" and isinstance(other, Const) and other.value is None:
            tests.append(plan.blank(column))
        elif op == "==" and not isinstance(other, Const):
            tests.append(given(own))
            equal.append((column, other))
        elif op in ("==", "!=") and isinstance(other, Const):
            tests += dict.fromkeys((f'{own}<>""', f"{own}{_SIGNS[op]}{constant(other.value)}"))
        elif op == "in" and isinstance(other, Const) and isinstance(other.value, tuple):
            tests.append(any_of([f"{own}={constant(value)}" for value in other.value]))
        else:
            raise Untranslatable(f"count {name} {op}")
    if not tests:
        return key, equal
    joined = _with(key, [(column, plan.across(column)) for column, _ in equal], plan)
    return placed(f'IF({key}="","",IF({all_of(tests)},{joined},""))'), equal


def _with(key: str, values: list[tuple[Column, str]], plan: Plan) -> str:
    """A key that says values too: a number where it can be one."""
    if not values:
        return key
    text = '&"|"&'.join([key, *(value for _, value in values)])
    if len(values) > 1 or values[0][0].kind != "enum":
        return text
    [(column, value)] = values
    place = f"MATCH({value},{plan.listed(column)},0)"
    if value == constant(""):
        place = "0"
    elif value == plan.across(column):
        place = f'IF({value}="",0,{place})'
    return f"IF(ISNUMBER({key}),{key}*1000+{place},{text})"


def exists(count: Count, plan: Plan) -> str:
    """Whether a row is counted."""
    here = _sheet_of(count.key)
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
    key = _key_of(count.key, plan)
    wanted = _with(key, [(column, say(value, plan)) for column, value in equal], plan)
    area = plan.over(count.sheet, keys)
    anywhere = f"MATCH({wanted},{area},0)"
    if (here, count.sheet) != MANY_OF_MANY:
        return plan.name(here, f'IF({key}="",FALSE,ISNUMBER({anywhere}))')
    # the few rows that stand together are soon looked through, and one more: Gnumeric finds nothing in a single one
    first, many = (find(count.sheet, count.key_field, count.key, plan) for find in (place_of, _many))
    near = f"MATCH({wanted},INDEX({area},{first}):INDEX({area},{first}+{many}),0)"
    return plan.name(here, f"IF({many}=0,FALSE,ISNUMBER(IF({many}<{_BLOCK},{near},{anywhere})))")


def _one_of(count: Count, name: str, listed: Lookup, rest: tuple[tuple[str, str, Expr], ...], plan: Plan) -> str:
    """Whether a row holds one of the values that a table lists for a cell."""
    [cell] = listed.keys
    tests = []
    table = plan.table(listed.table)
    for value in dict.fromkeys(one for values in table.values() for one in values):  # type: ignore[attr-defined] # lists
        asks = In(cell, tuple(key for key, values in table.items() if value in values))  # type: ignore[operator] # lists
        held = Count(count.sheet, count.key_field, count.key, (*rest, (name, "==", _Same(value))))
        tests.append(f"IF({say(asks, plan)},{exists(held, plan)},FALSE)")
    return plan.name(_sheet_of(count.key), any_of(tests))


class _Same(Expr):
    """A constant that is part of a key, so that one helper column serves all constants."""

    def __init__(self, value: object) -> None:
        self.value = value


@say.register
def _(node: _Same, plan: Plan) -> str:
    return constant(node.value)


def several(count: Count, plan: Plan) -> str:
    """Whether rows besides this one of the same sheet are counted with it."""
    sheet, column = count.sheet, SHEETS[count.sheet][count.key_field]
    if column.kind == "code18":  # texts are compared only where their numbers are alike
        repeated = again(sheet, plan.number(column), plan)
        keys, _ = _keys(count, plan, repeated)
        found = f"IF(ISTEXT({keys}),SUMPRODUCT(--({plan.over(sheet, keys)}={keys}))>1,FALSE)"
    else:  # nearly all are numbers, which need no second look
        keys, _ = _keys(count, plan)
        same = f"SUMPRODUCT(--({plan.over(sheet, keys)}={keys}))>1"
        found = f"IF(ISNUMBER({keys}),{again(sheet, keys, plan)},{same})"
    return plan.name(sheet, f'IF({keys}="",FALSE,{found})')


def _unlike(count: Count, other: Cell, plan: Plan) -> str:
    """Whether a row of the same sheet has the key of this one and another value, both given."""
    sheet, column = count.sheet, SHEETS[count.sheet][count.key_field]
    key, own = plan.held(column), plan.held(other.column)
    values = plan.over(sheet, own)
    rows = f'({plan.over(sheet, key)}={key})*({values}<>{own})*({values}<>"")'
    found = f"IF({again(sheet, plan.number(column), plan, (key, own))},SUMPRODUCT({rows})>0,FALSE)"
    return plan.name(sheet, f'IF({key}="",FALSE,IF({own}="",FALSE,{found}))')


def _counted(count: Count, plan: Plan) -> str:
    """Whether a row is counted, by looking through all rows of a small sheet that have the key."""
    sheet, key, here = SHEETS[count.sheet], _key_of(count.key, plan), _sheet_of(count.key)
    own = plan.key(sheet[count.key_field])
    first = place_of(count.sheet, count.key_field, count.key, plan)
    if [op for _, op, _ in count.where] == ["contains"]:
        [(name, _, other)] = count.where
        both = plan.over(count.sheet, plan.cell(count.sheet, f'{own}&"|"&{plan.held(sheet[name])}'))
        return plan.name(here, f'IF({first}=0,FALSE,ISNUMBER(MATCH({key}&"|*"&{say(other, plan)}&"*",{both},0)))')
    asked = [f"({plan.over(count.sheet, own)}={key})"]
    for name, op, other in count.where:
        area, value = plan.over(count.sheet, plan.held(sheet[name])), say(other, plan)
        if op not in ("==", "!="):
            raise Untranslatable(f"count {name} {op}")
        asked.append(f"({area}{_SIGNS[op]}{value})")
        if op == "!=":
            asked.append(f'({area}<>"")')
    return plan.name(here, f"IF({first}=0,FALSE,SUMPRODUCT({'*'.join(asked)})>0)")
