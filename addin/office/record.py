"""What a consolidation puts on record: what was decided in the last city workbook, and the version with its rows."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from addin.office import ledger
from addin.office.earlier import keep_beside
from addin.office.ledger import Ledger, Version
from addin.problems import Stop
from addin.reading.isolation import LARGE_MEMORY, LARGE_SECONDS, Failure, each
from validators.book import Book
from validators.columns import POLLUTANT_NAMES, SHEETS
from validators.decisions import (
    EMISSION,
    Decision,
    standing,
)
from validators.findings import Finding, Json, counts
from validators.references import Import
from validators.ruleset import RuleSet, load
from validators.settlement import City
from validators.versions import Change, differences
from workbook_templates.city.city_reader import seen_files
from workbook_templates.city.city_workbook import COUNTIES, Desk
from workbook_templates.city.decision_sheets import Untaken, read_decisions
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook

_MOST_CHANGES = 200_000


def take_decisions(record: Ledger, out: Path, city: City, imports: Sequence[Import]) -> tuple[list[Untaken], list[str]]:
    """Record what was decided in the last city workbook, and imported emissions.

    Returns what could not be taken as it was typed, and what to say of it. What is on record already is not recorded
    again.
    """
    last = ledger.latest(record.versions(), city.year)
    workbook = out if out.exists() else out.with_name(last.workbook) if last else out
    noted: list[Decision] = []
    untaken: list[Untaken] = []
    remarks: list[str] = []
    on_record = record.decisions(city.year)
    if workbook.exists() and not _holds_nothing_new(record, workbook, city.year):
        given = (workbook, city.ruleset.id, {one.id: one for one in on_record})
        [read] = each(_read_decisions, [given], memory=LARGE_MEMORY, seconds=LARGE_SECONDS)
        if isinstance(read, Failure):
            remarks.append(f"上一份全市汇总里录入的决定没有读到：{read.message}")
        else:
            noted, untaken = read
    for one in imports:
        noted += [
            Decision(
                EMISSION,
                key=POLLUTANT_NAMES[key],
                value=f"{value:.15g}",
                reason=f"参考资料“{one.file}”",
                seen=one.sha256,
            )
            for key, value in one.emissions.items()
        ]
    known = {one.said() for one in on_record}
    for decision in noted:
        if decision.said() not in known:
            record.add(city.year, decision)
    return untaken, [*map(str, untaken), *remarks]


def _read_decisions(path: Path, ruleset: str, known: Mapping[int, Decision]) -> tuple[list[Decision], list[Untaken]]:
    """In a child."""
    try:
        opened = open_workbook(path)
        if COUNTIES not in opened.sheets:
            return [], []
        return read_decisions(opened, load(ruleset), seen_files(opened), known)
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def as_written(workbook: Path) -> str:
    """The id under which the record remembers a city workbook as it was written."""
    return f"workbook:{ledger.hash_of(workbook)}"


def remember_written(record: Ledger, workbook: Path, city: City, untaken: Sequence[Untaken]) -> None:
    """Remember a city workbook as it was written, and how much of what was typed it still asks to be completed."""
    record.keep(as_written(workbook), to_json({"written": {"year": city.year, "untaken": len(untaken)}}))


def _holds_nothing_new(record: Ledger, workbook: Path, year: int) -> bool:
    """Whether a city workbook is byte for byte as it was written for that year, with nothing that was left untaken.

    Then all decisions in it are those that stood on record.
    """
    return record.kept(as_written(workbook)) == {"written": {"year": year, "untaken": 0}}


def put_aside(record: Ledger, out: Path) -> str:
    """Keep the workbook that is about to be written over, if somebody wrote in it since; returns its name now, or ''."""
    if not out.exists() or record.has(as_written(out)):
        return ""
    return keep_beside(out)


def keep_result(record: Ledger, number: int, result: Json) -> None:
    """Keep what the consolidation of that version came to, to be looked at later."""
    for one in record.versions():
        if one.id == number:
            record.keep(f"result:{one.digest}", to_json(result))


def result_of(record: Ledger, version_: Version) -> Json | None:
    """What a version on record came to, as `Consolidated.to_keep`; None where an older program made it."""
    return record.kept(f"result:{version_.digest}") or None


def put_on_record(
    record: Ledger,
    out: Path,
    city: City,
    findings: Sequence[Finding],
    records: Sequence[Decision],
    changed: Mapping[str, Sequence[Decision]],
) -> Desk:
    """Put the consolidation on record, with the rows of its workbooks, and compare it with the version before."""
    contents = {}
    for book in city.books():
        own = ",".join(str(one.id) for one in changed.get(book.county, ()))
        contents[book.county] = f"{book.sha256}{f'+{own}' if own else ''}"
        if not record.has(contents[book.county]):
            record.keep(contents[book.county], to_json(_kept(book)))
    made_from: Json = {
        "year": city.year,
        "round": city.round,
        "on": str(city.on),
        "ruleset": city.ruleset.id,
        "tool": f"qingdan {version('qingdan')}",
        "files": [
            {
                "file": one.file,
                "sha256": one.book.sha256 if one.book else "",
                "status": one.status,
                "reason": one.reason,
            }
            for one in city.files
        ],
        "imports": [{"kind": one.kind, "file": one.file, "sha256": one.sha256} for one in city.imports.files],
        "exclusions": dict(city.exclusions),
        "decisions": [one.to_json() for one in standing(records)],
    }
    digest = sha256(json.dumps(made_from, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    said = {**made_from, "contents": contents, "counts": counts(one for one in findings if not one.waiver)}
    made = record.add_version(city.year, city.round, digest, out.name, said)
    before = ledger.latest(record.versions(), city.year, made.id)
    changes = compare(record, before, made, city.ruleset) if before else []
    return Desk(tuple(records), made.id, before.id if before else 0, changes)


def _kept(book: Book) -> Json:
    """The rows of a workbook as the record keeps them."""
    return {
        key: {"fields": [column.field for column in SHEETS[key].columns], "rows": [record[:-2] for record in records]}
        for key, records in book.tables.items()
    }


def compare(record: Ledger, before: Version, after: Version, rules: RuleSet) -> list[tuple[str, Change]]:
    """What changed from one version to another, each with the name of the county; at most `_MOST_CHANGES`."""
    found: list[tuple[str, Change]] = []
    old, new = before.said["contents"], after.said["contents"]
    for code in dict.fromkeys([*rules.submitting, *old, *new]):
        if old.get(code) != new.get(code):
            name = rules.submitting.get(code, code)
            differing = differences(_tables(record, old.get(code)), _tables(record, new.get(code)))
            found += ((name, change) for change in islice(differing, _MOST_CHANGES - len(found)))
    return found


def _tables(record: Ledger, content: str | None) -> dict[str, list[list[Any]]]:
    """Rows that are kept, in the order in which columns are declared now."""
    found = {}
    for key, kept in (record.kept(content) if content else {}).items():
        place = {name: number for number, name in enumerate(kept["fields"])}
        now = [column.field for column in SHEETS[key].columns]
        same = now == kept["fields"]
        found[key] = (
            kept["rows"] if same else [[row[place[f]] if f in place else None for f in now] for row in kept["rows"]]
        )
    return found
