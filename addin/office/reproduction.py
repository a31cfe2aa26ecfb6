"""AU10: the submission computed again from the counties' workbooks and the manifest's decisions, cell by cell."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from addin.problems import Stop
from addin.reading.inbox import inbox, read_inbox
from addin.reading.isolation import LARGE_MEMORY, LARGE_SECONDS, Failure, each
from addin.reading.steps import silent
from validators.audit import AuditCheck
from validators.audit.manifest import Manifest, ManifestError, UsedLayout, read_manifest
from validators.audit.report import Findings
from validators.columns import SHEETS, letter
from validators.decisions import (
    apply,
    from_json,
    holding_files,
)
from validators.rule import value_text
from validators.ruleset import RuleSet, UnknownRuleSet, load
from validators.settlement import City, sort_out
from workbook_templates.layouts.declared import WrongLayout, of_text
from workbook_templates.submission.filled import outside
from workbook_templates.submission.submission_workbook import (
    DEFAULT,
    ProfileSheet,
    RowOrigin,
    UnknownProfile,
    compiled,
    profile,
    rows_of,
)
from workbook_templates.xlsx.opened import Grid, UnreadableWorkbook, open_workbook

Keyed = dict[tuple[object, ...], tuple[int, list[Any]]]


def reproduce(path: Path, manifest: bytes | None, sources: Sequence[Path]) -> AuditCheck:
    """AU10: the submission computed again from the counties' workbooks and the manifest's decisions, cell by cell.

    Without a manifest the workbooks hold that would hold in a consolidation, and the default profile is meant.
    """
    found = Findings()
    try:
        said = read_manifest(manifest) if manifest is not None else None
        exclusions = {one.county: one.reason for one in said.exclusions} if said else {}
        handed, _ = read_inbox(inbox(sources), None, silent, anew=True)  # an audit believes nothing that was kept
        decisions = [from_json(one) for one in said.decisions] if said else []
        rules = _ruleset_of(said, found)
        city = sort_out(
            handed,
            year=said.year if said else None,
            round_=said.round if said else None,
            exclusions=exclusions,
            ruleset=rules,
            holding=holding_files(decisions),
        )
        apply(city, decisions)
        if said:
            _compare_inputs(city, said, found)
        if said and said.layout:
            _compare_filled(path, city, said, said.layout, found)
            return found.checks["AU10"]
        sheets = profile(said.profile if said else DEFAULT)
        [rows] = each(_rows, [(path,)], memory=LARGE_MEMORY, seconds=LARGE_SECONDS)
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
    except (ManifestError, UnreadableWorkbook, UnknownProfile, UnknownRuleSet, WrongLayout) as error:
        found.add("AU10", f"不能复算：{error}")
    except (
        TypeError,
        AttributeError,
        ValueError,
        KeyError,
        IndexError,
    ):  # of `from_json`, or of what says where rows stand
        found.add("AU10", "不能复算：清单里的决定（decisions）或填写位置（filled）认不得")
    return found.checks["AU10"]


def _compare_filled(path: Path, city: City, said: Manifest, used: UsedLayout, found: Findings) -> None:
    """A blank that was filled: its rows as the layout in the manifest gives them, all else as the manifest says."""
    layout = of_text(used.name, used.text)
    if layout.sha256 != used.sha256:
        found.add("AU10", "清单里的布局与它的哈希值不符")
    [grids] = each(_grids, [(path,)], memory=LARGE_MEMORY, seconds=LARGE_SECONDS)
    if isinstance(grids, Failure):
        found.add("AU10", f"不能复算：{grids.message}")
        return
    sheets = compiled(layout)
    for title, one in said.filled.items():
        if title not in grids:
            found.add("AU10", f"缺少工作表“{title}”", sheet=title)
            continue
        sheet, columns = sheets[one.table], one.columns
        head = [own.head for own in sheet.heads]
        body = [
            (number, [cells[place] if place < len(cells) else "" for place in columns])
            for number, cells in grids[title].rows
            if one.first <= number <= one.last
        ]
        _compare_sheet(sheet, city, [(0, head), *body], found, title, columns)
        others = [
            (number, place)
            for number, cells in grids[title].rows
            if one.first <= number <= one.last
            for place, cell in enumerate(cells)
            if cell != "" and place not in columns
        ]
        for number, place in others:
            found.add("AU10", "布局以外的列里有内容", sheet=title, cell=f"{letter(place)}{number}")
    for title, grid in grids.items():
        own = said.filled.get(title)
        kept = outside(grid, (own.first, own.last) if own else None)
        named = said.blank.cells.get(title, {}) if said.blank else {}
        for cell in kept.keys() | named.keys():
            if kept.get(cell) != named.get(cell):
                what = f"空白表原有的内容应为“{named.get(cell, '')}”，实为“{kept.get(cell, '')}”"
                found.add("AU10", what, sheet=title, cell=cell)


def _grids(path: Path) -> dict[str, Grid]:
    """In a child: the sheets of a submission."""
    try:
        opened = open_workbook(path)
        return {title: grid for title in opened.sheets if (grid := opened.grid(title))}
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def _rows(path: Path) -> dict[str, list[tuple[int, list[Any]]]]:
    """In a child: the rows of the sheets of a submission."""
    try:
        opened = open_workbook(path)
        return {title: grid.rows for title in opened.sheets if (grid := opened.grid(title))}
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def _ruleset_of(said: Manifest | None, found: Findings) -> RuleSet | None:
    """The rule set that the manifest names; None where it is not here, which is found, or the manifest names none."""
    if said is None:
        return None
    try:
        rules = load(said.ruleset)
    except UnknownRuleSet as error:
        found.add("AU10", f"不能复算：{str(error).rstrip('。')}。请载入清单所用的这一版规则集")
        return None
    if said.ruleset_sha256 not in (None, rules.sha256):
        found.add("AU10", f"不能复算：本机的规则集 {rules.id} 与清单所用的内容不同。请载入清单所用的这一版")
    return rules


def _compare_inputs(city: City, said: Manifest, found: Findings) -> None:
    """The workbooks that hold now and those that the manifest names must be the same."""
    named = {one.sha256: one.file for one in said.inputs}
    for book in city.books():
        if named.pop(book.sha256, None) is None:
            found.add("AU10", f"{book.county_name}的“{book.file}”不是清单所列的那一份（哈希值不同，或未列入）")
    for digest, file in named.items():
        found.add("AU10", f"清单所列的“{file}”（SHA-256 {digest[:16]}…）不在比对的文件夹里，或不再有效")


def _compare_sheet(
    sheet: ProfileSheet,
    city: City,
    rows: list[tuple[int, list[Any]]],
    found: Findings,
    title: str = "",
    columns: Sequence[int] = (),
) -> None:
    """One sheet of the submission against what the counties' workbooks give.

    `title` and `columns` (0-based) say where it stands in a blank that has its own.
    """
    heads = [one.head for one in sheet.heads]
    title, columns = title or sheet.title, columns or range(10_000)
    if not rows or rows[0][1][: len(heads)] != heads or any(rows[0][1][len(heads) :]):
        found.add("AU10", "表头与报送格式不符", sheet=title, cell="A1")
        return
    keys = sheet.keys
    actual = _keyed(((number, cells) for number, cells in rows[1:]), keys)
    origins: list[RowOrigin] = []
    expected: Keyed = _keyed(_numbered(sheet, city, origins), keys)
    for key, (place, values) in expected.items():
        book, name, record = origins[place]
        origin = f"来自{book.file}《{SHEETS[name].title}》第{record.row}行"
        if key not in actual:
            named = "、".join(str(part) for part in key[:-1] if part)
            found.add("AU10", f"缺少{named}这一行（{origin}）", sheet=title)
            continue
        number, cells = actual[key]
        for column, (value, head) in enumerate(zip(values, sheet.heads, strict=True)):
            cell = cells[column] if column < len(cells) else ""
            if not same_value(value, cell):
                what = f"“{head.head}”应为“{value_text(value)}”，实为“{value_text(cell if cell != '' else None)}”（{origin}）"
                found.add("AU10", what, sheet=title, cell=f"{letter(columns[column])}{number}")
    for key, (number, cells) in actual.items():
        if key not in expected:
            found.add("AU10", "多出一行，县区工作簿里没有", sheet=title, cell=f"A{number}")
        for column in range(len(heads), len(cells)):
            if cells[column] not in ("", None):
                what = f"表头之外多出“{value_text(cells[column])}”"
                found.add("AU10", what, sheet=title, cell=f"{letter(columns[column])}{number}")
    if list(actual) != list(expected) and actual.keys() == expected.keys():
        found.add("AU10", "各行的次序与复算的不同", sheet=title)


def _numbered(sheet: ProfileSheet, city: City, origins: list[RowOrigin]) -> Iterator[tuple[int, list[Any]]]:
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
