"""The battery of habits: what officers do to a workbook, undone and done again, each against `check` (see `habits`)."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from addin.apps.libreoffice.instance import NoOffice, Office, load_uno
from tests.workbook_templates.formulas.habits import GO, Desk, Said, disagreements
from validators import ruleset
from validators.columns import COVER_TITLE, LETTERS, SHEETS
from workbook_templates.county import template
from workbook_templates.formulas import plan
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import FIRST_ROW, HEADER_ROW

pytestmark = pytest.mark.xdist_group("habits")  # one LibreOffice for all of it
COUNTY, FILLED, SPARE = "371502", 4, 8
"""SPARE blank rows are made ready: what LibreOffice needs for an undo grows with the rows, what officers do does not."""
E, L, T, G = (SHEETS[key].title for key in ("enterprises", "lines", "transport", "guarantee"))
KEYS = {sheet.title: sheet.key for sheet in SHEETS.values()}
ROWS = make_rows(COUNTY, FILLED, 1, ruleset.load("2020"))
LAST = {title: [*LETTERS[KEYS[title]].values()][-1] for title in (E, L, T, G)}
"""Last column of each list."""
OTHER, YEAR = "另一本.xlsx", "另一年.xlsx"
Habit = Callable[[Desk, str, int], None]


def filled(title: str) -> int:
    """The last row that something stands in."""
    return HEADER_ROW + len(ROWS[KEYS[title]])


def row_of(title: str, place: str) -> int:
    """A row that officers work at."""
    return {"first": FIRST_ROW, "last": filled(title), "beyond": filled(title) + SPARE + 3}[place]


def another(row: int) -> int:
    """A filled row that is not this one."""
    return FIRST_ROW + 1 if row == FIRST_ROW else FIRST_ROW


def entries(title: str, row: int, rows: int = 1) -> str:
    return f"B{row}:{LAST[title]}{row + rows - 1}"


def whole(row: int) -> str:
    return f"{row}:{row}"


def insert(d: Desk, title: str, row: int) -> None:
    d.do("InsertRowsBefore", title, whole(row))


def insert_and_type(d: Desk, title: str, row: int) -> None:
    insert(d, title, row)
    d.type(title, f"G{row}", "某厂" if title != T else "1")


def begin_a_row_and_renumber(d: Desk, title: str, row: int) -> None:
    """A row is begun without a number, and other sheets still say what the number of another was."""
    d.type(title, f"E{filled(title) + 1}", "某镇")
    d.type(title, f"{'C' if title == E else 'B'}{row}", f"{COUNTY}-G-0999")


def insert_and_copy_a_row(d: Desk, title: str, row: int) -> None:
    insert(d, title, row)
    copy_a_row(d, title, row)


def insert_and_paste_values(d: Desk, title: str, row: int) -> None:
    insert(d, title, row)
    d.do("Copy", title, entries(title, another(row)))
    d.paste(title, f"B{row}", "SVD")


def delete_row(d: Desk, title: str, row: int) -> None:
    d.do("DeleteRows", title, whole(row))


def clear_row(d: Desk, title: str, row: int) -> None:
    d.do("ClearContents", title, whole(row))


def cut_row(d: Desk, title: str, row: int) -> None:
    d.do("Cut", title, whole(row))
    d.paste(title, whole(filled(title) + 3))


def cut_entries(d: Desk, title: str, row: int) -> None:
    d.do("Cut", title, entries(title, row))
    d.paste(title, f"B{filled(title) + 3}")


def cut_a_cell(d: Desk, title: str, row: int) -> None:
    d.do("Cut", title, f"G{row}")
    d.paste(title, f"G{row + 1}")


def cut_half_a_row(d: Desk, title: str, row: int) -> None:
    d.do("Cut", title, f"D{row}:K{row}")
    d.paste(title, f"D{row + 1}")


def copy_a_row(d: Desk, title: str, row: int) -> None:
    d.do("Copy", title, whole(another(row)))
    d.paste(title, whole(row))


def copy_values(d: Desk, title: str, row: int) -> None:
    d.do("Copy", title, entries(title, another(row)))
    d.paste(title, f"B{row}", "SVD")


def copy_a_row_as_values(d: Desk, title: str, row: int) -> None:
    d.do("Copy", title, whole(another(row)))
    d.paste(title, whole(row), "SVD")


def copy_formats(d: Desk, title: str, row: int) -> None:
    d.do("Copy", title, whole(another(row)))
    d.paste(title, whole(row), "T")
    d.type(title, f"G{row}", "3")


def type_over_status(d: Desk, title: str, row: int) -> None:
    d.type(title, f"A{row}", "✓")


def number_over_status(d: Desk, title: str, row: int) -> None:
    d.type(title, f"A{row}", "1")


def clear_status(d: Desk, title: str, row: int) -> None:
    d.do("ClearContents", title, f"A{row}")


def type_a_name(d: Desk, title: str, row: int) -> None:
    d.type(title, f"G{row}", "某厂" if title != T else "1")


def delete_cells(d: Desk, title: str, row: int) -> None:
    d.do("DeleteCell", title, f"B{row}:D{row}", Flags="U")


def status_of_another_sheet(d: Desk, title: str, row: int) -> None:
    d.do("Copy", G if title != G else E, f"A{FIRST_ROW}")
    d.paste(title, f"A{row}")


def write_a_status(d: Desk, title: str, row: int) -> None:
    d.type(title, f"A{row}", '="✓"')
    d.do("ClearContents", title, f"E{row}")


def insert_cells(d: Desk, title: str, row: int) -> None:
    d.do("InsertCell", title, f"B{row}:D{row}", Flags="V")


def push_the_row_aside(d: Desk, title: str, row: int) -> None:
    d.do("InsertCell", title, entries(title, row), Flags=">")


def hide_row(d: Desk, title: str, row: int) -> None:
    d.do("HideRow", title, whole(row))
    d.type(title, f"G{row}", "3")


def from_another_workbook(name: str, whole_row: bool) -> Habit:
    def paste(d: Desk, title: str, row: int) -> None:
        own, d.book = d.book, d.others[name]
        d.do("Copy", title, whole(FIRST_ROW + 1) if whole_row else entries(title, FIRST_ROW + 1))
        d.book = own
        d.paste(title, whole(row) if whole_row else f"B{row}")

    paste.__name__ = f"paste {'a row' if whole_row else 'entries'} of {name}"
    return paste


WITH_WHOLE_ROWS: tuple[Habit, ...] = (
    insert, insert_and_type, insert_and_copy_a_row, insert_and_paste_values, delete_row, cut_row, copy_a_row,
    from_another_workbook(OTHER, True), from_another_workbook(YEAR, True),
)  # fmt: skip
"""Done at every place: where ranges begin and end matters to them."""
WITH_CELLS: tuple[Habit, ...] = (
    clear_row, begin_a_row_and_renumber, cut_entries, cut_a_cell, cut_half_a_row, copy_values, copy_a_row_as_values,
    copy_formats, type_over_status, number_over_status, clear_status, status_of_another_sheet, write_a_status,
    type_a_name, delete_cells, insert_cells, push_the_row_aside, hide_row,
    from_another_workbook(OTHER, False), from_another_workbook(YEAR, False),
)  # fmt: skip
"""Done in the first row, and at one place more."""
ELSEWHERE = ((E, "last"), (E, "beyond"), (L, "first"))


def freeze_and_break(d: Desk, title: str, row: int) -> None:
    d.do("Copy", title, f"A{FIRST_ROW}:A{filled(title)}")
    d.paste(title, f"A{FIRST_ROW}", "SVD")
    d.do("ClearContents", title, f"E{FIRST_ROW + 1}")


def freeze_rows_and_break(d: Desk, title: str, row: int) -> None:
    d.do("Copy", title, f"{FIRST_ROW}:{filled(title)}")
    d.paste(title, whole(FIRST_ROW), "SVD")
    d.type(title, f"{'I' if title == E else 'C'}{FIRST_ROW + 1}", "91371502MA3C00001A")


def fill_down(d: Desk, title: str, row: int) -> None:
    d.do("FillDown", title, f"A{FIRST_ROW}:{LAST[title]}{FIRST_ROW + 30}")


def fill_down_the_status(d: Desk, title: str, row: int) -> None:
    d.do("FillDown", title, f"A{HEADER_ROW}:A{HEADER_ROW + 3}")


def fill_down_a_column(d: Desk, title: str, row: int) -> None:
    d.do("FillDown", title, f"E{FIRST_ROW}:E{FIRST_ROW + 40}")


def _sort(d: Desk, title: str, cells: str, column: int) -> None:
    d.do("DataSort", title, cells, ByRows=True, HasHeader=False, Col1=column, Ascending1=False, IncludeAttribs=True)


def sort_by_the_arrow(d: Desk, title: str, row: int) -> None:
    d.do("SortDescending", title, f"{'C' if title == E else 'B'}{FIRST_ROW}")


def sort_entries(d: Desk, title: str, row: int) -> None:
    _sort(d, title, f"A{FIRST_ROW}:{LAST[title]}{filled(title)}", 3)


def sort_with_blank_rows(d: Desk, title: str, row: int) -> None:
    _sort(d, title, f"A{FIRST_ROW}:{LAST[title]}{filled(title) + SPARE - 2}", 3)


def delete_all_rows(d: Desk, title: str, row: int) -> None:
    d.do("DeleteRows", title, f"{FIRST_ROW}:{filled(title)}")


def delete_the_room(d: Desk, title: str, row: int) -> None:
    d.do("DeleteRows", title, f"{FIRST_ROW}:{HEADER_ROW + 60}")
    d.type(title, f"G{FIRST_ROW}", "3")


def empty_the_sheet(d: Desk, title: str, row: int) -> None:
    d.do("ClearContents", title, "A1:IV200")


def delete_a_column(d: Desk, title: str, row: int) -> None:
    d.do("DeleteColumns", title, "D1:D1048576")


def insert_a_column(d: Desk, title: str, row: int) -> None:
    d.do("InsertColumnsBefore", title, "D1:D1048576")


def insert_above_the_head(d: Desk, title: str, row: int) -> None:
    d.do("InsertRowsBefore", title, "3:3")


def delete_the_first_row(d: Desk, title: str, row: int) -> None:
    d.do("DeleteRows", title, "1:1")


def cut_a_head(d: Desk, title: str, row: int) -> None:
    d.do("Cut", title, f"{LAST[title]}{HEADER_ROW}")
    d.paste(title, f"{LAST[title]}{HEADER_ROW - 1}")


def rename_a_head(d: Desk, title: str, row: int) -> None:
    d.type(title, f"D{HEADER_ROW}", "改了名")


def type_far_below(d: Desk, title: str, row: int) -> None:
    d.type(title, "G5000", "某厂")


def write_a_formula(d: Desk, title: str, row: int) -> None:
    d.type(title, f"E{FIRST_ROW}", "=1/0")


def paste_a_formula(d: Desk, title: str, row: int) -> None:
    d.do("Copy", title, f"{LETTERS['enterprises']['district']}{FIRST_ROW}")  # the formula that is offered there
    d.paste(title, f"{LAST[title]}{FIRST_ROW}")


AT_A_SHEET: tuple[Habit, ...] = (
    freeze_and_break, freeze_rows_and_break, fill_down, fill_down_the_status, fill_down_a_column, sort_by_the_arrow,
    sort_entries, sort_with_blank_rows, delete_all_rows, delete_the_room, empty_the_sheet,
    delete_a_column, insert_a_column, insert_above_the_head, delete_the_first_row, cut_a_head, rename_a_head,
    write_a_formula, paste_a_formula, type_far_below,
)  # fmt: skip
"""Sorting one column alone is not among them: headless LibreOffice asks whether to widen it, and then does nothing."""
TYPED = (
    (L, "Z6", "0.5"), (L, "Z6", "50%"), (L, "M6", "2020-08-20"), (L, "T6", "2020-08-20"), (E, "E6", "3-1"),
    (E, "AF6", "=300+1"), (T, "D6", "=1"), (E, "AR6", "=A1"), (E, "G6", "=G5"), (E, "X6", "20.8.1"), (E, "C6", "371502-G-00*"),
)  # fmt: skip
BATTERY = [
    *(pytest.param(habit, FIRST_ROW, id=f"{habit.__name__}-first") for habit in (*WITH_WHOLE_ROWS, *WITH_CELLS)),
    *(pytest.param(habit, 0, id=habit.__name__) for habit in AT_A_SHEET),
]
AGAIN = [
    pytest.param(habit, title, row_of(title, place), id=f"{habit.__name__}-{title}-{place}")
    for habit, places in (
        *((habit, ELSEWHERE) for habit in WITH_WHOLE_ROWS),
        *((habit, [ELSEWHERE[number % len(ELSEWHERE)]]) for number, habit in enumerate(WITH_CELLS)),
    )
    for title, place in places
]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the workbook that is worked in, and of two others."""
    if not os.environ.get("CI"):
        if shutil.which("soffice") is None:
            pytest.skip("没有 LibreOffice：请安装 libreoffice-calc（Debian：apt-get install libreoffice-calc）")
        try:
            load_uno()
        except NoOffice as error:
            pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("habits")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "LEAST_ROOM", SPARE)
        patch.setattr(plan, "BEYOND", 100)
        for name, year, enterprises, seed in (
            ("填报表.xlsx", "2020", FILLED, 1),
            (OTHER, "2020", 6, 9),
            (YEAR, "2026", 3, 5),
        ):
            rules = ruleset.load(year)
            with (folder / name).open("wb") as file:
                template.write_county(
                    file, county=COUNTY, ruleset=rules, round_="首报", revision=1, enterprises=enterprises,
                    rows=make_rows(COUNTY, enterprises, seed, rules), officer=make_officer(COUNTY, seed, rules),
                )  # fmt: skip
    return folder


