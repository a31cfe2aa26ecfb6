"""`qingdan audit`: are files formula-free, passive, complete and unaltered."""

import datetime as dt
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from addin.office.results import Card, Document, Result
from addin.problems import Stop, output, refusal
from addin.reading.isolation import Failure, each
from addin.reading.steps import Step, silent
from validators.audit import AuditCheck, Report, Signing, audit
from validators.audit.report import CHECKS, Evidence
from validators.findings import Json, Severity
from workbook_templates.submission.submission_workbook import heads, manifest_path, signature_paths

if TYPE_CHECKING:
    from workbook_templates.documents.audit_report import Looked

_SECONDS = 600.0
"""For one file; a whole province's takes some 70 s of a processor that has nothing else to do."""
_SUFFIXES = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xlam", ".xls", ".xlt", ".xla", ".et", ".ett")
"""What is audited of a folder."""
LARGEST_BESIDE = 64 << 20
"""Bytes of a manifest, a signature or a key."""
_LISTED = 5
"""Pieces of evidence listed for people; the JSON has the first 50."""
_SYMBOLS = {"通过": "✓", "不通过": "✗", "不适用": "－"}


NOT_MADE = {"AU08": "没有核对清单，没有核对哈希和签名", "AU10": "没有勾选复算，没有进行"}
"""Why a check did not apply, as the page says it."""


class Audited(Result):
    """What an audit found, file by file."""

    reports: list[Json]
    alone: bool = Field(exclude=True)
    """Whether one file was asked for, not a folder or several."""
    unwritten: list[str] = Field(exclude=True)
    """What is said of a report or receipt that could not be written."""
    unread: list[str] = Field(exclude=True)
    """What is said of files that could not be opened."""

    @property
    def code(self) -> int:
        """2 where a file could not be read or a paper written, 1 where one did not pass."""
        verdicts = {one["verdict"] for one in self.reports}
        return 2 if self.unwritten or "无法读取" in verdicts else 1 if "不通过" in verdicts else 0

    def to_json(self) -> Document:
        """The contract's object for one file, or a list of them."""
        return self.reports[0] if self.alone else self.reports

    def lines(self) -> Iterator[str]:
        """Every check of every file, and a line for each file where there are several."""
        for one in self.reports:
            yield from _shown(one)
        if len(self.reports) > 1:
            yield from _summary(self.reports)

    def warnings(self) -> Iterable[str]:
        """What could not be read or written."""
        return [*self.unread, *self.unwritten]

    def card(self) -> Card:
        """The worst verdict, each check, and the evidence of those that did not pass."""
        verdicts = {one["verdict"] for one in self.reports}
        found = next((one for one in ("无法读取", "不通过") if one in verdicts), "通过")
        failed = [
            [f"{one['id']} {one['name']}" for one in report["checks"] if one["result"] == "不通过"]
            for report in self.reports
        ]
        return Card(
            result=found,
            tone="good" if found == "通过" else "bad",
            verdict=found,
            words=[
                f"{report['file']}：{report['verdict']}" + (f"（{'、'.join(own)}）" if own else "")
                for report, own in zip(self.reports, failed, strict=True)
            ],
            listed=[one for report in self.reports for one in _listed(report)],
            checks=[_on_the_page(report, one) for report in self.reports for one in report["checks"]],
        )


def _on_the_page(report: Json, check: Json) -> Json:
    """A check as the page shows it; `note` is what is to be known of one that passed, or was not made."""
    notes = [one["what"] for one in check["evidence"]] if check["result"] == "通过" else []
    if check["result"] == "不适用":
        notes = [NOT_MADE.get(check["id"], "文件读不全，没有检查")]
    elif check["id"] == "AU08" and check["result"] == "通过" and not notes:
        notes = ["核对清单没有签名"]
    return {
        "file": report["file"],
        "id": check["id"],
        "name": check["name"],
        "result": check["result"],
        "count": check["count"],
        "note": notes[0] if notes else "",
    }


