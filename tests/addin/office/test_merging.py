"""`qingdan merge`: what townships filled in becomes one county workbook; no row is lost, and clashes are decided."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.reading.workbooks import read_whole
from tests.addin.conftest import COUNTY, RULES, Run, fill, run
from validators.columns import LETTERS
from validators.meanings import Value
from workbook_templates.samples.sample_inventory import make_rows
from workbook_templates.xlsx.appearance import FIRST_ROW, GUESSED_HEAD

__all__ = ["run"]
Rows = Mapping[str, Sequence[Mapping[str, Value]]]


def rows_of(numbers: range) -> dict[str, list[dict[str, Any]]]:
    """Rows of some enterprises of a made-up county, with what belongs to them."""
    rows = make_rows(COUNTY, 8, 1, RULES)
    own = [dict(row) for row in rows["enterprises"]][numbers.start : numbers.stop]
    ids = {row["list_id"] for row in own}
    found: dict[str, list[dict[str, Any]]] = {"enterprises": own}
    for key in ("lines", "transport", "guarantee"):
        found[key] = [dict(row) for row in rows[key] if row["list_id"] in ids]
    return found


def piece(name: str, rows: Rows, office: str = "", **changes: Any) -> Path:
    return fill(Path("来件") / f"{name}.xlsx", rows=rows, officer={"filled_by_office": office or name}, **changes)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("来件").mkdir()


def merged(run: Run, *more: str) -> tuple[int, dict[str, Any]]:
    code, out, err = run("merge", "来件", "--out", "东昌府区.xlsx", "--json", *more)
    assert out, err
    found: dict[str, Any] = json.loads(out)
    return code, found


def test_pieces_are_put_together_and_the_same_row_counts_once(run: Run) -> None:
    piece("甲镇", rows_of(range(5)))
    piece("乙镇", rows_of(range(4, 8)))
    code, found = merged(run)
    book = read_whole(Path("东昌府区.xlsx"), "inventory")
    assert [record.list_id for record in book.tables["enterprises"]] == [
        row["list_id"] for row in rows_of(range(8))["enterprises"]
    ]
    rows = found["rows"]
    assert rows["identical"] > 0 and rows["conflicts"] == 0 and rows["read"] == rows["kept"] + rows["identical"]
    assert {one["status"] for one in found["files"]} == {"采用"} and found["conflicts"] == []
    report = openpyxl.load_workbook("东昌府区.合并报告.xlsx")
    origins = [row for row in report["各行来处"].iter_rows(min_row=2, values_only=True) if row[0] == "企业基本信息"]
    assert [row[4] for row in origins].count("甲镇.xlsx") in (4, 5) and len(origins) == 8
    assert code in (0, 1)


def test_rows_that_differ_stand_side_by_side_and_are_decided(run: Run) -> None:
    piece("甲镇", rows_of(range(3)))
    other = rows_of(range(2, 5))
    other["enterprises"][0]["contact"] = "另一个人"
    piece("乙镇", other)
    code, found = merged(run)
    (clash,) = found["conflicts"]
    assert code == 1 and clash["fields"] == ["联系人"] and sorted(clash["files"]) == ["乙镇.xlsx", "甲镇.xlsx"]
    assert found["rows"]["conflicts"] == 1 and clash["decided"] is None
    sheet = openpyxl.load_workbook("东昌府区.xlsx")["企业基本信息"]
    heads = {cell.value: cell.column for cell in sheet[FIRST_ROW - 1]}
    beside = [sheet.cell(row, heads[GUESSED_HEAD]).value for row in range(FIRST_ROW, FIRST_ROW + 5)]
    assert sum("另一个人" in (text or "") for text in beside) == 1
    report = openpyxl.load_workbook("东昌府区.合并报告.xlsx")
    files = [cell.value for cell in report["冲突"][2]][6:8]
    report["冲突"]["C2"] = "甲" if str(files[0]).startswith("乙镇") else "乙"
    report.save("东昌府区.合并报告.xlsx")
    assert "没有写理由" in run("merge", "来件", "--out", "东昌府区.xlsx", "--force").err
    report["冲突"]["D2"] = "乙镇核实过"
    report.save("东昌府区.合并报告.xlsx")
    _, found = merged(run, "--force")
    assert found["conflicts"][0]["decided"] == "乙镇.xlsx"
    contacts = [record.contact for record in read_whole(Path("东昌府区.xlsx"), "inventory").tables["enterprises"]]
    assert "另一个人" in contacts and len(contacts) == 5
    _, found = merged(run, "--force")
    assert found["conflicts"][0]["decided"] == "乙镇.xlsx", "a decision holds on"
    assert not list(Path().glob("东昌府区（* 存）.xlsx")), "nobody wrote in it"
    made = openpyxl.load_workbook("东昌府区.xlsx")
    made["企业基本信息"].cell(FIRST_ROW, heads["备注"]).value = "核实过"
    made.save("东昌府区.xlsx")
    edited = Path("东昌府区.xlsx").read_bytes()
    _, found = merged(run, "--force")
    (kept,) = Path().glob("东昌府区（* 存）.xlsx")
    assert kept.read_bytes() == edited and any(kept.name in note for note in found["notes"])


def test_of_several_versions_of_a_piece_the_last_one_holds(run: Run) -> None:
    piece("甲镇-1", rows_of(range(4)), office="甲镇")
    piece("甲镇-2", rows_of(range(3)), office="甲镇", revision=2)
    piece("乙镇", rows_of(range(4, 6)))
    _, found = merged(run)
    status = {one["file"]: (one["status"], one["reason"]) for one in found["files"]}
    assert status["甲镇-1.xlsx"][0] == "未采用" and "其中 1 家新版里没有" in status["甲镇-1.xlsx"][1]
    assert len(read_whole(Path("东昌府区.xlsx"), "inventory").tables["enterprises"]) == 5


def test_two_firms_under_one_number_both_stay_and_rows_without_one_get_it(run: Run) -> None:
    other = rows_of(range(3, 5))
    first = rows_of(range(1))["enterprises"][0]["list_id"]
    old = other["enterprises"][0]["list_id"]
    for rows in other.values():
        for row in rows:
            if row.get("list_id") == old:
                row["list_id"] = first
                if "line_id" in row:
                    row["line_id"] = row["line_id"].replace(old, first)
    other["enterprises"][1].pop("list_id")
    piece("甲镇", rows_of(range(2)))
    piece("乙镇", other)
    _, found = merged(run)
    book = read_whole(Path("东昌府区.xlsx"), "inventory")
    ids = [record.list_id for record in book.tables["enterprises"]]
    assert len(ids) == 4 == len(set(ids)) and None not in ids and first in ids
    assert any("编号相同而不是同一家" in note for note in found["notes"])
    assert all(str(record.line_id).startswith(str(record.list_id)) for record in book.tables["lines"])
    assert len({record.line_id for record in book.tables["lines"]}) == len(book.tables["lines"])


def test_pieces_of_another_county_and_files_that_cannot_be_read_are_named(run: Run) -> None:
    piece("甲镇", rows_of(range(2)))
    piece("乙镇", rows_of(range(2, 4)))
    fill(Path("来件/别县.xlsx"), county="371525")
    Path("来件/坏.xlsx").write_bytes(b"PK")
    code, found = merged(run)
    status = {one["file"]: one["status"] for one in found["files"]}
    assert code == 2 and status == {
        "甲镇.xlsx": "采用",
        "乙镇.xlsx": "采用",
        "别县.xlsx": "未采用",
        "坏.xlsx": "无法读取",
    }
    assert "不存在" in run("merge", "没有", "--out", "x.xlsx").err


def test_each_part_has_numbers_of_its_own(run: Run) -> None:
    fill(Path("全县.xlsx"), enterprises=8)
    townships = sorted({str(row["township"]) for row in make_rows(COUNTY, 8, 1, RULES)["enterprises"]})
    spans = []
    for name in (*townships, "甲园区", "乙园区"):
        code, _, err = run(
            "template", "county", "--county", COUNTY, "--year", "2020", "--revision", "1", "--part", name, "--from", "全县.xlsx",
            "--out", f"来件/{name}.xlsx",
        )  # fmt: skip
        assert code == 0 and ("没有" in err) == name.endswith("园区")
        sheet = openpyxl.load_workbook(f"来件/{name}.xlsx")
        column = LETTERS["enterprises"]["list_id"]
        (rule,) = [
            one for one in sheet["企业基本信息"].data_validations.dataValidation if f"{column}{FIRST_ROW}" in one.sqref
        ]
        spans.append(tuple(map(int, re.findall(r"[<>]=(\d+)", rule.formula1))))
    assert all(first >= 5000 and last - first == 99 for first, last in spans)
    assert len({first for first, _ in spans}) == len(spans)
    _, found = merged(run)
    assert found["rows"]["kept"] == found["rows"]["read"] and found["conflicts"] == []
    assert len(read_whole(Path("东昌府区.xlsx"), "inventory").tables["enterprises"]) == 8
    assert (
        "不对"
        in run(
            "template",
            "county",
            "--county",
            COUNTY,
            "--year",
            "2020",
            "--revision",
            "1",
            "--part",
            "（",
            "--out",
            "a.xlsx",
        ).err
    )
