"""The page that holds the governing document against the product: nothing left out, nothing misquoted, nothing made up."""

import re
from pathlib import Path

import typer
from typer.main import get_command

from addin.cli.app import app
from validators.columns import SHEET_TITLES
from validators.rule import GROUPS, all_rules
from validators.ruleset_tables import labels

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "依据对照.md").read_text(encoding="utf-8")


def squeezed(text: str) -> str:
    """A text without blanks, line ends and marks of emphasis, which are the copy's own."""
    return re.sub(r"[\s*]", "", text)


DOCUMENT = squeezed((DOCS / "聊重指办2020-6号.txt").read_text(encoding="utf-8"))
ROWS = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| ") and "原文" not in line]
QUOTES = [squeezed(row[1]) for row in ROWS]


def test_every_quotation_is_letter_for_letter_in_the_document_and_stands_there_once() -> None:
    assert len(ROWS) > 50
    assert [quote for quote in QUOTES if DOCUMENT.count(quote) != 1] == []
    assert len(set(QUOTES)) == len(QUOTES)


def test_nothing_of_the_document_is_left_out() -> None:
    rest = DOCUMENT
    for quote in QUOTES:
        rest = rest.replace(quote, "\n")
    heading = r"(?:[一二三四五]、\w+)?(?:[(（][一二三四五][)）](?:\w+。)?)?(?:\d\.)?"
    assert [left for left in rest.split("\n") if not re.fullmatch(heading, left)] == []


def test_quotations_stand_in_the_order_of_the_document() -> None:
    asking = PAGE.partition("## 不要求")[0].count("\n| ") - 1  # the head
    for own in (QUOTES[:asking], QUOTES[asking:]):
        places = [DOCUMENT.index(quote) for quote in own]
        assert places == sorted(places)


def test_rules_that_are_named_exist() -> None:
    named = set(re.findall(r"\b[A-Z]{2}\d{2}\b", PAGE))
    assert len(named) > 40 and named <= all_rules().keys()
    groups = set(re.findall(r"\b[A-Z]{2}\b", PAGE.replace("XX", "")))
    assert groups <= GROUPS.keys()


def test_commands_and_options_that_are_named_exist() -> None:
    for text in set(re.findall(r"`(qingdan [^`]+)`", PAGE)):
        _, *words = text.split()
        command = get_command(app)
        while words and isinstance(command, typer.core.TyperGroup):
            command = command.commands[words.pop(0)]
        options = {name for one in command.params for name in one.opts}
        assert {word for word in words if word.startswith("--")} <= options, text


def test_sheets_that_are_named_exist() -> None:
    said = " ".join(" ".join(row[2:]) for row in ROWS)
    named = set(re.findall(r"《([^》]+)》", said))
    assert named - {*SHEET_TITLES.values(), *labels("tables").values()} == {"技术指南"}
