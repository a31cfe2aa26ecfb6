"""`qingdan import` and `qingdan layout`: from a foreign table to a county workbook that is checked and accounted for."""

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.reading.inbox import inbox
from tests.addin.conftest import COUNTY, Run, fill, run
from tests.workbook_templates.layouts.binary_workbook import write_binary
from validators.columns import LETTERS
from workbook_templates.layouts.tables import read_tables
from workbook_templates.xlsx.appearance import FIRST_ROW, GUESSED_HEAD
from workbook_templates.xlsx.fast_reader import GridRows

__all__ = ["run"]

HEADS = [
    "序号",
    "县区",
    "企业名称",
    "统一社会信用代码",
    "管控类型",
    "年运行天数",
    "SO2排放量（千克/年）",
    "红色预警措施",
]
ROWS: list[list[Any]] = [
    [1, "东昌府区", "聊城甲水泥有限公司", "91371500MA3A00000A", "民生豁免-C", 300, 1200, "限产30%"],
    [2, "东昌府区", "聊城乙铸造有限公司", "91371500MA3B00000W", "地方B", 280, 300.5, "停产"],
    ["合计", None, None, None, None, None, 1500.5, None],
]
BLANK = ("--layout", "布局.csv", "--county", COUNTY, "--year", "2020")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(path: str = "旧.xlsx") -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["应急减排清单"])
    for row in (HEADS, *ROWS):
        sheet.append(row)
    workbook.save(path)


def learnt(run: Run, path: str = "旧.xlsx") -> dict[str, Any]:
    code, out, err = run("layout", "learn", path, "--out", "布局.csv", "--json")
    assert code in (0, 1), err
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_foreign_list_becomes_a_county_workbook(run: Run) -> None:
    table()
    found = learnt(run)
    assert (found["sheet"], found["head_rows"], found["grain"]) == ("Sheet", [2], "企业")
    assert [column["means"] for column in found["columns"]] == [
        None, "enterprises.district", "enterprises.name", "enterprises.uscc", "合写.管控类型", "enterprises.run_days",
        "enterprises.so2_annual", "lines.red_measure",
    ]  # fmt: skip
    assert found["columns"][6]["unit"] == "千克/年" and found["columns"][2]["samples"][0] == "聊城甲水泥有限公司"
    code, out, _ = run("import", "旧.xlsx", *BLANK, "--out", "填报.xlsx", "--json")
    done = json.loads(out)
    assert code == 1 and done["rows"] == {"read": 3, "taken": 2, "left": 1} and done["left"][0]["why"] == "合计行"
    assert {column["head"]: column["status"] for column in done["columns"]}["SO2排放量（千克/年）"] == "换算"
    assert any(finding["rule"] == "GS02" for finding in done["findings"])
    guessed = {one["cell"]: one for one in done["guessed"] if one["sheet"] == "生产线减排措施"}
    ratio = guessed[f"{LETTERS['lines']['red_ratio']}{FIRST_ROW}"]
    assert ratio["value"] == 30 and "H3" in ratio["from"]
    book = openpyxl.load_workbook("填报.xlsx")
    sheet = book["企业基本信息"]
    ids = [sheet[f"{LETTERS['enterprises']['list_id']}{row}"].value for row in (FIRST_ROW, FIRST_ROW + 1)]
    trucks = [
        book["运输管控"][f"{LETTERS['transport']['list_id']}{row}"].value for row in range(FIRST_ROW, FIRST_ROW + 3)
    ]
    assert trucks == [*ids, None], "each enterprise needs a row there, and the old list has none"
    kept = book["保障类"][FIRST_ROW]
    assert [cell.value for cell in kept][1:3] == [ids[0], "聊城甲水泥有限公司"]
    assert any("各加了一行" in note for note in done["notes"])
    assert "GS12" not in {one["rule"] for one in done["findings"]}
    heads = {cell.value: cell.column for cell in sheet[FIRST_ROW - 1]}
    assert sheet.cell(FIRST_ROW, heads["SO2年排放量（t/a）"]).value == 1.2
    assert "是否长期停产" in sheet.cell(FIRST_ROW, heads[GUESSED_HEAD]).value
    report = openpyxl.load_workbook("填报.导入报告.xlsx")
    assert [cell.value for cell in report["各行"][4]][2:] == [5, "未取", "合计行"]
    assert "÷ 1000 = 1.2 t/a" in report["换算的格"]["E2"].value


