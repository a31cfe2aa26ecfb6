"""What the city office does: consolidate an inbox, export the submission, and reproduce it from the counties' files."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from addin.office import ledger
from addin.office.ledger import Ledger, Version
from addin.office.signing import Signer
from addin.problems import Stop, refusal, writing
from addin.reading.isolation import LARGE_MEMORY, Failure, each
from addin.reading.workbooks import Reading, of_another_kind, read_all, summary
from validators.audit import Check
from validators.audit.manifest import ManifestError, read_manifest
from validators.audit.report import Findings
from validators.book import Book
from validators.columns import LEVEL_NAMES, POLLUTANT_NAMES, SHEETS, letter
from validators.decisions import (
    EMISSION,
    WAIVER,
    Decision,
    apply,
    emissions,
    excluded,
    from_json,
    holding_files,
    standing,
    waived,
)
from validators.findings import Finding, Json, counts, in_order, stops
from validators.references import KINDS, Import, Imports
from validators.rule import judge, judge_city, value_text
from validators.ruleset import RuleSet, UnknownRuleSet, default, load
from validators.settlement import City, Handed, reductions, sort_out
from validators.versions import Change, differences
from workbook_templates.city.city_workbook import COUNTIES, Desk, read_city, seen_files, write_city
from workbook_templates.city.decision_sheets import Untaken, printed, read_decisions
from workbook_templates.city.reference_files import read_import
from workbook_templates.county.reader import UnreadableWorkbook, open_workbook, read_county
from workbook_templates.submission.submission_workbook import (
    DEFAULT,
    Origin,
    ProfileSheet,
    UnknownProfile,
    manifest_path,
    profile,
    rows_of,
    signature_paths,
    write_submission,
)
from workbook_templates.xlsx.writer import replacing

LONG = 1800.0
"""Seconds for one of these."""
REFERENCES = "参考资料"
"""Folder in an inbox for what is compared with, not consolidated; a file's name says which kind it is."""
MOST_CHANGES = 200_000
Progress = Callable[[int, int, str], None]
"""Called with what is done, of how many, and the name of what is being done."""


@dataclass
class Consolidated:
    """What a consolidation found."""

    city: City
    findings: list[Finding]
    """Of the workbooks that hold, and of the city."""
    errors: list[tuple[str, str]]
    """Files that could not be read, and why."""
    desk: Desk = field(default_factory=Desk)
    """What the office's record said, and which version this is."""
    remarks: list[str] = field(default_factory=list)
    """What was typed into the last city workbook and could not be taken as it stands, and why."""
    put_aside: str = ""
    """Name of the copy of a workbook that was written over and that somebody had written in; '' where there is none."""

    def to_json(self, out: Path) -> Json:
        """The contract's object."""
        city = self.city
        books = list(city.books())
        return {
            "files": [
                {**_file_json(handed), "status": handed.status, "reason": handed.reason or None}
                for handed in city.files
            ],
            "findings": [finding.to_json() for finding in self.findings],
            "counts": counts(self.findings),
            "errors": [{"file": file, "message": message} for file, message in self.errors],
            "verdict": "不通过" if stops(self.findings) else "通过",
            "counties": [
                {
                    "code": county.code,
                    "name": county.name,
                    "file": county.handed.file if county.handed else None,
                    "status": county.status,
                    "reason": county.reason or None,
                    "enterprises": len(county.handed.book.tables["enterprises"])
                    if county.handed and county.handed.book
                    else 0,
                    "lines": len(county.handed.book.tables["lines"]) if county.handed and county.handed.book else 0,
                }
                for county in city.counties
            ],
            "totals": {
                "enterprises": sum(len(book.tables["enterprises"]) for book in books),
                "lines": sum(len(book.tables["lines"]) for book in books),
                "reductions": {
                    LEVEL_NAMES[level]: {POLLUTANT_NAMES[name]: round(value, 6) for name, value in own.items()}
                    for level, own in reductions(books).items()
                },
            },
            "ruleset": city.ruleset.id,
            "out": str(out),
            "version": self.desk.version,
            "changes": dict(Counter(change.kind for _, change in self.desk.changes)),
            "decisions": [one.to_json() for one in standing(self.desk.records)],
            "remarks": self.remarks,
            "put_aside": self.put_aside or None,
        }


