"""Whatever is handed in: findings or one plain Chinese line, the right exit code, nothing half-written.

Reading happens in a child with a limit on memory; a test that hit the limit on time would say so in its line.
"""

import errno
import io
import json
import os
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.addin.conftest import COUNTY, RULES, Run, fill
from workbook_templates.samples.sample_inventory import make_rows

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
ENTERPRISES = "xl/worksheets/sheet2.xml"
Change = Callable[[dict[str, bytes]], None]


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_macros(parts: dict[str, bytes]) -> None:
    old = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert old in parts["[Content_Types].xml"]
    types = parts["[Content_Types].xml"].replace(old, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml")
    extra = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/><Override'
    parts["[Content_Types].xml"] = types.replace(b"<Override", extra, 1)
    parts["xl/vbaProject.bin"] = OLE


def as_xlsb(parts: dict[str, bytes]) -> None:
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"xl/workbook.xml", b"xl/workbook.bin")
    old = b'/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'
    assert old in parts["[Content_Types].xml"]
    binary = b'/xl/workbook.bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main'
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(old, binary)
    parts["xl/workbook.bin"] = b"\x83\x01\x00" + parts.pop("xl/workbook.xml")


def with_doctype(parts: dict[str, bytes]) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<worksheet'
    parts[ENTERPRISES] = parts[ENTERPRISES].replace(b"<worksheet", bomb, 1)


def with_bomb(parts: dict[str, bytes]) -> None:
    parts[ENTERPRISES] = parts[ENTERPRISES].replace(b"</sheetData>", b" " * (150 << 20) + b"</sheetData>")


def changed(path: Path, change: Change) -> bytes:
    parts = parts_of(path)
    change(parts)
    return packed(parts)


def doubled(path: Path) -> bytes:
    target = io.BytesIO(path.read_bytes())
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as archive:
        warnings.simplefilter("ignore")  # zipfile says that the name is a duplicate, which is the point
        archive.writestr(ENTERPRISES, b"<worksheet/>")
    return target.getvalue()


def lying(path: Path) -> bytes:
    """A bomb whose directory and header claim a small part."""
    size = len(parts_of(path)[ENTERPRISES])
    content = bytearray(changed(path, with_bomb))
    true = struct.pack("<L", size + (150 << 20))
    for found in [one.start() for one in re.finditer(re.escape(true), content)]:
        content[found : found + 4] = struct.pack("<L", size)
    return bytes(content)