class Officer(Desk):
    """A desk with three workbooks open, the first of which is worked in."""

    def __init__(self, office: Office, books: Path) -> None:
        super().__init__(office, books)
        self.path = books / "填报表.xlsx"
        self.others = {name: self.open(books / name) for name in (OTHER, YEAR)}
        self.open(self.path)
        self.before = self.said()


@pytest.fixture(scope="module")
def officers(books: Path) -> Iterator[list[Officer]]:
    """The officer, and those whose LibreOffice ended."""
    found: list[Officer] = []
    yield found
    for one in found:
        one.office.close()


@pytest.fixture
def officer(officers: list[Officer], books: Path) -> Iterator[Officer]:
    """The workbook as it was; it is opened anew where undo did not bring that back."""
    if not officers or officers[-1].office.process.poll() is not None:
        officers.append(Officer(Office.start(headless=True), books))
    one = officers[-1]
    yield one
    assert one.office.process.poll() is None, "LibreOffice ended"
    if one.said() != one.before:
        one.close()
        one.open(one.path)


def agrees(officer: Officer) -> Said:
    said = officer.said()
    assert [*disagreements(said, officer.checked())] == []
    return said


def test_nothing_is_wrong_before(officer: Officer) -> None:
    assert agrees(officer).go.startswith("✓")


