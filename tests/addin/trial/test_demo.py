"""The demo goes all the way, says so, and can be run again."""

import json
import zipfile
from pathlib import Path

from addin.trial import demo
from tests.addin.conftest import RULES, Run, fill
from workbook_templates.samples.sample_inventory import make_rows


def test_every_group_of_rules_has_a_planted_fault() -> None:
    groups = {fault.rule[:2] for fault in demo.PLANTED}
    assert groups == {"GS", "JB", "PJ", "BZ", "CS", "JP", "YS", "YC", "YD"}
    rows = make_rows(demo.FAULTY_COUNTY, 60, 6, RULES)
    assert {rule for rule, _ in demo.plant(rows)} == {fault.rule for fault in demo.PLANTED}


def test_the_journey_goes_as_expected_and_can_be_run_again(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "演示"
    code, out, err = run("demo", "--out", folder, "--json")
    found = json.loads(out)
    assert (code, err, found["verdict"]) == (0, "", "通过"), out
    assert [one["step"] for one in found["steps"]] == [
        "生成空白模板", "填报", "校验", "汇总", "导出", "审计报省清单", "把一格改成公式再审计",
        "绩效分级：申报、审查和核查", "绩效分级：抽取现场核查名单", "绩效分级：省里核定", "绩效分级：按结果更新清单", "绩效分级：一厂一策和公开目录",
        "旧清单：学布局、导入", "来件：两个乡镇各填一部分，合并", "填进省里的空白表，审计",
    ]  # fmt: skip
    assert f"{len(demo.PLANTED)} 处埋下的找到 {len(demo.PLANTED)} 处" in found["steps"][2]["result"]
    assert len(list((folder / demo.FILLED).iterdir())) == len(RULES.submitting)
    manifest = json.loads((folder / (demo.SUBMISSION + ".manifest.json")).read_text(encoding="utf-8"))
    (exclusion,) = manifest["exclusions"]
    assert exclusion["county"] == demo.FAULTY_COUNTY and "退回改正" in exclusion["reason"]
    assert {path.name for path in (folder / demo.GRADING).iterdir()} == {
        demo.INVENTORY_FILE, demo.APPLIED, demo.VISITS, demo.RESULTS_FILE, demo.FIXED, demo.YEAR_END, demo.NEXT_FILE, demo.GUARANTEED_FILE,
        "附件1至5", "一厂一策", "公开目录",
    }  # fmt: skip
    assert found["steps"][-1]["result"].endswith("通过")
    assert json.loads((folder / demo.ELSEWHERE / (demo.FILLED_BLANK + ".manifest.json")).read_text("utf-8"))["blank"]
    demo.clear(folder, RULES)
    assert list((folder / demo.FILLED).iterdir()) == []


def test_a_folder_of_somebody_else_s_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "重要.txt").write_text("别动")
    code, _, err = run("demo", "--out", tmp_path)
    assert code == 2 and "不是演示建立的" in err
    assert [path.name for path in tmp_path.iterdir()] == ["重要.txt"]


def test_a_step_that_did_not_go_as_expected_is_marked() -> None:
    steps = [
        demo.Stage(step="校验", result="10 个区县通过", expected=True, seconds=1.0),
        demo.Stage(step="汇总", result="有错误", expected=False, seconds=2.0),
    ]
    shown = demo.DemoMade(out="demo", steps=steps, verdict="不通过")
    assert list(shown.lines())[1:3] == [
        "  ✓ 校验    1.0 秒  10 个区县通过",
        "  ✗ 汇总    2.0 秒  有错误",
    ]
    assert shown.code == 1


def test_one_cell_is_altered(tmp_path: Path) -> None:
    source, target = fill(tmp_path / "原件.xlsx", enterprises=1), tmp_path / "改过.xlsx"
    assert demo.alter(source, target)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target) as new:
        assert [name for name in old.namelist() if old.read(name) != new.read(name)] == ["xl/worksheets/sheet1.xml"]
