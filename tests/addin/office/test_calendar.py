"""The calendar: what is due on which day, what is lacking in grading workbooks, and the same in the desk's page."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from addin.pane import server
from tests.addin.conftest import COUNTY, RULES, Run, Start, Visit
from tests.inventory import make_book, write_file
from validators.deadlines import duties
from validators.ruleset import of_tables


@pytest.mark.parametrize(
    ("on", "state"),
    [
        ("2020-08-10", "○ 还有 8 天"),
        ("2020-08-11", "！ 还有 7 天"),
        ("2020-08-18", "！ 当天"),
        ("2020-08-19", "✗ 已过 1 天"),
    ],
)
def test_days_left_are_said_with_a_symbol(on: str, state: str) -> None:
    first = duties(RULES, dt.date.fromisoformat(on))[0]
    assert (first.what, first.who, first.state) == ("县级完成绩效分级并上报", "县", state)


def test_every_deadline_of_the_rule_set_is_listed_by_its_day() -> None:
    found = duties(RULES, dt.date(2020, 8, 1))
    assert len(found) == len(RULES.tables["deadlines"]) == 8
    assert [duty.due for duty in found] == sorted(duty.due for duty in found)
    (early,) = [duty for duty in found if duty.due < dt.date(2020, 8, 19)]
    assert "早于文件印发日" in early.basis, "the deadline that precedes the document says so"
    unsure = of_tables("2020", {**RULES.tables, "deadlines": [{**RULES.tables["deadlines"][0], "verified": "no"}]})
    assert duties(unsure, dt.date(2020, 8, 1))[0].basis.endswith("（待核实）")


def test_grading_workbooks_show_what_is_lacking() -> None:
    grading = make_book(
        {
            "applications": [{}, {}, {}],
            "county": [
                {"list_id": f"{COUNTY}-G-0001"},
                {"list_id": f"{COUNTY}-G-0002", "reported_on": None},
            ],
            "city": [{"list_id": f"{COUNTY}-G-0001"}],
        }
    )
    found = {duty.what: duty for duty in duties(RULES, dt.date(2020, 8, 19), [grading])}
    county, city = found["县级完成绩效分级并上报"], found["市级审核"]
    assert county.lacking == (f"{COUNTY}-G-0002", f"{COUNTY}-G-0003") and county.state == "✗ 已过 1 天，还差 2 个厂区"
    assert city.lacking == (f"{COUNTY}-G-0002",) and city.state == "！ 还有 1 天，还差 1 个厂区"
    assert found["绩效分级动态调整上报"].state == "✓ 没有待办的厂区，还有 113 天"
    assert found["县级清单上报"].lacking is None


def grading(path: Path, **rows: list[dict[str, Any]]) -> Path:
    return write_file(path, {"applications": [{}], **rows})


def test_the_command_says_it_to_people_and_programs(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("calendar", "--on", "2020-08-19")
    lines = out.splitlines()
    assert code == 0 and len(lines) == 9 and "聊重指办〔2020〕6号" in lines[0]
    assert (
        lines[1].startswith("2020-08-18  ✗ 已过 1 天  县级完成绩效分级并上报（首报，县）")
        and "早于文件印发日" in lines[1]
    )
    late = grading(tmp_path / "东昌府区.xlsx", county=[{"reported_on": None}])
    code, out, _ = run("calendar", late, "--on", "2020-08-19", "--json")
    found = json.loads(out)
    assert code == 1 and found["on"] == "2020-08-19" and found["duties"][0]["lacking"] == [f"{COUNTY}-G-0001"]
    assert run("calendar", late, "--on", "2020-08-17").code == 0
    done = grading(tmp_path / "办完.xlsx")
    assert run("calendar", done, "--on", "2020-08-19").code == 0
    code, out, _ = run("calendar", "--year", "2026")
    assert code == 0 and "没有录入期限" in out and "--year 2026" in out


def test_what_cannot_be_taken_is_one_line(run: Run, county: Path, tmp_path: Path) -> None:
    own = grading(tmp_path / "东昌府区.xlsx")
    twin = grading(tmp_path / "又一份.xlsx")
    code, _, err = run("calendar", own, twin)
    assert code == 2 and "都是东昌府区的" in err
    code, _, err = run("calendar", own, "--year", "2026")
    assert code == 2 and "是 2020 年的" in err
    code, _, err = run("calendar", county)
    assert code == 2 and "不是重点行业绩效分级申报审核表" in err
    code, out, err = run("calendar", own, county, "--on", "2020-08-19")
    assert code == 2 and "县级完成绩效分级并上报" in out and "不能用在这里" in err
    assert run("calendar", "--on", "昨天").code == 2


class August(dt.date):
    @classmethod
    def today(cls) -> "August":
        return cls(2020, 8, 19)


def test_the_desk_lists_what_is_due(
    start: Start, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.dt, "date", August)
    page = visit(start(None, tmp_path), width=420)
    expect(page.locator("#next")).to_have_text("日程　！ 还有 1 天：市级审核（市）")
    page.locator("#next").focus()
    page.keyboard.press("Enter")
    rows = page.locator("#duties tr")
    expect(rows).to_have_count(8)
    expect(rows.first).to_contain_text("✗ 已过 1 天")
    expect(rows.first).to_contain_text("早于文件印发日")
    assert rows.first.get_attribute("class") == "past" and rows.nth(1).get_attribute("class") != "past"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_year_that_is_over_is_said_in_the_desk(start: Start, visit: Visit, tmp_path: Path) -> None:
    expect(visit(start(None, tmp_path)).locator("#next")).to_have_text("日程　各项期限都已过")


def test_a_rule_set_without_deadlines_is_said_in_the_desk(
    start: Start, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "rules_of", lambda year: of_tables("2020", {**RULES.tables, "deadlines": []}))
    page = visit(start(None, tmp_path))
    expect(page.locator("#next")).to_have_text("日程")
    page.locator("#next").click()
    expect(page.locator("#calendar-about")).to_contain_text("没有录入期限")
    expect(page.locator("#calendar-frame")).to_be_hidden()
