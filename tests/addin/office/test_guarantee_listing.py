"""The list of guaranteed enterprises: nobody is lost, who decides is what rule BZ04 says, and counties are ranked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.addin.conftest import COUNTY, RULES, Run, fill
from tests.inventory import make_book
from validators.book import Book
from validators.guarantee_list import NOT_DUE, NOT_FILED, extents, guaranteed
from validators.rule import judge
from validators.settlement import Handed, sort_out
from workbook_templates.lists.guarantee_workbook import GUARANTEE_HEADS, INCLUSION_GROUPS, OVERVIEW
from workbook_templates.samples.sample_inventory import make_rows

NAMES = [head for head, _ in GUARANTEE_HEADS]
HEATING = {
    "guarantee_category": "居民供暖",
    "co_disposal": "否",
    "decided_by": "县指挥部会同相关部门",
    "ministry_filed": "否",
}


def book_of(**rows: list[dict[str, Any]]) -> Book:
    return make_book(rows)


@pytest.fixture(scope="module")
def mixed() -> Book:
    """A heating plant outside the key industries with two tasks, a key enterprise, and a project."""
    return book_of(
        enterprises=[{"industry": "非重点行业", "grade": "未评级"}, {}],
        lines=[
            {"list_id": f"{COUNTY}-G-0001", "industry": "非重点行业", "grade": "未评级", "so2_daily": 30, "nox_daily": 0, "pm_daily": 0,
             "vocs_daily": 0},
            {"list_id": f"{COUNTY}-G-0002", "so2_daily": 60, "nox_daily": 100, "pm_daily": 0, "vocs_daily": 0},
        ],
        dust=[{"key_project": "是", "pm_daily": 10}],
        guarantee=[
            {**HEATING, "list_id": f"{COUNTY}-G-0001", "line_ids": f"{COUNTY}-G-0001-L01", "max_load": 12.5, "load_unit": "GJ/d"},
            {**HEATING, "guarantee_category": "外贸出口", "list_id": f"{COUNTY}-G-0001", "line_ids": f"{COUNTY}-G-0001-L01"},
            {**HEATING, "guarantee_category": "外贸出口", "list_id": f"{COUNTY}-G-0002", "line_ids": f"{COUNTY}-G-0002-L02"},
            {**HEATING, "guarantee_category": "重点保障性建设工程", "list_id": f"{COUNTY}-Y-0001", "line_ids": None},
        ],
    )  # fmt: skip


def test_who_decides_is_what_the_rule_asks_for(mixed: Book) -> None:
    rows = list(guaranteed(sort_out([Handed(mixed.file, mixed)])))
    county, province = "县指挥部会同相关部门", "省生态环境厅"
    assert [one.due for one in rows] == [county, county, province, "省级主管部门会同省生态环境厅"]
    assert [one.filing for one in rows] == [NOT_DUE, NOT_DUE, NOT_FILED, NOT_DUE]
    assert [one.group for one in rows] == ["应当", "可以", "可以", "省级确定"]
    found = {finding.row for finding in judge(mixed) if finding.rule == "BZ04"}
    assert found == {one.record.row for one in rows if one.due != one.record.decided_by}


def test_how_much_stays_in_operation(mixed: Book) -> None:
    (one,) = extents(sort_out([Handed(mixed.file, mixed)]), tuple(INCLUSION_GROUPS))
    assert one.numbers == {"应当": 1, "可以": 1, "省级确定": 1} and one.number == 3, "two tasks of one site count once"
    assert one.kept == {"so2": 90, "nox": 100, "pm": 10, "vocs": 0} == one.whole and one.share == 1
    fewer = make_book(
        {
            "lines": [{"so2_daily": 30, "nox_daily": 0, "pm_daily": 0, "vocs_daily": 0, "line_id": f"{COUNTY}-G-0001-L0{n}"} for n in (1, 2, 3)],
            "guarantee": [{**HEATING, "list_id": f"{COUNTY}-G-0001", "line_ids": f"{COUNTY}-G-0001-L02"}],
        }
    )  # fmt: skip
    (one,) = extents(sort_out([Handed(fewer.file, fewer)]), tuple(INCLUSION_GROUPS))
    assert one.share == pytest.approx(1 / 3)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Two counties; in one a task was decided by the wrong office, and a filing is missing."""
    folder = tmp_path / "收件箱"
    folder.mkdir()
    rows = make_rows(COUNTY, 60, 1, RULES)
    by_province = [row for row in rows["guarantee"] if row["decided_by"] == "省生态环境厅"]
    by_province[0]["decided_by"] = "县指挥部会同相关部门"
    by_province[1]["ministry_filed"] = "否"
    fill(folder / "东昌府区.xlsx", enterprises=60, rows=rows)
    fill(folder / "茌平区.xlsx", "371503", 60)
    return folder