UNREADABLE: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "不是压缩包.xlsx": (lambda path: "这不是工作簿".encode() * 100, "不是 .xlsx 工作簿"),
    "没下载完.xlsx": (lambda path: path.read_bytes()[: path.stat().st_size // 2], "不完整"),
    "空的.xlsx": (lambda path: b"", "0 字节"),
    "加密.xlsx": (lambda path: OLE + "EncryptedPackage".encode("utf-16le"), "打开密码"),
    "旧式.xls": (lambda path: OLE + "Workbook".encode("utf-16le"), "另存为 .xlsx"),
    "金山.et": (lambda path: OLE + "Workbook".encode("utf-16le"), "另存为 .xlsx"),
    "带宏.xlsm": (lambda path: changed(path, with_macros), "含有宏"),
    "二进制.xlsb": (lambda path: changed(path, as_xlsb), "另存为"),
    "文本.csv": (lambda path: "清单编号,企业名称\n1,甲\n".encode("gbk"), "不是 .xlsx 工作簿"),
    "炸弹.xlsx": (lambda path: changed(path, with_bomb), "异常庞大"),
    "说谎的炸弹.xlsx": (lying, "无法读取"),
    "重名部件.xlsx": (doubled, "已损坏"),
    "DOCTYPE.xlsx": (lambda path: changed(path, with_doctype), "DOCTYPE"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_workbook_is_one_line_and_the_others_are_judged(
    run: Run, county: Path, tmp_path: Path, name: str
) -> None:
    make, says = UNREADABLE[name]
    bad = tmp_path / name
    bad.write_bytes(make(county))
    code, out, err = run("check", bad, county, "--json")
    found = json.loads(out)
    assert code == 2
    assert [one["file"] for one in found["files"]] == [county.name]
    assert found["errors"] == [{"file": name, "message": err.strip()}]
    assert f"“{name}”" in err and says in err and err.count("\n") == 1
    assert found["verdict"] == "不通过"


def test_a_folder_instead_of_a_file_is_said(run: Run, tmp_path: Path) -> None:
    code, out, err = run("check", tmp_path)
    assert (code, out) == (2, "")
    assert err == f"“{tmp_path.name}”是文件夹，不是工作簿。请指定其中的 .xlsx 文件。\n"


def test_an_unreadable_file_is_named_when_consolidating_and_when_exporting(
    run: Run, county: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "茌平区.xlsx"
    bad.write_bytes(b"")
    code, out, err = run("consolidate", bad, county, "--out", tmp_path / "全市.xlsx", "--json")
    status = {one["code"]: one["status"] for one in json.loads(out)["counties"]}
    assert code == 2 and "“茌平区.xlsx”" in err
    assert (status["371502"], status["371503"]) == ("已报", "无法读取")
    code, _, err = run("export", bad, "--out", tmp_path / "报省.xlsx")
    assert code == 2 and "“茌平区.xlsx”" in err and err.count("\n") == 1
    assert not (tmp_path / "报省.xlsx").exists()


def findings_of(run: Run, path: Path) -> list[tuple[str, str | None, str | None]]:
    code, out, err = run("check", path, "--json")
    assert err == "" and code in (0, 1)
    found = json.loads(out)
    return [(one["rule"], one["sheet"], one["cell"]) for one in found["findings"] if one["severity"] != "INFO"]


def replaced(old: bytes, new: bytes, part: str = ENTERPRISES) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new, 1)

    return change


def far_cell(reference: str) -> Change:
    row = re.sub(r"\D", "", reference)
    return replaced(b"</sheetData>", f'<row r="{row}"><c r="{reference}"><v>1</v></c></row></sheetData>'.encode())


def many_strings(parts: dict[str, bytes]) -> None:
    more = b"".join(b"<si><t>s%d</t></si>" % number for number in range(3_000_000))
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(b"</sst>", more + b"</sst>")


def many_merges(parts: dict[str, bytes]) -> None:
    more = b"".join(b'<mergeCell ref="C%d:D%d"/>' % (row, row) for row in range(5, 57_005))
    replaced(b"</mergeCells>", more + b"</mergeCells>")(parts)


def formatted_rows(parts: dict[str, bytes]) -> None:
    rows = b"".join(
        b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/></row>' % (row, row) for row in range(2000, 700_000)
    )
    replaced(b"</sheetData>", rows + b"</sheetData>")(parts)


def test_three_million_shared_strings_are_read(run: Run, county: Path, tmp_path: Path) -> None:
    bad = tmp_path / "三百万.xlsx"
    bad.write_bytes(changed(county, many_strings))
    assert findings_of(run, bad) == []


def test_57_000_merged_ranges_are_found(run: Run, county: Path, tmp_path: Path) -> None:
    bad = tmp_path / "合并.xlsx"
    bad.write_bytes(changed(county, many_merges))
    found = findings_of(run, bad)
    assert ("GS07", "企业基本信息", "C5") in found
    assert {rule for rule, _, _ in found} == {"GS07"}
    assert "同类问题还有" in run("check", bad).out


def test_a_used_range_blown_up_by_formats_is_read(run: Run, county: Path, tmp_path: Path) -> None:
    bad = tmp_path / "撑大.xlsx"
    bad.write_bytes(changed(county, formatted_rows))
    assert findings_of(run, bad) == []


@pytest.mark.parametrize("reference", ["XFD1048576", "AD1048576"])
def test_one_stray_cell_far_away_takes_nothing_down(run: Run, county: Path, tmp_path: Path, reference: str) -> None:
    bad = tmp_path / "远格.xlsx"
    bad.write_bytes(changed(county, far_cell(reference)))
    found = findings_of(run, bad)
    rows = {re.sub(r"\D", "", cell) for _, _, cell in found if cell}
    assert rows <= {"1048576"}
    assert bool(rows) == (reference == "AD1048576")  # column AD is one of ours, XFD is not


def test_a_missing_sheet_is_found(run: Run, county: Path, tmp_path: Path) -> None:
    bad = tmp_path / "少一张.xlsx"
    book = parts_of(county)["xl/workbook.xml"]
    tag = re.search(r'<sheet name="移动源"[^>]*>'.encode(), book)
    assert tag
    bad.write_bytes(changed(county, replaced(tag[0], b"", "xl/workbook.xml")))
    assert findings_of(run, bad) == [("GS01", "移动源", None)]


def test_a_renamed_header_is_found(run: Run, county: Path, tmp_path: Path) -> None:
    bad = tmp_path / "改表头.xlsx"
    old, new = ("<t>排放量来源</t>".encode(), "<t>数据来源</t>".encode())
    bad.write_bytes(changed(county, replaced(old, new, "xl/sharedStrings.xml")))
    code, out, _ = run("check", bad, "--json")
    (found,) = [one for one in json.loads(out)["findings"] if one["severity"] == "BLOCKER"]
    assert code == 1
    assert (found["rule"], found["sheet"], found["header"]) == ("GS01", "企业基本信息", "排放量来源")
    code, _, err = run(
        "template", "county", "--county", COUNTY, "--year", "2020", "--revision", "2", "--from", bad,
        "--out", tmp_path / "新版.xlsx",
    )  # fmt: skip
    assert code == 2 and "《企业基本信息》" in err and err.count("\n") == 1


def test_a_workbook_without_rows_is_found(run: Run, tmp_path: Path) -> None:
    assert findings_of(run, fill(tmp_path / "没填.xlsx", rows={})) == [("GS12", "企业基本信息", None)]


def test_rows_of_another_county_are_found(run: Run, tmp_path: Path) -> None:
    bad = fill(tmp_path / "拿错.xlsx", rows=make_rows("371503", 2, 1, RULES))
    assert {"GS11"} == {rule for rule, _, _ in findings_of(run, bad)}


def test_a_workbook_of_another_year_is_found_and_not_adopted(run: Run, county: Path, tmp_path: Path) -> None:
    bad = tmp_path / "去年.xlsx"
    cover = parts_of(county)["xl/worksheets/sheet1.xml"]
    assert cover.count(b"<v>2020</v>") == 1
    bad.write_bytes(changed(county, replaced(b"<v>2020</v>", b"<v>2019</v>", "xl/worksheets/sheet1.xml")))
    code, out, _ = run("check", bad, "--json")
    assert json.loads(out)["files"][0]["year"] == 2019
    other = fill(tmp_path / "茌平区.xlsx", "371503", 2)
    code, out, _ = run("consolidate", bad, other, "--year", "2020", "--out", tmp_path / "全市.xlsx", "--json")
    found = json.loads(out)
    assert code == 1
    assert ("HZ04", "去年.xlsx") in {(one["rule"], one["file"]) for one in found["findings"]}
    assert {one["file"]: one["status"] for one in found["files"]} == {"去年.xlsx": "未采用", "茌平区.xlsx": "采用"}


SAMPLE = ("sample", "--county", COUNTY, "--enterprises", "1")
TEMPLATE = ("template", "county", "--county", COUNTY, "--year", "2020", "--revision", "1", "--rows", "1")


@pytest.fixture(params=["sample", "template", "consolidate", "export"])
def writing(
    request: pytest.FixtureRequest, county: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[object, ...]]:
    """A command that writes `--out`, without that option."""
    # an export writes in a child process, where the disk of these tests would not be broken
    monkeypatch.setattr("addin.office.exporting.each", lambda function, items, **_: [function(*item) for item in items])
    commands: dict[str, tuple[object, ...]] = {
        "sample": SAMPLE,
        "template": TEMPLATE,
        "consolidate": ("consolidate", county),
        "export": ("export", county),
    }
    yield commands[request.param]
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".txt"] == []  # nothing half-written


def test_a_full_disk_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writing: tuple[object, ...]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    # filling a real disk needs a mount, which tests must not need: the disk refuses when the file is flushed
    monkeypatch.setattr("workbook_templates.xlsx.writer.os.fsync", full)
    out = tmp_path / "出.xlsx"
    code, said, err = run(*writing, "--out", out)
    assert (code, said) == (2, "")
    assert err == f"写不了：“{out}”磁盘已满，写不下。请清理出空间，或换一个磁盘。\n"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_read_only_folder_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writing: tuple[object, ...], number: int
) -> None:
    # root may write anywhere, so the refusal is made here
    opened = Path.open

    def refuse(path: Path, mode: str = "r", *rest: object, **more: object) -> object:
        if "x" in mode or "w" in mode:
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, mode, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    out = tmp_path / "出.xlsx"
    code, said, err = run(*writing, "--out", out)
    assert (code, said) == (2, "")
    assert err.startswith(f"写不了：“{out}”") and err.count("\n") == 1
    assert ("只读" if number == errno.EROFS else "没有权限") in err


@pytest.mark.parametrize(
    ("where", "says"), [("没有/出.xlsx", "不存在"), ("文件.txt/出.xlsx", "不存在"), (".", "已存在|文件夹")]
)
def test_a_place_that_cannot_be_written_to_is_one_line(
    run: Run, tmp_path: Path, writing: tuple[object, ...], where: str, says: str
) -> None:
    (tmp_path / "文件.txt").write_text("不是文件夹")
    code, said, err = run(*writing, "--out", tmp_path / where)
    assert (code, said) == (2, "")
    assert re.search(says, err) and err.count("\n") == 1


def test_live_says_that_a_workbook_is_none_of_ours_instead_of_following_another(run: Run, tmp_path: Path) -> None:
    import openpyxl

    openpyxl.Workbook().save(tmp_path / "别的.xlsx")
    code, said, err = run("live", tmp_path / "别的.xlsx")
    assert (code, said) == (2, "")
    assert err.startswith("“别的.xlsx”不是用本工具生成的填报表") and err.count("\n") == 1
