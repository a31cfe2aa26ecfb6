"""What changed between two formats of the submission, each a profile or the province's blank table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Literal

from validators.columns import letter
from workbook_templates.county.sheet_layout import HEAD_ROWS
from workbook_templates.submission.submission_workbook import profile
from workbook_templates.xlsx.opened import Grid, open_workbook

Heads = Mapping[str, Sequence[str]]
"""Heads of each sheet, in their order."""


@dataclass(frozen=True)
class Difference:
    """One thing that changed; `old` and `new` are column letters, or titles of a sheet."""

    what: Literal["移动", "新增", "消失", "表改名", "表新增", "表消失"]
    sheet: str
    head: str | None
    old: str | None
    new: str | None


def profile_heads(name: str) -> dict[str, list[str]]:
    """The heads of a profile. Raises `UnknownProfile`."""
    return {sheet.title: [one.head for one in sheet.heads] for sheet in profile(name)}


def table_heads(path: Path, known: frozenset[str]) -> dict[str, list[str]]:
    """The heads of a blank table; `known` heads help to tell them from titles. Raises `UnreadableWorkbook`.

    Heads may stand in two rows, one that spans above others: they read 上_下, as they do in a profile.
    """
    opened = open_workbook(path)
    found = {title: max(_readings(grid, known)) for title in opened.sheets if (grid := opened.grid(title))}
    return {title: heads for title, (_, _, heads) in found.items() if heads}


def _readings(grid: Grid, known: frozenset[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Ways to read the heads of a sheet: how many are known, how many there are (one row before two), and they."""
    yield 0, 0, []
    rows = [(number, [str(cell or "").strip() for cell in cells]) for number, cells in grid.rows if number <= HEAD_ROWS]
    for _, texts in rows:
        heads = [text for text in texts if text]
        if len(heads) > 1:
            yield sum(head in known for head in heads), 2 * len(heads), heads
    for (number, above), (following, below) in pairwise(rows):
        if following == number + 1:
            heads = _joined(above, below)
            yield sum(head in known for head in heads), 2 * len(heads) - 1, heads


def _joined(above: Sequence[str], below: Sequence[str]) -> list[str]:
    width = max(len(above), len(below))
    span, heads = "", []
    for upper, lower in zip([*above, *[""] * width][:width], [*below, *[""] * width][:width], strict=True):
        span = upper or span
        if lower:
            heads.append(f"{span}_{lower}" if span else lower)
        elif upper:
            heads.append(upper)
    return heads


def differences(old: Heads, new: Heads) -> list[Difference]:
    """What changed from the old to the new; sheets are the same by title, or by most of their heads."""
    found: list[Difference] = []
    pairs = {title: title for title in old if title in new}
    for title in (one for one in old if one not in pairs):
        shared = {
            other: len(set(old[title]) & set(heads)) for other, heads in new.items() if other not in pairs.values()
        }
        best = max(shared, key=lambda other: shared[other], default=None)
        if best is not None and shared[best] * 2 > len(old[title]):
            pairs[title] = best
            found.append(Difference("表改名", title, None, title, best))
        else:
            found.append(Difference("表消失", title, None, title, None))
    found += [Difference("表新增", title, None, None, title) for title in new if title not in pairs.values()]
    for title, other in pairs.items():
        found += _sheet_differences(other, _numbered(old[title]), _numbered(new[other]))
    return found


def _numbered(heads: Sequence[str]) -> list[tuple[str, int]]:
    """Each head, and which of several with the same text it is."""
    return [(head, heads[:place].count(head)) for place, head in enumerate(heads)]


def _sheet_differences(title: str, old: list[tuple[str, int]], new: list[tuple[str, int]]) -> Iterator[Difference]:
    for head in old:
        if head not in new:
            yield Difference("消失", title, head[0], letter(old.index(head)), None)
    before, after = [one for one in old if one in new], [one for one in new if one in old]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    kept = {head for block in blocks for head in before[block.a : block.a + block.size]}
    for place, head in enumerate(new):
        if head not in old:
            yield Difference("新增", title, head[0], None, letter(place))
        elif head not in kept:
            yield Difference("移动", title, head[0], letter(old.index(head)), letter(place))
