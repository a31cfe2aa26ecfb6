"""`qingdan publish guarantee`: the list of guaranteed enterprises and projects, and what is to be looked at in it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from addin.cli.arguments import files
from addin.cli.terminal import document, progress, say, unread
from addin.office.consolidation import inbox
from addin.problems import Stop, output
from addin.reading.inventories import read_inventories
from validators.guarantee_list import FILED, UNFILED, Guaranteed, extents, guaranteed
from workbook_templates.lists.guarantee_workbook import GROUPS, mismatched, write_guarantee


def guarantee(given: Sequence[str], *, out: str, force: bool, as_json: bool) -> int:
    """Write the list and say what stands against it; returns the exit code."""
    paths = inbox(files(given))
    with progress("保障类名单") as step:
        city, wrong = read_inventories(paths, step)
        try:
            with output(Path(out), force=force, inputs=paths) as file:
                write_guarantee(file, city)
        except OverflowError as error:
            raise Stop(
                "清单里有的减排量大得加不起来，不是合理的数。请先用 qingdan check 核对各份清单，改正后再做。"
            ) from error
    rows = list(guaranteed(city))
    open_ = [one for one in rows if one.filing == UNFILED or mismatched(one) or one.group not in GROUPS]
    if as_json:
        groups = Counter(one.group for one in rows)
        document(
            {
                "out": out,
                "rows": len(rows),
                "groups": {group: groups[group] for group in GROUPS},
                "filed": sum(one.filing == FILED for one in rows),
                "counties": [
                    {"name": one.county, "number": one.number, "share": round(one.share, 6)}
                    for one in extents(city, tuple(GROUPS))
                ],
                "open": [{"county": one.book.county, "key": one.record.list_id, "why": why(one)} for one in open_],
                "errors": wrong,
            }
        )
    else:
        for one in open_:
            say(f"✗ {one.book.county_name} {one.record.list_id} {one.record.name or ''}：{why(one)}。")
        kinds = "，".join(f"{title} {sum(one.group == group for one in rows)}" for group, title in GROUPS.items())
        say(f"已写出 {out}：{len(rows)} 行（{kinds}）。")
    return unread(wrong, 1 if open_ else 0)


def why(one: Guaranteed) -> str:
    """What stands against a row, in words."""
    said = []
    if one.group not in GROUPS:
        said.append("没有保障类别，或者读不出来")
    if mismatched(one):
        said.append(f"应由{one.due}确定，填的是{one.record.decided_by}")
    if one.filing == UNFILED:
        said.append("应报生态环境部备案，还没有报")
    return "；".join(said)
