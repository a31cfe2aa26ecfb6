"""Opening packages that nobody vouches for."""

import io
import struct
import warnings
import zipfile

import openpyxl
import pytest

from tests.validators.crafting import BOOK, SHEET, changed, packed, parts_of, plain_workbook
from validators.ooxml import package as opening
from validators.ooxml.package import (
    DamagedError,
    EncryptedError,
    NotPackageError,
    Package,
    PackageError,
    SafeParser,
    TooBigError,
    open_package,
    resolve,
    sheets,
    workbook_part,
)


def opened(data: bytes) -> Package:
    return open_package(io.BytesIO(data))


def read_all(data: bytes) -> None:
    found = opened(data)
    sheets(found)
    for name in found.members:
        for _ in found.chunks(name):
            pass


def parse(data: bytes) -> SafeParser:
    parser = SafeParser("x.xml", lambda name, attributes: None, lambda name: None, lambda text: None)
    parser.feed(data)
    parser.close()
    return parser


def test_a_plain_workbook_opens_without_problems() -> None:
    found = opened(plain_workbook())
    assert found.problems == []
    assert workbook_part(found) == BOOK
    assert [(s.name, s.state, s.part, s.kind) for s in sheets(found)] == [("企业", "visible", SHEET, "worksheet")]


def test_every_writer_is_read_byte_for_byte() -> None:
    target = io.BytesIO()
    openpyxl.Workbook().save(target)
    stored = packed(parts_of(plain_workbook()), zipfile.ZIP_STORED)
    for data in (plain_workbook(), target.getvalue(), stored, plain_workbook(use_zip64=True)):
        found = opened(data)
        assert {name: found.read(name) for name in found.members} == parts_of(data)


def test_sizes_behind_the_data_are_understood() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    target = Pipe()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts_of(plain_workbook()).items():
            archive.writestr(name, data)
    found = opened(target.getvalue())
    assert all(member.flags & 8 for member in found.members.values())
    assert found.problems == []
    read_all(target.getvalue())


def test_what_the_inflater_holds_back_at_the_end_is_read() -> None:
    parts = parts_of(plain_workbook())
    for more in range(0, 600, 3):
        parts["xl/long.xml"] = b"a" * ((1 << 18) + more)
        found = opened(packed(parts))
        assert found.read("xl/long.xml") == parts["xl/long.xml"]


def test_hidden_sheets_are_listed_with_their_state() -> None:
    found = opened(changed(BOOK, '<sheet name="企业"', '<sheet state="veryHidden" name="企业"'))
    assert [s.state for s in sheets(found)] == ["veryHidden"]


@pytest.mark.parametrize(
    ("data", "error", "word"),
    [
        (b"", NotPackageError, "空"),
        ("名称,数量\n甲,1\n".encode(), NotPackageError, "不是 .xlsx"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), NotPackageError, "旧的二进制"),
        (b"\xd0\xcf\x11\xe0" + bytes(60) + "EncryptedPackage".encode("utf-16le"), EncryptedError, "密码"),
        (b"PK\x03\x04", DamagedError, "不完整"),
        (b"PK\x05\x06" + bytes(18), NotPackageError, "不是 .xlsx"),
    ],
)
def test_what_is_not_a_package_is_named(data: bytes, error: type[PackageError], word: str) -> None:
    with pytest.raises(error, match=word):
        opened(data)


def test_every_truncation_is_refused() -> None:
    data = plain_workbook()
    for end in range(0, len(data), 97):
        with pytest.raises(PackageError):
            read_all(data[:end])


