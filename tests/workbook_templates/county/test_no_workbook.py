"""What arrives in the place of a workbook gets the next step that works for its kind, in plain words."""

import io
import re
import zipfile
from pathlib import Path

import pytest

from tests.odd_workbooks import Odd
from workbook_templates.xlsx.opened import Opened, UnreadableWorkbook, open_workbook


def archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        for name in names:
            package.writestr(name, "x")
    return stream.getvalue()


def strict() -> bytes:
    odd = Odd()
    for name, text in odd.parts.items():
        if name.endswith((".rels", "workbook.xml")):
            odd.parts[name] = re.sub(
                "http://schemas.openxmlformats.org/officeDocument/2006/",
                "http://purl.oclc.org/ooxml/officeDocument/",
                text,
            )
    return odd.data()


KINDS: dict[str, tuple[bytes, str]] = {
    "加密.xlsx": (b"%TSD-Header-###%" + bytes(600), "解密"),
    "亿赛通.xlsx": (b"xx" + b"E-SafeNet   LOCK" + bytes(600), "解密"),
    "报送.rar": (b"Rar!\x1a\x07\x00" + bytes(600), "解压"),
    "报送.7z": (b"7z\xbc\xaf\x27\x1c" + bytes(600), "解压"),
    "报送.zip": (archive("东昌府区.xlsx", "说明.txt"), "解压"),
    "清单.ods": (archive("mimetype", "content.xml"), "另存为 .xlsx"),
    "清单.xlsb": (archive("[Content_Types].xml", "xl/workbook.bin"), "另存为 .xlsx"),
    "清单.numbers": (archive("Index/Document.iwa"), "另存为 .xlsx"),
    "说明.docx": (archive("[Content_Types].xml", "word/document.xml"), "表格原件"),
    "扫描.pdf": (b"%PDF-1.7" + bytes(600), "表格原件"),
    "照片.jpg": (b"\xff\xd8\xff\xe0" + bytes(600), "表格原件"),
    "网页.xls": ("<html><table><tr><td>清单</td></tr></table></html>".encode(), "另存为 .xlsx"),
    "名单.csv": ("企业名称,等级\n甲,A\n".encode("gb18030"), "另存为 .xlsx"),
    "没拷完.xlsx": (bytes(5000), "重新拷贝"),
    "截断.xlsx": (Odd().data()[:3000], "重新拷贝"),
    "严格.xlsx": (strict(), "另存为普通的 .xlsx"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_next_step_that_works_is_said(name: str, tmp_path: Path) -> None:
    data, advice = KINDS[name]
    with pytest.raises(UnreadableWorkbook) as found:
        path = tmp_path / name
        path.write_bytes(data)
        open_workbook(path)
    said = str(found.value)
    assert advice in said
    assert not re.search(r"[A-Za-z]{3,}", re.sub(r"\.[a-z]+|PDF|XML|Excel", "", said.replace(f"“{name}”", ""))), said
    assert "部件" not in said and "目录" not in said


def test_names_that_old_zip_programs_write_are_read() -> None:
    odd = Odd()
    odd.parts["图片/说明.txt"] = "x"
    assert Opened("a.xlsx", odd.data()).sheets
