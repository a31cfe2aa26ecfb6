"""`qingdan audit`: is a file formula-free, passive, complete and unaltered."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from addin.arguments import files
from addin.problems import Stop, refusal
from addin.terminal import document, progress, say, warn
from addin.worker import Failure, each
from validators.audit import Check, Report, audit
from validators.audit.report import CHECKS, Evidence
from validators.findings import Json
from workbook_templates.submission import heads

SECONDS = 600.0
"""For one file; a whole province's takes less than a minute."""
SUFFIXES = (".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xlam", ".xls", ".xlt", ".xla", ".et", ".ett")
"""What is audited of a folder."""
MANIFEST = ".manifest.json"
LARGEST_MANIFEST = 64 << 20
LISTED = 5
"""Pieces of evidence listed for people; the JSON has the first 50."""
SYMBOLS = {"通过": "✓", "不通过": "✗", "不适用": "－"}


def audit_files(given: list[str], *, manifest: str | None, against: str | None, as_json: bool) -> int:
    """Audit the files, or those in the folders given, and say what was found; returns the exit code."""
    paths = _of_folders(files(given))
    if manifest is not None and len(paths) > 1:
        raise Stop("--manifest 只能用于一个文件。请逐个审计，或把各清单放在各文件旁边，会自动取用。")
    sources = files([against]) if against is not None else []
    with progress("审计") as step:
        reports = []
        for number, path in enumerate(paths):
            step(number, len(paths), path.name)
            reports.append(audit_one(path, manifest=Path(manifest) if manifest else None, sources=sources))
    if as_json:
        alone = len(given) == 1 and not Path(given[0]).is_dir() and len(reports) == 1
        document(reports[0] if alone else reports)
    else:
        for report in reports:
            _show(report)
    verdicts = {report["verdict"] for report in reports}
    return 2 if "无法读取" in verdicts else 1 if "不通过" in verdicts else 0


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
    return path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith("~$")


def audit_one(path: Path, *, manifest: Path | None = None, sources: Sequence[Path] = ()) -> Json:
    """The contract's object for one file; the manifest is the one given, else the one that lies beside it.

    `sources` are the counties' workbooks, or folders of them, for AU10.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        warn(refusal(error, path))
        return {"file": path.name, "sha256": None, "verdict": "无法读取", "checks": []}
    beside = path.with_name(path.name + MANIFEST)
    own = manifest or (beside if beside.is_file() else None)
    content = _manifest(own) if own else None
    reproduction = None
    if sources:
        from addin.city import reproduce

        reproduction = reproduce(path, content, sources)
    (report,) = each(_audit, [(path, content, reproduction)], seconds=SECONDS)
    if isinstance(report, Failure):  # what the auditor cannot look through is not let through
        check = Check("AU06", CHECKS["AU06"], "不通过", [Evidence(None, None, None, report.message)], 1)
        report = Report(path.name, digest, "不通过", [check])
    found: Json = report.to_json()
    return found


def _manifest(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_MANIFEST:
        raise Stop(f"清单“{path.name}”超过 {LARGEST_MANIFEST >> 20} MB，不是本程序写的。请核对是否拿错了文件。")
    return path.read_bytes()


def _audit(path: Path, manifest: bytes | None, reproduction: Any) -> Report:  # noqa: ANN401 - a Check or None
    """In the child."""
    with path.open("rb") as file:
        return audit(file, path.name, heads=heads(), manifest=manifest, reproduction=reproduction)


def _show(report: Json) -> None:
    digest = f"（SHA-256 {report['sha256']}）" if report["sha256"] else ""
    say(f"{report['file']}：{report['verdict']}{digest}")
    for check in report["checks"]:
        number = f"，{check['count']} 处" if check["count"] else ""
        say(f"  {SYMBOLS[check['result']]} {check['id']} {check['name']}：{check['result']}{number}")
        for one in check["evidence"][:LISTED]:
            place = " ".join(filter(None, (one["part"], one["sheet"] and f"《{one['sheet']}》", one["cell"])))
            say(f"      {place}：{one['what']}" if place else f"      {one['what']}")
        if check["count"] > LISTED:
            say(f"      还有 {check['count'] - LISTED} 处；加 --json 可得前 50 处。")
