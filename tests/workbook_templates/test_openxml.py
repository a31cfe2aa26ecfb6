"""Excel would not repair it: every workbook we write passes the Open XML SDK's validator and our own lint."""

import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from addin.cli.app import main
from addin.office.consolidation import consolidate
from addin.office.exporting import submit
from tests.addin.conftest import fill
from tests.inventory import write_file
from tests.workbook_templates.openxml import lint
from validators import ruleset
from workbook_templates.city.ruleset_workbook import write_law
from workbook_templates.county.template import write_county

TOOL = Path(__file__).parents[1] / "tools" / "node_modules" / "@xarsh" / "ooxml-validator-linux-x64" / "ooxml-validator"
EXCEPTIONS: list[dict[str, str]] = yaml.safe_load(Path(__file__).with_name("openxml.yaml").read_text("utf-8"))
RULES = ruleset.load("2020")


@pytest.fixture(scope="module")
def validate() -> Callable[[list[Path]], list[dict[str, Any]]]:
    """`validate(files)`: the errors that the Open XML SDK finds."""
    if not TOOL.exists() and not os.environ.get("CI"):
        pytest.skip("没有 Open XML SDK 校验程序：请在 tests/tools 里执行 npm ci")
    assert TOOL.exists(), "CI must have the Open XML SDK validator: npm ci in tests/tools"

    def errors(files: list[Path]) -> list[dict[str, Any]]:
        found = []
        for file in files:
            ran = subprocess.run([str(TOOL), str(file)], capture_output=True, check=False, timeout=300)
            report = json.loads(ran.stdout)
            assert report["ok"] == (not report["errors"])
            found += report["errors"]
        return found

    return errors


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every kind of workbook that we write: each division's empty one among them."""
    folder = tmp_path_factory.mktemp("openxml")
    made = []
    for year in ruleset.years():
        rules = ruleset.load(year)
        for county in rules.submitting:
            made.append(folder / f"{year}-{county}.xlsx")
            with made[-1].open("wb") as file:
                write_county(file, county=county, ruleset=rules, round_="首报", revision=1, enterprises=1)
    inbox = folder / "inbox"
    inbox.mkdir()
    filled = [fill(inbox / f"{county}.xlsx", county=county, enterprises=6) for county in RULES.submitting]
    done = consolidate([inbox], folder / "全市.xlsx", overwrite=False)
    submitted = submit(done.city, done.findings, folder / "报省.xlsx", profile_name="default", overwrite=False)
    assert submitted.manifest is not None
    made += [filled[0], folder / "全市.xlsx", folder / "报省.xlsx", folder / "规则集.xlsx"]
    with made[-1].open("wb") as file:
        write_law(file, RULES)
    return made


def excuse(error: dict[str, Any]) -> str | None:
    """The reason of the exception that an error is, if it is one."""
    for one in EXCEPTIONS:
        if one["id"] == error["id"] and one["says"] in error["description"]:
            return one["reason"]
    return None


def test_the_open_xml_sdk_finds_nothing_but_named_exceptions(
    validate: Callable[[list[Path]], list[dict[str, Any]]], files: list[Path]
) -> None:
    # the counties' empty workbooks differ in their lists and names alone, which the lint reads in all of them
    empty: dict[str, list[Path]] = {}
    for file in files:
        empty.setdefault(file.name.partition("-")[0], []).append(file)
    errors = validate([file for alike in empty.values() for file in {alike[0]: 0, alike[-1]: 0}])
    assert [error for error in errors if excuse(error) is None] == []
    assert {one["reason"] for one in EXCEPTIONS} == {excuse(error) for error in errors}


def test_the_validator_is_awake(validate: Callable[[list[Path]], list[dict[str, Any]]], tmp_path: Path) -> None:
    good = fill(tmp_path / "好.xlsx")
    broken = changed(good, tmp_path / "坏.xlsx", SHEET, b"<sheetFormatPr", b"<sheetFormat")
    assert validate([broken])


