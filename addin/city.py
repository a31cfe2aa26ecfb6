"""What the city office does: consolidate an inbox, export the submission, and reproduce it from the counties' files."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from addin.problems import Stop, writing
from addin.reading import Reading, read_all, summary
from addin.signing import Signer
from addin.worker import Failure, each
from validators.audit import Check
from validators.audit.manifest import ManifestError, read_manifest
from validators.audit.report import Findings
from validators.city import City, Handed, reductions, sort_out
from validators.columns import LEVEL_NAMES, POLLUTANT_NAMES, SHEETS, letter
from validators.findings import Finding, Json, counts, in_order, stops
from validators.rule import judge, judge_city, value_text
from validators.ruleset import RuleSet, UnknownRuleSet, load
from workbook_templates.city import COUNTIES, read_city, write_city
from workbook_templates.reader import UnreadableWorkbook, open_workbook, read_county
from workbook_templates.streaming import replacing
from workbook_templates.submission import (
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

LARGE_MEMORY = 6 << 30
"""Bytes of address space for a city's or a province's workbook."""
LONG = 1800.0
"""Seconds for one of these."""
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
        }


def _file_json(handed: Handed) -> Json:
    if handed.book:
        return {**summary(handed.book), "file": handed.file}
    return {"file": handed.file, "county": None, "year": None, "revision": None, "ruleset": None, "rows": {}}


def inbox(sources: Iterable[Path]) -> list[Path]:
    """Every file that lies there, folders looked through; not lock files and hidden ones. Raises `Stop`."""
    found: list[Path] = []
    for source in sources:
        if not source.exists():
            raise Stop(f"“{source}”不存在。请核对路径。")
        own = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
        found += [path for path in own if not path.name.startswith((".", "~$", "~lock"))]
    return list(dict.fromkeys(found))


def _labels(paths: Sequence[Path]) -> list[str]:
    """Names shown to people: the file's own, with its folders where two would be the same."""
    names = [path.name for path in paths]
    return [name if names.count(name) == 1 else path.as_posix() for name, path in zip(names, paths, strict=True)]


def read_inbox(
    paths: Sequence[Path], on: dt.date | None, progress: Progress, rules: RuleSet | None = None
) -> tuple[list[Handed], list[tuple[str, str]]]:
    """Every file, read and judged by the rules of one workbook, and those that could not be read."""
    handed: list[Handed] = []
    errors: list[tuple[str, str]] = []
    labels = _labels(paths)
    found_in = read_all(paths, on=on, records=True, rules=rules.id if rules else None)
    for number, (label, found) in enumerate(zip(labels, found_in, strict=True), 1):
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


def consolidate(
    sources: Sequence[Path],
    out: Path,
    *,
    year: int | None = None,
    round_: str | None = None,
    rules: RuleSet | None = None,
    on: dt.date | None = None,
    exclusions: Mapping[str, str] | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, of, what: None,
) -> Consolidated:
    """All counties of one year and round in one workbook at `out`. Raises `Stop`.

    `rules` is the rule set to judge all by (default: the newest of the year, and each workbook by `ruleset.judging`).
    """
    paths = inbox(sources)
    if not paths:
        raise Stop(f"“{'、'.join(map(str, sources))}”里没有文件。请把各县区的工作簿放进去再汇总。")
    with writing(out, force=overwrite, inputs=paths):
        handed, errors = read_inbox(paths, on, progress, rules)
        city = sort_out(handed, year=year, round_=round_, on=on, exclusions=exclusions, ruleset=rules)
        findings = in_order([*judge_city(city), *(f for one in city.adopted for f in one.findings)])
        write_city(out, city, findings, overwrite=overwrite)
    return Consolidated(city, findings, errors)


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

    With a `signer` the manifest is signed, and signature and public key lie beside it.

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
            _sign(manifest_path(out), signer)
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
        city, findings = _source(source)
    except (UnreadableWorkbook, UnknownProfile) as error:
        raise Stop(str(error)) from error
    return submit(city, findings, out, profile_name=profile_name, fingerprint=fingerprint, overwrite=overwrite)


def submit(
    city: City,
    findings: Sequence[Finding],
    out: Path,
    *,
    profile_name: str,
    fingerprint: str | None = None,
    overwrite: bool = False,
) -> Exported:
    """The submission of a city that is at hand, unless something found stands against it. Raises `Stop`."""
    standing = [finding for finding in in_order(findings) if stops([finding])]
    if standing:
        return Exported(None, standing)
    with writing(out, force=overwrite):
        return Exported(write_submission(out, city, profile_name, signer=fingerprint, overwrite=overwrite), [])


def _source(source: Path) -> tuple[City, list[Finding]]:
    """The city to export and what is found in it now."""
    opened = open_workbook(source)
    if COUNTIES in opened.sheets:
        city, findings = read_city(opened)
        del opened
        for book in city.books():
            findings += judge(book)
        return city, findings + judge_city(city)
    book = read_county(source)
    handed = Handed(source.name, book, judge(book))
    city = sort_out([handed])
    if not city.adopted:
        raise Stop(f"“{source.name}”不能导出：{handed.reason}。")
    return city, handed.findings


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
        rules = _ruleset_of(said, found)
        city = sort_out(handed, year=said.get("year"), round_=said.get("round"), exclusions=exclusions, ruleset=rules)
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


def _keyed(rows: Iterable[tuple[int, list[Any]]], keys: list[int]) -> Keyed:
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
