"""What lies in an inbox: counties' workbooks, and what they are compared with; each file read apart."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from addin.problems import Stop
from addin.reading.file_names import is_hidden, is_kept
from addin.reading.isolation import Failure, each
from addin.reading.steps import Step
from addin.reading.workbooks import Reading, read_all
from validators.references import REFERENCE_KINDS, Import
from validators.ruleset import RuleSet, default
from validators.settlement import Handed
from validators.text import visible
from workbook_templates.city.reference_files import read_import
from workbook_templates.xlsx.opened import UnreadableWorkbook

REFERENCES = "参考资料"
"""Folder in an inbox for what is compared with, not consolidated; a file's name says which kind it is."""
LEDGER = "清单台账.sqlite"
"""The office's record, which may lie among the files."""
IMPORT_REPORT, MERGE_REPORT = ".导入报告.xlsx", ".合并报告.xlsx"
"""What the name of a report ends with, after the name of the workbook beside which it lies; neither is handed in."""


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
    """Whether somebody put it there, not a system or a program."""
    return (
        not is_hidden(path.name)
        and path.name.casefold() not in ("thumbs.db", "ehthumbs.db", "desktop.ini")
        and path.suffix.casefold() not in (".tmp", ".lnk")
        and "__MACOSX" not in path.parts
        and path.name != LEDGER
        and not path.name.endswith((IMPORT_REPORT, MERGE_REPORT))
        and not is_kept(path.name)
    )


def references(sources: Iterable[Path]) -> tuple[list[tuple[str, Path]], list[tuple[str, str]]]:
    """The files in the folders `REFERENCES` with what each is by its name, and those whose names do not say."""
    found: list[tuple[str, Path]] = []
    unknown: list[tuple[str, str]] = []
    for folder in (source / REFERENCES for source in sources):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and _is_input(path):
                kind = next((kind for kind in REFERENCE_KINDS if kind in path.name), None)
                if kind:
                    found.append((kind, path))
                else:
                    said = f"参考资料“{path.name}”看不出是哪一种。请在文件名里写上{'、'.join(REFERENCE_KINDS)}之一。"
                    unknown.append((path.name, said))
    return found, unknown


def read_imports(given: Sequence[tuple[str, Path]]) -> tuple[list[Import], list[tuple[str, str]]]:
    """What each file holds, the ministry's results last, and the files that could not be read, with why."""
    ordered = sorted(given, key=lambda one: (REFERENCE_KINDS.index(one[0]), str(one[1])))
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
    names = [visible(path.name, 255) for path in paths]
    return [
        name if names.count(name) == 1 else visible(path.as_posix(), 1000)
        for name, path in zip(names, paths, strict=True)
    ]


def read_inbox(
    paths: Sequence[Path],
    on: dt.date | None,
    progress: Step,
    rules: RuleSet | None = None,
    *,
    returned: bool = False,
    anew: bool = False,
) -> tuple[list[Handed], list[tuple[str, str]]]:
    """Every file, read and judged by the rules of one workbook, and those that could not be read.

    With `returned`, the rows stand as a returned workbook has them; `anew` as in `read_all`.
    """
    handed: list[Handed] = []
    errors: list[tuple[str, str]] = []
    own = rules.id if rules else None
    read = read_all(paths, on=on, records=True, rules=own, returned=returned, kind="inventory", anew=anew)
    for number, (found, label) in enumerate(zip(read, labels(paths), strict=True), 1):
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
