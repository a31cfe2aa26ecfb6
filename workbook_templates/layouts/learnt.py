"""Proposing a layout for a table that was never seen: by what its heads say, their units, and what stands below them.

Each column gets the meaning that suits it best, with a score. What is not sure is left open: a person confirms.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from stdnum.cn import uscc as gb32100

from validators.columns import SHEETS, Column, letter
from validators.meanings import ID_PATTERNS, Raw, text_of
from validators.ruleset import RuleSet
from validators.text import folded
from workbook_templates.layouts.declared import GRAINS, JOINER, Entry, Layout, Table, others
from workbook_templates.layouts.found import Heading, headings
from workbook_templates.layouts.head_words import FAMILIES, PERSONS, PHONES, by_name, known_heads, said
from workbook_templates.layouts.spellings import facts, spelt
from workbook_templates.layouts.units import unit
from workbook_templates.layouts.words import NOTES, NOTHING, TOTALS
from workbook_templates.xlsx.opened import Grid

SURE = 0.8
"""From this score on a proposal is as good as confirmed."""
OPEN = 0.5
"""Below this score a column is left open."""
_TALLEST = 2000
"""Rows at the top in which a head may stand below another, and lines of one enterprise below each other."""
SAMPLED = 200
"""Rows that are looked at."""
_SAMPLES = 3

# What stands below a head.

Test = Callable[[Raw, RuleSet], bool]


def _text(test: Callable[[str], object]) -> Test:
    return lambda value, rules: bool(test(text_of(value)))


def _matches(pattern: str) -> Test:
    known = re.compile(pattern)
    return _text(known.fullmatch)


def _is_uscc(text: str) -> bool:
    return len(text) == 18 and gb32100.is_valid(text)


_UNIT_BEHIND = re.compile(r"(?<=\d)\s*(?:[%％]|[a-zA-Z一-鿿]{1,4}(?:/[a-zA-Z一-鿿]{1,2})?)$")
"""What may stand behind a number."""


def _number(value: Raw) -> float | None:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return float(value)
    try:
        return float(_UNIT_BEHIND.sub("", text_of(value)).replace(",", ""))
    except ValueError:
        return None


def _is_choice(column: Column) -> Test:
    return lambda value, rules: spelt(column, text_of(value), rules) is not None


def _is_day(value: Raw, rules: RuleSet) -> bool:
    if isinstance(value, dt.date):
        return True
    number = _number(value)
    return (number is not None and 36_000 < number < 60_000) or bool(
        re.fullmatch(r"20\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?|20\d{6}", text_of(value))
    )


def _between(low: float, high: float) -> Test:
    return lambda value, rules: (number := _number(value)) is not None and low <= number <= high


@cache
def _test(means: str) -> tuple[Test, bool] | None:
    """What the cells of a column look like, and whether hardly anything else does; None where all may stand there."""
    sheet, _, field = means.partition(".")
    if means == "合写.管控类型":
        return lambda value, rules: facts("管控类型", text_of(value), rules) is not None, False
    if means == "合写.经纬度":
        return _matches(r"1[0-3]\d\.\d+[,，;；、/ ]+[2-5]\d\.\d+"), True
    if means == "本表.年度":
        return _matches(r"20\d\d年?度?"), True
    if sheet not in SHEETS:
        return _between(0, 99), False
    column = SHEETS[sheet][field]
    if column.kind == "code18":
        return _text(_is_uscc), True
    if column.kind == "code22":
        return _matches(r"[0-9A-Z]{18}[0-9A-Z]{3}[0-9A-Za-z]"), True
    if column.kind == "code4":
        return _matches(r"\d{4}"), False
    if column.kind == "phone":
        return _matches(r"1[3-9]\d{9}|(?:0\d{2,3}[-—]?)?\d{7,8}(?:-\d+)?|400[-\d]{7,9}"), False
    if column.kind == "id":
        return _matches(ID_PATTERNS[column.values].strip("^$")), True
    if field == "district":  # of another place, too
        return _text(re.compile(r"..[区县市旗]$|示范区$|开发区$").search), False
    if field == "longitude":
        return _between(73, 136), False
    if field == "latitude":
        return _between(17, 54), False
    if column.kind == "date":
        return _is_day, False
    if column.kind == "enum":
        return _is_choice(column), column.values != "是|否"
    if field == "run_days":
        return _between(0, 366), False
    if column.is_number:
        return lambda value, rules: _number(value) is not None, False
    if means == "enterprises.name":
        return _text(re.compile(r"(?:公司|厂|中心|合作社|集团|店|站|院|所|坊|部|业|场)(?:（.*）)?$").search), False
    if field == "township":
        return _text(re.compile(r"(?:镇|乡|街道|办事处|园区|开发区|办)$").search), False
    return None


@cache
def _is_chosen(means: str) -> bool:
    """Whether it is a column of choices other than yes and no."""
    sheet, _, field = means.partition(".")
    return sheet in SHEETS and SHEETS[sheet][field].kind == "enum" and SHEETS[sheet][field].values != "是|否"


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below a head: the values that are looked at, and all three samples."""

    values: tuple[Raw, ...]

    @property
    def is_counted(self) -> bool:
        """Whether the values only number the rows: 1, 2, 3."""
        numbers = [_number(value) for value in self.values]
        return len(numbers) > 1 and numbers == [float(place) for place in range(1, len(numbers) + 1)]

    @property
    def samples(self) -> list[str]:
        """Different texts, as a person would be shown them."""
        return list(
            dict.fromkeys(str(value) if isinstance(value, dt.date) else text_of(value) for value in self.values)
        )[:_SAMPLES]

    def share(self, means: str, rules: RuleSet) -> float | None:
        """How many of the cells look as that column's do; None where that says nothing."""
        test = _test(means)
        if test is None or not self.values:
            return None
        return sum(test[0](value, rules) for value in self.values) / len(self.values)


