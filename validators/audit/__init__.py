"""The auditor: is this submission formula-free, passive, complete and unaltered? Deny by default.

The verdict comes from the package itself, part by part against allow-lists, streaming; nothing is run, followed or
believed. `audit` is all that callers need.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import BinaryIO, Literal

from validators.audit import manifest as manifests
from validators.audit import parts, policy, values
from validators.audit.manifest import ExpectedSheet
from validators.audit.report import CHECKS, AuditCheck, Evidence, Findings, Report
from validators.audit.sheets import ColumnKind, Formats, SheetFacts, SheetWalker, StringTable
from validators.audit.signature import Signing
from validators.audit.walk import Walker, walk
from validators.ooxml.package import (
    NotPackageError,
    Package,
    PackageError,
    SheetTab,
    open_package,
    workbook_part,
)
from validators.ooxml.package import sheets as tabs_of

__all__ = ["AuditCheck", "ColumnKind", "Evidence", "ExpectedSheet", "Report", "Signing", "audit", "survey"]

NO_SIGNING = Signing(None, None, trusted=False)
_CONTENT = ("AU01", "AU02", "AU03", "AU04", "AU05", "AU07")  # cannot be vouched for where a part was not read


def audit(
    file: BinaryIO,
    name: str,
    *,
    heads: Mapping[str, ColumnKind],
    manifest: bytes | None = None,
    signing: Signing = NO_SIGNING,
    reproduction: AuditCheck | None = None,
) -> Report:
    """Audit one file (seekable, binary); `name` is only shown and looked at for its suffix.

    `heads` gives the kind of the columns by header text, `manifest` the bytes of the manifest (None: AU08 does not
    apply), `signing` what stands beside it, `reproduction` the outcome of AU10, which is computed elsewhere. Never raises for what is in the file.
    """
    findings = Findings()
    file.seek(0)
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(1 << 20), b""):
        digest.update(block)
    expected = None
    if manifest is None:
        findings.checks["AU08"].result = "不适用"
    else:
        try:
            expected = manifests.read_manifest(manifest)
            said = manifests.check_signature(manifest, expected.signer, signing, findings)
            if said:
                findings.note("AU08", said)
        except manifests.ManifestError as error:
            findings.add("AU08", str(error))
    suffix = name.lower()
    if suffix.endswith(policy.MACRO_SUFFIXES):
        findings.add("AU02", "文件扩展名属于带宏的或二进制的工作簿")
    if not suffix.endswith(".xlsx"):
        findings.add("AU06", "文件扩展名不是 .xlsx")
    facts: list[SheetFacts] = []
    try:
        package = open_package(file)
        for problem in package.problems:
            findings.add("AU06", problem.what, problem.part)
        facts = _Auditor(package, findings, heads, expected.sheets if expected else []).run()
    except PackageError as error:
        _unread(error, findings)
    except Exception as error:  # last resort: a file that makes the auditor stumble fails, it does not end the run
        _unread(PackageError(f"无法解析（{type(error).__name__}），文件结构异常"), findings)
    if expected is not None:
        manifests.compare(expected, digest.hexdigest(), file.seek(0, 2), facts, findings)
    findings.checks["AU10"] = reproduction or AuditCheck("AU10", CHECKS["AU10"], "不适用")
    verdict: Literal["通过", "不通过"] = "通过"
    if any(check.result == "不通过" for check in findings.checks.values()):
        verdict = "不通过"
    return Report(name, digest.hexdigest(), verdict, list(findings.checks.values()))


def survey(
    file: BinaryIO, heads: Mapping[str, ColumnKind], sheets: Sequence[ExpectedSheet]
) -> tuple[list[SheetFacts], Report]:
    """What the auditor sees of the sheets of a file that is being made, and what he would say of it without a manifest.

    `sheets` say which heads make a header row, and which columns are added up. Raises `PackageError`.
    """
    findings = Findings()
    file.seek(0)
    facts = _Auditor(open_package(file), findings, heads, sheets).run()
    failed = any(check.result == "不通过" for check in findings.checks.values())
    return facts, Report("", "", "不通过" if failed else "通过", list(findings.checks.values()))


def _unread(error: PackageError, findings: Findings) -> None:
    """Report what could not be read; what that leaves open is no longer said to be passed."""
    findings.add("AU06", str(error), error.part)
    if isinstance(error, NotPackageError) and error.macros:
        findings.add("AU02", "旧式二进制文件里有 VBA 工程")
    for id_ in (*_CONTENT, "AU09"):
        if not findings.failed(id_):
            findings.checks[id_].result = "不适用"


class _Auditor:
    """Runs the checks of one opened package in the order in which they need each other."""

    def __init__(
        self,
        package: Package,
        findings: Findings,
        heads: Mapping[str, ColumnKind],
        expected: Sequence[ExpectedSheet],
    ) -> None:
        self.package, self.findings, self.heads = package, findings, heads
        self.expected = expected
        self.facts: list[SheetFacts] = []
        self.complete = True

    def run(self) -> list[SheetFacts]:
        """Run all checks and return what was found out about the sheets, in their order."""
        package, findings = self.package, self.findings
        kinds = parts.kinds_of(package, findings)
        for kind in ("workbook", "styles", "strings"):
            if len(kinds[kind]) > 1:
                findings.add("AU06", f"有多个{policy.PART_KINDS[kind].what}部件")
        tabs = tabs_of(package)
        book = parts.BookWalker(workbook_part(package), findings)
        self.guard(partial(walk, package, book))
        styles = parts.StyleWalker(next(iter(kinds["styles"]), ""), findings)
        if styles.part:
            self.guard(partial(walk, package, styles))
        known = frozenset(self.heads) | {head for sheet in self.expected for head in sheet.heads}
        strings = StringTable(next(iter(kinds["strings"]), ""), findings, known)
        if strings.part:
            self.guard(lambda: strings.run(package.chunks(strings.part)))
        for kind in ("theme", "table", "drawing", "core", "app", "custom"):
            for part in kinds[kind]:
                walker = parts.SPECIAL_WALKERS.get(kind, Walker)(part, kind, findings)
                self.guard(partial(walk, package, walker))
        self.sheets(tabs, kinds["sheet"], strings, styles.formats, known)
        if not self.complete or findings.failed("AU06"):
            findings.checks["AU09"].result = "不适用"
        else:
            self.read_twice(strings.part, book.epoch_1904)
        return self.facts

    def guard(self, run: Callable[[], None]) -> None:
        """Walk through a part; if it cannot be read that is a finding, and the others are still looked at."""
        try:
            run()
        except PackageError as error:
            self.complete = False
            _unread(error, self.findings)

    def sheets(
        self, tabs: list[SheetTab], allowed: list[str], strings: StringTable, styles: Formats, known: frozenset[str]
    ) -> None:
        """Walk through the sheets in the order of their tabs."""
        findings = self.findings
        summed = {sheet.name: frozenset(sheet.sums) for sheet in self.expected}
        for part in set(allowed) - {tab.part for tab in tabs}:
            findings.add("AU05", "没有标签的工作表，看不见", part)
        seen: set[str] = set()
        for tab in tabs:
            if tab.part in seen:
                findings.add("AU06", f"工作表「{tab.name}」与另一张共用一个部件", tab.part, tab.name)
            elif tab.part in allowed:
                walker = SheetWalker(tab.part, tab.name, findings, strings, styles)
                walker.expect(self.heads, known, summed.get(tab.name, frozenset()))
                self.guard(partial(walker.run, self.package.chunks(tab.part)))
                self.facts.append(walker.facts)
            seen.add(tab.part)

    def read_twice(self, strings: str, epoch_1904: bool) -> None:
        """Compare two readings of all values; a reader that fails on what the other reads disagrees with it."""
        try:
            values.compare(self.package, self.facts, strings, self.findings, epoch_1904=epoch_1904)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # calamine panics with an exception of its own, outside Exception
            self.findings.add("AU09", f"另一读表程序读不了此文件（{type(error).__name__}）")
