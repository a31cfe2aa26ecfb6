"""A foreign table on the page: what each head is taken for, five rows as they would be read, and a layout remembered."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from addin.office.importing import left_over, take
from addin.office.learning import is_blank, proposal
from addin.pane.folders import Folders
from addin.problems import Stop, output
from addin.reading.ruleset_store import rules_of, submitting
from validators.columns import SHEETS
from validators.findings import Json
from validators.rule import value_text
from workbook_templates.layouts.declared import GRAINS, Layout, WrongLayout, meanings, read_layout
from workbook_templates.layouts.import_report import guessed_fields
from workbook_templates.layouts.learnt import SURE

SHOWN = 5
"""Rows of each list that a preview has."""
LayoutRow = Mapping[str, str]
"""A row of a layout, by the heads of its file."""


def learnt(folders: Folders, name: str) -> Json:
    """The rows of the layout that is proposed for a table, and what may be said in them. Raises `Stop`."""
    table = _table(folders, name)
    rules = rules_of(None)
    found, text = proposal(table, rules)
    return {
        "table": name,
        "name": f"{table.stem}的布局",
        "rows": list(csv.DictReader(io.StringIO(text, newline=""))),
        "year": rules.year,
        "blank": is_blank(found),
        "sure": SURE,
        "meanings": list(meanings()),
        "grains": list(GRAINS),
    }


def previewed(folders: Folders, name: str, rows: Sequence[LayoutRow], county: str, year: str) -> Json:
    """The first rows of each list that the table becomes, guesses with their reasons; nothing is written. Raises `Stop`."""
    rules = rules_of(year or None)
    taken = take([_table(folders, name)], _layout("布局", rows), submitting(rules, county), rules)
    guessed = guessed_fields(taken)
    lists = []
    for key, own in taken.rows.items():
        shown = own[:SHOWN]
        columns = [column for column in SHEETS[key].columns if any(row.get(column.field) is not None for row in shown)]
        lists.append(
            {
                "title": SHEETS[key].title,
                "count": len(own),
                "heads": [column.header for column in columns],
                "rows": [
                    [
                        {
                            "text": "" if row.get(column.field) is None else value_text(row[column.field]),
                            "guess": guessed.get((key, index), {}).get(column.field, ""),
                        }
                        for column in columns
                    ]
                    for index, row in enumerate(shown)
                ],
            }
        )
    read = sum(one.taken for one in taken.read)
    said = f"表里 {len(taken.read)} 行，取 {read} 行。{left_over(taken)}"
    return {"said": [said, *taken.notes], "lists": [one for one in lists if one["count"]]}


def remembered(folders: Folders, rows: Sequence[LayoutRow], name: str, *, overwrite: bool) -> Json:
    """Write a layout into the results; returns its path. Raises `Stop`."""
    target = folders.output(f"{name.strip().removesuffix('.csv')}.csv")
    layout = _layout(target.stem, rows)
    if target.exists() and not overwrite:
        return {"exists": target.name}
    with output(target, force=True, suffix=".csv") as file:
        file.write(b"\xef\xbb\xbf" + layout.text.encode())
    return {"path": f"out/{target.name}"}


def _table(folders: Folders, name: str) -> Path:
    table = folders.path(name)
    if not table.is_file():
        raise Stop("还没有选中一份表。请先在文件列表里选中那一份，再按“认表”。")
    return table


def _layout(name: str, rows: Sequence[LayoutRow]) -> Layout:
    try:
        return read_layout(name, rows)
    except WrongLayout as error:
        raise Stop(str(error)) from error
