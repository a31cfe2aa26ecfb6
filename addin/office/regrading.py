"""`qingdan grading regrade`: the inventory's grades brought up to date by a grading workbook, every change listed first."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field

from addin.office.new_workbooks import NOT_CARRIED
from addin.office.results import ALIKE, Card, Result
from addin.problems import Stop, output, writing
from addin.reading.ruleset_store import round_name
from addin.reading.steps import Step, silent
from addin.reading.workbooks import read_whole
from validators.book import Book
from validators.columns import OFFICERS
from validators.findings import Json
from validators.meanings import Value
from validators.regrade import Regrade, Regrading, regrade
from workbook_templates.county.returned import rows_of
from workbook_templates.county.template import write_county


class Regraded(Result):
    """What a grading workbook changes in the inventory."""

    changes: list[Json]
    notes: list[str]
    out: str | None
    found: list[Regrade] = Field(exclude=True)
    asked: str | None = Field(exclude=True)
    """Where the next version was to be written."""

    @property
    def code(self) -> int:
        """1 where there are changes that were not written."""
        return 1 if self.changes and self.out is None else 0

    def lines(self) -> Iterator[str]:
        """Every change, what was left as it is, and what was written."""
        if self.found:
            yield f"{len(self.found)} 家企业的等级要更新："
        elif not self.notes:
            yield "清单里的等级都是现在执行的，没有要改的。"
        for one in self.found:
            yield f"  {_words(one)}"
        if self.notes:
            yield f"没有改、请核对的 {len(self.notes)} 处："
        for note in self.notes[:ALIKE]:
            yield f"  {note}"
        if len(self.notes) > ALIKE:
            yield f"  …另有 {len(self.notes) - ALIKE} 处；加 --json 可得全部。"
        if self.out:
            yield f"已写出 {self.out}。等级变了的企业，停限产措施和一厂一策要按新等级修订（三(五)），请用 qingdan check 核对。"
        elif self.found:
            yield "还没有改。加 --out 写出改好的下一版清单。"
        elif self.asked is not None:
            yield f"没有要改的，所以没有写 {self.asked}。"

    def card(self) -> Card:
        """Every change, and what was left as it is."""
        words = [_words(one) for one in self.found] + self.notes
        if not self.found:
            return Card(result="没有要改的，没有写出下一版", words=words, written=False)
        result = f"改了 {len(self.found)} 家的等级，已写出下一版"
        return Card(result=result, tone="open" if self.notes else "good", words=words)


def regrade_inventory(
    gradings: Sequence[Path],
    inventory: Path,
    *,
    out: Path | None = None,
    on: dt.date | None = None,
    round_: str | None = None,
    force: bool = False,
    step: Step = silent,
) -> Regraded:
    """List the changes, and make the next version of the inventory where `out` is given. Raises `Stop`.

    `on` is the day of what bears none (default: the latest 填报日期 of the grading workbooks).
    """
    books = [read_whole(path, "grading") for path in gradings]
    step(1, 2, inventory.name)
    listed = read_whole(inventory, "inventory")
    for book in books:
        if (book.county, book.ruleset.year) != (listed.county, listed.ruleset.year):
            raise Stop(
                f"“{book.file}”是{book.county_name} {book.ruleset.year}年的，"
                f"“{listed.file}”是{listed.county_name} {listed.ruleset.year}年的。请用同一区县、同一年度的。"
            )
    found = regrade(books, listed, on or max(book.on for book in books))
    made = None
    if out is not None and found.changes:
        made = _write(listed, found, out, [*gradings, inventory], round_, force)
    return Regraded(
        changes=[one.to_json() for one in found.changes],
        notes=found.notes,
        out=made,
        found=found.changes,
        asked=str(out) if out else None,
    )


def _words(one: Regrade) -> str:
    enterprise = one.enterprise
    site = f"（{enterprise.site}）" if enterprise.site else ""
    what = f"{enterprise.grade} → {one.grade}" if one.changes else f"{one.grade} 由待核定改为已核定"
    lines = f"，生产线 {len(one.lines)} 条随之改" if one.lines else ""
    if one.revise:
        lines = f"；生产线 {len(one.revise)} 条的等级和措施没有动，请按新等级修订"
    return f"{enterprise.list_id} {enterprise.name}{site}：{what}。{one.ground}；{one.approver}，{one.on}{lines}"


def _write(listed: Book, found: Regrading, target: Path, inputs: list[Path], round_: str | None, force: bool) -> str:
    """Write the next version: the next revision, or the first of another round; returns its name."""
    rules = listed.ruleset
    next_round = round_name(rules, round_) if round_ else listed.round
    same = next_round == listed.round
    with writing(target, force=force, inputs=inputs), output(target, force=force) as file:
        write_county(
            file,
            county=listed.county,
            ruleset=rules,
            round_=next_round,
            revision=listed.revision + 1 if same else 1,
            enterprises=len(listed.tables["enterprises"]),
            rows=_rows(listed, found, same),
            officer={name: listed.facts.get(name) for name in OFFICERS},
        )
    return str(target)


def _rows(listed: Book, found: Regrading, same_round: bool) -> dict[str, list[dict[str, Value]]]:
    """All rows of the inventory, with the grades that changed and their rows in 等级变更."""
    rows = {key: own for key, own in rows_of(listed).items() if same_round or key not in NOT_CARRIED}
    places = {
        (key, record.row): row
        for key in ("enterprises", "lines")
        for record, row in zip(listed.tables[key], rows[key], strict=True)
    }
    for one in found.changes:
        places["enterprises", one.enterprise.row].update(one.cells())
        for line in one.lines:
            places["lines", line.row]["grade"] = one.grade
    rows["changes"] = rows.get("changes", []) + [one.row() for one in found.changes if one.changes]
    return rows