def test_the_lint_finds_nothing(files: list[Path]) -> None:
    assert {path.name: faults for path in files if (faults := lint(path))} == {}


def changed(source: Path, target: Path, part: str, old: bytes, new: bytes) -> Path:
    """A copy of a workbook with something in a part replaced everywhere."""
    with zipfile.ZipFile(source) as package, zipfile.ZipFile(target, "w") as copy:
        for name in package.namelist():
            data = package.read(name)
            if name == part:
                assert old in data
                data = data.replace(old, new)
            copy.writestr(name, data)
    return target


BOOK, SHEET, TABLE = "xl/workbook.xml", "xl/worksheets/sheet2.xml", "xl/tables/table1.xml"


@pytest.mark.parametrize(
    ("part", "old", "new", "said"),
    [
        (TABLE, 'name="企业名称"', 'name="企业名"', "is not 企业名"),
        (TABLE, 'id="1" name="表_', 'id="2" name="表_', "twice"),
        (TABLE, '<calculatedColumnFormula>', '<calculatedColumnFormula>1+', "another formula"),
        (BOOK, 'name="填报人"', 'name="TAX2024"', "TAX2024"),
        (BOOK, 'name="填报人"', 'name="填报日期"', "twice"),
        (BOOK, "_xlfn.ISFORMULA", "ISFORMULA", "function ISFORMULA"),
        (BOOK, "IFERROR(", "_xlfn.IFERROR(", "function _xlfn.IFERROR"),
        (BOOK, 'name="生产线减排措施"', 'name="企业基本信息"', "sheet name twice"),
        (BOOK, "<workbookView ", '<workbookView activeTab="9" ', "active"),
        (SHEET, 'promptTitle="', f'promptTitle="{"题" * 32}', "promptTitle"),
        (SHEET, ' error="', f' error="{"错" * 255}', "error too long"),
        (SHEET, "<formula1>", "<formula1>=", "begins with ="),
        (SHEET, 'dxfId="', 'dxfId="9', "conditional format"),
        (SHEET, ' s="', ' s="99', "format of"),
        (SHEET, '<row r="6"', '<row r="4"', "row 4"),
        (SHEET, '<c r="C6"', '<c r="B6"', "out of order"),
        (SHEET, "<oddFooter>", f"<oddFooter>{'页' * 256}", "foot"),
        (SHEET, '<mergeCell ref="', '<mergeCell ref="A4:B4"/><mergeCell ref="', "over a merge"),
    ],
)  # fmt: skip
def test_the_lint_is_awake(tmp_path: Path, part: str, old: str, new: str, said: str) -> None:
    good = fill(tmp_path / "好.xlsx")
    bad = changed(good, tmp_path / "坏.xlsx", part, old.encode(), new.encode())
    assert any(said in fault for fault in lint(bad)), lint(bad)[:5]


def test_the_open_xml_sdk_finds_nothing_in_documents(
    validate: Callable[[list[Path]], list[dict[str, Any]]], tmp_path: Path
) -> None:
    """Every kind of document, with its loops run through, and the sets that bind them."""
    commands = (
        ("plans", fill(tmp_path / "清单.xlsx", enterprises=31)),
        (
            "papers",
            write_file(tmp_path / "分级.xlsx", {"applications": [{}, {"applied_grade": "D", "filing": "申请表"}]}),
        ),
    )
    for command, file in commands:
        assert main([command, str(file), "--out", str(tmp_path / command)]) in (0, 1)
    assert main(["template", "documents", "--out", str(tmp_path / "模板")]) == 0
    documents = sorted(tmp_path.rglob("*.docx"))
    assert {path.stem.rpartition("附件")[2][:1] for path in documents} >= set("1235")
    bound = [path for path in documents if path.stem.endswith("合订本")]
    alone = {path.stem.rpartition("_")[2]: path for path in documents if path not in bound}  # one of each kind
    assert validate([*bound, *alone.values()]) == []
