"""`qingdan grading regrade`: the inventory's grades brought up to date by a grading workbook, every change listed first."""

from pathlib import Path

from addin.cli.arguments import day, files, round_name
from addin.cli.terminal import document, progress, say
from addin.office.checking import ALIKE
from addin.office.new_workbooks import NOT_CARRIED
from addin.problems import Stop, output, writing
from addin.reading.workbooks import read_whole
from validators.book import Book
from validators.records import Value
from validators.regrade import Regrade, Regrading, regrade
from workbook_templates.county.cover import OFFICER_FIELDS
from workbook_templates.county.returned import rows_of
from workbook_templates.county.template import write_county


def regrade_files(
    given: list[str], *, inventory: str, on: str | None, round_: str | None, out: str | None, force: bool, as_json: bool
) -> int:
    """List the changes, and make the next version of the inventory where `out` is given; returns the exit code."""
    paths = files(given)
    source = Path(inventory)
    with progress("更新等级") as step:
        books = [read_whole(path, "grading") for path in paths]
        step(1, 2, source.name)
        listed = read_whole(source, "inventory")
        for book in books:
            if (book.county, book.ruleset.year) != (listed.county, listed.ruleset.year):
                raise Stop(
                    f"“{book.file}”是{book.county_name} {book.ruleset.year}年的，"
                    f"“{listed.file}”是{listed.county_name} {listed.ruleset.year}年的。请用同一区县、同一年度的。"
                )
        found = regrade(books, listed, day("--on", on) or max(book.on for book in books))
    if not as_json:
        _show(found)
    made = None
    if out is not None and found.changes:
        made = _write(listed, found, Path(out), [*paths, source], round_, force)
    if as_json:
        document({"changes": [one.to_json() for one in found.changes], "notes": found.notes, "out": made})
    elif made:
        say(f"已写出 {made}。等级变了的企业，停限产措施和一厂一策要按新等级修订（三(五)），请用 qingdan check 核对。")
    elif found.changes:
        say("还没有改。加 --out 写出改好的下一版清单。")
    elif out is not None:
        say(f"没有要改的，所以没有写 {out}。")
    return 1 if found.changes and made is None else 0


def _show(found: Regrading) -> None:
    """Every change, and what was left as it is."""
    if found.changes:
        say(f"{len(found.changes)} 家企业的等级要更新：")
    elif not found.notes:
        say("清单里的等级都是现在执行的，没有要改的。")
    for one in found.changes:
        say(f"  {_words(one)}")
    if found.notes:
        say(f"没有改、请核对的 {len(found.notes)} 处：")
    for note in found.notes[:ALIKE]:
        say(f"  {note}")
    if len(found.notes) > ALIKE:
        say(f"  …另有 {len(found.notes) - ALIKE} 处；加 --json 可得全部。")


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
            file, county=listed.county, ruleset=rules, round_=next_round, revision=listed.revision + 1 if same else 1,
            enterprises=len(listed.tables["enterprises"]), rows=_rows(listed, found, same),
            officer={name: listed.facts.get(name) for name in OFFICER_FIELDS},
        )  # fmt: skip
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