DECISIVE = (
    "enterprises.uscc", "enterprises.permit_no", "enterprises.list_id", "lines.line_id", "dust.list_id", "mobile.list_id",
    "enterprises.industry", "合写.经纬度",
)  # fmt: skip
"""Columns that are known by what stands in them, whatever their heads say."""


_IDLE_CHOICES = {"无", "其他", "不适用"}
"""Choices that many columns have."""


@cache
def _known_by_choices(family: str) -> tuple[str, ...]:
    """Columns of choices that no other fact of such a table has, so that what stands in them tells them."""
    sheets = [sheet for sheet in FAMILIES[family] if sheet in SHEETS]
    means = [f"{sheet}.{column.field}" for sheet in sheets for column in SHEETS[sheet].columns if column.kind == "enum"]
    values = {one: SHEETS[one.partition(".")[0]][one.partition(".")[2]].values for one in means}
    found: list[str] = []
    for one in means:
        rivals = [other for other in means if other != one and values[other] == values[one]]
        if values[one] != "是|否" and set(rivals) <= set(others(one)) and not set(rivals) & set(found):
            found.append(one)
    return tuple(found)


def scored(head: str, below: Below, family: str, rules: RuleSet) -> dict[str, float]:
    """What a column may mean, with scores from 0 to 1."""
    found: dict[str, float] = {}
    for means, named in by_name(head, family):
        share = below.share(means, rules)
        if share is None or (
            share < 0.7 and means.endswith(("list_id", "line_id"))
        ):  # another system numbers its own way
            found[means] = named * (0.95 if below.values else 0.9)
        elif share >= 0.7:
            found[means] = named + (1 - named) * 0.3
        else:  # choices may be spelt as no other place does
            found[means] = named * ((0.6 if _is_chosen(means) else 0.4) + 0.35 * share)
    for means in [means for means in found if means.endswith(".list_id")]:
        if below.is_counted:
            del found[means]
        elif (below.share(means.replace("lines.", "enterprises."), rules) or 0) < 0.7:  # or numbers something else
            found[means] *= SURE - 0.01
    if below.values:
        for means in DECISIVE:
            if means.partition(".")[0] in FAMILIES[family] and (below.share(means, rules) or 0) >= 0.8:
                found[means] = max(found.get(means, 0.0), 0.7)
        for means in _known_by_choices(family) if max(found.values(), default=0.0) < OPEN else ():
            few = Below(below.values[:_SAMPLES])  # most columns are told apart by these
            if (
                (few.share(means, rules) or 0) > 0.5
                and (below.share(means, rules) or 0) >= 0.8
                and (set(below.samples) - _IDLE_CHOICES)
            ):
                found[means] = max(found.get(means, 0.0), 0.7)
        if "enterprises.grade" in found and (below.share("合写.管控类型", rules) or 0) >= 0.9 > (
            below.share("enterprises.grade", rules) or 0
        ):
            found["合写.管控类型"] = max(found.get("合写.管控类型", 0.0), found.pop("enterprises.grade"), 0.75)
    return found


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a column is taken for."""

    place: int
    head: str
    means: str | None
    unit: str
    score: float
    samples: list[str]
    nearest: str | None
    """What it may mean where that is left open."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A proposal for one sheet."""

    sheet: str
    grain: str
    heading: Heading
    columns: tuple[Proposed, ...]

    @property
    def weight(self) -> float:
        """How much of the sheet was recognised."""
        return sum(one.score for one in self.columns if one.means)