def _file_json(handed: Handed) -> Json:
    if handed.book:
        return {**summary(handed.book), "file": handed.file}
    return {"file": handed.file, "county": None, "year": None, "revision": None, "ruleset": None, "rows": {}}


def inbox(sources: Iterable[Path]) -> list[Path]:
    """Every file that lies there, folders looked through; not lock files, hidden ones and `REFERENCES`.

    Raises `Stop` if none is left.
    """
    found: list[Path] = []
    for source in sources:
        if not source.exists():
            raise Stop(f"“{source}”不存在。请核对路径。")
        own = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        found += [path for path in own if _is_input(path) and REFERENCES not in path.relative_to(source).parts[:-1]]
    if not found:
        raise Stop(f"“{'、'.join(map(str, sources))}”里没有文件。请把各县区的工作簿放进去再汇总。")
    return list(dict.fromkeys(found))


def _is_input(path: Path) -> bool:
    return not path.name.startswith((".", "~$", "~lock")) and path.name != ledger.NAME


def references(sources: Iterable[Path]) -> tuple[list[tuple[str, Path]], list[tuple[str, str]]]:
    """The files in the folders `REFERENCES` with what each is by its name, and those whose names do not say."""
    found: list[tuple[str, Path]] = []
    unknown: list[tuple[str, str]] = []
    for folder in (source / REFERENCES for source in sources):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and _is_input(path):
                kind = next((kind for kind in KINDS if kind in path.name), None)
                if kind:
                    found.append((kind, path))
                else:
                    said = f"参考资料“{path.name}”看不出是哪一种。请在文件名里写上{'、'.join(KINDS)}之一。"
                    unknown.append((path.name, said))
    return found, unknown


def read_imports(given: Sequence[tuple[str, Path]]) -> tuple[list[Import], list[tuple[str, str]]]:
    """What each file holds, the ministry's results last, and the files that could not be read, with why."""
    ordered = sorted(given, key=lambda one: (KINDS.index(one[0]), str(one[1])))
    read = each(_read_import, [(path, kind) for kind, path in ordered])
    found = list(zip(ordered, read, strict=True))
    wrong = [(path.name, one.message) for (_, path), one in found if isinstance(one, Failure)]
    return [one for _, one in found if isinstance(one, Import)], wrong


def _read_import(path: Path, kind: str) -> Import:
    """In a child."""
    try:
        return read_import(path, kind, default())
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def labels(paths: Sequence[Path]) -> list[str]:
    """Names shown to people: the file's own, with its folders where two would be the same."""
    names = [path.name for path in paths]
    return [name if names.count(name) == 1 else path.as_posix() for name, path in zip(names, paths, strict=True)]


def read_inbox(
    paths: Sequence[Path],
    on: dt.date | None,
    progress: Progress,
    rules: RuleSet | None = None,
    *,
    returned: bool = False,
) -> tuple[list[Handed], list[tuple[str, str]]]:
    """Every file, read and judged by the rules of one workbook, and those that could not be read.

    With `returned`, the rows stand as a returned workbook has them.
    """
    handed: list[Handed] = []
    errors: list[tuple[str, str]] = []
    names = labels(paths)
    read = read_all(paths, on=on, records=True, rules=rules.id if rules else None, returned=returned, kind="inventory")
    for number, (label, found) in enumerate(zip(names, read, strict=True), 1):
        progress(number, len(paths), label)
        if isinstance(found, Failure):
            errors.append((label, found.message))
            handed.append(Handed(label, reason=found.message))
        elif isinstance(found, Reading) and found.book:
            findings = found.findings
            if label != found.book.file:
                found.book.file = label
                findings = [replace(finding, file=label) for finding in findings]
            handed.append(Handed(label, found.book, findings))
    return handed, errors


