"""Which rows of a foreign table are rows of its list, and of which year."""

import re
from collections.abc import Sequence

from validators.meanings import Raw, text_of
from validators.text import folded
from workbook_templates.layouts.declared import YEAR
from workbook_templates.layouts.found import Fit, areas
from workbook_templates.layouts.head_words import known_heads
from workbook_templates.layouts.words import NOTES, TOTALS
from workbook_templates.xlsx.opened import Grid

ANOTHER_TABLE = "这里开始另一张表，没有取；请把它放在单独的工作表里再导入"
"""Said of a row that is the head of another table."""


def fill_merged(grid: Grid, fit: Fit, below: Sequence[tuple[int, list[Raw]]]) -> None:
    """Let a cell that is merged down stand in every row that it covers."""
    rows = dict(below)
    deepest = max(rows, default=0)
    for first, left, last, _ in areas(grid):
        if last <= first or first <= fit.heading.last or first not in rows:
            continue
        value = rows[first][left] if left < len(rows[first]) else ""
        for number in range(first + 1, min(last, deepest) + 1):
            if number in rows and value != "":
                cells = rows[number]
                cells += [""] * (left + 1 - len(cells))
                cells[left] = value


def passed_over(fit: Fit, cells: Sequence[Raw]) -> str:
    """Why a row is no row of the list, or ''."""
    texts = [text_of(cell) for cell in cells]
    filled = [text for text in texts if text]
    own = [texts[place] for place, entry in fit.entries if entry.means and place < len(texts) and texts[place]]
    known = sum(folded(text) in fit.heads for text in filled)
    if known >= max(2, len(filled) // 2 + 1):
        return "重复的表头"
    if not filled:
        return "空行"
    if any(TOTALS.match(re.sub(r"\s", "", text)) for text in filled[:2]):
        return "合计行"
    if all(NOTES.match(text) for text in filled) or (
        len(filled) <= 2
        and NOTES.match(filled[0])
        and not any(
            entry.means.endswith((".name", ".uscc"))
            and place < len(texts)
            and texts[place]
            and place != texts.index(filled[0])
            for place, entry in fit.entries
        )
    ):
        return "表下的说明"
    if (
        len(filled) >= 3
        and all(text.isdecimal() for text in filled)
        and list(map(int, filled)) == list(range(int(filled[0]), int(filled[0]) + len(filled)))
    ):
        return "列号"
    if len(filled) >= 3 and sum(folded(text) in known_heads() for text in filled) * 2 > len(filled):
        return ANOTHER_TABLE
    if not own:
        return "没有布局里的列"
    return ""


def year_of(fit: Fit, cells: Sequence[Raw]) -> int | None:
    """The year that a row is of, where a column says it."""
    place = next((place for place, entry in fit.entries if entry.means == YEAR), None)
    found = re.search(r"(20\d\d)", text_of(cells[place])) if place is not None and place < len(cells) else None
    return int(found[1]) if found else None


def shares_of_one(grid: Grid, fit: Fit) -> set[int]:
    """Columns of percentages whose numbers are all at most one: they are shares of one."""
    found = set()
    for place, entry in fit.entries:
        column = entry.column
        if column is None or column.unit != "%" or entry.unit:
            continue
        own = [cells[place] for number, cells in grid.rows if number > fit.heading.last and place < len(cells)]
        numbers = [one for one in own if isinstance(one, float) and one]
        if numbers and max(numbers) <= 1 and min(numbers) < 1:
            found.add(place)
    return found
