"""`qingdan publish guarantee`: the list of guaranteed enterprises and projects, and what is to be looked at in it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import Field

from addin.office.results import Card, Part, Result, made
from addin.problems import output
from addin.reading.inbox import inbox
from addin.reading.inventories import read_inventories
from addin.reading.steps import Step, Unread, silent, worst
from validators.guarantee_list import FILED, NOT_FILED, Guaranteed, extents, guaranteed
from workbook_templates.lists.guarantee_workbook import INCLUSION_GROUPS, mismatched, write_guarantee


class Share(Part):
    """How much of a county is guaranteed."""

    name: str
    number: int
    share: float
    """Of its enterprises, 0 to 1."""


class Open(Part):
    """A row that something stands against."""

    county: str
    key: str | None
    why: str
    called: str = Field(exclude=True)
    """County, number and name, for people."""


class GuaranteeList(Result):
    """The list that was written."""

    out: str
    rows: int
    groups: dict[str, int]
    filed: int
    counties: list[Share]
    open: list[Open]
    errors: list[Unread]

    @property
    def code(self) -> int:
        """1 where something stands against a row."""
        return worst(self.errors, bool(self.open))

    def lines(self) -> Iterator[str]:
        """What stands against which row, and what was written."""
        for one in self.open:
            yield f"✗ {one.called}：{one.why}。"
        kinds = "，".join(f"{INCLUSION_GROUPS[group]} {number}" for group, number in self.groups.items())
        yield f"已写出 {self.out}：{self.rows} 行（{kinds}）。"

    def warnings(self) -> Iterable[str]:
        """Files that could not be read."""
        return (one.message for one in self.errors)

    def card(self) -> Card:
        """How many rows, and what stands against which."""
        words = [
            f"{self.rows} 项，报部备案已报 {self.filed} 项",
            *(f"{one.county} {one.key}：{one.why}" for one in self.open),
        ]
        return made("已写出", look_at=len(self.open), errors=self.errors, words=words)


def guarantee(sources: Sequence[Path], out: Path, *, force: bool = False, step: Step = silent) -> GuaranteeList:
    """Write the list of guaranteed enterprises and projects. Raises `Stop`."""
    paths = inbox(sources)
    city, wrong = read_inventories(paths, step)
    with output(out, force=force, inputs=paths) as file:
        write_guarantee(file, city)
    rows = list(guaranteed(city))
    groups = Counter(one.group for one in rows)
    open_ = [one for one in rows if one.filing == NOT_FILED or mismatched(one) or one.group not in INCLUSION_GROUPS]
    return GuaranteeList(
        out=str(out),
        rows=len(rows),
        groups={group: groups[group] for group in INCLUSION_GROUPS},
        filed=sum(one.filing == FILED for one in rows),
        counties=[
            Share(name=one.county, number=one.number, share=round(one.share, 6))
            for one in extents(city, tuple(INCLUSION_GROUPS))
        ],
        open=[
            Open(
                county=one.book.county,
                key=one.record.list_id,
                why=why(one),
                called=f"{one.book.county_name} {one.record.list_id} {one.record.name or ''}",
            )
            for one in open_
        ],
        errors=wrong,
    )


def why(one: Guaranteed) -> str:
    """What stands against a row, in words."""
    said = []
    if one.group not in INCLUSION_GROUPS:
        said.append("没有保障类别，或者读不出来")
    if mismatched(one):
        said.append(f"应由{one.due}确定，填的是{one.record.decided_by}")
    if one.filing == NOT_FILED:
        said.append("应报生态环境部备案，还没有报")
    return "；".join(said)
