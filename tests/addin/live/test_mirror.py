"""However a workbook is edited, the findings are those of a reading from scratch."""

from pathlib import Path

import pytest

from addin.live import mirror as mirror_module
from addin.live.mirror import Mirror
from tests.addin.live.edits import TITLES, Edit, Officer
from tests.addin.live.memory import Changed, Formula, opened
from validators.columns import LETTERS, SHEETS
from validators.findings import Finding
from validators.ooxml.grid import LAST_ROW
from validators.rule import judge
from workbook_templates.county.reader import read_book, read_county
from workbook_templates.formulas.default_formulas import INHERITED, OFFERED
from workbook_templates.xlsx.appearance import FIRST_ROW
from workbook_templates.xlsx.opened import Source


def scratch(source: Source) -> list[Finding]:
    return judge(read_book(source))


def take_in(mirror: Mirror, edit: Edit) -> None:
    if isinstance(edit, Changed):
        mirror.take({edit.sheet: mirror.look(edit.sheet, edit.first, edit.last)})
    elif edit.sheet is not None:
        mirror.take({edit.sheet: mirror.look(edit.sheet, 1, LAST_ROW)})
    else:
        mirror.take_around(mirror.look_around())
    while mirror.settle():
        pass
    assert mirror.settled


def test_a_book_in_an_application_is_read_as_its_file(sample: Path) -> None:
    book, file = opened(sample), read_county(sample)
    found = read_book(book)
    assert found.tables == file.tables
    assert found.faults == file.faults
    assert found.facts == file.facts


def test_an_edit_costs_nothing_for_the_rows_that_it_does_not_touch(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = opened(sample)
    title = SHEETS["lines"].title
    assert book.tabs[title].shape.hidden_columns, "the template's helpers, which an officer does not fill"
    mirror = Mirror(book)
    monkeypatch.setattr(mirror_module, "lay_out", lambda *_: pytest.fail("a whole sheet was looked at"))
    book.tabs[title].cells[9][SHEETS["lines"]["product"].position] = "另一种产品"
    assert mirror.take({title: mirror.look(title, 9, 9)})


def test_lines_that_show_what_stands_at_their_enterprise_follow_it(sample: Path) -> None:
    book = opened(sample)
    enterprises, lines = SHEETS["enterprises"], SHEETS["lines"]
    for row in range(FIRST_ROW, FIRST_ROW + 20):
        for field in INHERITED:
            text = OFFERED["lines", field].text(row, LETTERS["lines"])
            book.tabs[lines.title].cells[row][lines[field].position] = Formula(text)
    mirror = Mirror(book)
    assert mirror.book.tables["lines"][0].grade == mirror.book.tables["enterprises"][0].grade
    first = book.tabs[enterprises.title].cells[FIRST_ROW]
    for field, value in (("grade", "D"), ("industry", "非重点行业"), ("list_id", "371502-G-9001")):
        first[enterprises[field].position] = value
        take_in(mirror, Changed(enterprises.title, FIRST_ROW, FIRST_ROW))
        assert mirror.findings == scratch(book)


@pytest.mark.parametrize("seed", range(6))
def test_findings_after_any_edits_are_those_of_a_reading_from_scratch(sample: Path, seed: int) -> None:
    book = opened(sample)
    officer = Officer(book, seed)
    mirror = Mirror(book)
    fired = set()
    for number in range(200):
        edit = officer.edit()
        take_in(mirror, edit)
        expected = scratch(book)
        assert mirror.findings == expected, (number, edit)
        fired |= {finding.rule for finding in expected}
    assert len(fired) > 15


@pytest.mark.parametrize("seed", range(2))
def test_a_grading_workbook_is_followed_too(grading: Path, seed: int) -> None:
    book = opened(grading)
    officer = Officer(book, seed)
    mirror = Mirror(book)
    fired = set()
    for number in range(150):
        edit = officer.edit() if number % 30 else officer.break_something()
        if number % 30 == 0:
            mirror.take({title: mirror.look(title, 1, 30) for title in TITLES if title in book.sheets})
        take_in(mirror, edit)
        expected = scratch(book)
        assert mirror.findings == expected, (number, edit)
        fired |= {finding.rule[:2] for finding in expected}
    assert fired >= {"GS", "SB", "SC", "DT"}


@pytest.mark.parametrize("seed", range(4))
def test_findings_follow_when_headers_sheets_and_the_cover_change(sample: Path, seed: int) -> None:
    book = opened(sample)
    officer = Officer(book, seed)
    mirror = Mirror(book)
    for number in range(25):
        edit = officer.break_something() if number % 3 == 0 else officer.edit()
        if number % 3 == 0:
            mirror.take({title: mirror.look(title, 1, 30) for title in TITLES if title in book.sheets})
        take_in(mirror, edit)
        assert mirror.findings == scratch(book), (number, edit)
