"""`qingdan grading draw`: the list of sites that the city visits, drawn so that anybody can draw it again."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from pydantic import Field

from addin.office.results import Card, Part, Result, made
from addin.problems import Stop, output
from addin.reading.gradings import read_gradings
from addin.reading.inbox import inbox
from addin.reading.steps import Step, Unread, silent, worst
from validators.grading_procedure import DRAWN, EACH
from validators.lottery import draw
from workbook_templates.lists.visit_list import write_visits

_RATIO = "visit_ratio"
"""Threshold of the rule set, in percent."""


class LeftOut(Part):
    """An application that is not on the list."""

    county: str
    row: int
    key: str | None
    why: str
    county_name: str = Field(exclude=True)
    lacking: bool = Field(exclude=True)
    """Whether it cannot be drawn as it stands; else it need not be."""


class VisitList(Result):
    """What was drawn, so that anybody can draw it again."""

    seed: str
    ratio: float
    """Percent."""
    list_sha256: str
    population: int
    quota: int
    start: int
    each: list[str]
    drawn: list[str]
    left_out: list[LeftOut]
    out: str
    errors: list[Unread]
    source: str = Field(exclude=True)
    """Where the ratio is from."""
    visits: int = Field(exclude=True)

    @property
    def code(self) -> int:
        """1 where an application could not be put on the list."""
        return worst(self.errors, any(one.lacking for one in self.left_out))

    def lines(self) -> Iterator[str]:
        """Who is left out, and how it was drawn."""
        for one in self.left_out:
            key = f" {one.key}" if one.key else ""
            yield f"{'✗' if one.lacking else 'ⓘ'} {one.county_name}《申报》第 {one.row} 行{key}：{one.why}，没有列入。"
        yield (
            f"逐个核查 {self.visits - self.quota} 个；按 {self.ratio:g}%（{self.source}）"
            f"从 {self.population} 个里抽中 {self.quota} 个。"
        )
        yield f"种子“{self.seed}”，名单的 SHA-256 {self.list_sha256}。已写出 {self.out}。"

    def warnings(self) -> Iterable[str]:
        """Files that could not be read."""
        return (one.message for one in self.errors)

    def card(self) -> Card:
        """That they are drawn."""
        return made("已抽取", errors=self.errors)


def draw_visits(
    sources: Sequence[Path],
    out: Path,
    *,
    ratio: str | None = None,
    seed: str | None = None,
    force: bool = False,
    step: Step = silent,
) -> VisitList:
    """Draw the visits and write their list. `ratio` is in percent (default: the rule set's). Raises `Stop`."""
    paths = inbox(sources)
    books, wrong = read_gradings(paths, step)
    rules = books[0].ruleset
    if not any(by_city for _, by_city in rules.visits.values()):
        raise Stop(
            f"规则集 {rules.id} 没有录入各等级怎样现场核查，不能抽取。请先用 qingdan ruleset edit 录入《绩效等级》的“现场核查”。"
        )
    text = rules.thresholds.get(_RATIO, "") if ratio is None else ratio
    source = "命令指定" if ratio is not None else f"规则集 {rules.id}，{_verified(rules.tables['thresholds'])}"
    try:
        made = draw(books, ratio=_percent(text), seed=seed or str(rules.year))
    except ValueError as error:
        raise Stop(str(error)) from error
    with output(out, force=force, inputs=paths) as file:
        write_visits(file, made, rules, source, dt.date(rules.year, 1, 1))
    return VisitList(
        seed=made.seed,
        ratio=float(made.ratio),
        list_sha256=made.list_sha256,
        population=made.population,
        quota=made.quota,
        start=made.start,
        each=[site.application.list_id for site in made.visits if site.how == EACH],
        drawn=[site.application.list_id for site in made.visits if site.how == DRAWN],
        left_out=[
            LeftOut(
                county=book.county,
                row=one.row,
                key=one.list_id,
                why=why,
                county_name=book.county_name,
                lacking=not one.list_id or not one.applied_grade,
            )
            for book, one, why in made.left_out
        ],
        out=str(out),
        errors=wrong,
        source=source,
        visits=len(made.visits),
    )


def _verified(thresholds: Sequence[dict[str, str]]) -> str:
    known = any(row["name"] == _RATIO and row["verified"] == "yes" for row in thresholds)
    return "已核实" if known else "待核实：文件没有写比例"


def _percent(text: str) -> Fraction:
    """A percentage over 0 up to 100, exactly as it is written. Raises `Stop`."""
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text, re.ASCII) and 0 < (found := Fraction(text)) <= 100:
        return found
    raise Stop(
        f"抽查比例“{text}”不对（不写 --ratio 的，取自规则集），应为大于 0、不超过 100 的数，不写百分号，例如 20。"
    )