def test_every_flipped_byte_of_content_is_noticed() -> None:
    data = plain_workbook()
    found = opened(data)
    for member in found.members.values():
        broken = bytearray(data)
        broken[member.start + member.packed // 2] ^= 0x10
        with pytest.raises(DamagedError):
            list(opened(bytes(broken)).chunks(member.name))


def test_data_before_between_and_after_is_seen() -> None:
    data = plain_workbook()
    assert "结尾之后" in opened(data + b"more").problems[0].what
    with pytest.raises(NotPackageError):
        opened(b"MZ" + data)
    first = parts_of(data)
    gap = io.BytesIO()
    with zipfile.ZipFile(gap, "w") as archive:
        for name, content in first.items():
            archive.writestr(name, content)
            archive.fp.write(b"hidden")  # type: ignore[union-attr] # an open archive has a file
            archive.start_dir = archive.fp.tell()  # type: ignore[union-attr] # likewise
    problems = opened(gap.getvalue()).problems
    assert len(problems) == len(first)
    assert "夹有 6 字节" in problems[0].what


def test_comments_unknown_fields_and_folders_are_problems() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in parts_of(plain_workbook()).items():
            archive.writestr(name, data)
        folder = zipfile.ZipInfo("xl/new/")
        archive.writestr(folder, b"")
        odd = zipfile.ZipInfo("xl/a.xml")
        odd.extra, odd.comment = struct.pack("<2H4s", 0x7075, 4, b"name"), b"note"
        archive.writestr(odd, b"<a/>")
        archive.comment = b"hello"
    words = "\n".join(problem.what for problem in opened(target.getvalue()).problems)
    for word in ("目录条目", "附加字段 0x7075", "条目带有注释", "结尾之后还有 5 字节"):
        assert word in words


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/Workbook.XML", "XL/WORKSHEETS/sheet1.xml"])
def test_names_that_occur_twice_are_refused(name: str) -> None:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w") as archive:
        warnings.simplefilter("ignore")
        for part, data in parts_of(plain_workbook()).items():
            archive.writestr(part, data)
        archive.writestr(name, b"<x/>")
    with pytest.raises(DamagedError, match="重名"):
        opened(target.getvalue())


@pytest.mark.parametrize(
    "name", ["../a.xml", "/a.xml", "xl/../a.xml", "xl\\a.xml", "c:/a.xml", "xl//a.xml", "a.xml.", "甲?"]
)
def test_names_that_escape_are_refused(name: str) -> None:
    with pytest.raises(DamagedError, match="部件名"):
        opened(packed({**parts_of(plain_workbook()), name: b"<x/>"}))


def test_the_two_directories_must_agree() -> None:
    data = bytearray(plain_workbook())
    at = data.rindex(b"PK\x01\x02")
    for offset, value in ((16, 7), (24, 1), (10, 8), (8, 1), (42, 1)):  # CRC, size, method, encrypted, place
        broken = bytearray(data)
        broken[at + offset] ^= value
        with pytest.raises(PackageError):
            read_all(bytes(broken))
    renamed = bytes(data).replace(b"xl/styles.xml", b"xl/stylez.xml", 1)
    with pytest.raises(DamagedError, match="不一致"):
        opened(renamed)


def test_a_zip_bomb_is_refused_before_it_is_inflated() -> None:
    with pytest.raises(TooBigError, match="炸弹"):
        opened(packed({**parts_of(plain_workbook()), "xl/media/bomb.xml": bytes(80 << 20)}))


def test_an_overlapping_bomb_is_refused() -> None:
    data = plain_workbook()
    found = sorted(opened(data).members.values(), key=lambda m: m.header)
    at = data.rindex(b"PK\x01\x02")
    overlapping = data[: at + 42] + struct.pack("<L", found[0].header) + data[at + 46 :]
    with pytest.raises(DamagedError):
        opened(overlapping)


def test_too_many_parts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_PARTS", 5)
    with pytest.raises(DamagedError, match="个部件"):
        opened(plain_workbook())


def test_a_part_over_the_callers_limit_is_refused() -> None:
    with pytest.raises(TooBigError, match="超过上限 10 字节"):
        list(opened(plain_workbook()).chunks(SHEET, 10))


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>',
        "<a/>".encode("utf-16"),
        "<a/>".encode("utf-16le"),
        b"<a>\xb0\xa1</a>",
        b"<a>&b;</a>",
        b"<a><b></a>",
        b"<a/><b/>",
        b"<a>\x00</a>",
        b"<a b='1' b='2'/>",
        b"",
        b"<x:a/>",
    ],
)
def test_what_is_not_plain_utf8_xml_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedError):
        parse(data)


def test_what_only_an_auditor_minds_is_remarked() -> None:
    parser = parse(b'<?xml version="1.0" encoding="GBK"?><a><!-- b --><![CDATA[c]]><?d e?></a>')
    assert sorted(parser.remarks.values()) == [1, 1, 1, 1]
    assert parse(b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?><a/>').remarks == {}


def test_depth_tag_count_and_token_length_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooBigError):
        parse(b"<a>" * 10_000)
    with pytest.raises(TooBigError):
        parse(b'<a b="' + b"x" * (5 << 20))
    monkeypatch.setattr(opening, "MAX_TAGS", 10)
    with pytest.raises(TooBigError):
        parse(b"<a>" + b"<b/>" * 20 + b"</a>")


def test_names_come_with_known_prefixes_whatever_the_file_calls_them() -> None:
    names: list[object] = []
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parser = SafeParser("x", lambda n, a: names.append((n, a)), lambda n: None, lambda t: None)
    parser.feed(f'<q:c xmlns:q="{main}" q:r="1" r="2"><c/><d xmlns="urn:x"/></q:c>'.encode())
    assert names == [("c", {"main:r": "1", "r": "2"}), ("{}c", {}), ("{urn:x}d", {})]


@pytest.mark.parametrize(
    ("source", "target", "part"),
    [
        ("xl/workbook.xml", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
        ("xl/workbook.xml", "/xl/styles.xml", "xl/styles.xml"),
        ("xl/worksheets/sheet1.xml", "../tables/table1.xml", "xl/tables/table1.xml"),
        ("", "xl/workbook.xml", "xl/workbook.xml"),
        ("xl/workbook.xml", "../../a.xml", None),
        ("xl/workbook.xml", "http://example.org/a", None),
        ("xl/workbook.xml", "//server/a", None),
        ("xl/workbook.xml", "", None),
    ],
)
def test_targets_are_resolved_inside_the_package_only(source: str, target: str, part: str | None) -> None:
    assert resolve(source, target) == part


def test_a_tab_without_a_part_is_refused() -> None:
    with pytest.raises(DamagedError, match="企业"):
        sheets(opened(changed(BOOK, 'r:id="rId1"', 'r:id="rId99"')))


def test_a_package_without_a_workbook_is_refused() -> None:
    parts = parts_of(plain_workbook())
    del parts["_rels/.rels"]
    with pytest.raises(NotPackageError, match="主部件"):
        sheets(opened(packed(parts)))
