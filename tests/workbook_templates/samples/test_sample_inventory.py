"""Made-up inventories: the same seed gives the same rows, everything occurs, and no rule finds fault."""

import datetime as dt
import math
import statistics
from collections import Counter, defaultdict
from functools import cache
from typing import Any

import pytest

from validators import ruleset
from validators.book import Book
from validators.columns import BOOK_FIELDS, INVENTORY, LEVEL_NAMES, LEVELS, POLLUTANTS, SHEETS, TEMPLATE_VERSION
from validators.findings import Severity
from validators.records import RowReader
from validators.rule import judge
from validators.ruleset import NOT_KEY, UNGRADED
from workbook_templates.county.default_formulas import OFFERED
from workbook_templates.samples.sample_inventory import make_officer, make_rows

RULES = ruleset.load("2020")
COUNTIES = tuple(RULES.submitting)
CASES = [(county, 60, seed) for seed, county in enumerate(COUNTIES)] + [("371502", 1, 1), ("LC-DJ", 5, 2)]
DENSE = ("371502", 1500, 414707)
"""So many lines of one kind that typed values would come twice."""
SIXTY = CASES[: len(COUNTIES)]
Rows = dict[str, list[dict[str, Any]]]


@cache
def rows_of(county: str, enterprises: int, seed: int) -> Rows:
    return make_rows(county, enterprises, seed, RULES)


def with_formulas(sheet: str, row: dict[str, Any], number: int) -> dict[str, Any]:
    """The row with what the template's formulas show where nothing was typed."""
    found = row | {"row": number}
    for (own, field), offered in OFFERED.items():
        if own == sheet:
            found.setdefault(field, offered.value(found))
    return found


def book_of(rows: Rows, county: str, on: dt.date) -> Book:
    """The inventory as the reader would give it; asserts that every cell was read as it stands."""
    facts = {
        "division": county,
        "year": 2020,
        "round": "首报",
        "revision": 1,
        "template_version": TEMPLATE_VERSION,
        "ruleset": RULES.id,
        **make_officer(county, 1, RULES),
    }
    book = Book("样例.xlsx", RULES, county, "首报", 1, on, facts)
    for sheet, own in rows.items():
        reader = RowReader(sheet, RULES)
        for number, row in enumerate(own, 4):
            full = with_formulas(sheet, row, number)
            cells = [full.get(column.field) for column in SHEETS[sheet].columns]
            record, faults = reader.read(cells, number)
            assert faults == []
            book.tables[sheet].append(record)
    return book


