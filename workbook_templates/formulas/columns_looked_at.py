"""Which columns a condition looks at, in its own row and in others, and what it does with them."""

from collections.abc import Iterator
from functools import cache

from validators.columns import ROOTS, SHEETS, Column, Sheet
from validators.expr import (
    Blank,
    Cell,
    Check,
    Const,
    Count,
    Expr,
    Given,
    Largest,
    ListedCodes,
    Ref,
    Text,
    Total,
)
from validators.rule import all_rules
from workbook_templates.formulas.cells import LOOKED_UP
from workbook_templates.formulas.default_formulas import INHERITED, OFFERED


def columns_of_others(node: Expr) -> Iterator[tuple[Column, object]]:
    """Columns that a condition looks at in other rows, and those of its own row that it looks them up by.

    With each: None where it is looked at itself, else what is made of it in the row where it stands.
    """
    match node:
        case Ref() | Largest():
            yield from ((one, None) for one in (node.target, SHEETS[node.target.sheet][node.key_field]))
        case Count():
            sheet = SHEETS[node.sheet]
            yield sheet[node.key_field], None
            for name, op, value in node.where:
                yield sheet[name], (op, value.value) if isinstance(value, Const) else None
                yield from ((cell, None) for cell in cells_of(value) if cell.sheet == node.sheet)
        case Total():
            yield SHEETS[node.sheet][node.key_field], None
            alone = len(node.fields) == 1
            yield from ((SHEETS[node.sheet][name], None if alone else node.fields) for name in node.fields)
        case ListedCodes():
            yield SHEETS[node.sheet][node.key_field], None
            yield from ((SHEETS[node.sheet][name], (op, str(value))) for name, op, value in node.where)
    if isinstance(node, Ref | Count | Total | Largest):
        yield from ((cell, None) for cell in cells_of(node.key))
    for part in node.parts():
        yield from columns_of_others(part)


def cells_of(node: Expr) -> Iterator[Column]:
    """Columns of the row that is judged which a node looks at."""
    if isinstance(node, Cell):
        yield node.column
    elif isinstance(node, Text | Given | Blank):
        yield node.cell.column
    for part in node.parts():
        yield from cells_of(part)


def taken(sheet: Sheet) -> list[Column]:
    """Columns that show what stands at the enterprise of a row."""
    return _TAKEN[sheet.key]


_TAKEN = {
    key: [one for one in sheet.columns if (offered := OFFERED.get((key, one.field))) and offered.inherits]
    for key, sheet in SHEETS.items()
}


def takes(check: Check | str, sheet: Sheet) -> bool:
    """Whether a condition looks at what a row takes from its enterprise."""
    return not isinstance(check, str) and not set(cells_of(check.when)).isdisjoint(taken(sheet))


def adds(node: Expr) -> bool:
    """Whether a condition adds up values of other rows."""
    return isinstance(node, Total) or any(map(adds, node.parts()))


@cache
def looked_at() -> frozenset[Column]:
    """Columns that rows look at in other rows, and what they look them up by, for which a helper cell pays."""
    uses: dict[Column, set[object]] = {}
    for rule in all_rules().values():
        for one in (one for own in rule.checks.values() for one in own):
            for column, use in columns_of_others(one.when):
                uses.setdefault(column, set()).add(use)
    roots = (SHEETS[key][name] for key in ROOTS.values() for name in ("list_id", "name"))
    keys = (column for sheet in SHEETS.values() for column in sheet.columns if column.kind in LOOKED_UP)
    inherited = (SHEETS["enterprises"][name] for name in INHERITED)
    return frozenset(
        [*roots, *keys, *inherited, *(column for column, own in uses.items() if None in own or len(own) > 1)]
    )