def learn(grid: Grid, rules: RuleSet) -> Learnt | None:
    """The likeliest layout of a sheet, or None where nothing in it looks like the heads of a list of ours."""
    best: tuple[float, Heading] | None = None
    for heading in headings(grid):
        rank = _heading_rank(heading, grid)
        if rank > 0 and (best is None or rank > best[0]):
            best = rank, heading
    if best is None or _lies_down(grid, best[1]):
        return None
    heading = best[1]
    below = _below(grid, heading)
    options = [_assigned(grid, heading, below, family, rules) for family in FAMILIES]
    return max(options, key=lambda one: one.weight)


def _heading_rank(heading: Heading, grid: Grid) -> float:
    """How much the rows look like heads: words that are known, few rows, and no numbers or codes among them."""
    own = [text for text in heading.texts if text]
    if len(own) < 2 or (JOINER in own[0] and len({text.partition(JOINER)[0] for text in own}) == 1):  # below a title
        return 0.0
    known = max(
        sum(max((score for _, score in by_name(text, family)), default=0.0) for text in own) for family in FAMILIES
    )
    if known < 1.5 or known < 0.25 * len(own):
        return 0.0
    longest = sum(len(text) > 60 for text in own)
    figures = sum(bool(re.fullmatch(r"[\d.,%-]+|1[3-9]\d{9}", text)) for text in own)
    again = sum("#" in text for text in own)
    lower = next(([text_of(cell) for cell in cells] for number, cells in grid.rows if number == heading.last + 1), [])
    units = sum(bool(unit(text)) for text in lower)  # they belong to the heads
    if units and not any(_number(text) is not None for text in lower if text):
        known -= 1
    return known - 0.3 * (len(heading.rows) - 1) - longest - figures - 0.5 * again - 0.001 * heading.rows[0]


def _known(texts: Iterable[str]) -> int:
    """How many of these are heads that are known."""
    return sum(folded(text) in known_heads() for text in texts)


def _lies_down(grid: Grid, heading: Heading) -> bool:
    """Whether the heads rather stand below each other, in the first column."""
    first = next((place for place, text in enumerate(heading.texts) if text), 0)
    column = {text_of(cells[first]) for _, cells in grid.rows[:_TALLEST] if first < len(cells)}
    return _known(column) > max(2, _known(heading.texts))


