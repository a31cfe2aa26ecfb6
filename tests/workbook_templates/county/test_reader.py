"""The reader finds cells by title and header, whatever program wrote the file and however it spelled the XML."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.inventory import COUNTY, FIRST_ROW, full_rows, make_book, write_file
from validators import ruleset
from validators.book import Book
from validators.columns import SHEETS
from validators.rule import judge
from workbook_templates.county.reader import read_county
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx import opened
from workbook_templates.xlsx.opened import UnreadableWorkbook

ROWS: dict[str, list[dict[str, Any]]] = {
    "enterprises": [{"guaranteed": "是"}, {"site": "二厂", "remark": "=1+1"}],
    **{sheet: [{}] for sheet in ("dust", "mobile", "guarantee", "changes", "removals")},
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rules = ruleset.load("2020")
    path = tmp_path_factory.mktemp("sample") / "东昌府区.xlsx"
    buffer = io.BytesIO()
    write_county(
        buffer, county=COUNTY, ruleset=rules, round_="首报", revision=2, enterprises=60,
        rows=make_rows(COUNTY, 60, 1, rules), officer=make_officer(COUNTY, 1, rules),
    )  # fmt: skip
    path.write_bytes(buffer.getvalue())
    return path


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The same package with parts changed."""
    target = path.with_name("改过的.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


def values(book: Book) -> dict[str, list[tuple[Any, ...]]]:
    return {sheet: [tuple(record) for record in records] for sheet, records in book.tables.items()}


def test_every_cell_comes_back_as_it_was_written() -> None:
    rows = full_rows(ROWS)
    rows["enterprises"][1]["remark"] = "备注"
    book = make_book({**ROWS, "enterprises": [{"guaranteed": "是"}, {"site": "二厂", "remark": "备注"}]})
    for sheet, own in rows.items():
        for record, row in zip(book.tables[sheet], own, strict=True):
            for column in SHEETS[sheet].columns:
                if column.required != "auto":
                    assert getattr(record, column.field) == row.get(column.field), column.header
    assert book.county == COUNTY
    assert book.revision == 1
    assert book.on == dt.date(2020, 8, 20)


def test_a_filled_template_reads_back_and_formulas_are_computed(sample: Path) -> None:
    book = read_county(sample)
    assert book.revision == 2
    assert len(book.tables["enterprises"]) == 60
    assert book.faults == []
    for line in book.tables["lines"]:
        assert line.red_so2_cut is not None
    assert {finding.severity.name for finding in judge(book)} <= {"INFO"}


def test_the_slow_way_reads_the_same(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read_county(sample)
    monkeypatch.setattr(opened, "read_quickly", lambda *_: None)
    monkeypatch.setattr(opened, "read_strings", lambda _: None)
    assert values(read_county(sample)) == values(fast)


def test_prefixed_xml_reads_the_same(sample: Path) -> None:
    def prefix(name: str, data: bytes) -> bytes:
        if not name.startswith("xl/worksheets/sheet"):
            return data
        data = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", data)
        return data.replace(b'xmlns="', b'xmlns:x="')

    assert values(read_county(rewritten(sample, prefix))) == values(read_county(sample))


def test_cached_values_are_never_used(sample: Path) -> None:
    def lie(name: str, data: bytes) -> bytes:
        return re.sub(rb"</f><v>[^<]*</v>", b"</f><v>99999</v>", data)

    assert values(read_county(rewritten(sample, lie))) == values(read_county(sample))


def test_shared_formulas_are_followed_to_their_text(tmp_path: Path) -> None:
    text = f'=IF(OR(T{FIRST_ROW}="",AN{FIRST_ROW}=""),"",ROUND(T{FIRST_ROW}*AN{FIRST_ROW}/100,6))'
    path = write_file(tmp_path / "a.xlsx", {"lines": [{}, {}]}, {"cells": {"生产线减排措施!AO4": text}})

    def share(name: str, data: bytes) -> bytes:
        data = re.sub(
            rb'(<c r="AO4"[^>]*>)<f>([^<]*)</f><v ?/?>(</v>)?', rb'\1<f t="shared" ref="AO4:AO5" si="0">\2</f>', data
        )
        return re.sub(rb'<c r="AO5"[^>]*><v>[^<]*</v></c>', b'<c r="AO5"><f t="shared" si="0"/><v>7</v></c>', data)

    lines = read_county(rewritten(path, share)).tables["lines"]
    assert [line.red_so2_cut for line in lines] == [100, 100]


def test_moved_and_extra_columns_are_found_by_header(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.xlsx", {})
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["企业基本信息"]
    sheet.insert_cols(4)
    sheet.cell(FIRST_ROW - 1, 4, "我的备注")
    sheet.move_range("V1:V9", cols=40)
    workbook.save(path)
    book = read_county(path)
    assert [finding.rule for finding in judge(book) if finding.rule != "GS01"] == []
    assert book.address("enterprises", "district", FIRST_ROW) == "E4"


def test_rows_beyond_the_room_are_read(sample: Path, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(sample)
    workbook["移动源"].cell(30_000, 2, "371502-D-0999")
    path = tmp_path / "b.xlsx"
    workbook.save(path)
    assert read_county(path).tables["mobile"][-1].row == 30_000


@pytest.mark.parametrize("place", ["XFD1048576", "AD1048576"])
def test_a_stray_cell_far_away_costs_nothing(place: str, tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.xlsx", {})
    workbook = openpyxl.load_workbook(path)
    workbook["企业基本信息"][place] = 1
    workbook.save(path)
    rows = read_county(path).tables["enterprises"]
    assert rows[0].list_id == "371502-G-0001"


def test_a_used_range_blown_up_by_formats_is_read(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.xlsx", {})

    def blow_up(name: str, data: bytes) -> bytes:
        rows = b"".join(
            b'<row r="%d"><c r="A%d" s="0"/><c r="BZ%d" s="0"/></row>' % (n, n, n) for n in range(100, 200_000)
        )
        return data.replace(b"</sheetData>", rows + b"</sheetData>") if name.endswith("sheet2.xml") else data

    assert len(read_county(rewritten(path, blow_up)).tables["enterprises"]) == 1


def test_macros_are_refused(tmp_path: Path) -> None:
    path = write_file(tmp_path / "a.xlsx", {})
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(UnreadableWorkbook, match="宏"):
        read_county(path)


def test_libreoffice_saves_what_we_read_the_same(sample: Path, tmp_path: Path, soffice: Callable[..., Path]) -> None:
    saved = soffice(sample, tmp_path, "xlsx:Calc MS Excel 2007 XML")
    ours, theirs = read_county(sample), read_county(saved)
    assert values(theirs) == values(ours)
    assert [finding.rule for finding in judge(theirs)] == [finding.rule for finding in judge(ours)]