@pytest.mark.parametrize(("habit", "row"), BATTERY)
def test_the_workbook_says_what_check_says_and_so_it_does_undone_and_redone(
    officer: Officer, habit: Habit, row: int
) -> None:
    habit(officer, E, row)
    said = agrees(officer)
    steps = officer.back()
    assert steps
    assert officer.said() == officer.before
    officer.again(steps)
    assert officer.said() == said
    officer.back()


@pytest.mark.parametrize(("habit", "title", "row"), AGAIN)
def test_the_workbook_says_what_check_says_elsewhere(officer: Officer, habit: Habit, title: str, row: int) -> None:
    habit(officer, title, row)
    agrees(officer)
    officer.back()


@pytest.mark.parametrize(("title", "address", "text"), TYPED)
def test_what_is_typed_oddly_is_judged_as_by_check(officer: Officer, title: str, address: str, text: str) -> None:
    officer.type(title, address, text)
    agrees(officer)
    officer.back()


def test_what_the_cover_says_of_itself_is_judged_as_by_check(officer: Officer) -> None:
    def at(name: str) -> str:
        return str(officer.book.NamedRanges.getByName(name).Content).rpartition(".")[2].replace("$", "")

    typed = {
        "填报单位": ("待定", "某县生态环境局"),
        "填报人": ("同上", '="张三"', "无", "1", "聊" * 300, "13800000000、13900000001", " 张三"),
        "填报电话": ("/", "12", "０６３５－８８８８８８８", "0635-8888888转8012"),
        "填报日期": ("2020年8月", "2020-13-40", "12", "2020年8月18日", "=TODAY()"),
    }
    seen = {True: 0, False: 0}
    for name, texts in typed.items():
        for text in texts:
            officer.type(COVER_TITLE, at(name), text)
            seen[agrees(officer).go.startswith("✓")] += 1
            assert officer.back()
    own = {"区划代码": "371503", "年度": "2026", "轮次": "春季", "版次": "1.5", "模板版本": "9"}
    officer.cells(COVER_TITLE, "A1").Spreadsheet.unprotect("")
    for name, text in own.items():
        cell = officer.cells(COVER_TITLE, at(name))
        before, cell.String = cell.String, text
        assert officer.said().go == "✗ 还不能报送：上面灰底的格改了，请撤销，或照原样改回。", name
        cell.String = before
        assert officer.said().go == officer.before.go, name
    officer.close()
    officer.open(officer.path)
    assert seen == {True: 6, False: 12}


def test_a_sheet_that_is_copied_renamed_or_removed_leaves_no_tick(officer: Officer) -> None:
    def go() -> str:
        return str(officer.cells(COVER_TITLE, f"B{GO}").String)

    sheets = officer.book.Sheets
    sheets.copyByName(E, "副本", 3)
    assert go().startswith("✗ 还不能报送：工作表")
    sheets.removeByName("副本")
    assert go().startswith("✓")
    sheets.getByName("扬尘源").Name = "扬尘"
    officer.type(E, "E6", "某镇")  # LibreOffice asks for the name of a sheet again when something was entered
    assert go().startswith("✗ 还不能报送：工作表")
    sheets.removeByName("扬尘")
    assert go().startswith("✗ 还不能报送：工作表")
    officer.close()
    officer.open(officer.path)
