"""LibreOffice under xlwings: books, sheets, ranges, values, formulas, names, the selection, saving."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.apps.libreoffice.engine import calc_formula, excel_formula

pytestmark = pytest.mark.xdist_group("libreoffice")  # one LibreOffice on the screen and at its pipe at a time


@pytest.fixture(scope="module")
def app(libreoffice: None) -> Iterator[Any]:
    from addin.apps.libreoffice.engine import app as running
    from addin.apps.libreoffice.instance import Office

    with Office.start(headless=True) as office:
        yield running(office)


def test_values_come_back_as_they_were_written(app: Any) -> None:
    sheet = app.books.add().sheets[0]
    rows = [
        ["字", "0012", 3.0, True, dt.datetime(2020, 8, 20)],
        [None, "'", 2.5, False, dt.datetime(2020, 8, 20, 9, 30)],
        [1.0, 0.0, -1e9, "真", "=不是公式"[1:]],
    ]
    sheet.range("B2").value = rows
    area = sheet.range("B2:F4")
    assert area.value == rows
    assert [[type(cell) for cell in row] for row in area.value] == [[type(cell) for cell in row] for row in rows]
    assert sheet.used_range.address == "$A$1:$F$4"
    assert sheet.range("D2").end("down").address == "$D$4"
    assert sheet.range("C2").expand().address == "$C$2:$F$4"
    area.clear_contents()
    assert area.value == [[None] * 5] * 3


def test_formulas_are_spelled_as_in_excel(app: Any) -> None:
    book = app.books.add()
    book.sheets.add("另表", after=book.sheets[0])
    sheet = book.sheets[0]
    sheet.range("A1").value = [[1, 2, "=SUM(A1,B1)", '=IF(A1="a;b","x","y")']]
    book.sheets["另表"].range("A1").value = f"={sheet.name}!C1*2"
    assert sheet.range("A1:D1").formula == (("1", "2", "=SUM(A1,B1)", '=IF(A1="a;b","x","y")'),)
    assert sheet.range("C1").value == 3.0
    assert book.sheets["另表"].range("A1").value == 6.0
    assert book.sheets["另表"].range("A1").formula == f"={sheet.name}!C1*2"
    for text in ("=IF(A1=\"a,b\",甲!B2,'乙 表'!$C$3)", "=1.5+A1"):
        assert excel_formula(calc_formula(text)) == text


def test_a_file_is_opened_saved_and_found_among_the_books(app: Any, tmp_path: Path) -> None:
    path = tmp_path / "甲.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active["B2"] = "值"  # type: ignore[index] # there is one
    workbook.save(path)
    book = app.books.open(str(path))
    assert (book.name, Path(book.fullname)) == (path.name, path)
    assert book in list(app.books)
    book.sheets[0].range("B3").value = 7
    book.sheets[0].range("B3").select()
    assert (app.selection.address, app.selection.sheet.name) == ("$B$3", book.sheets[0].name)
    book.save(str(tmp_path / "乙.xlsx"))
    assert book.name == "乙.xlsx"
    book.close()
    found = openpyxl.load_workbook(tmp_path / "乙.xlsx").active
    assert found is not None
    assert (found["B2"].value, found["B3"].value) == ("值", 7)


def test_names_are_read(app: Any, sample: Path) -> None:
    book = app.books.open(str(sample))
    assert book.names["区划代码"].refers_to == "=填报说明!$C$5"
    assert book.names["区划代码"].refers_to_range.value == "371502"
    book.close()


def test_a_module_that_is_missing_is_missed_as_without_uno(app: Any) -> None:
    with pytest.raises(ModuleNotFoundError):
        import no_such_module  # type: ignore[import-not-found] # noqa: F401
