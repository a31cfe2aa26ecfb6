"""`qingdan publish briefing`: one page for the leader, from a city workbook and the record beside it."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from addin.office import ledger
from addin.office.exporting import source_of
from addin.office.record import compare
from addin.office.results import Card, Result, made
from addin.problems import Stop, output
from addin.reading.isolation import LARGE_MEMORY, LARGE_SECONDS, Failure, each


class Briefing(Result):
    """The page that was written."""

    out: str

    def lines(self) -> Iterator[str]:
        """Where it is."""
        yield f"已写出 {self.out}，一页 A4。"

    def card(self) -> Card:
        """That it is there."""
        return made("已写出")


def briefing(source: Path, target: Path, *, force: bool) -> Briefing:
    """Write the page. Raises `Stop`."""
    if not source.exists():
        raise Stop(f"“{source}”不存在。请指定全市汇总。")
    with output(target, force=force, inputs=[source], suffix=".docx") as file:
        [content] = each(_made, [(source,)], memory=LARGE_MEMORY, seconds=LARGE_SECONDS)
        if isinstance(content, Failure):
            raise Stop(content.message)
        file.write(content)
    return Briefing(out=str(target))


def _made(place: Path) -> bytes:
    """In a child: the page as bytes."""
    from workbook_templates.documents.briefing_document import write_briefing

    city, findings, _ = source_of(place)
    with ledger.opened(place) as record:
        own = [one for one in record.versions() if one.year == city.year] if record else []
        changes = ""
        if record is not None and len(own) > 1:
            kinds = Counter(change.kind for _, change in compare(record, own[-2], own[-1], city.ruleset))
            before, after = (one.said["counts"] for one in own[-2:])
            errors = after["ERROR"] + after["BLOCKER"] - before["ERROR"] - before["BLOCKER"]
            moved = "，".join(f"{kind} {kinds[kind]} 处" for kind in ("新增", "移出", "修改"))
            fewer = f"错误{'少了' if errors < 0 else '多了'} {abs(errors)} 处" if errors else "错误数没有变化"
            changes = f"与第 {own[-2].id} 版（{own[-2].at[:10]}）相比：{moved}；{fewer}。"
    made = BytesIO()
    write_briefing(made, city, findings, changes, own[-1].id if own else 0)
    return made.getvalue()
