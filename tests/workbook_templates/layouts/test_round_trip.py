"""What a layout carries comes back the same: written through it, taken in through it, and written again."""

import math
import random
from dataclasses import replace

import pytest

from tests.workbook_templates.layouts.tables import as_book, carried, county, grids, taken, written
from workbook_templates.layouts.declared import Entry, Layout, of_text, shipped, shipped_layout

OTHER_UNITS = {
    "kg/d": ("t/d", "千克/天", "t/a"),
    "t/a": ("千克/年", "万吨/年", "kg/d"),
    "m²": ("亩", "公顷"),
    "%": ("小数",),
}


def other_units(layout: Layout, rng: random.Random) -> Layout:
    def changed(entry: Entry) -> Entry:
        column = entry.column
        units = OTHER_UNITS.get(column.unit if column else "", ())
        if column and column.sheet not in ("enterprises", "lines"):  # they say no days of running
            units = tuple(unit for unit in units if column.unit[-1] == unit[-1] or "/" not in unit)
        return replace(entry, unit=rng.choice(units)) if units else entry

    tables = tuple(replace(table, entries=tuple(map(changed, table.entries))) for table in layout.tables)
    return Layout(layout.name, tables)


def same(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return (one or None) == (other or None)


def differences(layout: Layout) -> list[str]:
    before = written(layout, county())
    after = written(layout, as_book(taken(layout, grids(layout, county()))))
    found = []
    for table, old, new in zip(layout.tables, before, after, strict=True):
        assert len(old) == len(new), table.title
        for number, (one, other) in enumerate(zip(old, new, strict=True)):
            found += [
                f"{table.entries[place].head} {number}: {one[place]!r} → {other[place]!r}"
                for place in carried(table)
                if not same(one[place], other[place])
            ]
    return found


@pytest.mark.parametrize("name", shipped())
def test_every_fact_that_a_shipped_layout_carries_comes_back(name: str) -> None:
    assert differences(shipped_layout(name)) == []


@pytest.mark.parametrize("seed", range(3))
def test_units_are_converted_there_and_back(seed: int) -> None:
    layout = other_units(shipped_layout("default"), random.Random(seed))  # noqa: S311
    assert any(entry.converts for table in layout.tables for entry in table.entries)
    assert differences(layout) == []


@pytest.mark.parametrize("name", shipped())
def test_a_layout_is_the_same_after_it_was_written_and_read(name: str) -> None:
    layout = shipped_layout(name)
    assert of_text(name, layout.text) == layout


def test_an_id_is_kept_and_the_same_firm_gets_the_same_one_again() -> None:
    layout = shipped_layout("graded")
    (table,) = grids(layout, county())
    first = {row["name"]: row["list_id"] for row in taken(layout, [table]).rows["enterprises"]}
    shuffled = replace(table, rows=[table.rows[0], *random.Random(1).sample(table.rows[1:], len(table.rows) - 1)])  # noqa: S311
    assert {row["name"]: row["list_id"] for row in taken(layout, [shuffled]).rows["enterprises"]} == first
    fewer = replace(table, rows=table.rows[:-3])
    again = {row["name"]: row["list_id"] for row in taken(layout, [fewer]).rows["enterprises"]}
    assert again.items() <= first.items()
    assert len(set(first.values())) == len(first)
