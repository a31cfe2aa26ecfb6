"""The generated pages are those of the rules, the cases and the declaration as they are now."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from docs.generate import pages
from validators.columns import SHEETS
from validators.rule import all_rules

PAGES = pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path], "run: python -m docs.generate"


def test_every_rule_has_an_example_in_the_package() -> None:
    found = json.loads(files("addin.office").joinpath("examples.json").read_text(encoding="utf-8"))
    assert list(found) == list(all_rules())
    assert all(one["fails"]["message"] and one["passes"]["case"] for one in found.values())


def test_every_column_stands_in_the_dictionary() -> None:
    (text,) = (text for path, text in PAGES.items() if path.name == "数据字典.md")
    for sheet in SHEETS.values():
        part = text.partition(f"## {sheet.title}\n")[2].partition("\n## ")[0]
        heads = [line.split(" | ")[0].removeprefix("| ") for line in part.splitlines() if line.startswith("| ")]
        assert heads[2:] == [column.header for column in sheet.columns]
