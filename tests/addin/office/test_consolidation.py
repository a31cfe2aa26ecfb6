"""Consolidation loses nothing and does not depend on order; what is exported passes the audit, what is altered does not."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addin.office import consolidation as desk
from addin.office import exporting, reproduction
from addin.problems import Stop
from tests.inventory import make_book, write_file
from validators.audit import Report, audit
from validators.book import Book
from validators.columns import INVENTORY, SHEETS
from validators.rule import judge
from validators.settlement import City, Handed, sort_out
from workbook_templates.city.city_reader import read_city
from workbook_templates.city.city_workbook import write_city
from workbook_templates.submission.submission_workbook import heads, manifest_path, write_submission
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook
from workbook_templates.xlsx.writer import replacing

ALONE = dict.fromkeys(("371521", "371522", "371524", "371525", "371526", "371581", "LC-JK", "LC-GX", "LC-DJ"), "试点")
SLOW_TOO = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def county(code: str, name: str, **changes: Any) -> Book:
    """A clean workbook of a county with two sites and one of everything."""
    rows: dict[str, list[dict[str, Any]]] = {
        "enterprises": [
            {"district": name, "site": f"{name}一厂", "township": f"{name}一镇"},
            {"district": name, "site": f"{name}二厂", "longitude": 115.9911},
        ],
        "lines": [{"list_id": f"{code}-G-0001"}, {"list_id": f"{code}-G-0002"}],
        "transport": [{"list_id": f"{code}-G-0001"}, {"list_id": f"{code}-G-0002"}],
        "dust": [{"district": name}],
        "mobile": [{"district": name}],
    }
    for place, value in changes.items():
        sheet, _, field = place.partition("__")
        rows[sheet][0][field] = value
    book = make_book(rows, county=code)
    book.file = f"{name}.xlsx"
    return book


@pytest.fixture(scope="module")
def books() -> list[Book]:
    return [county("371502", "东昌府区"), county("371503", "茌平区", enterprises__remark="-@备注")]


def handed(books: list[Book]) -> list[Handed]:
    return [Handed(book.file, book, judge(book)) for book in books]


def consolidated(books: list[Book]) -> City:
    return sort_out(handed(books), exclusions=ALONE)


def audited(path: Path, **more: Any) -> Report:
    with path.open("rb") as file:
        return audit(file, path.name, heads=heads(), manifest=manifest_path(path).read_bytes(), **more)


def failed(report: Report) -> set[str]:
    return {check.id for check in report.checks if check.result == "不通过"}


@given(st.permutations(range(5)))
@settings(max_examples=15, deadline=None, suppress_health_check=SLOW_TOO)
def test_the_order_of_files_never_matters(tmp_path: Path, books: list[Book], order: list[int]) -> None:
    extra = [county("371502", "东昌府区"), county("371503", "茌平区", enterprises__remark="二稿"), books[1]]
    for number, book in enumerate(extra[:2]):
        book.file = f"又一份{number}.xlsx"
    every = [*books, *extra]
    outputs = []
    for files in (every, [every[number] for number in order]):
        city = sort_out(handed(files), exclusions=ALONE)
        with replacing(tmp_path / "全市.xlsx", overwrite=True) as file:
            write_city(file, city, [])
        outputs.append((tmp_path / "全市.xlsx").read_bytes())
    assert outputs[0] == outputs[1]


def test_every_row_of_every_accepted_workbook_is_in_the_result(tmp_path: Path, books: list[Book]) -> None:
    target = tmp_path / "全市.xlsx"
    city = consolidated(books)
    with replacing(target, overwrite=False) as file:
        write_city(file, city, [])
    workbook = openpyxl.load_workbook(target, read_only=True)
    for key, sheet in INVENTORY.items():
        found = [row[-3:] for row in workbook[sheet.title].iter_rows(min_row=2, values_only=True)]
        assert found == [(book.file, sheet.title, record.row) for book in books for record in book.tables[key]]


def test_the_city_workbook_reads_back_as_the_counties_wrote_it(tmp_path: Path, books: list[Book]) -> None:
    target = tmp_path / "全市.xlsx"
    city = consolidated(books)
    with replacing(target, overwrite=False) as file:
        write_city(file, city, [])
    again, kept = read_city(open_workbook(target))
    assert kept == []
    assert [county.status for county in again.counties] == [county.status for county in city.counties]
    assert dict(again.exclusions) == ALONE
    for ours, theirs in zip(city.books(), again.books(), strict=True):
        assert theirs.sha256 == ours.sha256
        for key in INVENTORY:
            first = 2 if key == "enterprises" else 1  # 序号 counts from the template's header row
            assert [one[first:] for one in theirs.tables[key]] == [one[first:] for one in ours.tables[key]]


def test_what_could_not_be_read_stays_visible_and_is_found_again(tmp_path: Path) -> None:
    wrong = {"run_days": "三百天", "uscc": 9.13e17, "remark": "=1+1", "phone": "=8412345"}
    book = county("371502", "东昌府区", **{f"enterprises__{field}": value for field, value in wrong.items()})
    city = sort_out(handed([book]), exclusions={**ALONE, "371503": "试点"})
    with replacing(tmp_path / "全市.xlsx", overwrite=False) as file:
        write_city(file, city, city.adopted[0].findings)
    again, kept = read_city(open_workbook(tmp_path / "全市.xlsx"))
    found = {(finding.rule, finding.cell) for book in again.books() for finding in judge(book)}
    assert {("GS03", "AE4"), ("GS05", "I4"), ("GS03", "AR4"), ("GS03", "AO4")} <= found
    assert kept == []


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "says"),
    [
        ("企业基本信息", "D2", "=1+1", "是公式"),
        ("企业基本信息", "D1", "区 县", "表头已损坏"),
        ("提交情况", "L2", "今年", "已被改动"),
        ("生产线减排措施", "BB2", "没有这个文件.xlsx", "来源文件"),
    ],
)
def test_a_damaged_city_workbook_is_named(
    tmp_path: Path, books: list[Book], sheet: str, cell: str, value: str, says: str
) -> None:
    with replacing(tmp_path / "全市.xlsx", overwrite=False) as file:
        write_city(file, consolidated(books), [])
    workbook = openpyxl.load_workbook(tmp_path / "全市.xlsx")
    workbook[sheet][cell] = value
    workbook.save(tmp_path / "改过.xlsx")
    with pytest.raises(UnreadableWorkbook, match=says):
        read_city(open_workbook(tmp_path / "改过.xlsx"))


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory, books: list[Book]) -> Path:
    target = tmp_path_factory.mktemp("out") / "报省.xlsx"
    write_submission(target, consolidated(books), "default", overwrite=False)
    return target


def test_an_export_passes_the_audit_and_is_the_same_each_time(submission: Path, books: list[Book]) -> None:
    assert audited(submission).verdict == "通过"
    again = submission.with_name("再来.xlsx")
    write_submission(again, consolidated(list(reversed(books))), "default", overwrite=False)
    assert again.read_bytes() == submission.read_bytes()
    said = json.loads(manifest_path(submission).read_text(encoding="utf-8"))
    assert said["sheets"][0]["rows"] == 4
    assert said["sheets"][0]["sums"]["红色预警_估算减排量（千克/天）_SO2"] == 400
    assert {one["county"] for one in said["exclusions"]} == set(ALONE)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW_TOO)
def test_any_change_of_one_byte_is_noticed(tmp_path: Path, submission: Path, data: st.DataObject) -> None:
    content = bytearray(submission.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    altered = tmp_path / submission.name
    altered.write_bytes(content)
    manifest_path(altered).write_bytes(manifest_path(submission).read_bytes())
    assert audited(altered).verdict == "不通过"


def inbox(folder: Path, books: list[Book]) -> Path:
    folder.mkdir()
    for book in books:
        rows: dict[str, Any] = {
            key: [
                {column.field: getattr(record, column.field) for column in SHEETS[key].columns}
                for record in book.tables[key]
            ]
            for key in INVENTORY
        }
        write_file(folder / book.file, rows, county=book.county)
    return folder


def test_the_whole_way_by_the_desk(tmp_path: Path, books: list[Book]) -> None:
    source = inbox(tmp_path / "收件箱", books)
    (source / "坏的.xlsx").write_bytes(b"PK\x03\x04")
    (source / "~$东昌府区.xlsx").write_bytes(b"lock")
    out, target = tmp_path / "全市.xlsx", tmp_path / "报省.xlsx"
    done = desk.consolidate([source], out, exclusions=ALONE)
    assert [file for file, _ in done.errors] == ["坏的.xlsx"]
    assert [(one.rule, one.file) for one in done.findings] == [("HZ05", "坏的.xlsx")]
    assert done.to_json()["verdict"] == "不通过"
    (source / "坏的.xlsx").unlink()
    found = desk.consolidate([source], out, exclusions=ALONE, overwrite=True).to_json()
    assert (found["findings"], found["verdict"]) == ([], "通过")
    assert found["totals"]["reductions"]["红色"]["SO2"] == 400 + 2 * 3
    exported = exporting.export(out, target, profile_name="default")
    assert exported.manifest
    manifest = manifest_path(target).read_bytes()
    assert reproduction.reproduce(target, manifest, [source]).result == "通过"
    assert audited(target, reproduction=reproduction.reproduce(target, manifest, [source])).verdict == "通过"


def test_an_error_that_stands_refuses_the_export(tmp_path: Path, books: list[Book]) -> None:
    wrong = county("371503", "茌平区", enterprises__guaranteed="是", enterprises__grade="C")
    out, target = tmp_path / "全市.xlsx", tmp_path / "报省.xlsx"
    city = consolidated([books[0], wrong])
    with replacing(out, overwrite=False) as file:
        write_city(file, city, [finding for one in city.adopted for finding in one.findings])
    refused = exporting.export(out, target, profile_name="default")
    assert refused.manifest is None
    assert "BZ01" in {finding.rule for finding in refused.findings}
    assert not target.exists()
    city = sort_out(handed([books[0], wrong]), exclusions={**ALONE, "371503": "退回"})
    with replacing(out, overwrite=True) as file:
        write_city(file, city, city.adopted[0].findings)
    assert exporting.export(out, target, profile_name="default").manifest


def test_two_workbooks_of_one_revision_still_stand_in_the_city_workbook(tmp_path: Path, books: list[Book]) -> None:
    rival = county("371502", "东昌府区", enterprises__remark="二稿")
    rival.file = "二稿.xlsx"
    source = inbox(tmp_path / "收件箱", [*books, rival])
    out = tmp_path / "全市.xlsx"
    desk.consolidate([source], out, exclusions=ALONE)
    assert {
        finding.rule for finding in exporting.export(out, tmp_path / "报省.xlsx", profile_name="default").findings
    } == {"HZ03"}


def test_reproduction_names_the_cell_both_values_and_the_row_it_came_from(tmp_path: Path, books: list[Book]) -> None:
    source = inbox(tmp_path / "收件箱", books)
    out, target = tmp_path / "全市.xlsx", tmp_path / "报省.xlsx"
    desk.consolidate([source], out, exclusions=ALONE)
    exporting.export(out, target, profile_name="default")
    workbook = openpyxl.load_workbook(target)
    sheet = workbook["工业源"]
    sheet["E2"] = "改了名的企业"
    sheet.delete_rows(5)
    sheet.append(["371502-G-0999"])
    workbook["移动源"].cell(2, 40, "夹带")
    workbook.create_sheet("夹页")
    workbook.save(target)
    found = reproduction.reproduce(target, manifest_path(target).read_bytes(), [source])
    says = [(evidence.cell, evidence.what) for evidence in found.evidence]
    assert found.result == "不通过"
    assert any(
        c == "E2" and "改了名的企业" in w and "聊城示例水泥有限公司" in w and "东昌府区.xlsx" in w for c, w in says
    )
    assert any("缺少371503-G-0002" in what for _, what in says)
    assert any("多出一行" in what for _, what in says)
    assert ("AN2", "表头之外多出“夹带”") in says
    assert any(evidence.sheet == "夹页" and "多出一张工作表" in evidence.what for evidence in found.evidence)


def test_reproduction_wants_the_very_files_that_the_manifest_names(tmp_path: Path, books: list[Book]) -> None:
    source = inbox(tmp_path / "收件箱", books)
    out, target = tmp_path / "全市.xlsx", tmp_path / "报省.xlsx"
    desk.consolidate([source], out, exclusions=ALONE)
    exporting.export(out, target, profile_name="default")
    (source / "茌平区.xlsx").unlink()
    manifest = manifest_path(target).read_bytes()
    found = reproduction.reproduce(target, manifest, [source])
    assert any("茌平区.xlsx" in evidence.what for evidence in found.evidence)
    assert reproduction.reproduce(target, b"{}", [source]).result == "不通过"


def test_an_empty_inbox_and_an_existing_output_are_said(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="没有文件"):
        desk.consolidate([tmp_path], tmp_path / "全市.xlsx")
    (tmp_path / "全市.xlsx").write_bytes(b"")
    (tmp_path / "a.xlsx").write_bytes(b"")
    with pytest.raises(Stop, match="从不改写"):
        desk.consolidate([tmp_path], tmp_path / "全市.xlsx", overwrite=True)
    with pytest.raises(Stop, match="从不改写"):
        exporting.export(tmp_path / "a.xlsx", tmp_path / "a.xlsx", profile_name="default", overwrite=True)
    (tmp_path / "出").mkdir()
    (tmp_path / "出" / "全市.xlsx").write_bytes(b"")
    with pytest.raises(Stop, match="--force"):
        desk.consolidate([tmp_path / "a.xlsx"], tmp_path / "出" / "全市.xlsx")
    with pytest.raises(Stop, match="后缀"):
        desk.consolidate([tmp_path / "a.xlsx"], tmp_path / "全市.txt")
    with pytest.raises(Stop, match="不存在"):
        desk.consolidate([tmp_path / "没有"], tmp_path / "全市2.xlsx")


def test_late_and_missing_counties_are_counted(books: list[Book]) -> None:
    books[0].facts = {**books[0].facts, "filled_on": dt.date(2020, 8, 25)}
    city = sort_out(handed(books))
    assert [one.status for one in city.counties][:3] == ["迟报", "已报", "未报"]
