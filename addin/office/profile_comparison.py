"""`qingdan profile diff`: what changed between two formats of the submission."""

from collections.abc import Iterator
from pathlib import Path

from addin.office.results import Result
from addin.problems import Stop
from addin.reading.isolation import Failure, each
from workbook_templates.submission.profile_diff import Difference, differences, profile_heads, table_heads
from workbook_templates.submission.submission_workbook import UnknownProfile
from workbook_templates.xlsx.opened import UnreadableWorkbook


class Comparison(Result):
    """What differs between two formats."""

    old: str
    new: str
    differences: list[Difference]

    @property
    def code(self) -> int:
        """1 where something differs."""
        return 1 if self.differences else 0

    def lines(self) -> Iterator[str]:
        """A line for each difference."""
        yield from map(_words, self.differences)
        yield f"共 {len(self.differences)} 处不同。" if self.differences else "两者的表和表头完全相同。"


def compare(old: str, new: str) -> Comparison:
    """What changed from one profile or table to another. Raises `Stop`."""
    known = frozenset(
        head for one in (old, new) if not _is_table(one) for heads in _heads(one).values() for head in heads
    )
    return Comparison(old=old, new=new, differences=differences(_heads(old, known), _heads(new, known)))


def _is_table(name: str) -> bool:
    return name.lower().endswith(".xlsx") or Path(name).is_file()


def _heads(name: str, known: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """Heads of a profile, or of a table, which is read in a child. Raises `Stop`."""
    try:
        if not _is_table(name):
            return profile_heads(name)
    except UnknownProfile as error:
        raise Stop(f"{error}要比较空白表，请写它的文件名（.xlsx）。") from error
    [found] = each(_table, [(Path(name), known)])
    if isinstance(found, Failure):
        raise Stop(found.message)
    return dict(found)


def _table(path: Path, known: frozenset[str]) -> dict[str, list[str]]:
    try:
        return table_heads(path, known)
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def _words(one: Difference) -> str:
    where = f"《{one.sheet}》"
    match one.what:
        case "移动":
            return f"{where}“{one.head}”由第 {one.old} 列移到第 {one.new} 列"
        case "新增":
            return f"{where}新增“{one.head}”，在新表第 {one.new} 列"
        case "消失":
            return f"{where}“{one.head}”消失，原在第 {one.old} 列"
        case "表改名":
            return f"表“{one.old}”改名为“{one.new}”"
        case "表新增":
            return f"新增一张表“{one.new}”"
        case _:
            return f"表“{one.old}”消失"
