"""References lie in a folder of the inbox or are named on the command line."""

from pathlib import Path

import openpyxl

from addin.reading.inbox import inbox, read_imports, references
from tests.addin.conftest import Run
from validators.references import Import
from workbook_templates.city.city_reader import read_city
from workbook_templates.xlsx.opened import open_workbook


def test_the_folder_of_references_is_not_an_inbox_and_names_say_what_a_file_is(tmp_path: Path) -> None:
    folder = tmp_path / "参考资料"
    folder.mkdir()
    (tmp_path / "县.xlsx").write_bytes(b"x")
    for name in ("2020年排污许可名单.csv", "部复核结果.csv", "省核定结果.csv", "杂项.csv"):
        (folder / name).write_text("企业名称,绩效等级\n甲,A\n", encoding="utf-8")
    (folder / "环境统计.xlsx").write_bytes(b"PK\x03\x04")
    assert inbox([tmp_path]) == [tmp_path / "县.xlsx"]
    found, unknown = references([tmp_path])
    assert [file for file, _ in unknown] == ["杂项.csv"]
    read, wrong = read_imports(found)
    assert [one.kind for one in read if isinstance(one, Import)] == ["排污许可", "省核定结果", "部复核结果"]
    assert [file for file, _ in wrong] == ["环境统计.xlsx"]


def test_references_on_the_command_line(tmp_path: Path, run: Run, county: Path) -> None:
    (tmp_path / "a.csv").write_text("企业名称\n没有填报的厂\n", encoding="utf-8")
    ran = run("consolidate", county, "--out", tmp_path / "全市.xlsx", "--reference", f"市场监管={tmp_path / 'a.csv'}")
    assert "没有填报的厂" in ran.out
    for wrong in ("杂项=a.csv", "市场监管", f"市场监管={tmp_path / '没有.csv'}"):
        ran = run("consolidate", county, "--out", tmp_path / "又.xlsx", "--reference", wrong)
        assert ran.code == 2
        assert ran.err.count("\n") == 1


def test_the_overview_says_by_which_rule_sets_the_results_were_given(tmp_path: Path, run: Run, county: Path) -> None:
    text = "企业名称,绩效等级,评级依据\n甲厂,B,环办大气函〔2020〕340号\n乙厂,B,2026\n丙厂,B,\n丁厂,B,1999\n丁厂1号线,引领性生产线,\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    city = tmp_path / "全市.xlsx"
    run("consolidate", county, "--out", city, "--reference", f"省核定结果={tmp_path / 'a.csv'}")
    said = [str(cell) for row in openpyxl.load_workbook(city)["总览"].iter_rows(values_only=True) for cell in row]
    assert "核定、复核结果所依据的规则集：2020 3 条，2026 1 条，“1999”（本机没有） 1 条" in said
    kept, _ = read_city(open_workbook(city))
    assert [one.ruleset for one in kept.imports.rows("省核定结果")] == [
        "环办大气函〔2020〕340号",
        "2026",
        "",
        "1999",
        "",
    ]
