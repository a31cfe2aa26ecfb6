"""What a new workbook shows before anything is calculated is what LibreOffice then makes of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.conftest import Engine
from tests.workbook_templates.formulas.oddities import COUNTY, ERROR, GradingMaker, Maker
from tests.workbook_templates.formulas.test_parity import DAYS
from validators.columns import COVER_TITLE, KINDS, SHEETS, BookKind
from validators.ruleset import load
from workbook_templates.county.template import write_county
from workbook_templates.formulas.plan import NOTHING_WRONG
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import FIRST_ROW

RULESET = load("2020")
Rows = dict[str, list[dict[str, object]]]


def faulty(kind: BookKind) -> Rows:
    """Rows with faults of every kind, but for error values, which are not written."""
    made = Maker(7, RULESET, 40) if kind == "inventory" else GradingMaker(7, RULESET, 40)
    return {key: [{k: v for k, v in row.items() if v != ERROR} for row in rows] for key, rows in made.rows.items()}


def shown(path: Path, kind: BookKind) -> dict[tuple[str, int], list[object]]:
    """The cover, and 校验 with the head above it, by title and row."""
    book, found = CalamineWorkbook.from_path(path), {}
    for title, width in ((COVER_TITLE, 6), *((sheet.title, 1) for sheet in KINDS[kind].values())):
        for number, row in enumerate(book.get_sheet_by_name(title).to_python(skip_empty_area=False), 1):
            if any(cell != "" for cell in row[:width]):
                found[title, number] = row[:width]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_is_what_will_be_calculated(
    kind: BookKind, engines: Callable[[str], Engine], tmp_path: Path
) -> None:
    path = tmp_path / "填报表.xlsx"
    officer = {**make_officer(COUNTY, 1, RULESET), "filled_on": DAYS[kind]}
    with path.open("wb") as file:
        write_county(
            file, county=COUNTY, ruleset=RULESET, round_="首报", revision=1, kind=kind, enterprises=1,
            rows=faulty(kind), officer=officer,
        )  # fmt: skip
    before = shown(path, kind)
    assert shown(engines("LibreOffice")(path, tmp_path), kind) == before
    signs = {str(row[0])[0] for (title, _), row in before.items() if title != COVER_TITLE and str(row[0])}
    assert {"✗", "！", "✓", "▶"} <= signs


def written(folder: Path, rows: Rows) -> Path:
    """A county workbook with these rows."""
    path = folder / "填报表.xlsx"
    with path.open("wb") as file:
        write_county(
            file, county=COUNTY, ruleset=RULESET, round_="首报", revision=1, enterprises=3, rows=rows,
            officer=make_officer(COUNTY, 1, RULESET),
        )  # fmt: skip
    return path


@pytest.mark.parametrize(("rows", "go"), [({}, "○ 还没有填企业。"), (make_rows(COUNTY, 3, 1, RULESET), "✓ 可以报送。")])
def test_a_workbook_without_faults_says_so_from_the_beginning(rows: Rows, go: str, tmp_path: Path) -> None:
    path = written(tmp_path, rows)
    found = shown(path, "inventory")
    assert found[COVER_TITLE, 13][1] == go
    assert all(found[sheet.title, 2][0] == NOTHING_WRONG for sheet in KINDS["inventory"].values())


def test_rows_that_are_alike_are_found_where_the_list_of_them_is_full(
    engines: Callable[[str], Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbook_templates.formulas.alike._SHORT", 2)
    rows = make_rows(COUNTY, 10, 1, RULESET)
    firms = rows["enterprises"]
    for one, other, taken in (
        (0, 1, {"uscc", "name", "site"}),  # the same site
        (2, 3, {"uscc"}),
        (4, 5, {"name"}),
        (6, 7, {"uscc", "name"}),  # two sites of a firm, which is right
    ):
        firms[other].update({field: firms[one].get(field) for field in taken})
    for place, firm in enumerate(firms[2:], 3):
        firm["site"], firm["permit_no"] = f"第{place}厂区", f"{firm['uscc']}{place:03d}P"
    path = written(tmp_path, rows)
    before = shown(path, "inventory")
    assert shown(engines("LibreOffice")(path, tmp_path), "inventory") == before
    said = [str(before[SHEETS["enterprises"].title, FIRST_ROW + place][0]) for place in range(10)]
    expected = ["JB02", "JB02", "JB03", "JB03", "JB03", "JB03", "✓", "✓", "✓", "✓"]
    assert [(one, rule) for one, rule in zip(said, expected, strict=True) if rule not in one] == []
