"""`qingdan ruleset`: the rule set as a workbook, loading it back as a new version, and what there is."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from addin.cli.arguments import files, rules_of
from addin.cli.terminal import document, progress, say, warn
from addin.office.consolidation import inbox
from addin.problems import Stop, output
from addin.reading import ruleset_store
from addin.reading.isolation import Failure, each
from addin.reading.workbooks import Reading, read_all
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Finding, Json, Severity
from validators.ruleset import TABLES, RuleSet, of_tables, versions, years
from validators.ruleset_tables import Change, changes, title
from workbook_templates.city.ruleset_workbook import COVER, Law, faults, read_law, write_law
from workbook_templates.county.reader import UnreadableWorkbook, open_workbook

LISTED = 30
"""Changes of a table, and findings of a kind, that are listed for people; the JSON has all."""


def edit(*, year: str | None, rules_id: str | None, out: str, force: bool, as_json: bool) -> int:
    """Write a rule set as a workbook; returns the exit code."""
    rules = rules_of(year, rules_id)
    with progress("生成规则集工作簿"), output(Path(out), force=force) as file:
        write_law(file, rules)
    rows = {title(table): len(rules.tables[table]) for table in TABLES}
    if as_json:
        document({"out": out, "ruleset": rules.id, "sha256": rules.sha256, "rows": rows})
    else:
        say(f"已生成 {out}：规则集 {rules.id}，{'，'.join(f'{name} {number} 行' for name, number in rows.items())}。")
        say("改好后用 qingdan ruleset load 载入。")
    return 0


def versions_known(*, as_json: bool) -> int:
    """Print the rule sets that there are; returns the exit code."""
    found = [_described(id_) for year in years() for id_ in versions(year)]
    if as_json:
        document({"folder": str(ruleset_store.folder()), "rulesets": found})
        return 0
    for one in found:
        origin = f"{one['loaded_at']} 由{one['loaded_by']}从“{one['file']}”载入" if one["file"] else "随程序发布"
        now = "，现在使用" if one["newest"] else ""
        say(f"{one['id']}  {one['name']}：共 {one['rows']} 行，已核实 {one['verified']} 行；{origin}{now}")
        say(f"    SHA-256 {one['sha256']}")
    say(f"载入的各版放在 {ruleset_store.folder()}")
    return 0


def _described(id_: str) -> Json:
    rules = rules_of(None, id_)
    rows = [row for own in rules.tables.values() for row in own]
    loaded = ruleset_store.origin(id_) if "." in id_ else None
    return {
        "id": id_,
        "year": rules.year,
        "name": rules.thresholds["ruleset_name"],
        "newest": id_ == versions(str(rules.year))[-1],
        "rows": len(rows),
        "verified": sum(row["verified"] == "yes" for row in rows),
        "sha256": rules.sha256,
        "base": loaded.base if loaded else None,
        "loaded_at": loaded.loaded_at if loaded else None,
        "loaded_by": loaded.loaded_by if loaded else None,
        "file": loaded.file if loaded else None,
        "file_sha256": loaded.file_sha256 if loaded else None,
    }


def load_file(file: str, *, against: Sequence[str], as_json: bool) -> int:
    """Check an edited rule set, say what changes, and keep it as a new version; returns the exit code."""
    path = Path(file)
    inventories = inbox(files(against)) if against else []
    with progress("读取规则集"):
        [law] = each(_read, [(path,)])
    if isinstance(law, Failure):
        raise Stop(law.message)
    base = rules_of(law.year)
    wrong = faults(law, [base, rules_of(None, law.year)])
    done = list(changes(base.tables, law.tables)) if not wrong else []
    if done and not law.by:
        wrong = [(COVER, None, "改了内容，却没有填“录入人”。请填写单位和姓名。")]
    kept = _keep(law, base, path) if done and not wrong else None
    found: Json = {
        "ruleset": kept.id if kept else None if wrong else base.id,
        "base": base.id,
        "sha256": kept.sha256 if kept else None,
        "changes": [_change_json(one) for one in done],
        "problems": [{"sheet": sheet, "cell": cell, "message": message} for sheet, cell, message in wrong],
        "effect": None,
        "errors": [],
        "verdict": "不通过" if wrong else "已载入" if kept else "没有变化",
    }
    effect = None
    if kept and inventories:
        effect, found["errors"] = _effect(inventories, base, kept)
        found["effect"] = {what: [_effect_json(*pair) for pair in pairs] for what, pairs in effect.items()}
    if law.base != base.id:
        warn(f"“{path.name}”是从规则集 {law.base} 生成的，现在最新的是 {base.id}，下面是与最新一版相比的变化。")
    if as_json:
        document(found)
    else:
        _say_loaded(path, base, kept, done, wrong)
        if effect is not None:
            _say_effect(effect)
    for error in found["errors"]:
        warn(error["message"])
    return 2 if found["errors"] else 1 if wrong else 0


def _read(path: Path) -> Law:
    """In the child."""
    try:
        return read_law(open_workbook(path))
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def _keep(law: Law, base: RuleSet, path: Path) -> RuleSet:
    now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    tables = of_tables(base.id, law.tables).tables
    return ruleset_store.keep(law.year, tables, ruleset_store.Origin(now, law.by, base.id, path.name, law.sha256))


def _change_json(change: Change) -> Json:
    cells = [{"head": head, "old": old, "new": new} for head, old, new in change.cells]
    return {"table": title(change.table), "what": change.what, "row": change.row, "cells": cells}


Effect = dict[str, list[tuple[Finding, Severity | None]]]
"""Findings that are new, gone, or of another severity, each with the severity it had where that changed."""


def _effect(paths: Sequence[Path], old: RuleSet, new: RuleSet) -> tuple[Effect, list[Json]]:
    """What the new rule set finds in inventories that the old one does not, and the other way round."""
    before, after = (_judged(paths, rules) for rules in (old, new))
    errors = [{"file": path.name, "message": one.message} for path, one in zip(paths, after, strict=True)
              if isinstance(one, Failure)]  # fmt: skip
    first, second = _by_place(before), _by_place(after)
    found: Effect = {
        "new": [(one, None) for key, one in second.items() if key not in first],
        "gone": [(one, None) for key, one in first.items() if key not in second],
        "changed": [
            (one, first[key].severity)
            for key, one in second.items()
            if key in first and one.severity != first[key].severity
        ],
    }
    return found, errors


def _judged(paths: Sequence[Path], rules: RuleSet) -> list[Reading | Failure]:
    with progress(f"按规则集 {rules.id} 核对"):
        return list(read_all(paths, rules=rules.id))


def _by_place(readings: Sequence[Reading | Failure]) -> dict[tuple[object, ...], Finding]:
    """Findings by file, rule and place; several of one rule at one place are told apart by their order."""
    found: dict[tuple[object, ...], Finding] = {}
    for one in readings:
        if isinstance(one, Failure):
            continue
        for finding in one.findings:
            place = (str(one.path), finding.rule, finding.sheet, finding.cell, finding.header)
            number = 0
            while (*place, number) in found:
                number += 1
            found[*place, number] = finding
    return found


def _effect_json(finding: Finding, was: Severity | None) -> Json:
    return {**finding.to_json(), **({"was": was.name} if was else {})}


def _say_loaded(
    path: Path,
    base: RuleSet,
    kept: RuleSet | None,
    done: Sequence[Change],
    wrong: Sequence[tuple[str, str | None, str]],
) -> None:
    for sheet, cell, message in wrong:
        say(f"  ✗  《{sheet}》{cell or ''}  {message}")
    if wrong:
        say(f"“{path.name}”有 {len(wrong)} 处要改，没有载入。请改好后再载入。")
        return
    if kept is None:
        say(f"“{path.name}”与规则集 {base.id} 相比没有变化，没有另存新版。")
        return
    for table, own in groupby(done, key=lambda change: change.table):
        listed = list(own)
        say(f"《{title(table)}》")
        for change in listed[:LISTED]:
            cells = "；".join(f"{head}：{old or '空白'} → {new or '空白'}" for head, old, new in change.cells)
            say(f"  {change.what}  {change.row or '各行的先后'}{f'  {cells}' if cells else ''}")
        if len(listed) > LISTED:
            say(f"  …还有 {len(listed) - LISTED} 处；加 --json 可得全部。")
    say(f"已载入为规则集 {kept.id}（原为 {base.id}），放在 {ruleset_store.folder()}。从现在起各命令都用这一版。")


def _say_effect(effect: Effect) -> None:
    for what, words in (("new", "多出"), ("gone", "不再有"), ("changed", "程度改变")):
        pairs = effect[what]
        say(f"{words}的问题 {len(pairs)} 项" + ("：" if pairs else "。"))
        for finding, was in pairs[:LISTED]:
            before = f"{SEVERITY_NAMES[was]} → " if was else ""
            severity = f"{SEVERITY_SYMBOLS[finding.severity]} {before}{SEVERITY_NAMES[finding.severity]}"
            say(
                f"  {severity}  {finding.file} 《{finding.sheet or '整个文件'}》{finding.cell or ''}  {finding.rule}  {finding.message}"
            )
        if len(pairs) > LISTED:
            say(f"  …还有 {len(pairs) - LISTED} 项；加 --json 可得全部。")