def _below(grid: Grid, heading: Heading) -> list[Below]:
    found: list[list[Raw]] = [[] for _ in heading.texts]
    formulas = grid.seen.places()
    rows = [row for row in grid.rows if row[0] > heading.last]
    step = max(1, len(rows) // SAMPLED)
    for number, cells in rows[::step]:
        filled = [text_of(cell) for cell in cells if cell != ""]
        if _known(filled) * 2 > len(filled) > 2:  # another table, or the heads again
            if rows[0][0] < number and not set(filled) <= set(heading.texts):
                break
            continue
        if not filled or TOTALS.match(re.sub(r"\s", "", filled[0])) or (len(filled) <= 2 and NOTES.match(filled[0])):
            continue
        for place, cell in enumerate(cells[: len(found)]):
            if text_of(cell).strip() not in NOTHING and (number, place) not in formulas:
                found[place].append(cell)
    return [Below(tuple(values)) for values in found]


def _assigned(grid: Grid, heading: Heading, below: Sequence[Below], family: str, rules: RuleSet) -> Learnt:
    """Each column with the meaning that suits it best, none twice, for a table of that family."""
    beside = sum("#" in text for text in heading.texts) * 3 > sum(map(bool, heading.texts))
    options = [
        scored(text, below[place], family, rules)
        if (text or below[place].values) and not (beside and "#" in text)  # another table, to the right
        else {}
        for place, text in enumerate(heading.texts)
    ]
    ranked = sorted(
        ((score, -place, means) for place, own in enumerate(options) for means, score in own.items()), reverse=True
    )
    chosen: dict[int, tuple[str, float]] = {}
    taken: set[str] = set()
    for score, place, means in ranked:
        if -place not in chosen and means not in taken and score >= OPEN:
            rivals = [
                other
                for name, other in options[-place].items()
                if name != means and name not in taken and name not in others(means)
            ]
            close = max(rivals, default=0.0)
            chosen[-place] = means, score if score - close >= 0.015 else min(score, SURE - 0.05)
            taken.add(means)
    _follow_persons(chosen, heading)
    columns = []
    for place, text in enumerate(heading.texts):
        if not text and not below[place].values:
            continue
        own, score = chosen.get(place, ("", 0.0))
        nearest = max(options[place], key=lambda name: options[place][name], default=None)
        open_ = options[place][nearest] if nearest and not own else 0.0
        columns.append(
            Proposed(
                place,
                text or f"（第{letter(place)}列）",
                own or None,
                said(text).unit if own else "",
                round(min(score or open_, 1.0), 2),
                below[place].samples,
                None if own else nearest,
            )
        )
    return Learnt(grid.title, _grain(family, columns, heading, grid), heading, tuple(columns))


def _follow_persons(chosen: dict[int, tuple[str, float]], heading: Heading) -> None:
    """Give a telephone whose head does not say whose to the person in the column before it."""
    phones = {f"{sheet}.{who}": f"{sheet}.{phone}" for sheet, who, phone in PERSONS}
    for place, (means, score) in list(chosen.items()):
        own = phones.get(chosen.get(place - 1, ("", 0.0))[0])
        whose = means in phones.values() and said(heading.texts[place]).rest not in PHONES
        if own and means in phones.values() and not whose and own not in (one for one, _ in chosen.values()):
            chosen[place] = own, score


def _grain(family: str, columns: Sequence[Proposed], heading: Heading, grid: Grid) -> str:
    """What a row is."""
    if family not in ("企业", "生产线"):
        return family
    means = {one.means: one.place for one in columns if one.means}
    if (
        "lines.line_id" in means
        or "lines.process" in means
        or ("lines.line_name" in means and "计数.生产线" not in means)
    ):
        return "生产线"
    place = means.get("enterprises.uscc", means.get("enterprises.name"))
    if place is not None and any(name.startswith("lines.") for name in means):
        lines = [at for name, at in means.items() if name.startswith("lines.")]
        below = [cells for number, cells in grid.rows[:_TALLEST] if number > heading.last]
        own = [cells for cells in below if any(at < len(cells) and cells[at] != "" for at in lines)]
        places = [place, means.get("enterprises.name", place)]
        named = {next((cells[at] for at in places if at < len(cells) and cells[at] != ""), "") for cells in own} - {""}
        if named and len(named) < 0.9 * len(own):
            return "生产线"
    return "厂区" if "enterprises.site" in means else "企业"


def layout_from(name: str, sheets: Sequence[Learnt]) -> Layout:
    """The layout that is proposed."""
    return Layout(name, tuple(_table(one) for one in sheets))


def _table(one: Learnt) -> Table:
    entries = []
    for column in one.columns:
        entry = Entry(column.head, column.means or "", column.unit)
        declared = entry.column
        keep = declared is not None and declared.is_number and (entry.converts or not declared.unit)
        entries.append(entry if keep else Entry(column.head, column.means or ""))
    return Table(one.sheet, one.grain, one.heading.rows, tuple(entries))


def json_grain(grain: str) -> str:
    """A grain as the contract names it: 企业, 生产线 or 厂区 (a site, of dust too)."""
    if grain in ("企业", "生产线", "厂区"):
        return grain
    return "厂区" if GRAINS[grain] == "dust" else "企业"
