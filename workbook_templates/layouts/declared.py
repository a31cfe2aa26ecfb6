"""The declaration of a layout: one format, one reader, one writer."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from rapidfuzz import process

from validators.columns import INVENTORY, SHEETS, Column
from workbook_templates.layouts.spellings import LABELS
from workbook_templates.layouts.units import convertible, same

_SHEET, GRAIN, _HEAD_ROWS, _HEAD, MEANS, UNIT, _VALUES = "工作表", "每行是", "表头行", "表头", "含义", "单位", "取值"
HEADS = (_SHEET, GRAIN, _HEAD_ROWS, _HEAD, MEANS, UNIT, _VALUES)
SCORE, _ALSO, _SAMPLES = "把握", "也填", "样例"
"""What `learnt` adds for whoever confirms a proposal; nobody reads them."""
GRAINS = {"企业": "enterprises", "厂区": "enterprises", "生产线": "lines"} | {
    sheet.title: key for key, sheet in INVENTORY.items() if key not in ("enterprises", "lines")
}
"""What a row may be, and the key of the sheet whose rows are counted; an enterprise may have several rows of lines."""
COUNT, YEAR, LABEL = "计数.生产线", "本表.年度", "合写"
"""Meanings that are no declared column: how many lines, the year of the list, texts of several facts (`LABELS`)."""
ALONE = "仅"
"""Before a meaning: the head is that column's alone, where it would otherwise fill that of the same fact in other sheets, too."""
JOINER = "_"


class WrongLayout(ValueError):
    """A layout that cannot be used; the message is one Chinese line that says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One head of a foreign table."""

    head: str
    means: str
    """`enterprises.name`, `合写.管控类型`, `计数.生产线`, or '' where nothing of ours stands there."""
    unit: str = ""
    """As the table has it; '' is that of the declared column."""
    values: tuple[tuple[str, str], ...] = ()
    """How a value is spelt in the table, and what it is."""
    alone: bool = False
    """Whether it says nothing of the same fact in other sheets (`others`)."""

    @property
    def column(self) -> Column | None:
        """The declared column that it means."""
        sheet, _, field = self.means.partition(".")
        return SHEETS[sheet][field] if sheet in SHEETS else None

    @property
    def converts(self) -> bool:
        """Whether its numbers are in another unit than the declared one, not only in another spelling of it."""
        return bool(self.unit and self.column and self.column.unit and not same(self.unit, self.column.unit))


@dataclass(frozen=True)
class Table:
    """One sheet of a foreign workbook."""

    title: str
    """'' fits any."""
    grain: str
    """One of `GRAINS`."""
    head_rows: tuple[int, ...]
    """1-based; none where they are found by their heads alone."""
    entries: tuple[Entry, ...]

    @property
    def rows(self) -> str:
        """Key of the sheet of ours whose rows are counted."""
        return GRAINS[self.grain]

    def besides(self, means: str) -> tuple[str, ...]:
        """What a head of this meaning says besides: the same fact of other sheets that has no head of its own here."""
        own = {entry.means for entry in self.entries}
        if any(entry.means == means and entry.alone for entry in self.entries):
            return ()
        return tuple(other for other in others(means) if other not in own)

    def shown_besides(self, means: str) -> str:
        """The same as people read it, of sheets that these rows say something of, or ''."""
        own = {"enterprises"} | {entry.means.partition(".")[0] for entry in self.entries}
        return "、".join(chinese(other) for other in self.besides(means) if other.partition(".")[0] in own)


@dataclass(frozen=True)
class Layout:
    """All sheets of a foreign workbook."""

    name: str
    tables: tuple[Table, ...]

    @cached_property
    def text(self) -> str:
        """As CSV."""
        return as_csv(self.tables)

    @property
    def sha256(self) -> str:
        """Hash of what it says."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def chinese(means: str) -> str:
    """A meaning as an office reads it: `企业基本信息.企业名称`."""
    sheet, _, field = means.partition(".")
    return f"{SHEETS[sheet].title}.{SHEETS[sheet][field].header}" if sheet in SHEETS else means


@cache
def others(means: str) -> tuple[str, ...]:
    """Columns of other sheets that say the same fact: of that name, kind and unit, where the rows of one refer to the other's."""
    sheet, _, field = means.partition(".")
    if sheet not in INVENTORY or field not in SHEETS[sheet]:
        return ()
    own = SHEETS[sheet][field]
    return tuple(
        f"{key}.{field}"
        for key, other in INVENTORY.items()
        if key != sheet and field in other and _refers(key, sheet) and own.kind not in ("id", "ref", "status")
        if (own.kind, own.unit) == (other[field].kind, other[field].unit)
        if own.kind != "enum" or own.values == other[field].values
    )


def _refers(one: str, other: str) -> bool:
    """Whether the rows of one sheet name rows of the other."""
    pairs = ((one, other), (other, one))
    return any(
        column.kind == "ref" and whom in column.values.split("|")
        for key, whom in pairs
        for column in SHEETS[key].columns
    )


@cache
def meanings() -> Mapping[str, str]:
    """All meanings that a head may have, by their Chinese names."""
    own = [f"{key}.{column.field}" for key, sheet in INVENTORY.items() for column in sheet.columns]
    own = [means for means in own if not means.endswith((".status", ".serial"))]
    return {chinese(means): means for means in (*own, COUNT, YEAR, *(f"{LABEL}.{name}" for name in LABELS))}


