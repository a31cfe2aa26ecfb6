"""The generated pages are those of the rules, the cases and the declaration as they are now."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from typer.main import get_command

from addin.cli.app import app
from docs.generate import ROOT, pages
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


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")], ids=lambda path: path.name
)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_commands_of_the_readme_exist() -> None:
    named = set(re.findall(r"qingdan ((?:[a-z]+ ?)+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert len(named) >= 6
    for words in named:
        command = get_command(app)
        for word in words.split():
            command = command.commands[word]  # type: ignore[attr-defined]


def test_every_column_stands_in_the_dictionary() -> None:
    (text,) = (text for path, text in PAGES.items() if path.name == "数据字典.md")
    for sheet in SHEETS.values():
        part = text.partition(f"## {sheet.title}\n")[2].partition("\n## ")[0]
        heads = [line.split(" | ")[0].removeprefix("| ") for line in part.splitlines() if line.startswith("| ")]
        assert heads[2:] == [column.header for column in sheet.columns]