def settle(
    handed: Sequence[Handed],
    *,
    year: int | None = None,
    round_: str | None = None,
    rules: RuleSet | None = None,
    on: dt.date | None = None,
    exclusions: Mapping[str, str] | None = None,
    imports: Imports | None = None,
    decisions: Sequence[Decision] = (),
) -> tuple[City, list[Finding], dict[str, list[Decision]]]:
    """What holds of all that was handed in, as was decided, and what is found in it.

    Returns the city, its findings and those of the workbooks that hold, in order, and the decisions that changed a
    workbook, by its county.
    """
    holding = holding_files(decisions)
    city = sort_out(handed, year=year, round_=round_, on=on, exclusions=exclusions, ruleset=rules, holding=holding)
    if more := excluded(city, decisions):
        given = {**more, **(exclusions or {})}
        city = sort_out(handed, year=year, round_=round_, on=on, exclusions=given, ruleset=rules, holding=holding)
    city.imports = replace(imports or Imports(), emissions=emissions(decisions))
    changed = apply(city, decisions)
    for one in city.adopted:
        if one.book in changed:
            one.findings = judge(one.book)
    findings = in_order([*judge_city(city), *(found for one in city.adopted for found in one.findings)])
    return city, waived(city, findings, decisions), {book.county: own for book, own in changed.items()}


def consolidate(
    sources: Sequence[Path],
    out: Path,
    *,
    year: int | None = None,
    round_: str | None = None,
    rules: RuleSet | None = None,
    on: dt.date | None = None,
    exclusions: Mapping[str, str] | None = None,
    imports: Sequence[tuple[str, Path]] = (),
    parquet: Path | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, of, what: None,
) -> Consolidated:
    """All counties of one year and round in one workbook at `out`, and a version in the record beside it. Raises `Stop`.

    `rules` is the rule set to judge all by (default: the newest of the year, and each workbook by `ruleset.judging`).
    `imports` are files besides those in `REFERENCES`, each with its kind. What was decided in the workbook at `out`,
    or else in that of the last version, is recorded first. With `parquet`, the lists are written into that folder too.
    """
    if parquet is not None and not find_spec("pyarrow"):
        raise Stop("--parquet 需要 pyarrow，这台电脑上没有安装。请执行 pip install pyarrow，或不写 --parquet。")
    paths = inbox(sources)
    beside, unknown = references(sources)
    with writing(out, force=overwrite, inputs=[*paths, *(path for _, path in (*imports, *beside))]):
        files, wrong = read_imports([*imports, *beside])
        unread = [*unknown, *wrong]
        handed, errors = read_inbox(paths, on, progress, rules)
        first = sort_out(handed, year=year, round_=round_, on=on, exclusions=exclusions, ruleset=rules)
        with ledger.opened(out, writing=True) as record:
            assert record is not None  # noqa: S101 - for the type checker
            untaken, remarks = take_decisions(record, out, first, files)
            records = record.decisions(first.year)
            city, findings, changed = settle(
                handed, year=year, round_=round_, rules=rules, on=on, exclusions=exclusions,
                imports=Imports(files, unread=unread), decisions=standing(records),
            )  # fmt: skip
            desk = replace(_version(record, out, city, findings, records, changed), untaken=untaken)
            put_aside = _put_aside(record, out)
            write_city(out, city, findings, overwrite=overwrite, desk=desk)
            record.keep(_as_written(out), b"{}")
    if parquet is not None:
        _write_parquet(parquet, city, overwrite)
    return Consolidated(city, findings, [*errors, *unread], desk, remarks, put_aside)


def _as_written(workbook: Path) -> str:
    """The id under which the record remembers a city workbook as it was written."""
    return f"workbook:{ledger.hash_of(workbook)}"


def _put_aside(record: Ledger, out: Path) -> str:
    """Keep the workbook that is about to be written over, if somebody wrote in it since; returns its name now, or ''."""
    if not out.exists() or record.has(_as_written(out)):
        return ""
    at = dt.datetime.fromtimestamp(out.stat().st_mtime).strftime("%Y%m%d-%H%M%S")
    kept = out.with_name(f"{out.stem}（{at} 存）.xlsx")
    with replacing(kept, overwrite=True) as file:
        file.write(out.read_bytes())
    return kept.name


