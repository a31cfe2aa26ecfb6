"""`qingdan ruleset`: the rule set as a workbook, loading it back as a new version, and what there is."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from pydantic import Field

from addin.office.results import Card, Part, Result, made, unread_files
from addin.problems import Stop, output
from addin.reading import ruleset_store
from addin.reading.inbox import inbox
from addin.reading.isolation import Failure, each
from addin.reading.steps import Unread, worst
from addin.reading.workbooks import Reading, read_all
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Finding, Json, Severity
from validators.ruleset import TABLES, RuleSet, of_tables, versions, years
from validators.ruleset_tables import LawChange, changes, title
from workbook_templates.city.ruleset_workbook import COVER, Law, faults, read_law, write_law
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook

_LISTED = 30
"""Changes of a table, and findings of a kind, that are listed for people; the JSON has all."""


class Edited(Result):
    """A rule set that was written as a workbook."""

    out: str
    ruleset: str
    sha256: str
    rows: dict[str, int]

    def lines(self) -> Iterator[str]:
        """What was written, and what to do with it."""
        inside = "，".join(f"{name} {number} 行" for name, number in self.rows.items())
        yield f"已生成 {self.out}：规则集 {self.ruleset}，{inside}。"
        yield "改好后用 qingdan ruleset load 载入。"

    def card(self) -> Card:
        """That it is there."""
        return made("已写出")


class KnownVersion(Part):
    """A rule set of this computer."""

    id: str
    year: int
    name: str
    newest: bool
    rows: int
    verified: int
    sha256: str
    base: str | None
    loaded_at: str | None
    loaded_by: str | None
    file: str | None
    file_sha256: str | None


class KnownVersions(Result):
    """The rule sets of this computer."""

    folder: str
    rulesets: list[KnownVersion]

    def lines(self) -> Iterator[str]:
        """Two lines for each."""
        for one in self.rulesets:
            origin = f"{one.loaded_at} 由{one.loaded_by}从“{one.file}”载入" if one.file else "随程序发布"
            now = "，现在使用" if one.newest else ""
            yield f"{one.id}  {one.name}：共 {one.rows} 行，已核实 {one.verified} 行；{origin}{now}"
            yield f"    SHA-256 {one.sha256}"
        yield f"载入的各版放在 {self.folder}"

    def card(self) -> Card:
        """A line for each."""
        words = [
            f"{one.id}　{one.name}：共 {one.rows} 行，已核实 {one.verified} 行{'，现在使用' if one.newest else ''}"
            for one in self.rulesets
        ]
        return made("已列出", words=words)


class LoadProblem(Part):
    """What keeps a rule set from being loaded."""

    sheet: str
    cell: str | None
    message: str


class Loaded(Result):
    """What became of a rule set that was handed in."""

    ruleset: str | None
    base: str
    sha256: str | None
    changes: list[Json]
    problems: list[LoadProblem]
    effect: dict[str, list[Json]] | None
    errors: list[Unread]
    verdict: str
    name: str = Field(exclude=True)
    """Of the file."""
    made_from: str = Field(exclude=True)
    """Id of the rule set that the workbook was made from."""
    changed: list[LawChange] = Field(exclude=True)
    found: "Effect | None" = Field(exclude=True)

    @property
    def code(self) -> int:
        """1 where it was not loaded."""
        return worst(self.errors, bool(self.problems))

    def lines(self) -> Iterator[str]:
        """What is wrong, or what changed, and what that has for an effect."""
        yield from self._loaded()
        if self.found is not None:
            yield from _said_of(self.found)

    def _loaded(self) -> Iterator[str]:
        for one in self.problems:
            yield f"  ✗  《{one.sheet}》{one.cell or ''}  {one.message}"
        if self.problems:
            yield f"“{self.name}”有 {len(self.problems)} 处要改，没有载入。请改好后再载入。"
            return
        if not self.changed:
            yield f"“{self.name}”与规则集 {self.base} 相比没有变化，没有另存新版。"
            return
        for table, own in groupby(self.changed, key=lambda change: change.table):
            listed = list(own)
            yield f"《{title(table)}》"
            for change in listed[:_LISTED]:
                cells = "；".join(f"{head}：{old or '空白'} → {new or '空白'}" for head, old, new in change.cells)
                yield f"  {change.what}  {change.row or '各行的先后'}{f'  {cells}' if cells else ''}"
            if len(listed) > _LISTED:
                yield f"  …还有 {len(listed) - _LISTED} 处；加 --json 可得全部。"
        yield f"已载入为规则集 {self.ruleset}（原为 {self.base}），放在 {ruleset_store.folder()}。从现在起各命令都用这一版。"

    def warnings(self) -> Iterable[str]:
        """That it was not made from the newest version, and files that could not be read."""
        if self.made_from != self.base:
            yield f"“{self.name}”是从规则集 {self.made_from} 生成的，现在最新的是 {self.base}，列出的是与最新一版相比的变化。"
        for one in self.errors:
            yield one.message

    def card(self) -> Card:
        """What is wrong, or what changed, and how much that has for an effect."""
        words = [f"《{one.sheet}》{one.cell or ''}：{one.message}" for one in self.problems]
        words += [
            f"《{name}》变了 {number} 行" for name, number in Counter(title(one.table) for one in self.changed).items()
        ]
        if self.effect:
            words.append("，".join(f"{what} {len(found)} 处" for what, found in self.effect.items()))
        if self.problems:
            return Card(
                result=f"没有载入，有 {len(self.problems)} 处要改",
                tone="bad",
                words=words,
                verdict=self.verdict,
                listed=unread_files(self.errors),
            )
        result = f"已载入为规则集 {self.ruleset}" if self.changed else "没有变化，没有另存"
        return Card(result=result, words=words, verdict=self.verdict, listed=unread_files(self.errors))


Effect = dict[str, list[tuple[Finding, Severity | None]]]
"""Findings that are new, gone, or of another severity, each with the severity it had where that changed."""
Loaded.model_rebuild()


def edit(rules: RuleSet, out: Path, *, force: bool = False) -> Edited:
    """Write a rule set as a workbook. Raises `Stop`."""
    with output(out, force=force) as file:
        write_law(file, rules)
    rows = {title(table): len(rules.tables[table]) for table in TABLES}
    return Edited(out=str(out), ruleset=rules.id, sha256=rules.sha256, rows=rows)


def versions_known() -> KnownVersions:
    """The rule sets that there are."""
    found = [_described(id_) for year in years() for id_ in versions(year)]
    return KnownVersions(folder=str(ruleset_store.folder()), rulesets=found)


def _described(id_: str) -> KnownVersion:
    rules = ruleset_store.rules_of(None, id_)
    rows = [row for own in rules.tables.values() for row in own]
    loaded = ruleset_store.origin(id_) if "." in id_ else None
    return KnownVersion(
        id=id_,
        year=rules.year,
        name=rules.thresholds["ruleset_name"],
        newest=id_ == versions(str(rules.year))[-1],
        rows=len(rows),
        verified=sum(row["verified"] == "yes" for row in rows),
        sha256=rules.sha256,
        base=loaded.base if loaded else None,
        loaded_at=loaded.loaded_at if loaded else None,
        loaded_by=loaded.loaded_by if loaded else None,
        file=loaded.file if loaded else None,
        file_sha256=loaded.file_sha256 if loaded else None,
    )


def load_file(path: Path, against: Sequence[Path] = ()) -> Loaded:
    """Check an edited rule set, and keep it as a new version if nothing is wrong with it. Raises `Stop`.

    `against` are inventories, or folders of them: what the new version finds in them that the old one does not.
    """
    inventories = inbox(against) if against else []
    [law] = each(_read, [(path,)])
    if isinstance(law, Failure):
        raise Stop(law.message)
    base = ruleset_store.rules_of(law.year)
    wrong = faults(law, [base, ruleset_store.rules_of(None, law.year)])
    done = list(changes(base.tables, law.tables)) if not wrong else []
    if done and not law.by:
        wrong = [(COVER, None, "改了内容，却没有填“录入人”。请填写单位和姓名。")]
    kept = _keep(law, base, path) if done and not wrong else None
    effect, errors = _effect(inventories, base, kept) if kept and inventories else (None, [])
    return Loaded(
        ruleset=kept.id if kept else None if wrong else base.id,
        base=base.id,
        sha256=kept.sha256 if kept else None,
        changes=[_change_json(one) for one in done],
        problems=[LoadProblem(sheet=sheet, cell=cell, message=message) for sheet, cell, message in wrong],
        effect=effect and {what: [_effect_json(*pair) for pair in pairs] for what, pairs in effect.items()},
        errors=errors,
        verdict="不通过" if wrong else "已载入" if kept else "没有变化",
        name=path.name,
        made_from=law.base,
        changed=done,
        found=effect,
    )


def _read(path: Path) -> Law:
    """In the child."""
    try:
        return read_law(open_workbook(path))
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def _keep(law: Law, base: RuleSet, path: Path) -> RuleSet:
    now = dt.datetime.now().astimezone().isoformat(timespec="seconds")
    tables = of_tables(base.id, law.tables).tables
    return ruleset_store.keep(law.year, tables, ruleset_store.LoadedFrom(now, law.by, base.id, path.name, law.sha256))


def _change_json(change: LawChange) -> Json:
    cells = [{"head": head, "old": old, "new": new} for head, old, new in change.cells]
    return {"table": title(change.table), "what": change.what, "row": change.row, "cells": cells}


def _effect(paths: Sequence[Path], old: RuleSet, new: RuleSet) -> tuple[Effect, list[Unread]]:
    """What the new rule set finds in inventories that the old one does not, and the other way round."""
    before, after = (_judged(paths, rules) for rules in (old, new))
    errors = [
        Unread(file=path.name, message=one.message)
        for path, one in zip(paths, after, strict=True)
        if isinstance(one, Failure)
    ]
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
    return list(read_all(paths, rules=rules.id))


def _by_place(readings: Sequence[Reading | Failure]) -> dict[tuple[object, ...], Finding]:
    """Findings by file, rule and place; several of one rule at one place differ by their order."""
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


def _said_of(effect: Effect) -> Iterator[str]:
    for what, words in (("new", "多出"), ("gone", "不再有"), ("changed", "程度改变")):
        pairs = effect[what]
        yield f"{words}的问题 {len(pairs)} 项" + ("：" if pairs else "。")
        for finding, was in pairs[:_LISTED]:
            before = f"{SEVERITY_NAMES[was]} → " if was else ""
            severity = f"{SEVERITY_SYMBOLS[finding.severity]} {before}{SEVERITY_NAMES[finding.severity]}"
            place = f"{finding.file} 《{finding.sheet or '整个文件'}》{finding.cell or ''}"
            yield f"  {severity}  {place}  {finding.rule}  {finding.message}"
        if len(pairs) > _LISTED:
            yield f"  …还有 {len(pairs) - _LISTED} 项；加 --json 可得全部。"