def lines_by_enterprise(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in rows["lines"]:
        found[line["list_id"]].append(line)
    return found


def test_same_arguments_give_the_same_rows_and_another_seed_gives_others() -> None:
    assert make_rows("371502", 20, 7, RULES) == make_rows("371502", 20, 7, RULES)
    assert make_rows("371502", 20, 7, RULES) != make_rows("371502", 20, 8, RULES)
    assert make_officer("371502", 7, RULES) == make_officer("371502", 7, RULES)
    with pytest.raises(KeyError):
        make_rows("371523", 1, 1, RULES)


@pytest.mark.parametrize(("county", "enterprises", "seed"), CASES)
def test_no_rule_finds_more_than_a_remark_on_any_day_of_august(county: str, enterprises: int, seed: int) -> None:
    for on in (dt.date(2020, 8, 1), dt.date(2020, 8, 31)):
        found = judge(book_of(rows_of(county, enterprises, seed), county, on))
        assert [(f.rule, f.key, f.message) for f in found if f.severity > Severity.INFO] == []


@pytest.mark.parametrize(("county", "enterprises", "seed"), CASES)
def test_cells_are_as_declared(county: str, enterprises: int, seed: int) -> None:
    rows = rows_of(county, enterprises, seed)
    assert list(rows) == list(INVENTORY)
    assert len(rows["enterprises"]) == len(rows["transport"]) == enterprises
    for sheet, own in rows.items():
        for row in own:
            for field, value in row.items():
                column = SHEETS[sheet][field]
                assert value not in ("", None), (sheet, field)
                assert column.required != "auto", field
                if column.kind == "enum":
                    assert value in RULES.allowed(column.values), (field, value)
                elif column.is_number:
                    low, high, open_ = column.bounds
                    assert low is None or value > low or (value == low and not open_), (field, value)
                    assert high is None or value <= high, (field, value)
                    assert isinstance(value, int) or column.kind == "decimal", (field, value)
                else:
                    assert isinstance(value, dt.date if column.kind == "date" else str), (field, value)
            absent = {column.field for column in SHEETS[sheet].columns if column.required == "always"} - row.keys()
            assert all((sheet, field) in OFFERED for field in absent), absent


@pytest.mark.parametrize(("county", "enterprises", "seed"), SIXTY)
def test_sixty_enterprises_hold_everything(county: str, enterprises: int, seed: int) -> None:
    rows = rows_of(county, enterprises, seed)
    assert all(rows.values())

    def values(sheet: str, field: str) -> set[object]:
        return {row[field] for row in rows[sheet] if field in row}

    assert values("enterprises", "grade") == values("lines", "grade") == set(RULES.values["grades"])
    for level in LEVELS:
        column = SHEETS["lines"][f"{level}_type"]
        assert values("lines", column.field) == set(RULES.allowed(column.values))
    assert values("enterprises", "permit_class") == {"重点管理", "简化管理", "登记管理", "无"}
    assert values("enterprises", "subtype") == values("lines", "subtype") == {"熟料", "粉磨站"}
    assert values("enterprises", "filing") == {"申请报告", "申请表", "未申报", "不适用"}
    assert values("guarantee", "guarantee_category") == set(RULES.values["guarantee"])
    assert values("guarantee", "co_disposal") == values("dust", "key_project") == {"是", "否"}
    assert values("dust", "dust_type") == set(RULES.allowed(SHEETS["dust"]["dust_type"].values))
    assert values("mobile", "category") == set(RULES.allowed(SHEETS["mobile"]["category"].values))
    for field in ("long_idle", "fraud", "guaranteed", "small"):
        assert values("enterprises", field) == {"是", "否"}
    assert len(values("enterprises", "bar")) > 1
    firms = rows["enterprises"]
    guaranteed = Counter(e["grade"] for e in firms if e["guaranteed"] == "是" and e["industry"] != NOT_KEY)
    assert min(guaranteed[grade] for grade in ("A", "B", "引领性")) >= 2
    assert set(guaranteed) == {"A", "B", "引领性"}
    sites = [e for e in firms if "site" in e]
    assert len({e["uscc"] for e in sites}) < len(sites)
    assert any(len({line["industry"] for line in own}) > 1 for own in lines_by_enterprise(rows).values())
    assert any("reduction_note" in line for line in rows["lines"])
    assert 3 < len(rows["lines"]) / enterprises < 5


def test_codes_names_and_points_do_not_come_twice() -> None:
    owners: dict[str, tuple[str, str]] = {}
    for county, enterprises, seed in SIXTY:
        rows = rows_of(county, enterprises, seed)
        firms = rows["enterprises"]
        for e in firms:
            assert owners.setdefault(e["uscc"], (county, e["name"])) == (county, e["name"])
            assert e["list_id"].startswith(f"{county}-G-")
            assert "permit_no" not in e or (len(e["permit_no"]) == 22 and e["permit_no"].startswith(e["uscc"]))
        assert len({(e["uscc"], e.get("site")) for e in firms}) == enterprises
        assert len({e["uscc"] for e in firms}) == len({e["name"] for e in firms})
        ids = [row["list_id"] for sheet in ("enterprises", "removals", "dust", "mobile") for row in rows[sheet]]
        ids += [line["line_id"] for line in rows["lines"]]
        assert len(set(ids)) == len(ids)
        assert max(Counter(e["phone"] for e in firms).values()) <= 3
        assert max(Counter(e["supervisor_phone"] for e in firms).values()) <= 3
        points = [(row["longitude"], row["latitude"]) for sheet in ("enterprises", "dust") for row in rows[sheet]]
        assert len(set(points)) == len(points)
        centre = [statistics.median(own) for own in zip(*points, strict=True)]
        for longitude, latitude in points:
            assert len(f"{longitude}".partition(".")[2]) >= 4
            assert len(f"{latitude}".partition(".")[2]) >= 4
            east = (longitude - centre[0]) * 111.2 * math.cos(math.radians(latitude))
            assert math.hypot(east, (latitude - centre[1]) * 111.2) < 20


@pytest.mark.parametrize(("county", "enterprises", "seed"), CASES)
def test_sums_agree(county: str, enterprises: int, seed: int) -> None:
    rows = rows_of(county, enterprises, seed)
    lines = lines_by_enterprise(rows)
    for e in rows["enterprises"]:
        own = lines[e["list_id"]]
        assert 1 <= len(own) <= 10
        for pollutant in POLLUTANTS:
            total = sum(line[f"{pollutant}_daily"] * line["run_days"] for line in own) / 1000
            assert e[f"{pollutant}_annual"] == pytest.approx(total, abs=0.0006)
            if e["long_idle"] == "是":
                assert total == 0
    for line in rows["lines"]:
        assert line["yellow_ratio"] <= line["orange_ratio"] <= line["red_ratio"]
        for level in LEVELS:
            for pollutant in POLLUTANTS:
                cut = line.get(f"{level}_{pollutant}_cut")
                if cut is not None:
                    assert cut == OFFERED["lines", f"{level}_{pollutant}_cut"].value(line)
                    assert "reduction_note" in line
        if line["indicator"] != "无":
            for level in LEVELS:
                alert, normal = line[f"{level}_indicator"], line["indicator_normal"]
                slower = -1 if line["indicator"] == "出焦时间" else 1
                assert (alert * slower < normal * slower) == (line[f"{level}_ratio"] > 0)
    for t in rows["transport"]:
        assert t["trucks"] == sum(t[f"trucks_{stage}"] for stage in ("cn4", "cn5", "cn6", "new_energy"))
    for d in rows["dust"]:
        assert 0 < d["yellow_dust_cut"] < d["orange_dust_cut"] < d["red_dust_cut"] < d["pm_daily"]


def test_emissions_of_an_industry_are_all_of_one_order_or_all_zero() -> None:
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for case in [*SIXTY, DENSE]:
        rows = rows_of(*case)
        idle = {e["list_id"] for e in rows["enterprises"] if e["long_idle"] == "是"}
        for line in rows["lines"]:
            if line["list_id"] not in idle:
                for pollutant in POLLUTANTS:
                    found[line["industry"], pollutant].append(line[f"{pollutant}_daily"])
    assert {industry for industry, _ in found} <= {*RULES.values["industries"], NOT_KEY}
    for key, own in found.items():
        assert max(own) < 500 * min(own) or max(own) == 0, key


@pytest.mark.parametrize(("county", "enterprises", "seed"), SIXTY)
def test_measures_are_as_strong_as_the_guide_asks(county: str, enterprises: int, seed: int) -> None:
    rows = rows_of(county, enterprises, seed)
    guaranteed = {line_id for g in rows["guarantee"] for line_id in g.get("line_ids", "").split("、")}
    idle = {e["list_id"] for e in rows["enterprises"] if e["long_idle"] == "是"}
    names = {name: level for level, name in LEVEL_NAMES.items()}
    for list_id, own in lines_by_enterprise(rows).items():
        for line in own:
            if line["line_id"] in guaranteed or list_id in idle:
                continue
            for entry in RULES.tables["measures"]:
                scheme = entry["industry"], entry["subtype"], entry["grade"]
                if scheme == (line["industry"], line.get("subtype", ""), line["grade"]):
                    assert line[f"{names[entry['level']]}_ratio"] >= float(entry["min_ratio_percent"] or 0)
            if line["grade"] in ("A", "引领性"):
                assert {line[f"{level}_type"] for level in LEVELS} == {"自主减排"}
            for level in LEVELS:
                type_, ratio = line[f"{level}_type"], line[f"{level}_ratio"]
                assert type_ != "停产" or (ratio == 100 and line["can_pause"] == "是")
                assert (ratio == 0) == (type_ in ("自主减排", "不停产", "仅运输管控"))


@pytest.mark.parametrize(("county", "enterprises", "seed"), CASES)
def test_grades_follow_the_procedure(county: str, enterprises: int, seed: int) -> None:
    rows = rows_of(county, enterprises, seed)
    lines = lines_by_enterprise(rows)
    latest = {change["list_id"]: change for change in rows["changes"]}
    for e in rows["enterprises"]:
        own = lines[e["list_id"]]
        assert (e["industry"], e.get("subtype")) in {(line["industry"], line.get("subtype")) for line in own}
        for row in (e, *own):
            scheme = RULES.schemes.get((row["industry"], row.get("subtype", "")))
            assert row["grade"] in (scheme["grades"].split("|") if scheme else [UNGRADED])
        if e["industry"] == NOT_KEY:
            assert {line["industry"] for line in own} == {NOT_KEY}
            codes = {code for row in RULES.industries for code in row["gbt4754_codes"].split(";")}
            assert e["industry_code"] not in codes
            continue
        assert RULES.grade_order[e["grade"]] == max(RULES.grade_order.get(line["grade"], 0) for line in own)
        assert (e["fixed_by"] == "省生态环境厅") == (e["grade"] in RULES.high_grades)
        assert e.get("applied_grade", e["grade"]) == e["grade"]
        assert e["fixed_on"] <= e["plan_filed_on"] < dt.date(2020, 8, 10)
        if e["filing"] == "未申报" or e["fraud"] == "是":
            assert e["grade"] in ("D", "非引领性")
        assert e["bar"] == "无" or e["grade"] not in RULES.high_grades
        assert e["list_id"] not in latest or latest[e["list_id"]]["new_grade"] == e["grade"]


@pytest.mark.parametrize(("county", "enterprises", "seed"), SIXTY)
def test_guaranteed_plants_keep_to_their_task(county: str, enterprises: int, seed: int) -> None:
    rows = rows_of(county, enterprises, seed)
    lines = lines_by_enterprise(rows)
    firms = {e["list_id"]: e for e in rows["enterprises"]}
    owners = {g["list_id"] for g in rows["guarantee"]}
    assert owners == {e["list_id"] for e in firms.values() if e["guaranteed"] == "是"} | {
        d["list_id"] for d in rows["dust"] if d["key_project"] == "是"
    }
    for g in rows["guarantee"]:
        if g["list_id"] not in firms:
            assert g["decided_by"] == "省级主管部门会同省生态环境厅"
            continue
        own = lines[g["list_id"]]
        named = g["line_ids"].split("、")
        assert set(named) <= {line["line_id"] for line in own}
        assert len(named) < len(own) or len(own) == 1
        for line in own:
            assert line["line_id"] in named or line["red_ratio"] > 0 or line["grade"] in ("A", "引领性")
        province = firms[g["list_id"]]["industry"] != NOT_KEY or g["co_disposal"] == "是"
        assert (g["decided_by"] == "省生态环境厅") == province == (g["ministry_filed"] == "是")
        assert dt.date(2020, 7, 1) <= g["decided_on"] <= dt.date(2020, 8, 10)
        fixed_load = any(line["red_type"] in ("以热定产", "以处置定产", "以量定产") for line in own)
        assert fixed_load == ("max_load" in g) == ("load_unit" in g)
        assert not fixed_load or g["max_load"] > 0


def test_long_texts_are_not_copied_between_plants() -> None:
    rows = rows_of(*DENSE)
    plants: dict[str, set[str]] = defaultdict(set)
    for line in rows["lines"]:
        for level in LEVELS:
            text = line[f"{level}_measure"]
            if len(text) >= 12:
                assert line["line_name"] in text
                assert any(character.isdigit() for character in text.removeprefix(line["line_name"]))
                plants[text].add(line["list_id"])
    assert max(len(own) for own in plants.values()) <= 5


@pytest.mark.parametrize("county", COUNTIES)
def test_the_officer_files_before_the_deadline(county: str) -> None:
    officer = make_officer(county, 5, RULES)
    assert set(officer) == {field for field in BOOK_FIELDS if field.startswith("filled")}
    assert RULES.submitting[county] in str(officer["filled_by_office"])
    filled_on = officer["filled_on"]
    assert isinstance(filled_on, dt.date)
    assert dt.date(2020, 8, 10) <= filled_on <= dt.date(2020, 8, 20)