def _write_parquet(folder: Path, city: City, overwrite: bool) -> None:
    from workbook_templates.city.parquet import write_parquet

    try:
        write_parquet(folder, city, overwrite=overwrite)
    except OSError as error:
        raise Stop(f"写不了：{refusal(error, error.filename or folder)}") from error


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
    if workbook.exists():
        given = (workbook, city.ruleset.id, {one.id: one for one in on_record})
        [read] = each(_read_decisions, [given], memory=LARGE_MEMORY, seconds=LONG)
        if isinstance(read, Failure):
            remarks.append(f"上一份全市汇总里录入的决定没有读到：{read.message}")
        else:
            noted, untaken = read
    for one in imports:
        noted += [
            Decision(EMISSION, key=POLLUTANT_NAMES[key], value=f"{value:.15g}", reason=f"参考资料“{one.file}”", seen=one.sha256)
            for key, value in one.emissions.items()
        ]  # fmt: skip
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


def _version(
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
        "year": city.year, "round": city.round, "on": str(city.on), "ruleset": city.ruleset.id,
        "tool": f"qingdan {version('qingdan')}",
        "files": [
            {"file": one.file, "sha256": one.book.sha256 if one.book else "", "status": one.status, "reason": one.reason}
            for one in city.files
        ],
        "imports": [{"kind": one.kind, "file": one.file, "sha256": one.sha256} for one in city.imports.files],
        "exclusions": dict(city.exclusions),
        "decisions": [one.to_json() for one in standing(records)],
    }  # fmt: skip
    digest = sha256(json.dumps(made_from, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    said = {**made_from, "contents": contents, "counts": counts(findings)}
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
    """What changed from one version to another, each with the name of the county; at most `MOST_CHANGES`."""
    found: list[tuple[str, Change]] = []
    old, new = before.said["contents"], after.said["contents"]
    for code in dict.fromkeys([*rules.submitting, *old, *new]):
        if old.get(code) != new.get(code):
            name = rules.submitting.get(code, code)
            differing = differences(_tables(record, old.get(code)), _tables(record, new.get(code)))
            found += ((name, change) for change in islice(differing, MOST_CHANGES - len(found)))
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


@dataclass
class Exported:
    """What an export came to; `manifest` is None where it was refused because of `findings`."""

    manifest: Json | None
    findings: list[Finding]
    """At ERROR or BLOCKER."""


def export(
    source: Path, out: Path, *, profile_name: str, signer: Signer | None = None, overwrite: bool = False
) -> Exported:
    """The province's submission of a city workbook, or of one county's, at `out`, with its manifest. Raises `Stop`.

    With a `signer` the manifest is signed, and signature and public key lie beside it; where that fails, nothing of the
    export stays.

    What was found is found anew: the lists may have been changed since they were consolidated. All of it happens in
    a child process, because the workbook comes from outside.
    """
    with writing(out, force=overwrite, inputs=[source]):
        fingerprint = signer and signer.public.fingerprint
        [done] = each(_export, [(source, out, profile_name, fingerprint, overwrite)], memory=LARGE_MEMORY, seconds=LONG)
        if isinstance(done, Failure):
            raise Stop(done.message)
        assert isinstance(done, Exported)  # noqa: S101 - for the type checker
        if done.manifest is not None:
            own = manifest_path(out)
            try:
                _sign(own, signer)
            except BaseException:
                for path in (out, own, *signature_paths(own)):
                    with suppress(OSError):
                        path.unlink()
                raise
    return done


def _sign(manifest: Path, signer: Signer | None) -> None:
    """Signature and public key beside the manifest; without a signer none of an earlier export stay there."""
    for path, content in zip(
        signature_paths(manifest),
        (signer.sign(manifest.read_bytes()), signer.public.pem()) if signer else (None, None),
        strict=True,
    ):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            with replacing(path, overwrite=True) as file:
                file.write(content)


def _export(source: Path, out: Path, profile_name: str, fingerprint: str | None, overwrite: bool) -> Exported:
    try:
        profile(profile_name)
        city, findings, decisions = _source(source)
    except (UnreadableWorkbook, UnknownProfile) as error:
        raise Stop(str(error)) from error
    return submit(
        city,
        findings,
        out,
        profile_name=profile_name,
        fingerprint=fingerprint,
        overwrite=overwrite,
        decisions=decisions,
    )


def submit(
    city: City,
    findings: Sequence[Finding],
    out: Path,
    *,
    profile_name: str,
    fingerprint: str | None = None,
    overwrite: bool = False,
    decisions: Sequence[Decision] = (),
) -> Exported:
    """The submission of a city that is at hand, unless something found stands against it. Raises `Stop`.

    `decisions` are those that the city and its findings were made with; the manifest lists them.
    """
    standing_against = [finding for finding in in_order(findings) if stops([finding])]
    if standing_against:
        return Exported(None, standing_against)
    lifted = Counter(finding.waiver for finding in findings if finding.waiver)
    with writing(out, force=overwrite):
        manifest = write_submission(
            out, city, profile_name, signer=fingerprint, overwrite=overwrite, decisions=decisions, lifted=lifted
        )
        return Exported(manifest, [])


def _source(source: Path) -> tuple[City, list[Finding], list[Decision]]:
    """The city to export, what is found in it now, and the decisions that it was made with."""
    opened = open_workbook(source)
    if COUNTIES in opened.sheets:
        city, findings = read_city(opened)
        decisions = _decided(source, printed(opened), city.year)
        del opened
        for book in city.books():
            findings += judge(book)
        return city, waived(city, findings + judge_city(city), decisions), decisions
    book = read_county(source)
    if book.kind != "inventory":
        raise Stop(of_another_kind(book, "inventory"))
    handed = Handed(source.name, book, judge(book))
    city = sort_out([handed])
    if not city.adopted:
        raise Stop(f"“{source.name}”不能导出：{handed.reason}。")
    return city, handed.findings, []


def _decided(source: Path, at_hand: set[int], year: int) -> list[Decision]:
    """Waivers that hold now, and the other decisions that the city workbook was made with (their numbers `at_hand`)."""
    with ledger.opened(source) as record:
        if record is None and at_hand:
            raise Stop(f"找不到“{source.name}”旁边的台账“{ledger.NAME}”，其中的决定无从核对。请把台账放回同一文件夹。")
        records = record.decisions(year) if record else []
    return [one for one in standing(records) if one.kind == WAIVER or one.id in at_hand]


def reproduce(path: Path, manifest: bytes | None, sources: Sequence[Path]) -> Check:
    """AU10: the submission computed again from the counties' workbooks and the manifest's decisions, cell by cell.

    Without a manifest the workbooks hold that would hold in a consolidation, and the default profile is meant.
    """
    found = Findings()
    said: dict[str, Any] = {}
    try:
        if manifest is not None:
            read_manifest(manifest)
            said = json.loads(manifest)
        exclusions = {str(one.get("county")): str(one.get("reason")) for one in said.get("exclusions", ())}
        handed, _ = read_inbox(inbox(sources), None, lambda done, of, what: None)
        decisions = [from_json(one) for one in said.get("decisions", ())]
        rules = _ruleset_of(said, found)
        city = sort_out(
            handed, year=said.get("year"), round_=said.get("round"), exclusions=exclusions, ruleset=rules,
            holding=holding_files(decisions),
        )  # fmt: skip
        apply(city, decisions)
        _compare_inputs(city, said, found)
        sheets = profile(str(said.get("profile", DEFAULT)))
        [rows] = each(_rows, [(path,)], memory=LARGE_MEMORY, seconds=LONG)
        if isinstance(rows, Failure):
            found.add("AU10", f"不能复算：{rows.message}")
            rows = {}
        for sheet in sheets:
            if sheet.title in rows:
                _compare_sheet(sheet, city, rows[sheet.title], found)
            else:
                found.add("AU10", f"缺少工作表“{sheet.title}”", sheet=sheet.title)
        for title in rows.keys() - {sheet.title for sheet in sheets}:
            found.add("AU10", "多出一张工作表，报送格式里没有", sheet=title)
    except (ManifestError, UnreadableWorkbook, UnknownProfile, UnknownRuleSet) as error:
        found.add("AU10", f"不能复算：{error}")
    except (TypeError, AttributeError, ValueError):  # of `from_json`
        found.add("AU10", "不能复算：清单里的决定（decisions）认不得")
    return found.checks["AU10"]


def _rows(path: Path) -> dict[str, list[tuple[int, list[Any]]]]:
    """In a child: the rows of the sheets of a submission."""
    try:
        opened = open_workbook(path)
        return {title: grid.rows for title in opened.sheets if (grid := opened.grid(title))}
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def _ruleset_of(said: Mapping[str, Any], found: Findings) -> RuleSet | None:
    """The rule set that the manifest names; None where it is not here, which is found, or the manifest names none."""
    if not said:
        return None
    try:
        rules = load(str(said["ruleset"]))
    except UnknownRuleSet as error:
        found.add("AU10", f"不能复算：{str(error).rstrip('。')}。请载入清单所用的这一版规则集")
        return None
    if said.get("ruleset_sha256", rules.sha256) != rules.sha256:
        found.add("AU10", f"不能复算：本机的规则集 {rules.id} 与清单所用的内容不同。请载入清单所用的这一版")
    return rules


def _compare_inputs(city: City, said: Mapping[str, Any], found: Findings) -> None:
    """The workbooks that hold now and those that the manifest names must be the same."""
    if not said:
        return
    named = {str(one.get("sha256")): str(one.get("file")) for one in said["inputs"]}
    for book in city.books():
        if named.pop(book.sha256, None) is None:
            found.add("AU10", f"{book.county_name}的“{book.file}”不是清单所列的那一份（哈希值不同，或未列入）")
    for digest, file in named.items():
        found.add("AU10", f"清单所列的“{file}”（SHA-256 {digest[:16]}…）不在比对的文件夹里，或不再有效")


Keyed = dict[tuple[object, ...], tuple[int, list[Any]]]


def _compare_sheet(sheet: ProfileSheet, city: City, rows: list[tuple[int, list[Any]]], found: Findings) -> None:
    """One sheet of the submission against what the counties' workbooks give."""
    heads = [one.head for one in sheet.heads]
    if not rows or rows[0][1][: len(heads)] != heads or any(rows[0][1][len(heads) :]):
        found.add("AU10", "表头与报送格式不符", sheet=sheet.title, cell="A1")
        return
    keys = sheet.keys
    actual = _keyed(((number, cells) for number, cells in rows[1:]), keys)
    origins: list[Origin] = []
    expected: Keyed = _keyed(_numbered(sheet, city, origins), keys)
    for key, (place, values) in expected.items():
        book, name, record = origins[place]
        whence = f"来自{book.file}《{SHEETS[name].title}》第{record.row}行"
        if key not in actual:
            named = "、".join(str(part) for part in key[:-1] if part)
            found.add("AU10", f"缺少{named}这一行（{whence}）", sheet=sheet.title)
            continue
        number, cells = actual[key]
        for column, (value, head) in enumerate(zip(values, sheet.heads, strict=True)):
            cell = cells[column] if column < len(cells) else ""
            if not same_value(value, cell):
                what = f"“{head.head}”应为“{value_text(value)}”，实为“{value_text(cell if cell != '' else None)}”（{whence}）"
                found.add("AU10", what, sheet=sheet.title, cell=f"{letter(column)}{number}")
    for key, (number, cells) in actual.items():
        if key not in expected:
            found.add("AU10", "多出一行，县区工作簿里没有", sheet=sheet.title, cell=f"A{number}")
        for column in range(len(heads), len(cells)):
            if cells[column] not in ("", None):
                what = f"表头之外多出“{value_text(cells[column])}”"
                found.add("AU10", what, sheet=sheet.title, cell=f"{letter(column)}{number}")
    if list(actual) != list(expected) and actual.keys() == expected.keys():
        found.add("AU10", "各行的次序与复算的不同", sheet=sheet.title)


def _numbered(sheet: ProfileSheet, city: City, origins: list[Origin]) -> Iterator[tuple[int, list[Any]]]:
    for number, (values, origin) in enumerate(rows_of(sheet, city)):
        origins.append(origin)
        yield number, list(values)


def _keyed(rows: Iterable[tuple[int, list[Any]]], keys: Sequence[int]) -> Keyed:
    """Rows by what identifies them, and which of several with the same they are."""
    found: Keyed = {}
    seen: dict[tuple[object, ...], int] = {}
    for number, cells in rows:
        key = tuple(cells[place] or None if place < len(cells) else None for place in keys)
        seen[key] = seen.get(key, 0) + 1
        found[*key, seen[key]] = number, cells
    return found


def same_value(expected: object, cell: object) -> bool:
    """Whether a cell that was read holds the value: a day is shown as a day, a number as a number, blank is blank."""
    if expected is None or expected == "":
        return cell is None or cell == ""
    return type(cell) is not bool and isinstance(expected, dt.date) == isinstance(cell, dt.date) and expected == cell
