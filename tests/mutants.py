"""Mutants of a good submission: one small change each, of every kind that somebody might try, and what readers see.

`mutants(data, count, seed)` gives (kind, what was done, bytes). The same seed gives the same mutants.
"""

import io
import random
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import openpyxl
import python_calamine

Parts = dict[str, bytes]
Change = Callable[[random.Random, bytes, Parts], tuple[str, bytes]]
"""Makes one mutant from the archive and its parts: what was done, and the new archive."""

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
SHEET = "xl/worksheets/sheet{}.xml"


def parts_of(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts, **options: Any) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = options.get("method", zipfile.ZIP_DEFLATED)
            archive.writestr(info, data)
        archive.comment = options.get("comment", b"")
    return target.getvalue()


def _spot(rng: random.Random, text: bytes, pattern: bytes) -> re.Match[bytes]:
    """One of the places where a pattern fits."""
    return rng.choice(list(re.finditer(pattern, text)))


def _replaced(parts: Parts, name: str, match: re.Match[bytes], new: bytes) -> bytes:
    text = parts[name]
    return packed({**parts, name: text[: match.start()] + new + text[match.end() :]})


def _sheet(rng: random.Random, parts: Parts) -> str:
    return rng.choice([name for name in parts if name.startswith("xl/worksheets/") and b"<v>" in parts[name]])