def test_a_workbook_that_was_imported_is_checked_like_any_other(run: Run) -> None:
    table()
    learnt(run)
    run("import", "旧.xlsx", *BLANK, "--out", "填报.xlsx")
    code, out, _ = run("check", "填报.xlsx", "--json")
    found = json.loads(out)
    assert code == 1 and not found["errors"] and not {"GS01", "GS10"} & {one["rule"] for one in found["findings"]}


def test_numbers_stay_when_a_table_is_imported_again(run: Run) -> None:
    table()
    learnt(run)
    run("import", "旧.xlsx", *BLANK, "--out", "填报.xlsx")
    before = [
        row[2]
        for row in openpyxl.load_workbook("填报.xlsx")["企业基本信息"].iter_rows(
            min_row=FIRST_ROW, max_row=6, values_only=True
        )
    ]
    ROWS.insert(0, [0, "东昌府区", "聊城新公司", None, "C", 300, 1, "停产"])
    try:
        table()
    finally:
        ROWS.pop(0)
    assert "已存在" in run("import", "旧.xlsx", *BLANK, "--out", "填报.xlsx").err
    run("import", "旧.xlsx", *BLANK, "--out", "填报.xlsx", "--force")
    after = [
        row[2]
        for row in openpyxl.load_workbook("填报.xlsx")["企业基本信息"].iter_rows(
            min_row=FIRST_ROW, max_row=7, values_only=True
        )
    ]
    assert after[1:] == before and after[0] not in before


def test_a_workbook_in_which_somebody_wrote_is_kept_when_a_new_one_takes_its_place(run: Run) -> None:
    table()
    learnt(run)
    again = ("import", "旧.xlsx", *BLANK, "--out", "填报.xlsx", "--force", "--json")
    run(*again)
    made = Path("填报.xlsx").read_bytes()
    assert not any("另存" in note for note in json.loads(run(*again).out)["notes"])
    assert [path.name for path in Path().glob("填报*存*")] == [] and Path("填报.xlsx").read_bytes() == made
    book = openpyxl.load_workbook("填报.xlsx")
    book["企业基本信息"][f"{LETTERS['enterprises']['contact']}{FIRST_ROW}"] = "张三"
    book.save("填报.xlsx")
    edited = Path("填报.xlsx").read_bytes()
    notes = json.loads(run(*again).out)["notes"]
    (kept,) = Path().glob("填报（* 存）.xlsx")
    assert kept.read_bytes() == edited and any(kept.name in note for note in notes)
    assert inbox([Path()]) == sorted((Path("填报.xlsx"), Path("旧.xlsx"), Path("布局.csv")))


def test_a_layout_that_somebody_edited_is_kept_when_a_new_one_takes_its_place(run: Run) -> None:
    table()
    again = ("layout", "learn", "旧.xlsx", "--out", "布局.csv", "--force")
    run(*again)
    assert "另存" not in run(*again).err
    for command in (again, ("layout", "show", "xingtai", "--out", "布局.csv", "--force")):
        edited = Path("布局.csv").read_bytes() + "甲,企业,,乙,,,\r\n".encode()
        Path("布局.csv").write_bytes(edited)
        said = run(*command).err
        (kept,) = Path().glob("布局（* 存）.csv")
        assert kept.read_bytes() == edited and kept.name in said
        kept.unlink()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_in_any_encoding_is_read(encoding: str) -> None:
    joiner = "\t" if encoding == "utf-16" else ","
    lines = [joiner.join("" if cell is None else str(cell) for cell in row) for row in (HEADS, *ROWS)]
    Path("旧.csv").write_text("\n".join(lines), encoding=encoding)
    foreign = read_tables(Path("旧.csv"))
    assert foreign.blind and foreign.sheets[0].rows[0] == (1, HEADS)
    assert foreign.sheets[0].rows[1][1][2] == "聊城甲水泥有限公司"


MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    "</manifest:manifest>"
)


def opendocument(path: Path) -> None:
    """The table as LibreOffice writes it."""

    def cell(value: Any) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    rows = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in (HEADS, *ROWS))
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="表一">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("META-INF/manifest.xml", MANIFEST)
        package.writestr("content.xml", content)


def test_other_formats_are_read(run: Run) -> None:
    opendocument(Path("旧.ods"))
    assert learnt(run, "旧.ods")["sheet"] == "表一"
    found = json.loads(run("import", "旧.ods", *BLANK, "--out", "填报.xlsx", "--json").out)
    assert found["rows"]["taken"] == 2 and any("公式" in note for note in found["notes"])


