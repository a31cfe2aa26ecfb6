"""The file that a run is to write over: kept beside the new one where somebody wrote in it since it was made.

The report beside a workbook holds the fingerprint of what was written, so that an untouched one is told from one with work in it.
"""

import hashlib
import re
from pathlib import Path
from typing import BinaryIO

from addin.reading.file_names import kept
from addin.reading.isolation import each
from validators.meanings import text_of
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook
from workbook_templates.xlsx.writer import replacing

FINGERPRINT = "填报表的指纹"
"""What stands in the report before the fingerprint (SHA-256), by which the next run knows whether somebody wrote in the workbook."""


def fingerprint(made: BinaryIO) -> str:
    """SHA-256 of a file that was just written, which is left at its end."""
    made.seek(0)
    return hashlib.sha256(made.read()).hexdigest()


def changed_since(out: Path, report: Path) -> bool:
    """Whether the workbook is there and not as the run that wrote this report left it."""
    if not out.exists():
        return False
    with out.open("rb") as file:
        own = fingerprint(file)
    [found] = each(_fingerprints, [(report,)]) if report.exists() else [set()]
    return not (isinstance(found, set) and own in found)


def _fingerprints(report: Path) -> set[str]:
    """In a child."""
    try:
        opened = open_workbook(report)
    except UnreadableWorkbook:
        return set()
    grid = opened.grid(next(iter(opened.sheets)))
    texts = [[text_of(cell) for cell in cells] for _, cells in (grid.rows if grid else ())]
    return {found for row in texts if FINGERPRINT in row for text in row for found in re.findall(r"[0-9a-f]{64}", text)}


def keep(out: Path, why: str) -> str:
    """Keep a file that is about to be written over beside the new one, and say so: `why` says what became of it since."""
    return f"原来的“{out.name}”{why}，原样另存为“{keep_beside(out)}”；里面改过、补填的，请从那一份抄过来。"


def keep_beside(out: Path) -> str:
    """Copy a file that is about to be written over to a name of its own, which is returned."""
    beside = kept(out)
    with replacing(beside, overwrite=True) as file:
        file.write(out.read_bytes())
    return beside.name