def archive_byte(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    place, mask = rng.randrange(len(data)), rng.randrange(1, 256)
    return f"字节 {place} 异或 {mask:#04x}", data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


def directory_byte(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    start = data.rindex(b"PK\x05\x06") - 46 * len(parts)
    place, mask = rng.randrange(start, len(data)), rng.randrange(1, 256)
    return f"目录区字节 {place} 异或 {mask:#04x}", data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


def part_byte(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = rng.choice(list(parts))
    text = parts[name]
    place, byte = rng.randrange(len(text)), rng.randrange(32, 127)
    if text[place] == byte:
        byte = 126 if byte != 126 else 33
    return f"{name} 第 {place} 字节改成 {chr(byte)}", packed(
        {**parts, name: text[:place] + bytes([byte]) + text[place + 1 :]}
    )


def cell_value(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = _sheet(rng, parts)
    match = _spot(rng, parts[name], rb"<v>([^<]*)</v>")
    new = rng.choice(
        [b"0", b"1", b"2", b"7", b"-1", b"0.5", b"1e3", b"12345678901234567890", b"", b" 1", b"=1", b"1e999", b"#REF!"]
    )
    if new == match[1]:
        new = b"3"
    return f"{name} 一个值由 {match[1].decode()} 改成 {new.decode()}", _replaced(
        parts, name, match, b"<v>" + new + b"</v>"
    )


def shared_text(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = "xl/sharedStrings.xml"
    match = _spot(rng, parts[name], rb"<t[^>]*>([^<]*)</t>")
    new = rng.choice(
        ["", "改", "=1+1", "@SUM(A1)", " 前空格", "_x0041_", "&amp;", "12", "a&#10;b", "\u202e反", "\u200b"]
    )
    inner = f"<t>{new}</t>".encode()
    return f"一条共享文字改成「{new}」", _replaced(parts, name, match, inner)


def cell_type(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = _sheet(rng, parts)
    match = _spot(rng, parts[name], rb'<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?( t="s")?>')
    kind = rng.choice(["str", "b", "e", "inlineStr", "d", "x", "n" if match[1] else "s"])
    new = match[0].replace(b' t="s"', b"")[:-1] + f' t="{kind}">'.encode()
    return f"{name} 一格的类型改成 {kind}", _replaced(parts, name, match, new)


def number_format(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    if rng.random() < 0.5:
        name = _sheet(rng, parts)
        match = _spot(rng, parts[name], rb'<c r="([A-Z]+[0-9]+)"(?: s="([0-9]+)")?')
        style = rng.choice([n for n in range(5) if str(n).encode() != (match[2] or b"0")])
        new = b'<c r="' + match[1] + f'" s="{style}"'.encode()
        return f"{name} 一格的样式改成 {style}", _replaced(parts, name, match, new)
    name = "xl/styles.xml"
    if rng.random() < 0.5:
        match = _spot(rng, parts[name], rb'formatCode="[^"]*"')
        new = rng.choice([";;;", "0", "General", "0.0,,", "&quot;x&quot;", "@", "[White]0", "d/m/yy", "0%"])
        return f"数字格式改成 {new}", _replaced(parts, name, match, f'formatCode="{new}"'.encode())
    match = _spot(rng, parts[name], rb'<xf numFmtId="([0-9]+)"')
    id_ = rng.choice([i for i in (0, 1, 2, 9, 14, 22, 49) if str(i).encode() != match[1]])
    return f"一种样式的数字格式改成内置 {id_}", _replaced(parts, name, match, f'<xf numFmtId="{id_}"'.encode())


ADDED = [
    ("xl/vbaProject.bin", "application/vnd.ms-office.vbaProject", "http://schemas.microsoft.com/office/2006/relationships/vbaProject"),
    ("xl/macrosheets/sheet1.xml", "application/vnd.ms-excel.macrosheet+xml", "xlMacrosheet"),
    ("xl/externalLinks/externalLink1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml", "externalLink"),
    ("xl/connections.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.connections+xml", "connections"),
    ("xl/embeddings/oleObject1.bin", "application/vnd.openxmlformats-officedocument.oleObject", "oleObject"),
    ("xl/activeX/activeX1.xml", "application/vnd.ms-office.activeX+xml", "control"),
    ("xl/media/image1.png", "image/png", "image"),
    ("xl/drawings/drawing1.xml", "application/vnd.openxmlformats-officedocument.drawing+xml", "drawing"),
    ("xl/charts/chart1.xml", "application/vnd.openxmlformats-officedocument.drawingml.chart+xml", "chart"),
    ("xl/comments1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml", "comments"),
    ("xl/worksheets/sheet99.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml", "worksheet"),
    ("customXml/item1.xml", "application/xml", "customXml"),
    ("xl/pivotCache/pivotCacheDefinition1.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotCacheDefinition+xml", "pivotCacheDefinition"),
    ("xl/calcChain.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml", "calcChain"),
    ("xl/printerSettings/printerSettings1.bin", "application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings", "printerSettings"),
    ("docProps/custom.xml", "application/vnd.openxmlformats-officedocument.custom-properties+xml", "custom-properties"),
    ("xl/metadata.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheetMetadata+xml", "sheetMetadata"),
    ("read.me", "text/plain", "other"),
    ("xl/theme/theme1.xml", "application/vnd.openxmlformats-officedocument.theme+xml", "theme"),
]  # fmt: skip


def added_part(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name, content, relation = rng.choice(ADDED)
    parts = dict(parts)
    types, rels = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    said = rng.choice(["有登记、有关系", "只有登记", "只有关系", "什么都没有"])
    if "登记" in said:
        override = f'<Override PartName="/{name}" ContentType="{content}"/></Types>'
        parts[types] = parts[types].replace(b"</Types>", override.encode())
    if "关系" in said:
        kind = relation if ":" in relation else OFFICE + relation
        link = f'<Relationship Id="rIdX" Type="{kind}" Target="/{name}"/></Relationships>'
        parts[rels] = parts[rels].replace(b"</Relationships>", link.encode())
    parts[name] = rng.choice([b"", b"<x/>", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"MZ", b"<f>1+1</f>"])
    return f"加入部件 {name}（{said}）", packed(parts)


ATTRIBUTES = [
    'hidden="1"', 'hidden="true"', 'state="hidden"', 'state="veryHidden"', 'ht="0"', 'width="0"', 'collapsed="1"', 'cm="1"', 'vm="1"',
    'zeroHeight="1"', 'showZeros="0"', 'visibility="hidden"', 'r:id="rId1"', 'codeName="a"', 'macro="a"', 'updateLinks="always"',
    'date1904="1"', 'fullPrecision="0"', 'showFormulas="1"', 'quotePrefix="1"', 'TargetMode="External"', 'conformance="strict"',
    'x="y"', 'count="9"', 'ph="1"', 'customFormat="1"', 'tableType="xml"', 'refreshOnLoad="1"', 'xml:base="http://a/"',
]  # fmt: skip


def attribute(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = rng.choice(list(parts))
    match = _spot(rng, parts[name], rb"<[a-zA-Z:]+(?=[ />])")
    new = rng.choice(ATTRIBUTES)
    return f"{name} 的 {match[0].decode()[1:]} 加上 {new}", _replaced(
        parts, name, match, match[0] + b" " + new.encode()
    )


def changed_attribute(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = rng.choice(list(parts))
    match = _spot(rng, parts[name], rb' ([a-zA-Z:]+)="([^"]*)"')
    new = rng.choice([b"", b"0", b"1", b"2", b"99", b"true", b"a", match[2] + b"1", match[2][:-1]])
    if new == match[2]:
        new += b"0"
    said = f"{name} 的 {match[1].decode()} 由「{match[2].decode()}」改成「{new.decode(errors='replace')}」"
    return said, _replaced(parts, name, match, b" " + match[1] + b'="' + new + b'"')


def relationship(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = rng.choice([part for part in parts if part.endswith(".rels")])
    if rng.random() < 0.5:
        kind = rng.choice(
            [
                "hyperlink",
                "externalLinkPath",
                "image",
                "oleObject",
                "attachedTemplate",
                "worksheet",
                "styles",
                "vbaProject",
            ]
        )
        target = rng.choice(
            ["http://a.example/", "file:///c:/a.xlsx", "\\\\server\\a", "../a.xlsx", "styles.xml", "/xl/styles.xml"]
        )
        mode = rng.choice([' TargetMode="External"', ""])
        link = f'<Relationship Id="rIdX" Type="{OFFICE}{kind}" Target="{target}"{mode}/></Relationships>'
        text = parts[name].replace(b"</Relationships>", link.encode())
        return f"{name} 加上 {kind} → {target}{mode}", packed({**parts, name: text})
    match = _spot(rng, parts[name], rb'Target="([^"]*)"')
    new = rng.choice(
        ["xl/workbook.xml", "worksheets/sheet2.xml", "styles.xml", "http://a.example/x", "none.xml", "/etc/passwd", ""]
    )
    if new.encode() == match[1]:
        new += "x"
    return f"{name} 的目标由 {match[1].decode()} 改成 {new}", _replaced(parts, name, match, f'Target="{new}"'.encode())


def renamed(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    old = rng.choice(list(parts))
    new = rng.choice(
        [
            old.upper(),
            old + "x",
            "/" + old,
            "../" + old,
            old.replace("/", "\\"),
            old + ".",
            "a/" + old,
            old[:-1],
            old + " ",
        ]
    )
    if new == old:
        new += "y"
    return f"部件 {old} 改名为 {new}", packed({(new if name == old else name): text for name, text in parts.items()})


def appended(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    extra = rng.choice([b"\0", b" ", b"PK\x05\x06", b"<f>", bytes(100)])
    where = rng.choice(["末尾", "开头", "注释", "部件末尾"])
    if where == "末尾":
        return f"文件末尾加 {len(extra)} 字节", data + extra
    if where == "开头":
        return f"文件开头加 {len(extra)} 字节", extra + data
    if where == "注释":
        return "压缩包加注释", packed(parts, comment=extra)
    name = rng.choice(list(parts))
    return f"{name} 末尾加 {len(extra)} 字节", packed({**parts, name: parts[name] + extra})


def rows(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = rng.choice([part for part in parts if part.startswith("xl/worksheets/") and parts[part].count(b"<row ") > 3])
    found = list(re.finditer(rb'<row r="([0-9]+)".*?</row>', parts[name]))
    one, other = sorted(rng.sample(range(1, len(found)), 2))
    first, second = found[one], found[other]
    text = parts[name]
    what = rng.choice(
        ["互换两行（行号随行）", "互换两行（行号改正）", "删一行", "删一行的内容", "重复一行", "互换两格"]
    )
    between = text[first.end() : second.start()]
    if what == "互换两格":
        cells = re.findall(rb"<v>[^<]*</v>", first[0])
        a, b = rng.sample(range(len(cells)), 2)
        new = first[0].replace(cells[a], b"\0", 1).replace(cells[b], cells[a], 1).replace(b"\0", cells[b], 1)
        return f"{name} {what}", packed({**parts, name: text[: first.start()] + new + text[first.end() :]})
    if what == "互换两行（行号改正）":

        def moved(row: re.Match[bytes], number: bytes) -> bytes:
            return re.sub(rb'(r="[A-Z]*)[0-9]+"', rb"\g<1>" + number + b'"', row[0])

        new = moved(second, first[1]) + between + moved(first, second[1])
    else:
        new = {
            "互换两行（行号随行）": second[0] + between + first[0],
            "删一行": between + second[0],
            "删一行的内容": b'<row r="' + first[1] + b'"></row>' + between + second[0],
            "重复一行": first[0] + first[0] + between + second[0],
        }[what]
    return f"{name} {what}", packed({**parts, name: text[: first.start()] + new + text[second.end() :]})


COMPUTED = [
    (rb"</v></c>", b"</v></c>", b"<f>1+1</f>"),
    (rb"</sheetData>", b"</sheetData>", b'<conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>1</formula></cfRule></conditionalFormatting>'),
    (rb"<pageMargins", b"", b'<dataValidations count="1"><dataValidation type="list" sqref="A1"><formula1>A1</formula1></dataValidation></dataValidations>'),
    (rb"<pageMargins", b"", b'<hyperlinks><hyperlink ref="A1" location="B1"/></hyperlinks>'),
    (rb"<pageMargins", b"", b'<mergeCells count="1"><mergeCell ref="A2:C4"/></mergeCells>'),
    (rb"</worksheet>", b"", b'<legacyDrawing r:id="rId1"/>'),
    (rb"</worksheet>", b"", b'<oleObjects><oleObject progId="a" shapeId="1"/></oleObjects>'),
    (rb"</worksheet>", b"", b'<extLst><ext uri="a"><x:y xmlns:x="b"/></ext></extLst>'),
    (rb"<sheetData>", b"", b'<cols><col min="1" max="3" hidden="1"/></cols>'),
    (rb"</worksheet>", b"", b"<headerFooter><oddHeader>&amp;G</oddHeader></headerFooter>"),
]  # fmt: skip


def computed(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    if rng.random() < 0.3:
        name = "xl/workbook.xml"
        text = rng.choice(
            [
                "1+1",
                "SUM(工业源!$A$1)",
                "[1]Sheet1!$A$1",
                'WEBSERVICE("http://a")',
                "#REF!",
                'CALL("a")',
                "cmd|' /C calc'!A0",
            ]
        )
        hidden = rng.choice(["", ' hidden="1"'])
        new = f'<definedName name="n{rng.randrange(9)}"{hidden}>{text.replace(chr(34), "&quot;")}</definedName></definedNames>'
        return f"定义名称 {text}", packed({**parts, name: parts[name].replace(b"</definedNames>", new.encode())})
    name = _sheet(rng, parts)
    pattern, _, new_text = rng.choice(COMPUTED)
    if new_text == b"<f>1+1</f>":
        match = _spot(rng, parts[name], rb"<v>[^<]*</v>")
        return f"{name} 一格加公式", _replaced(parts, name, match, new_text + match[0])
    match = _spot(rng, parts[name], pattern)
    new = match[0] + new_text if pattern == rb"</sheetData>" else new_text + match[0]
    return f"{name} 加上 {new_text[:30].decode()}", _replaced(parts, name, match, new)


def sheet_list(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = "xl/workbook.xml"
    match = _spot(rng, parts[name], rb"<sheet [^>]*/>")
    what = rng.choice(["隐藏", "深藏", "改名", "删去", "重复", "指向别处"])
    new = {
        "隐藏": match[0].replace(b"<sheet ", b'<sheet state="hidden" '),
        "深藏": match[0].replace(b"<sheet ", b'<sheet state="veryHidden" '),
        "改名": re.sub(rb'name="[^"]*"', 'name="别的"'.encode(), match[0]),
        "删去": b"",
        "重复": match[0] + match[0],
        "指向别处": re.sub(rb'r:id="rId[0-9]+"', b'r:id="rId8"', match[0]),
    }[what]
    return f"一张工作表{what}：{match[0][:60].decode(errors='ignore')}", _replaced(parts, name, match, new)


def spelled(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    name = rng.choice(list(parts))
    text = parts[name]
    what = rng.choice(["注释", "处理指令", "DOCTYPE", "BOM", "UTF-16", "声明", "空白", "单引号", "实体", "CDATA"])
    start = text.index(b"?>") + 2
    match = _spot(rng, text, rb"[a-zA-Z]+=\"[^\"']*\"")
    new = {
        "注释": text[:start] + b"<!-- a -->" + text[start:],
        "处理指令": text[:start] + b"<?a b?>" + text[start:],
        "DOCTYPE": text[:start] + b'<!DOCTYPE a [<!ENTITY b "c">]>' + text[start:],
        "BOM": b"\xef\xbb\xbf" + text,
        "UTF-16": text.decode().encode("utf-16"),
        "声明": text.replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"'),
        "空白": text[:start] + b"\n\n" + text[start:],
        "单引号": text[: match.start()] + match[0].replace(b'"', b"'") + text[match.end() :],
        "实体": text.replace(b"</t>", b"&#x41;</t>", 1) + b"\n",
        "CDATA": text.replace(b"</t>", b"<![CDATA[x]]></t>", 1) + b" ",
    }[what]
    return f"{name} 的 XML 换写法：{what}", packed({**parts, name: new})


def zip_field(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    signature, fields = rng.choice([
        (b"PK\x01\x02", {"version": 4, "needed": 6, "flags": 8, "method": 10, "time": 12, "crc": 16, "packed": 20, "size": 24,
                             "names": 28, "extra": 30, "comment": 32, "disk": 34, "internal": 36, "external": 38, "offset": 42}),
        (b"PK\x03\x04", {"needed": 4, "flags": 6, "method": 8, "time": 10, "crc": 14, "packed": 18, "size": 22, "names": 26, "extra": 28}),
    ])  # fmt: skip
    at = rng.choice([match.start() for match in re.finditer(re.escape(signature), data)])
    field = rng.choice(list(fields))
    place, mask = at + fields[field], rng.choice([1, 2, 8, 64, 128])
    return f"zip 条目字段 {field} 异或 {mask}", data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :]


def order(rng: random.Random, data: bytes, parts: Parts) -> tuple[str, bytes]:
    what = rng.choice(["次序", "不压缩", "重名"])
    if what == "不压缩":
        return "各部件不压缩存放", packed(parts, method=zipfile.ZIP_STORED)
    names = rng.sample(list(parts), len(parts))
    if what == "次序":
        return f"部件次序打乱，第一个是 {names[0]}", packed({name: parts[name] for name in names})
    target = io.BytesIO(packed(parts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(target, "a") as archive:
            archive.writestr(zipfile.ZipInfo(names[0]), parts[names[0]].replace(b"1", b"2"))
    return f"部件 {names[0]} 有两份", target.getvalue()


CHANGES: dict[str, tuple[int, Change]] = {
    "文件的一个字节": (500, archive_byte),
    "压缩包目录的一个字节": (150, directory_byte),
    "部件的一个字节": (350, part_byte),
    "一格的值": (200, cell_value),
    "一条文字": (80, shared_text),
    "一格的类型": (80, cell_type),
    "数字格式": (120, number_format),
    "加一个部件": (120, added_part),
    "加一个属性": (220, attribute),
    "改一个属性": (220, changed_attribute),
    "关系": (120, relationship),
    "条目改名": (80, renamed),
    "附加字节": (60, appended),
    "行与格的次序": (120, rows),
    "会计算或连接的内容": (120, computed),
    "工作表清单": (50, sheet_list),
    "XML 的写法": (80, spelled),
    "zip 条目字段": (120, zip_field),
    "部件的次序与存法": (40, order),
}
"""Kinds, and how many of 2,830 mutants are of each."""
WHOLE = sum(share for share, _ in CHANGES.values())


def mutants(data: bytes, count: int = WHOLE, seed: int = 1) -> Iterator[tuple[str, str, bytes]]:
    """About `count` mutants: kind, what was done, and the archive; none is the same as `data`."""
    parts = parts_of(data)
    for kind, (share, change) in CHANGES.items():
        rng = random.Random(f"{seed} {kind}")  # noqa: S311 - nothing secret
        for _ in range(max(1, round(share * count / WHOLE))):
            said, mutant = change(rng, data, parts)
            if mutant != data:
                yield kind, said, mutant


def seen(data: bytes) -> list[Any]:
    """What two readers see: sheets, values, their types, number formats, what is hidden or merged; or why they refuse."""
    found: list[Any] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data))
        for sheet in book.worksheets:
            cells = [
                (cell.coordinate, cell.value, cell.data_type, cell.number_format, cell.hyperlink is not None)
                for row in sheet.iter_rows() for cell in row if cell.value is not None
            ]  # fmt: skip
            hidden = [key for key, one in {**sheet.row_dimensions, **sheet.column_dimensions}.items() if one.hidden]
            found += [sheet.title, sheet.sheet_state, hidden, sorted(map(str, sheet.merged_cells.ranges)), cells]
            found.append([len(sheet.data_validations.dataValidation), len(sheet.conditional_formatting)])
        found.append(sorted((name, one.attr_text) for name, one in book.defined_names.items()))
    except Exception as error:  # whatever it says, it does not read it
        found.append(type(error).__name__)
    with suppress(BaseException):  # calamine panics with an exception of its own
        other = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        found += [(name, repr(other.get_sheet_by_name(name).to_python())) for name in other.sheet_names]
    return found