def test_a_binary_workbook_is_read_as_the_other_one_is(run: Run) -> None:
    """`write_binary` makes one by hand, which LibreOffice reads alike."""
    table()
    (new,) = read_tables(Path("旧.xlsx")).sheets
    write_binary(Path("旧.xlsb"), "清单", [HEADS, *ROWS])
    read = read_tables(Path("旧.xlsb"))
    assert read.blind and read.sheets[0].title == "清单" and bare(read.sheets[0].rows) == bare(new.rows[1:])
    whole = Path("旧.xlsb").read_bytes()
    Path("断.xlsb").write_bytes(whole[: len(whole) // 2])
    code, out, err = run("layout", "learn", "断.xlsb", "--out", "布局.csv")
    assert code == 2 and not out and "“断.xlsb”读不了" in err and len(err.splitlines()) == 1
    assert not Path("布局.csv").exists()


def test_a_workbook_of_ours_needs_no_layout(run: Run) -> None:
    fill(Path("东昌府区.xlsx"), enterprises=1)
    code, out, err = run("layout", "learn", "东昌府区.xlsx", "--out", "布局.csv")
    assert code == 2 and not out and "是本系统自己的" in err and not Path("布局.csv").exists()


def test_what_comes_next_after_learning_is_said(run: Run) -> None:
    table()
    assert "qingdan import 导入（加 --layout 甲.csv）" in run("layout", "learn", "旧.xlsx", "--out", "甲.csv").out
    Path("空白.csv").write_text(",".join(HEADS) + "\n", encoding="utf-8")
    said = run("layout", "learn", "空白.csv", "--out", "乙.csv").out
    assert "qingdan export 填报表 --into 空白表 --layout 乙.csv" in said and "import" not in said


def test_a_real_old_workbook_is_read_as_the_new_one_is() -> None:
    """`old_list.xls` is the table of this module, saved by LibreOffice as Excel 97 had it."""
    table()
    (new,) = read_tables(Path("旧.xlsx")).sheets
    old = read_tables(Path(__file__).with_name("old_list.xls"))
    assert old.blind and bare(old.sheets[0].rows) == bare(new.rows[1:])


def bare(rows: GridRows) -> list[str]:
    """The cells of each row, without blanks at its end."""
    return ["|".join(map(str, cells)).rstrip("|") for _, cells in rows]


def test_what_is_no_table_is_refused_in_one_line_and_leaves_nothing(run: Run) -> None:
    table()
    learnt(run)
    Path("网页.xls").write_text("<html><table><tr><td>企业名称</td></tr></table></html>", encoding="utf-8")
    Path("坏.xls").write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    Path("坏.ods").write_bytes(b"PK\x03\x04" + b"\0" * 600)
    Path("空.csv").write_text("", encoding="utf-8")
    Path("宏.xlsm").write_bytes(b"")
    Path("图.png").write_bytes(b"")
    Path("横.csv").write_text("企业名称,甲公司,乙公司\n县区,东昌府区,东昌府区\n年运行天数,300,280\n", encoding="utf-8")
    said = {
        "网页.xls": "内容是网页", "坏.xls": "读不了", "坏.ods": "读不了", "空.csv": "找不到布局", "宏.xlsm": "带宏", "图.png": "不是表格",
        "横.csv": "找不到布局", "没有.xlsx": "不存在",
    }  # fmt: skip
    for name, words in said.items():
        code, out, err = run("import", name, *BLANK, "--out", "填报.xlsx")
        assert code == 2 and not out and words in err and len(err.splitlines()) == 1, (name, err)
    assert "没有名为“甲”的布局" in run("import", "旧.xlsx", "--layout", "甲", *BLANK[2:], "--out", "填报.xlsx").err
    assert run("layout", "learn", "横.csv", "--out", "横布局.csv").code == 2
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(("填报", "横布局", "."))) == []


def test_rows_of_a_quarter_of_a_million_are_refused_quickly(run: Run) -> None:
    table()
    learnt(run)
    lines = [",".join(HEADS), *[f"{number},东昌府区,公司{number},,C,300,1,停产" for number in range(200_000)]]
    Path("大.csv").write_text("\n".join(lines), encoding="utf-8")
    code, _, err = run("import", "大.csv", *BLANK, "--out", "填报.xlsx")
    assert code == 2 and "一个区县最多 20000 行" in err


def test_layouts_that_come_with_the_program_are_shown(run: Run) -> None:
    code, out, _ = run("layout", "show")
    assert code == 0 and "xingtai" in out
    assert run("layout", "show", "xingtai", "--out", "行.csv").code == 0
    assert run("layout", "show", "行.csv").out == run("layout", "show", "xingtai").out