def _listed(report: Json) -> Iterator[Json]:
    """The evidence of what did not pass, each in the shape of a finding."""
    for check in report["checks"]:
        for one in check["evidence"] if check["result"] == "不通过" else ():
            place = {"file": report["file"], "sheet": one["sheet"] or one["part"], "cell": one["cell"]}
            about = {"rule": check["id"], "severity": Severity.ERROR.name, "header": check["name"]}
            yield {**place, **about, "message": one["what"]}


def audit_files(
    given: Sequence[Path],
    *,
    manifest: Path | None = None,
    sources: Sequence[Path] = (),
    key: Path | None = None,
    report: Path | None = None,
    receipt: Path | None = None,
    force: bool = False,
    step: Step = silent,
) -> Audited:
    """Audit the files, or those in the folders given; `sources` are the counties' workbooks. Raises `Stop`."""
    paths = _of_folders(given)
    if manifest is not None and len(paths) > 1:
        raise Stop("--manifest 只能用于一个文件。请逐个审计，或把各清单放在各文件旁边，会自动取用。")
    if receipt is not None and len(paths) > 1:
        raise Stop("--receipt 一次只给一个文件写回执。请逐个审计。")
    reports: list[Json] = []
    unread: list[str] = []
    for one in audit_each(paths, manifest=manifest, key=key, sources=sources, unread=unread):
        reports.append(one)
        step(len(reports), len(paths), one["file"])
    against = sources[0] if sources else None
    unwritten = _write_papers(paths, reports, manifest, against, report=report, receipt=receipt, force=force)
    alone = len(given) == 1 and not given[0].is_dir() and len(reports) == 1
    return Audited(reports=reports, alone=alone, unwritten=unwritten, unread=unread)


