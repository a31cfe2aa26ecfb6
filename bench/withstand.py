"""The auditor over workbooks that others collected: `python -m bench.withstand FOLDER… [--list]`; tables as Markdown.

Each folder is a collection; each file is audited in a child with 1 GiB of address space and 10 seconds. Beside it
stands a plain independent scan, which shares no code with the auditor: does the archive hold a formula, a macro, a
link, an embedded object or hidden content? A file with one of them must never pass. `--list` also prints one line
per file: what the scan saw, which checks failed, and why.
"""

import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from addin.reading.isolation import Failure, each
from validators.audit import Report, audit
from workbook_templates.submission.submission_workbook import heads

SECONDS, MEMORY = 10.0, 1 << 30
SUFFIXES = {".xlsx", ".xlsm", ".xlsb", ".xls", ".xltx", ".xltm", ".xlt", ".xlam", ".xla", ".xlw", ".et", ".ett"}
KINDS = {"公式": "AU01", "宏": "AU02", "外部连接": "AU03", "嵌入对象": "AU04", "隐藏内容": "AU05"}
"""What the scan looks for, and the check that should name it."""
NAMES = {
    "公式": rb"calcchain",
    "宏": rb"vbaproject|macrosheets/|dialogsheets/|\.xlsb$",
    "外部连接": rb"externallinks/|connections\.xml|querytables/",
    "嵌入对象": rb"embeddings/|activex/|ctrlprops/|media/|vmldrawing|/charts/",
    "隐藏内容": rb"customxml/|pivotcache",
}
"""In the name of a part, lower case."""
TEXTS = {
    "公式": rb"<(?!v:)(\w+:)?(f|formula|formula1|formula2|calculatedColumnFormula|totalsRowFormula)[\s>/]",
    "宏": rb"macroEnabled|\.sheet\.binary|ms-excel\.(intl)?macrosheet|dialogsheet\+xml",
    "外部连接": rb"""<[^<>]*\sTargetMode\s*=\s*["']External|<(\w+:)?(ddeLink|webPr|dbPr|hyperlink)[\s>/]""",
    "嵌入对象": rb"<(\w+:)?(oleObject|control|legacyDrawing|picture)[\s>/]",
    "隐藏内容": rb"""<(\w+:)?sheet\s[^>]*?\sstate\s*=\s*["'](very)?[hH]idden"""
    rb"""|<(\w+:)?row\s[^>]*?\shidden\s*=\s*["'](1|true)["'][^>]*(?<!/)>(?:(?!</(\w+:)?row>).)*?</(\w+:)?[vt]>""",
}
"""In the XML of a part, a dot being any character. A hidden column with content is left to the auditor: it takes more than a look."""
ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Outcome:
    """One file: what the scan saw, and what the auditor said (None: it crashed or met a limit)."""

    path: Path
    seen: set[str]
    report: Report | None
    trouble: str = ""

    @property
    def silent(self) -> set[str]:
        """What the scan saw though the check for it says 通过."""
        passed = {check.id for check in self.report.checks if check.result == "通过"} if self.report else set()
        return {kind for kind in self.seen & KINDS.keys() if KINDS[kind] in passed}


def scan(file: Path | BinaryIO) -> set[str]:
    """What a plain look into the archive sees; {"不是压缩包"} where it is none, {"打不开"} where it cannot be read."""
    if not zipfile.is_zipfile(file):
        return {"不是压缩包"}
    seen = set()
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                name = entry.filename.lower().replace("\\", "/").encode()
                seen |= {kind for kind, pattern in NAMES.items() if re.search(pattern, name)}
                if entry.file_size < 200 << 20 and name.endswith((b".xml", b".rels", b".vml")):
                    text = archive.read(entry)
                    if encoding := ENCODINGS.get(text[:2]):
                        text = text.decode(encoding, "replace").encode()
                    seen |= {kind for kind, pattern in TEXTS.items() if re.search(pattern, text, re.DOTALL)}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError, zipfile.zlib.error):
        seen.add("打不开")
    return seen


def audited(path: Path) -> Report:
    """In the child."""
    with path.open("rb") as file:
        return audit(file, path.name, heads=heads())


def outcomes(folder: Path) -> Iterator[Outcome]:
    """Every workbook of a collection, audited and scanned."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    reports = each(audited, [(path,) for path in paths], memory=MEMORY, seconds=SECONDS)
    for path, report in zip(paths, reports, strict=True):
        failure = isinstance(report, Failure)
        yield Outcome(path, scan(path), None if failure else report, report.message if failure else "")


def reasons(outcome: Outcome) -> str:
    """The first finding of each failed check."""
    checks = outcome.report.checks if outcome.report else []
    return "；".join(f"{check.id} {check.evidence[0].what}" for check in checks if check.evidence)


def main(folders: list[Path], listed: bool) -> None:
    """Print the tables."""
    print(
        "| 文件集 | 文件 | 通过 | 不通过 | 超限或崩溃 | 扫描见到而通过 | 扫描见到、相应一项却未报 | 扫描未见而不通过 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    disagreements = []
    for folder in folders:
        found = list(outcomes(folder))
        passed = [one for one in found if one.report and one.report.verdict == "通过"]
        broken = [one for one in found if one.report is None]
        wrong = [one for one in passed if one.seen]
        silent = [one for one in found if one.silent]
        strict = [one for one in found if one.report and not one.seen and one.report.verdict != "通过"]
        counts = [len(found), len(passed), len(found) - len(passed) - len(broken)]
        counts += [len(group) for group in (broken, wrong, silent, strict)]
        print(f"| {folder.name} | {' | '.join(map(str, counts))} |", flush=True)
        disagreements += [("超限或崩溃", one) for one in broken] + [("扫描见到而通过", one) for one in wrong]
        disagreements += [("相应一项未报", one) for one in silent] + [("扫描未见而不通过", one) for one in strict]
        if listed:
            disagreements += [("通过", one) for one in passed]
    if listed:
        for what, one in disagreements:
            print(what, one.path.relative_to(one.path.parents[1]), "、".join(sorted(one.silent or one.seen)),
                  one.trouble or reasons(one), sep="\t")  # fmt: skip
        return
    print()
    for what, number in Counter((what, reasons(one)[:60]) for what, one in disagreements).most_common(40):
        print(number, *what)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:] if name != "--list"], "--list" in sys.argv)