def read_layout(name: str, rows: Iterable[Mapping[str, str]]) -> Layout:
    """A layout of the rows of its table. Raises `WrongLayout`."""
    tables: dict[tuple[str, str, tuple[int, ...]], list[Entry]] = {}
    for number, row in enumerate(rows, 2):
        given = {head: (row.get(head) or "").strip() for head in HEADS}
        if not any(given.values()):
            continue
        where = f"布局“{name}”第 {number} 行"
        if given[GRAIN] not in GRAINS:
            raise WrongLayout(f"{where}的“{GRAIN}”是“{given[GRAIN]}”，应为{'、'.join(GRAINS)}之一。")
        if not given[_HEAD]:
            raise WrongLayout(f"{where}没有写表头。")
        key = (given[_SHEET], given[GRAIN], _numbers(given[_HEAD_ROWS], where))
        tables.setdefault(key, []).append(_entry(given, where))
    if not tables:
        raise WrongLayout(f"布局“{name}”里没有内容。第一行应为：{','.join(HEADS)}。")
    for (title, _, _), entries in tables.items():
        for what, texts in (("表头", [one.head for one in entries]), ("含义", [one.means for one in entries])):
            twice = next((text for text in texts if text and texts.count(text) > 1), None)
            if twice:
                shown = chinese(twice) if what == "含义" else twice
                where = f"的工作表“{title}”" if title else ""
                raise WrongLayout(f"布局“{name}”{where}里，{what}“{shown}”写了两次，每个只能写一次。")
    return Layout(name, tuple(Table(*key, tuple(entries)) for key, entries in tables.items()))


def _numbers(text: str, where: str) -> tuple[int, ...]:
    parts = [part for part in text.replace("，", "+").replace(",", "+").replace("、", "+").split("+") if part]
    if not all(part.isdecimal() and 0 < int(part) < 1000 for part in parts):
        raise WrongLayout(f"{where}的“{_HEAD_ROWS}”是“{text}”，应为行号，例如 2+3，也可以不填。")
    return tuple(map(int, parts))


def _entry(given: Mapping[str, str], where: str) -> Entry:
    known = meanings()
    means = given[MEANS].removeprefix(ALONE).strip()
    alone = means != given[MEANS]
    if means and means not in known:
        near = [found for found, *_ in process.extract(means, list(known), limit=3)]
        raise WrongLayout(f"{where}的含义“{means}”不是清单里的列。最接近的是{'、'.join(f'“{one}”' for one in near)}。")
    entry = Entry(given[_HEAD], known.get(means, ""), given[UNIT], tuple(_pairs(given[_VALUES], where)), alone)
    column = entry.column
    if entry.unit and column and not column.is_number:
        raise WrongLayout(f"{where}的“{column.header}”不是数，不能写单位“{entry.unit}”。请把单位清空，或核对含义。")
    if entry.converts and column and not convertible(entry.unit, column.unit):
        raise WrongLayout(f"{where}的单位“{entry.unit}”换算不成“{column.header}”的 {column.unit}。")
    for _, value in entry.values:
        if column and column.kind == "enum" and "@" not in column.values and value not in column.values.split("|"):
            raise WrongLayout(
                f"{where}的取值“{value}”不是“{column.header}”的可选值（{column.values.replace('|', '、')}）。"
            )
    return entry


def _pairs(text: str, where: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, text.replace(";", "；").split("；")):
        spelt, equals, value = part.replace("＝", "=").partition("=")
        if not equals:
            raise WrongLayout(f"{where}的取值“{part}”不对，应写成 写法=取值，几个之间用“；”隔开，例如 有=是；没有=否。")
        yield spelt.strip(), value.strip()


def as_csv(tables: Sequence[Table], notes: Mapping[tuple[int, int], tuple[float, Sequence[str]]] | None = None) -> str:
    """A layout as CSV; `notes` holds score and samples by the places of table and entry."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*HEADS, SCORE, _ALSO, _SAMPLES] if notes is not None else HEADS)
    for at, table in enumerate(tables):
        for place, one in enumerate(table.entries):
            row = [
                table.title,
                table.grain,
                "+".join(map(str, table.head_rows)),
                one.head,
                f"{ALONE if one.alone else ''}{chinese(one.means)}",
                one.unit,
                "；".join(f"{spelt}={value}" for spelt, value in one.values),
            ]
            if notes is not None:
                score, samples = notes.get((at, place), (0.0, ()))
                row += [f"{score:.2f}" if one.means else "", table.shown_besides(one.means), " | ".join(samples)]
            lines.writerow(row)
    return text.getvalue()


def of_text(name: str, text: str) -> Layout:
    """A layout from its CSV. Raises `WrongLayout`."""
    lines = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    if missing := [head for head in (GRAIN, _HEAD, MEANS) if head not in (lines.fieldnames or ())]:
        raise WrongLayout(f"“{name}”不是布局：第一行缺少“{'”“'.join(missing)}”，应为 {','.join(HEADS)}。")
    return read_layout(name, lines)


def shipped() -> tuple[str, ...]:
    """Names of the layouts that come with the program."""
    folder = files(__package__).joinpath("shipped")
    return tuple(sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv")))


@cache
def shipped_layout(name: str) -> Layout:
    """A layout that comes with the program. Raises `WrongLayout`."""
    if name not in shipped():
        raise WrongLayout(f"没有名为“{name}”的布局；现有：{'、'.join(shipped())}。也可以写布局文件的名字（.csv）。")
    return of_text(name, files(__package__).joinpath("shipped", f"{name}.csv").read_text(encoding="utf-8"))
