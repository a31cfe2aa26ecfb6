"""What is struck out, or painted in the colour of what lies behind it: a whole cell by its style, a part by its runs.

An officer strikes out what is to go, and does not see what is white on white; either would be read like the rest.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal, TypeVar

WHITE, BLACK = "FFFFFF", "000000"
How = Literal["struck", "painted"]


@dataclass(frozen=True, slots=True)
class Ink:
    """How a text is written."""

    struck: bool = False
    colour: str = BLACK


@dataclass(frozen=True, slots=True)
class Paint:
    """How a cell looks by its style."""

    ink: Ink = Ink()
    ground: str | None = WHITE
    """Colour behind the text; None where it is not known (a pattern)."""

    def marks(self, ink: Ink | None) -> How | None:
        """How a text in this ink, or in the cell's own, is marked."""
        own = ink or self.ink
        return "struck" if own.struck else "painted" if own.colour == self.ground else None


@dataclass(frozen=True, slots=True)
class Rich:
    """A text of several runs, each with its ink, None where that is the cell's."""

    text: str
    runs: tuple[tuple[str, Ink | None], ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell that is marked, or a part of it."""

    how: How
    text: str = ""
    """Where it is a part: the cell's text with that part named, `〔划掉：旧〕新`; '' where all of it is."""


_WORDS: dict[How, str] = {"struck": "划掉", "painted": "看不见"}
PART_NAMED = re.compile(f"〔(?:{'|'.join(_WORDS.values())})：")
"""How a part is named in the text of a mark."""


PLAIN = Paint()


def mark_of(cell: object, paint: Paint) -> Mark | None:
    """How a cell that is not blank is marked; blanks between its runs do not count."""
    if not isinstance(cell, Rich):
        how = paint.marks(None)
        return Mark(how) if how else None
    found = [(text, paint.marks(ink)) for text, ink in cell.runs if text]
    hows = [how for text, how in found if how and text.strip()]
    if not hows:
        return None
    if len(hows) == sum(bool(text.strip()) for text, _ in found):
        return Mark(hows[0])
    parts = [("".join(text for text, _ in same), how) for how, same in groupby(found, itemgetter(1))]
    return Mark(hows[0], "".join(f"〔{_WORDS[how]}：{text}〕" if how else text for text, how in parts))


class Runs:
    """Gathers the runs of one text (`si`, `is`) from its XML; phonetic guides are left out."""

    def __init__(self) -> None:
        self._runs: list[tuple[list[str], Ink | None]] = [([], None)]
        self._inside = ""
        self._guide = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        texts, ink = self._runs[-1]
        if tag == "r":
            self._runs.append(([], None))
        elif tag == "rPr":
            self._runs[-1] = texts, Ink()
        elif tag == "strike" and ink:
            self._runs[-1] = texts, Ink(is_on(attributes), ink.colour)
        elif tag == "color" and ink:
            self._runs[-1] = texts, Ink(ink.struck, colour_of(attributes) or ink.colour)
        elif tag == "rPh":
            self._guide = True
        elif tag == "t":
            self._inside = "" if self._guide else tag

    def text(self, data: str) -> None:
        """A piece of text."""
        if self._inside:
            self._runs[-1][0].append(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "t":
            self._inside = ""
        elif tag == "rPh":
            self._guide = False

    def found(self, meant: Callable[[str], str]) -> str | Rich:
        """The text, each run of it as it is `meant`; plain where no run has an ink of its own."""
        runs = [("".join(texts), ink) for texts, ink in self._runs if texts]
        text = meant("".join(text for text, _ in runs))
        if all(ink is None for _, ink in runs):
            return text
        return Rich(text, tuple((meant(own), ink) for own, ink in runs))


def is_on(attributes: Mapping[str, str]) -> bool:
    """Whether a switch is on, which it is where it says nothing."""
    return attributes.get("val", "1") not in ("0", "false", "off")


_INDEXED = {"0": BLACK, "1": WHITE, "8": BLACK, "9": WHITE, "64": BLACK, "65": WHITE}
_THEME = {"0": WHITE, "1": BLACK}


def colour_of(attributes: Mapping[str, str]) -> str | None:
    """A colour as a key that is the same for the same colour, None where none is named."""
    if rgb := attributes.get("rgb"):
        return rgb[-6:].upper()
    for kind, known in (("theme", _THEME), ("indexed", _INDEXED)):
        if number := attributes.get(kind):
            tint = attributes.get("tint", "0").strip("-.0")
            return f"{kind} {number} {tint}" if tint else known.get(number, f"{kind} {number}")
    return None


class Paints:
    """Gathers from the XML of the styles how the cells of each style look."""

    def __init__(self) -> None:
        self.found: dict[str, Paint] = {}
        """By number of the style; what is plain is left out."""
        self._inks: list[Ink] = []
        self._grounds: list[str | None] = []
        self._section, self._solid, self._count = "", False, 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag in ("fonts", "fills", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs", "borders"):
            self._section = tag
        elif self._section == "fonts":
            self._font(tag, attributes)
        elif self._section == "fills":
            self._fill(tag, attributes)
        elif self._section == "cellXfs" and tag == "xf":
            ink = _at(self._inks, attributes.get("fontId", ""), Ink())
            paint = Paint(ink, _at(self._grounds, attributes.get("fillId", ""), WHITE))
            if paint != PLAIN:
                self.found[str(self._count)] = paint
            self._count += 1

    def _font(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "font":
            self._inks.append(Ink())
        elif tag == "strike" and self._inks:
            self._inks[-1] = Ink(is_on(attributes), self._inks[-1].colour)
        elif tag == "color" and self._inks:
            self._inks[-1] = Ink(self._inks[-1].struck, colour_of(attributes) or BLACK)

    def _fill(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "fill":
            self._grounds.append(WHITE)
        elif tag in ("patternFill", "gradientFill") and self._grounds:
            self._solid = attributes.get("patternType") == "solid"
            self._grounds[-1] = (
                WHITE if tag == "patternFill" and attributes.get("patternType", "none") == "none" else None
            )
        elif tag == "fgColor" and self._grounds and self._solid and "indexed" not in attributes:
            self._grounds[-1] = colour_of(attributes)


_Known = TypeVar("_Known")


def _at(known: Sequence[_Known], number: str, default: _Known) -> _Known:
    return known[int(number)] if number.isdecimal() and int(number) < len(known) else default
