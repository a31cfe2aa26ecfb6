"""`qingdan layout`: a layout proposed for a table that was never seen, and those that come with the program."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import Field

from addin.office.earlier import keep
from addin.office.results import Answer, Card, Result, made
from addin.problems import Stop, output
from addin.reading.isolation import LARGE_MEMORY, TABLE_SECONDS, Failure, each
from addin.reading.layout_files import layout_of
from validators.columns import COVER_TITLE, KIND_NAMES, TITLES, letter
from validators.findings import Json
from validators.ruleset import RuleSet, load
from workbook_templates.layouts.declared import Layout, as_csv, chinese, shipped
from workbook_templates.layouts.learnt import SURE, Learnt, json_grain, layout_from, learn
from workbook_templates.layouts.tables import read_tables
from workbook_templates.xlsx.opened import UnreadableWorkbook

LEAST = 0.2
"""Of the weight of the sheet that was recognised best: others with less are no lists."""


@dataclass
class ProposedLayout(Answer):
    """A layout that was proposed and written."""

    out: Path
    learnt: list[Learnt]
    earlier: str
    """What is said of the layout that lay there, or ''."""

    @property
    def unsure(self) -> int:
        """Columns that a person is to look at."""
        columns = (column for one in self.learnt for column in one.columns)
        return sum(column.means is None or column.score < SURE for column in columns)

    @property
    def code(self) -> int:
        """1 where columns are to be looked at."""
        return 1 if self.unsure else 0

    def warnings(self) -> Sequence[str]:
        """That another layout lay there, and where it is now."""
        return [self.earlier] if self.earlier else []

    def to_json(self) -> Json:
        """The contract's object for the sheet that was recognised best, the others beside it."""
        first, *more = map(_json, self.learnt)
        return first | {"out": str(self.out)} | ({"more": more} if more else {})

    def lines(self) -> Iterator[str]:
        """What each column is taken for."""
        for one in self.learnt:
            yield from _shown(one)
        unsure = f"有 {self.unsure} 列请核对“含义”，再" if self.unsure else "接着"
        into = f"用 qingdan export 填报表 --into 空白表 --layout {self.out} 填进这份空白表"
        yield f"已写出 {self.out}。{unsure}{into if is_blank(self.learnt) else f'用 qingdan import 导入（加 --layout {self.out}）'}。"

    def card(self) -> Card:
        """How many columns are to be looked at."""
        columns = sum(len(one.columns) for one in self.learnt)
        return made(f"已认出 {columns} 列", look_at=self.unsure)


def is_blank(learnt: Sequence[Learnt]) -> bool:
    """Whether only heads stand in the table."""
    return not any(column.samples for one in learnt for column in one.columns)


def learn_layout(table: Path, rules: RuleSet, out: Path, *, force: bool = False) -> ProposedLayout:
    """Propose a layout and write it. Raises `Stop`."""
    if not table.is_file():
        raise Stop(f"“{table}”不存在，或不是文件。请核对路径。")
    with output(out, force=force, inputs=[table], suffix=".csv") as file:
        learnt, text = proposal(table, rules)
        earlier = _write(file, out, text)
    return ProposedLayout(out, learnt, earlier)


def _write(file: BinaryIO, out: Path, text: str) -> str:
    """Write a layout in the place of `out`; what is said of another one that lies there, which is kept beside it, or ''."""
    made = b"\xef\xbb\xbf" + text.encode()
    file.write(made)
    return keep(out, "与这次写出的不同") if out.exists() and out.read_bytes() != made else ""


def proposal(table: Path, rules: RuleSet) -> tuple[list[Learnt], str]:
    """What is proposed for a table, and the same as the CSV of a layout with scores and samples. Raises `Stop`."""
    learnt = propose(table, rules.id)
    notes = {
        (at, place): (column.score, column.samples)
        for at, one in enumerate(learnt)
        for place, column in enumerate(one.columns)
    }
    return learnt, as_csv(layout_from(table.stem, learnt).tables, notes)


