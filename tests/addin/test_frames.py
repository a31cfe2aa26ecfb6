"""The examples for those who script hold: workbooks as DataFrames, and DataFrames as workbooks and findings."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from addin.frames import check_frames, frames, from_frames
from addin.office.consolidation import consolidate
from addin.office.exporting import export
from addin.problems import Stop
from tests.addin.conftest import COUNTY, fill
from validators.columns import INVENTORY

ON = dt.date(2020, 8, 20)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("frames") / "东昌府区.xlsx", enterprises=6)


def test_a_workbook_becomes_frames_of_declared_types_and_back(county: Path, tmp_path: Path) -> None:
    tables = frames(county)
    assert list(tables) == list(INVENTORY)
    enterprises = tables["enterprises"]
    assert len(enterprises) == 6 and enterprises.index.name == "行" and enterprises.index[0] == 5
    assert str(enterprises["run_days"].dtype) == "Int64" and str(enterprises["so2_annual"].dtype) == "Float64"
    assert str(enterprises["fixed_on"].dtype) == "datetime64[s]" and enterprises["uscc"].dtype == "string"
    assert isinstance(enterprises["grade"].dtype, pd.CategoricalDtype)
    assert "status" not in enterprises
    again = tmp_path / "再来.xlsx"
    from_frames(again, tables, county=COUNTY, year=2020, officer={"filled_on": ON})
    for key, table in frames(again).items():
        pd.testing.assert_frame_equal(table, tables[key])


def test_what_frames_hold_is_checked_whatever_their_columns_are_called(county: Path) -> None:
    tables = frames(county, chinese=True)
    assert check_frames(tables, county=COUNTY, year=2020, on=ON)["severity"].isin(["INFO"]).all()
    sheet = tables["企业基本信息"].assign(校验="", 待确认=None, 校验·1="0")  # as xlwings gives it, with blank rows
    as_it_stands = pd.concat([sheet, pd.DataFrame({"企业名称": [None, None]})])
    found = check_frames({**tables, "企业基本信息": as_it_stands}, county=COUNTY, year=2020, on=ON)
    assert found["severity"].isin(["INFO"]).all()
    wrong = tables["企业基本信息"].assign(**{"经度（°）": 120.0})
    found = check_frames({**tables, "企业基本信息": wrong}, county=COUNTY, year=2020, on=ON)
    assert (found["rule"] == "JB06").sum() == 6 and set(found.loc[found["rule"] == "JB06", "row"]) == set(range(1, 7))


def test_a_city_workbook_says_whose_each_row_is_and_a_submission_has_its_heads(county: Path, tmp_path: Path) -> None:
    city, target = tmp_path / "全市.xlsx", tmp_path / "报省.xlsx"
    consolidate([county], city)
    assert set(frames(city)["lines"].columns) >= {"line_id"}
    assert export(county, target, profile_name="default").manifest
    lines = frames(target)["工业源"]
    assert str(lines["主要污染物排放量（千克/天）_SO2"].dtype) == "Float64" and lines["清单编号"].notna().all()


def test_what_is_no_column_and_no_workbook_is_said(county: Path, tmp_path: Path) -> None:
    with pytest.raises(Stop, match="《企业基本信息》没有“企业名字”这一列"):
        check_frames({"enterprises": pd.DataFrame({"企业名字": ["甲"]})}, county=COUNTY, year=2020)
    with pytest.raises(Stop, match="没有名为“企业”的工作表"):
        from_frames(tmp_path / "a.xlsx", {"企业": pd.DataFrame()}, county=COUNTY, year=2020)
    foreign = tmp_path / "别的.xlsx"
    pd.DataFrame({"企业": ["甲"]}).to_excel(foreign, index=False)
    with pytest.raises(Stop, match="qingdan import"):
        frames(foreign)