def table(path: Path, title: str) -> list[dict[str, Any]]:
    head, *rows = openpyxl.load_workbook(path)[title].values
    assert list(head) == NAMES
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_every_row_stands_in_the_list_of_its_group(
    run: Run, inbox: Path, tmp_path: Path, soffice: Callable[[Path, Path, str], Path]
) -> None:
    out = tmp_path / "名单.xlsx"
    code, said, _ = run("guarantee", inbox, "--out", out)
    assert code == 1
    assert "应由省生态环境厅确定，填的是县指挥部会同相关部门" in said and "还没有报" in said
    duty = {row["category"]: row["duty"] or "省级确定" for row in RULES.tables["guarantee"]}
    rows = [*make_rows(COUNTY, 60, 1, RULES)["guarantee"], *make_rows("371503", 60, 1, RULES)["guarantee"]]
    listed = {title: table(out, title) for title in INCLUSION_GROUPS.values()}
    for group, title in INCLUSION_GROUPS.items():
        wanted = sorted(
            (str(row["list_id"]), str(row["task"])) for row in rows if duty[str(row["guarantee_category"])] == group
        )
        assert sorted((row["清单编号"], row["保障任务"]) for row in listed[title]) == wanted
        places = [list(duty).index(row["保障类别"]) for row in listed[title]]
        assert places == sorted(places)
    every = [row for own in listed.values() for row in own]
    assert sum(str(row["确定机关"]).startswith("✗") for row in every) == 1
    assert sum(row["报部备案"] == NOT_FILED for row in every) == 1
    heating = next(row for row in every if row["保障类别"] == "居民供暖")
    assert "L01" in heating["准许运行的生产线"] and heating["最大允许生产负荷"].endswith("GJ/d")
    opened = openpyxl.load_workbook(soffice(out, tmp_path, "xlsx"))
    assert opened.sheetnames == [OVERVIEW, *INCLUSION_GROUPS.values()] and len(opened[OVERVIEW]._charts) == 2
    ranks = [row[:4] for row in openpyxl.load_workbook(out)[OVERVIEW].values if row[0] in (1, 2)]
    assert len(ranks) == 4 and {row[1] for row in ranks} == {"东昌府区", "茌平区"}
    assert ranks[2][0] == 1 and ranks[3][0] == 2, "shares differ, numbers are the same"
    assert [row[0] for row in ranks[:2]] == [1, 1]


def test_the_same_from_the_city_workbook(run: Run, inbox: Path, tmp_path: Path) -> None:
    assert run("consolidate", inbox, "--out", tmp_path / "全市.xlsx").code == 1
    code, said, _ = run("guarantee", tmp_path / "全市.xlsx", "--out", tmp_path / "甲.xlsx", "--json")
    found = json.loads(said)
    assert code == 1 and len(found["open"]) == 2 and found["rows"] == sum(found["groups"].values()) > 2
    assert run("guarantee", inbox, "--out", tmp_path / "乙.xlsx").code == 1
    assert (tmp_path / "甲.xlsx").read_bytes() == (tmp_path / "乙.xlsx").read_bytes()


def test_a_clean_county_and_an_existing_file(run: Run, county: Path, tmp_path: Path) -> None:
    out = tmp_path / "名单.xlsx"
    code, said, _ = run("guarantee", county, "--out", out, "--json")
    assert code == 0 and json.loads(said)["open"] == [] and json.loads(said)["filed"] >= 0
    before = out.read_bytes()
    code, _, err = run("guarantee", county, "--out", out)
    assert code == 2 and "--force" in err and out.read_bytes() == before
    code, _, err = run("guarantee", county, "--out", county, "--force")
    assert code == 2 and "从不改写" in err