def propose(path: Path, rules: str) -> list[Learnt]:
    """What is proposed for the sheets of a table, the surest first. Raises `Stop`."""
    [found] = each(_learn, [(path, rules)], memory=LARGE_MEMORY, seconds=TABLE_SECONDS)
    if isinstance(found, Failure):
        raise Stop(found.message)
    return list(found)


def _learn(path: Path, rules: str) -> list[Learnt]:
    """In a child."""
    try:
        foreign = read_tables(path)
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error
    titles = {grid.title for grid in foreign.sheets}
    kinds = [kind for kind, own in TITLES.items() if COVER_TITLE in titles and len(titles & set(own.values())) > 1]
    if kinds:
        raise Stop(
            f"“{path.name}”是本系统自己的{KIND_NAMES[kinds[0]]}，不用布局，也不用导入；直接用 qingdan check 校验。"
        )
    own = [one for grid in foreign.sheets if (one := learn(grid, load(rules)))]
    own.sort(key=lambda one: -one.weight)
    if not own:
        raise Stop(
            f"“{path.name}”里没有认出表头。表头应在上面 40 行里，一列一个；横放的表请先转置，没有表头的请先补上一行。"
        )
    return [one for one in own if one.weight >= LEAST * own[0].weight]


def _json(one: Learnt) -> Json:
    """The contract's object."""
    return {
        "sheet": one.sheet,
        "head_rows": list(one.heading.rows),
        "grain": json_grain(one.grain),
        "columns": [
            {
                "column": letter(column.place),
                "head": column.head,
                "means": column.means,
                "unit": column.unit or None,
                "score": column.score,
                "samples": column.samples,
            }
            for column in one.columns
        ],
    }


def _shown(one: Learnt) -> Iterator[str]:
    rows = "、".join(map(str, one.heading.rows))
    yield f"《{one.sheet}》表头在第 {rows} 行，每行是一{'家' if one.grain == '企业' else '个'}{one.grain}"
    [table] = layout_from("", [one]).tables
    for column in one.columns:
        sure = "✓" if column.means and column.score >= SURE else "？"
        near = f"（留空，最接近{chinese(column.nearest)}）" if column.nearest else "（留空）"
        also = table.shown_besides(column.means) if column.means else ""
        means = f"{chinese(column.means)}{f'（也填{also}）' if also else ''}" if column.means else near
        sample = f"  例：{'、'.join(column.samples)[:40]}" if column.samples else ""
        yield f"  {sure} {letter(column.place)} {column.head} → {means}  {column.score:.2f}{sample}"


class Layouts(Result):
    """The layouts that come with the program."""

    layouts: list[Json]

    def lines(self) -> Iterator[str]:
        """A line for each."""
        for one in self.layouts:
            yield f"{one['name']}  {len(one['heads'])} 列：{'、'.join(one['heads'][:5])}……"


class ShownLayout(Result):
    """A layout."""

    name: str
    out: str | None
    text: str
    earlier: str = Field(exclude=True)
    """What is said of the layout that lay there, or ''."""

    def warnings(self) -> Sequence[str]:
        """As `ProposedLayout.warnings`."""
        return [self.earlier] if self.earlier else []

    def lines(self) -> Iterator[str]:
        """Where it was written, else what it says."""
        yield f"已写出 {self.out}。" if self.out is not None else self.text.rstrip()


def show_layout(name: str = "", *, out: Path | None = None, force: bool = False) -> Layouts | ShownLayout:
    """The layouts that come with the program, or the one of that name, which is written where `out` is given."""
    if not name:
        return Layouts(layouts=[{"name": one, "heads": _heads(layout_of(one))} for one in shipped()])
    layout = layout_of(name)
    earlier = ""
    if out is not None:
        with output(out, force=force, suffix=".csv") as file:
            earlier = _write(file, out, layout.text)
    return ShownLayout(name=layout.name, out=None if out is None else str(out), text=layout.text, earlier=earlier)


def _heads(layout: Layout) -> list[str]:
    return [entry.head for table in layout.tables for entry in table.entries]
