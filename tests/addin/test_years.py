"""Every year for which there is a rule set goes the whole way: template, sample, check, city, submission, audit."""

import json
from pathlib import Path

import openpyxl
import pytest

from tests.addin.conftest import COUNTY, Run
from validators import ruleset
from validators.columns import COVER_TITLE


@pytest.mark.parametrize("year", ruleset.years())
def test_a_year_goes_the_whole_way(run: Run, tmp_path: Path, year: str) -> None:
    rules = ruleset.load(year)
    inbox = tmp_path / "收件箱"
    inbox.mkdir()
    template, sample, city, out = (
        tmp_path / "空.xlsx",
        inbox / "县.xlsx",
        tmp_path / "全市.xlsx",
        tmp_path / "报省.xlsx",
    )
    asked = ("--county", COUNTY, "--year", year)
    assert run("template", "county", *asked, "--revision", "1", "--rows", "20", "--out", template).code == 0
    assert run("sample", *asked, "--enterprises", "150", "--seed", "2", "--out", sample).code == 0
    found = json.loads(run("check", template, sample, "--json").out)
    assert [(one["year"], one["ruleset"]) for one in found["files"]] == [(int(year), year)] * 2
    assert [one for one in found["findings"] if one["file"] == sample.name and one["severity"] != "INFO"] == []
    later = ("template", "county", *asked, "--revision", "2", "--from", sample, "--out", tmp_path / "二.xlsx")
    assert run(*later).code == 0
    excluded = [part for code in rules.submitting if code != COUNTY for part in ("--exclude", code, "--reason", "试点")]
    ran = run("consolidate", inbox, "--out", city, *excluded, "--json")
    assert (ran.code, json.loads(ran.out)["ruleset"]) == (0, year)
    manifest = json.loads(run("export", city, "--out", out, "--json").out)["manifest"]
    assert (manifest["year"], manifest["ruleset"]) == (int(year), year)
    assert run("audit", out, "--against", inbox).code == 0


def test_the_cover_says_that_days_are_not_known(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "空.xlsx"
    assert run("template", "county", "--county", COUNTY, "--year", "2026", "--revision", "1", "--out", path).code == 0
    said = [cell for row in openpyxl.load_workbook(path)[COVER_TITLE].iter_rows(values_only=True) for cell in row]
    assert "规则集没有列出这一轮的期限，以市里通知为准。" in said
    assert ruleset.load("2026").tables["deadlines"] == []


def test_last_year_s_rows_are_carried_into_the_next_rule_set(run: Run, tmp_path: Path) -> None:
    last, next_ = tmp_path / "旧.xlsx", tmp_path / "新.xlsx"
    assert run("sample", "--county", COUNTY, "--year", "2020", "--enterprises", "60", "--out", last).code == 0
    asked = (
        "template",
        "county",
        "--county",
        COUNTY,
        "--year",
        "2026",
        "--revision",
        "1",
        "--from",
        last,
        "--out",
        next_,
    )
    assert run(*asked).code == 0
    found = json.loads(run("check", next_, "--json").out)
    grades = {one["value"] for one in found["findings"] if one["rule"] == "GS03" and one["header"] == "绩效等级"}
    assert grades == {"B-", "引领性", "非引领性"}  # grades that the year does not know must be chosen anew
