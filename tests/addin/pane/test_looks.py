"""Every text can be read on every ground, light and dark (WCAG 2.1 AA), and no colour stands outside the one list."""

import re
from importlib.resources import files

import pytest

CSS = files("addin.pane").joinpath("page", "pane.css").read_text(encoding="utf-8")
GROUNDS = ("ground", "card", "chosen")
TEXTS = ("text", "quiet", "link", "blocker", "error", "warning", "info", "good")
MARKS = ("focus", "edge")
"""Borders of what can be pressed, and of what has the focus: 3 to 1 is enough."""


def colours() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    return {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", part))
        for name, part in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_it_is_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(scheme: str) -> None:
    own = colours()[scheme]
    pairs = [(text, ground, 4.5) for text in TEXTS for ground in GROUNDS] + [("on-button", "button", 4.5)]
    pairs += [(mark, ground, 3) for mark in MARKS for ground in GROUNDS]
    poor = {f"{one} on {other}": round(contrast(own[one], own[other]), 2) for one, other, least in pairs
            if contrast(own[one], own[other]) < least}  # fmt: skip
    assert poor == {}
    assert own.keys() == {*TEXTS, *GROUNDS, *MARKS, "button", "on-button", "hair"}


def test_colours_stand_in_the_list_alone() -> None:
    _, _, rules = CSS.partition("* { box-sizing")
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;\s,)])|hsl|(?<!: )rgb\(", rules) == []
    texts = set(re.findall(r"(?<![-\w])color: var\(--([\w-]+)\)", rules))
    assert texts <= {*TEXTS, "on-button"}
    grounds = set(re.findall(r"background(?:-color)?: var\(--([\w-]+)\)", rules))
    assert grounds <= {*GROUNDS, "button"}
