"""Stages, the three grades, visits and what is not done, from grading workbooks read from files."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from tests.inventory import make_book
from validators.grading_procedure import Standing, standings, undone
from validators.ruleset import ADJUSTMENTS, BY_CITY, BY_COUNTY, RuleSet, load, of_tables

NONE: dict[str, list[dict[str, Any]]] = {"county": [], "visits": [], "city": [], "province": []}
RETURNED = {"result": "退回补正", "grade": None, "reason": "补材料", "reported_on": None}
LESSER = {"applied_grade": "C", "former_grade": "D"}
CHANGE = {
    "what": "等级调整", "old_grade": "B", "new_grade": "C", "approved_by": "市指挥部", "changed_on": dt.date(2020, 11, 1),
    "reported_on": dt.date(2020, 11, 2),
}  # fmt: skip


def one(rows: dict[str, list[dict[str, Any]]]) -> Standing:
    [found] = standings(make_book({"applications": [{}], **rows}))
    return found


@pytest.mark.parametrize(
    ("rows", "stage"),
    [
        ({}, "省生态环境厅已核定"),
        ({"province": [{}, {"fixed_by": "生态环境部", "fixed_on": dt.date(2020, 9, 1)}]}, "生态环境部已复核"),
        ({"province": []}, "待省厅核定"),
        ({"province": [], "city": [{"reported_on": None}]}, "待上报省厅"),
        ({"province": [], "city": [{"drawn": "抽中"}]}, "待市级现场核查"),
        ({"province": [], "city": [{"result": "不同意", "grade": "C", "reason": "不符"}]}, "市级审核不同意"),
        ({"province": [], "city": [RETURNED]}, "市级退回补正"),
        ({"province": [], "city": []}, "待市级审核"),
        ({"applications": [{"applied_grade": "A"}], "province": [], "city": []}, "待市级现场核查和审核"),
        ({"province": [], "city": [], "county": [{"reported_on": None}]}, "待上报市里"),
        ({"province": [], "city": [], "county": [{"result": "不同意", "grade": "C"}]}, "县级初审不同意"),
        ({"province": [], "city": [], "county": [RETURNED]}, "县级退回补正"),
        ({**NONE, "county": [{}]}, "待县级现场核查"),
        (NONE, "待县级现场核查和审查"),
        ({**NONE, "visits": [{}]}, "待县级审查"),
        ({**NONE, "applications": [{"applied_grade": "D", "filing": "申请表"}]}, "待县级审查"),
        ({"applications": [LESSER], "city": [], "province": []}, "待县级评定"),
        (
            {"applications": [LESSER], "county": [{"opinion": "审核意见", "grade": "C"}], "city": [], "province": []},
            "县指挥部已评定",
        ),
        ({**NONE, "applications": [{"filing": "未申报", "applied_grade": None}]}, "未申报，最低等级"),
        ({**NONE, "applications": [{"fraud": "主动行贿"}]}, "评为最低等级"),
        ({**NONE, "applications": [{"filing": None}]}, "申报未填全"),
        ({**NONE, "applications": [{"list_id": None}]}, "缺清单编号"),
    ],
)  # fmt: skip
def test_stage(rows: dict[str, list[dict[str, Any]]], stage: str) -> None:
    assert one(rows).stage == stage


@pytest.mark.parametrize(
    ("rows", "fixed", "held", "by"),
    [
        ({}, "B", "B", "省生态环境厅"),
        # the province's later word, and the ministry's of the same day
        ({"province": [{"fixed_on": dt.date(2020, 9, 2), "grade": "C"}, {}]}, "C", "C", "省生态环境厅"),
        ({"province": [{"fixed_by": "生态环境部", "grade": "C"}, {}]}, "C", "C", "生态环境部"),
        # nothing fixed: the grade that it had, or where it had none the lowest
        ({"province": []}, None, "C", ""),
        ({"applications": [{"former_grade": "未评级"}], "province": []}, None, "D", ""),
        # the county's first opinion fixes nothing, and no high grade
        ({"applications": [LESSER], "county": [{"grade": "C"}], "city": [], "province": []}, None, "D", ""),
        (
            {"applications": [LESSER], "county": [{"opinion": "审核意见"}], "city": [], "province": []},
            None, "D", "",
        ),
        # the worst process decides
        ({"processes": [{"fixed_grade": "B"}, {"process": "粉磨", "fixed_grade": "C"}]}, "C", "C", "省生态环境厅"),
        # not filed and false papers: the lowest, of an industry that has one
        ({**NONE, "applications": [{"filing": "未申报", "applied_grade": None}]}, "D", "D", "县指挥部"),
        ({"applications": [{"fraud": "主动行贿"}]}, "D", "D", "县指挥部"),
        ({"applications": [{"fraud": "主动行贿", "industry": "短流程钢铁", "subtype": None}]}, None, None, "县指挥部"),
        ({"applications": [{"fraud": "主动行贿", "subtype": "粉磨站"}]}, "非引领性", "非引领性", "县指挥部"),
        # a change after the grade was fixed, not one before, nor one to a high grade without the province
        ({"events": [CHANGE]}, "B", "C", "市指挥部"),
        ({"events": [{**CHANGE, "changed_on": dt.date(2020, 8, 1)}]}, "B", "B", "省生态环境厅"),
        ({"events": [{**CHANGE, "new_grade": "A"}]}, "B", "B", "省生态环境厅"),
        ({"events": [{**CHANGE, "new_grade": "A", "approved_by": "省生态环境厅"}]}, "B", "A", "省生态环境厅"),
        ({"applications": [{"fraud": "主动行贿"}], "events": [CHANGE]}, "D", "D", "县指挥部"),
        ({**NONE, "applications": [{"filing": "未申报", "applied_grade": None}], "events": [CHANGE]}, "D", "C", "市指挥部"),
    ],
)  # fmt: skip
def test_grades(rows: dict[str, list[dict[str, Any]]], fixed: str | None, held: str | None, by: str) -> None:
    found = one(rows)
    assert (found.fixed.grade if found.fixed else None, found.held.grade, found.held.by) == (fixed, held, by)
    assert found.held.ground


def test_the_grade_in_force_while_nothing_is_fixed_is_data() -> None:
    rules = load("2020")
    changed = [row | {"value": "C"} if row["name"] == "pending_grade" else row for row in rules.tables["thresholds"]]
    book = make_book({"applications": [{"former_grade": "A"}], "province": []})
    book = replace(book, ruleset=of_tables("2020", {**rules.tables, "thresholds": changed}))
    assert standings(book)[0].held.grade == "C"


def test_what_is_not_done_by_whom() -> None:
    ids = [f"371502-G-{number:04d}" for number in range(1, 6)]
    book = make_book(
        {
            "applications": [{}, {}, {"filing": "未申报", "applied_grade": None}, {}, {}],
            "county": [{}, {"list_id": ids[1], "reported_on": None}, {"list_id": ids[4], **RETURNED}],
            "city": [],
            "events": [{**CHANGE, "reported_on": None}, CHANGE],
        }
    )
    assert dict(undone(book)) == {BY_COUNTY: [ids[1], ids[3], ids[4]], BY_CITY: ids[:2], ADJUSTMENTS: ids[:1]}


def test_visits_are_data_of_the_rule_set() -> None:
    rules: RuleSet = load("2020")
    assert {grade for grade, (county, _) in rules.visits.items() if county} == {"A", "引领性", "B", "B-", "C"}
    assert {grade: city for grade, (_, city) in rules.visits.items() if city} == {
        "A": "每个", "引领性": "每个", "B": "按比例", "B-": "按比例",
    }  # fmt: skip