def _of_folders(given: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        own = [one for one in inside if not path.is_dir() or _is_audited(one)]
        if not own:
            raise Stop(f"文件夹“{path}”里没有工作簿，没有可审计的文件。请核对路径。")
        found += own
    return found


def _is_audited(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in _SUFFIXES and not path.name.startswith("~$")


def audit_one(path: Path, *, manifest: Path | None = None, sources: Sequence[Path] = ()) -> Json:
    """The contract's object for one file; the rest as in `audit_each`."""
    (found,) = audit_each([path], manifest=manifest, sources=sources)
    return found


def audit_each(
    paths: Sequence[Path],
    *,
    manifest: Path | None = None,
    key: Path | None = None,
    sources: Sequence[Path] = (),
    unread: list[str] | None = None,
) -> Iterator[Json]:
    """The contract's object for each file, in their order, as many at a time as there are processors.

    The manifest is the one given, else the one that lies beside the file, as its signature and public key do.
    `sources` are the counties' workbooks, or folders of them, for AU10. `unread` takes what is said of files that cannot
    be opened.
    """
    trusted = _beside(key) if key else None
    items: list[tuple[Any, ...]] = []
    closed: dict[Path, Json] = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                file.read(1)
        except OSError as error:
            if unread is not None:
                unread.append(refusal(error, path))
            closed[path] = {"file": path.name, "sha256": None, "verdict": "无法读取", "checks": []}
            continue
        own = manifest or manifest_path(path)
        content = _beside(own) if manifest or own.is_file() else None
        signature, public = (_beside(one) if one.is_file() else None for one in signature_paths(own))
        signing = Signing(signature, trusted or public, trusted is not None)
        items.append((path, content, signing, _reproduced(path, content, sources)))
    reports = each(_audit, items, seconds=_SECONDS, processes=os.cpu_count() or 1)
    for path in paths:
        if path in closed:
            yield closed[path]
            continue
        report = next(reports)
        if isinstance(report, Failure):  # what the auditor cannot look through is not let through
            check = AuditCheck("AU06", CHECKS["AU06"], "不通过", [Evidence(None, None, None, report.message)], 1)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            report = Report(path.name, digest, "不通过", [check])
        yield report.to_json()


def _reproduced(path: Path, manifest: bytes | None, sources: Sequence[Path]) -> AuditCheck | None:
    """AU10; computed here, for it starts children of its own."""
    if not sources:
        return None
    from addin.office.reproduction import reproduce

    return reproduce(path, manifest, sources)


def _beside(path: Path) -> bytes:
    """A small file: the manifest, its signature, or a key. Raises `Stop`."""
    try:
        if path.stat().st_size > LARGEST_BESIDE:
            raise Stop(f"“{path.name}”超过 {LARGEST_BESIDE >> 20} MB，不是本程序写的。请核对是否拿错了文件。")
        return path.read_bytes()
    except OSError as error:
        raise Stop(refusal(error, path)) from error


def _audit(path: Path, manifest: bytes | None, signing: Signing, reproduction: AuditCheck | None) -> Report:
    """In the child."""
    with path.open("rb") as file:
        return audit(file, path.name, heads=heads(), manifest=manifest, signing=signing, reproduction=reproduction)


def _write_papers(
    paths: Sequence[Path],
    reports: Sequence[Json],
    manifest: Path | None,
    against: Path | None,
    *,
    report: Path | None,
    receipt: Path | None,
    force: bool,
) -> list[str]:
    """Write the report and the receipt that were asked for; what could not be written never withholds the verdict.

    Returns what to say of those that could not be written.
    """
    if report is None and receipt is None:
        return []
    from workbook_templates.documents.audit_report import write_receipt, write_report

    looked = [_looked(path, manifest, against) for path in paths]
    when = dt.datetime.now().astimezone().strftime("%Y年%m月%d日 %H:%M（本机时间）")
    tool = f"qingdan {version('qingdan')}"
    unwritten = []
    try:
        if report is not None:
            with output(report, force=force, suffix=".docx") as file:
                write_report(file, reports, looked, when, tool)
    except Stop as error:
        unwritten.append(f"审计报告没有写出：{error}")
    try:
        if receipt is not None:
            with output(receipt, force=force, suffix=".docx") as file:
                write_receipt(file, reports[0], looked[0])
    except Stop as error:
        unwritten.append(f"回执没有写出：{error}")
    return unwritten


def _looked(path: Path, manifest: Path | None, against: Path | None) -> "Looked":
    """How a file was audited, for what is printed."""
    from validators.audit.manifest import ManifestError, read_manifest
    from workbook_templates.documents.audit_report import Looked

    own = manifest or manifest_path(path)
    folder = against.name or str(against) if against else ""
    if not own.is_file():
        return Looked(None, f"没有核对清单（{own.name}）", folder)
    try:
        return Looked(read_manifest(_beside(own)).to_json(), "", folder)
    except (ManifestError, Stop) as error:
        return Looked(None, f"核对清单用不了（{str(error).rstrip('。')}）", folder)


def _summary(reports: Sequence[Json]) -> Iterator[str]:
    """One line for each file, and one for all."""
    yield ""
    for report in reports:
        failing = [f"{check['id']} {check['count']} 处" for check in report["checks"] if check["result"] == "不通过"]
        yield f"{report['file']}：{report['verdict']}{'（' + '、'.join(failing) + '）' if failing else ''}"
    verdicts = [report["verdict"] for report in reports]
    counted = "，".join(f"{one} {verdicts.count(one)}" for one in ("通过", "不通过", "无法读取") if one in verdicts)
    yield f"共 {len(reports)} 个文件：{counted}。"


def _shown(report: Json) -> Iterator[str]:
    digest = f"（SHA-256 {report['sha256']}）" if report["sha256"] else ""
    yield f"{report['file']}：{report['verdict']}{digest}"
    for check in report["checks"]:
        number = f"，{check['count']} 处" if check["count"] else ""
        yield f"  {_SYMBOLS[check['result']]} {check['id']} {check['name']}：{check['result']}{number}"
        for one in check["evidence"][:_LISTED]:
            place = " ".join(filter(None, (one["part"], one["sheet"] and f"《{one['sheet']}》", one["cell"])))
            yield f"      {place}：{one['what']}" if place else f"      {one['what']}"
        if check["count"] > _LISTED:
            yield f"      还有 {check['count'] - _LISTED} 处；加 --json 可得前 50 处。"
