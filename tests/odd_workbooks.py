"""Odd workbooks, as they arrive: a good one with oddities planted in its XML. Each kind is one function with its reason.

`CELLS` spoil one cell, `SHEETS` and `BOOKS` change more. They belong to the laws in
`tests/workbook_templates/county/test_odd_workbooks.py`, which try them at any place and in any combination.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.inventory import COUNTY, FIRST_ROW, write_file
from validators.columns import INVENTORY, letter, position_of

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CELL = re.compile(r"<c [^>]*/>|<c [^>]*>.*?</c>", re.DOTALL)


ROWS: dict[str, list[dict[str, Any]]] = {
    "enterprises": [{"guaranteed": "是"}, {"site": "二厂"}, {"site": "三厂"}],
    "lines": [{"list_id": f"{COUNTY}-G-{n:04d}", "line_name": f"{n}号线"} for n in (1, 2, 3)],
    "transport": [{"list_id": f"{COUNTY}-G-{n:04d}"} for n in (1, 2, 3)],
    "dust": [{}, {}],
    "mobile": [{}, {}],
    "guarantee": [{}],
    "changes": [{}],
    "removals": [{}],
}
HEAD = FIRST_ROW - 1


@cache
def base() -> dict[str, bytes]:
    """Parts of a small county workbook with a row at least in every list."""
    with TemporaryDirectory() as folder:
        path = write_file(
            Path(folder) / "a.xlsx", ROWS, {"cells": {f"填报说明!A{n}": name for n, name in LABELS.items()}}
        )
        with zipfile.ZipFile(path) as package:
            return {name: package.read(name) for name in package.namelist()}


LABELS = dict(enumerate(("区划代码", "年度", "轮次", "版次", "模板版本", "规则集", "＊填报日期"), 1))
"""What stands beside the facts on the cover."""


class Odd:
    """A workbook that is being spoilt."""

    def __init__(self) -> None:
        self.parts = {name: data.decode() for name, data in base().items()}
        names = re.findall(r'<sheet [^>]*name="([^"]*)"', self.parts["xl/workbook.xml"])
        self.part_of = {name: f"xl/worksheets/sheet{number}.xml" for number, name in enumerate(names, 1)}

    def data(self) -> bytes:
        """The file."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
            for name, text in self.parts.items():
                package.writestr(name, text.encode())
        return stream.getvalue()

    def rows(self, title: str) -> list[int]:
        """Numbers of the rows below the header that an officer filled."""
        filled = re.findall(r'<c r="[B-F]([0-9]+)"[^>]*><(?:v|is)>', self.parts[self.part_of[title]])
        return sorted({int(number) for number in filled if int(number) > HEAD})

    def change(self, title: str, old: str, new: str) -> None:
        """Change a sheet's XML by a regular expression, once."""
        part = self.part_of[title]
        self.parts[part] = re.sub(old, lambda match: match.expand(new), self.parts[part], count=1, flags=re.DOTALL)

    def put(self, title: str, cell: str, xml: str) -> None:
        """Let a cell be this XML; `xml` is what follows `<c r="…"`."""
        column, row = re.fullmatch(r"([A-Z]+)([0-9]+)", cell).groups()  # type: ignore[union-attr]
        part = self.part_of[title]
        found = re.search(rf'(<row r="{row}"[^>]*?)(?:/>|>(.*?)</row>)', self.parts[part], re.DOTALL)
        assert found, f"{title} has no row {row}"
        cells = {re.search(r'r="([A-Z]+)', one)[1]: one for one in CELL.findall(found[2] or "")}  # type: ignore[index]
        cells[column] = f'<c r="{cell}"{xml}'
        inside = "".join(cells[name] for name in sorted(cells, key=position_of))
        self.parts[part] = self.parts[part].replace(found[0], f"{found[1]}>{inside}</row>")

    def style(self, code: str) -> int:
        """Number of a new cell style with this number format."""
        xml = self.parts["xl/styles.xml"]
        number = 900 + xml.count("<numFmt ")
        fmt = f'<numFmt numFmtId="{number}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        xml = re.sub(r"(<numFmts[^>]*>)", lambda match: match[1] + fmt, xml, count=1)
        before, head, after = re.split(r"(<cellXfs[^>]*>)", xml, maxsplit=1)
        styles, end, rest = after.partition("</cellXfs>")
        many = len(re.findall(r"<xf ", styles))
        xf = f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        self.parts["xl/styles.xml"] = f"{before}{head}{styles}{xf}{end}{rest}"
        return many

    def paint(self, font: str, fill: str = "") -> int:
        """Number of a new cell style with this font and fill, given as what stands in them."""
        styles = self.parts["xl/styles.xml"]
        for tag, inside in (("font", font), ("fill", fill or '<patternFill patternType="none"/>')):
            styles = styles.replace(f"</{tag}s>", f"<{tag}>{inside}</{tag}></{tag}s>", 1)
        fonts, fills = (len(re.findall(f"<{tag}>", styles.partition(f"</{tag}s>")[0])) - 1 for tag in ("font", "fill"))
        before, head, after = re.split(r"(<cellXfs[^>]*>)", styles, maxsplit=1)
        own, end, rest = after.partition("</cellXfs>")
        xf = f'<xf numFmtId="0" fontId="{fonts}" fillId="{fills}" borderId="0" xfId="0" applyFont="1" applyFill="1"/>'
        self.parts["xl/styles.xml"] = f"{before}{head}{own}{xf}{end}{rest}"
        return len(re.findall(r"<xf ", own))

    def string(self, xml: str) -> int:
        """Index of a new shared string, given as what stands in `<si>`."""
        part = "xl/sharedStrings.xml"
        if part not in self.parts:
            self.parts[part] = f'<sst xmlns="{MAIN.strip("{}")}"></sst>'
            self.relate("sharedStrings", "sharedStrings.xml")
        before = self.parts[part]
        self.parts[part] = before.replace("</sst>", f"<si>{xml}</si></sst>")
        return before.count("<si>")

    def relate(self, kind: str, target: str, own: str = "own") -> None:
        """Let the workbook have a part of a kind; its type follows from its name."""
        rels, types = "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
        one = f'<Relationship Id="{own}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        self.parts[rels] = self.parts[rels].replace("</Relationships>", f"{one}</Relationships>")
        said = f'<Override PartName="/xl/{target}" ContentType="{TYPE}.{kind}+xml"/>'
        self.parts[types] = self.parts[types].replace("</Types>", f"{said}</Types>")


def number(value: str, style: int | None = None) -> str:
    return f"{'' if style is None else f' s={chr(34)}{style}{chr(34)}'}><v>{value}</v></c>"


def text(value: str) -> str:
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _formatted(code: str, value: str) -> Callable[[Odd], str]:
    return lambda odd: number(value, odd.style(code))


def _text(value: str) -> Callable[[Odd], str]:
    return lambda odd: text(value)


def _rich(*runs: tuple[str, str]) -> Callable[[Odd], str]:
    """A shared string of runs: what stands in `rPr` of each, and its text."""
    xml = "".join(
        f'<r>{f"<rPr>{look}</rPr>" if look else ""}<t xml:space="preserve">{text}</t></r>' for look, text in runs
    )
    return lambda odd: f' t="s"><v>{odd.string(xml)}</v></c>'


GUIDED = '<r><t>程</t></r><r><t>永长</t></r><rPh sb="0" eb="1"><t>cheng</t></rPh>'


CELLS: dict[str, Callable[[Odd], str]] = {
    "percent": _formatted("0%", "0.5"),  # a ratio typed as 50% in a cell that Excel made a percentage
    "scaled": _formatted('#,##0.0,"千"', "25000"),  # reports of ERP systems show thousands
    "unit": _formatted('0.00"kg"', "5.25"),  # the unit is shown by the format, and is not the column's
    "padded": _formatted("0000", "511"),  # leading zeros are only shown
    "hidden number": _formatted(";;;", "7"),  # zeros, or what should not be printed, are made invisible
    "date": _formatted("yyyy-mm-dd", "43891"),  # 3-1 typed into a General cell
    "moment": _formatted("yyyy-mm-dd hh:mm", "44059.9995"),  # 43 seconds short of midnight, by a JavaScript library
    "time": _formatted("h:mm", "0.125"),  # 3:00 typed for a ratio
    "duration": _formatted("[h]:mm:ss", "1.5"),
    "serial": lambda odd: number("44060"),  # a date pasted as a value
    "NaN": lambda odd: number("NaN"),  # pandas and Java libraries write these
    "infinity": lambda odd: number("-Infinity"),
    "too large": lambda odd: number("1E+400"),
    "large": lambda odd: number("1.7976931348623157E+308"),
    "many digits": lambda odd: number("913715020000000000"),  # a code that became a number
    "negative zero": lambda odd: number("-0"),
    "ISO date": lambda odd: ' t="d"><v>2020-05-28T00:00:00</v></c>',  # strict writers
    "no ISO date": lambda odd: ' t="d"><v>2020-13-45</v></c>',
    "no number": lambda odd: number("一"),
    "dotted day": lambda odd: number("28.01.2007"),  # a JavaScript library, given a text where a number is due
    "blank shared string": lambda odd: ' t="s"><v/></c>',  # exports of databases
    "empty shared string": lambda odd: f' t="s"><v>{odd.string("<t/>")}</v></c>',
    "words by format": _formatted('"合格"', "0"),  # the screen shows a text, whatever the number is
    "type unknown": lambda odd: ' t="x"><v>5</v></c>',
    "missing string": lambda odd: ' t="s"><v>999999</v></c>',  # files cut or repaired by tools
    "error": lambda odd: ' t="e"><v>#N/A</v></c>',
    "logical": lambda odd: ' t="b"><v>1</v></c>',
    "pinyin": lambda odd: (
        ' t="inlineStr"><is><t>程永长</t><rPh sb="0" eb="3"><t>chengyong</t></rPh><phoneticPr fontId="1"/></is></c>'
    ),  # phonetic guides of Chinese and Japanese input methods
    "shared pinyin": lambda odd: f' t="s"><v>{odd.string(GUIDED)}</v></c>',
    "struck part": _rich(("", "新名"), ("<strike/>", "旧名")),  # the old value struck out, the new one behind it
    "struck number": _rich(("<strike/>", "12"), ('<color theme="1"/>', "34")),
    "struck in place": lambda odd: (
        ' t="inlineStr"><is><r><rPr><strike val="1"/></rPr><t>旧</t></r><r><rPr><strike val="0"/></rPr><t>新</t></r></is></c>'
    ),
    "struck by runs": _rich(("<strike/>", "甲"), ("", " "), ("<strike/>", "乙")),
    "only bold": _rich(("<b/>", "东昌"), ('<color rgb="FFFF0000"/>', "府")),
    "white part": _rich(("", "甲"), ('<color rgb="FFFFFFFF"/>', "乙")),  # a note that is not to be printed
    "struck cell": lambda odd: number("7", odd.paint("<strike/>")),  # to be deleted
    "struck text": lambda odd: f' s="{odd.paint("<strike/>")}"{text("待删")}',
    "white cell": lambda odd: number("7", odd.paint('<color theme="0"/>')),
    "white on blue": lambda odd: number(
        "7",
        odd.paint(
            '<color rgb="FFFFFFFF"/>', '<patternFill patternType="solid"><fgColor rgb="FF0000FF"/></patternFill>'
        ),
    ),
    "red on red": lambda odd: number(
        "7",
        odd.paint(
            '<color rgb="FFFF0000"/>', '<patternFill patternType="solid"><fgColor rgb="FFFF0000"/></patternFill>'
        ),
    ),
    "formula": lambda odd: "><f>1+1</f><v>2</v></c>",
    "blank formula": lambda odd: ' t="str"><f>IF(1,"")</f><v></v></c>',
    "array formula": lambda odd: '><f t="array" ref="C5">SUM(A1:A2*2)</f><v>2</v></c>',
    "two lines": _text("25000\n3000"),  # Alt+Enter: two values in one cell
    "two by tab": _text("5265\t12"),
    "thousands": _text("25 000.5"),
    "odd blank": _text("250 00"),
    "no-break": _text("\u00a030\u00a0"),  # copied from a web page
    "wide comma": _text("１，２３４"),  # a Chinese input method left on
    "wide point": _text("3。5"),
    "no-break thousands": _text("1\u00a0234\u202f567"),  # a web page
    "comma for a point": _text("1,5"),
    "tail": lambda odd: number("0.8380000000000001"),  # binary arithmetic, as programs other than Excel write it
    "nearly whole": lambda odd: number("306.0000000001"),
    "whole but for noise": lambda odd: number("305.99999999999994"),
    "about": _formatted('"约"0.0', "0.1"),
    "country code": _text("+86 138 0635 0001"),
    "day without a format": _formatted("0", "44017"),
    "date text": _text("2020/5/28 0:00:00"),
    "date and more": _text("2020.6.2\n1"),
    "soft break": _text("停产_x000B_限产"),  # Word's line break
    "return": _text("甲_x000D_\n乙"),
    "control": _text("甲_x0007_乙"),
    "halves": _text("_xD842__xDFB7_"),  # 𠮷 as some programs spell it
    "half": _text("甲_xD842_"),
    "replacement": _text("张\ufffd"),  # a conversion that failed
    "invisible": _text("\u202d91371502MA3C6AKY9R\u202c"),  # copied from a contact or a calculator
    "soft hyphen": _text("东昌府\u00ad区"),
    "variation": _text("B\ufe0f"),
    "only invisible": _text("\u200b\u2060"),
    "only blanks": _text(" \u3000\n"),
    "radical": _text("⽆"),  # a PDF's text
    "private": _text("张\ue863"),  # characters made for one computer
    "Cyrillic": _text("А"),
    "small letter": _text("c"),
    "full width": _text("３０．５％"),
    "placeholder": _text("待定"),
    "not available": _text("N/A"),
    "ditto": _text("同上"),
    "too long": _text("长" * 32_768),
    "just fits": _text("长" * 32_767),
    "pairs too long": _text("𠮷" * 17_000),
    "starts with =": _text("=1+1"),
    "starts with @": _text("@SUM(A1)"),
    "escape": _text("_x005F_x0041_"),
    "separator": _text("甲\u2028乙\u0085丙"),
    "early day": _formatted("yyyy-mm-dd", "5"),
    "many lines": _text("\n".join("甲乙丙丁" for _ in range(300))),
}
"""What may stand in a cell, by name: the XML after `<c r="…"`."""


def repeat_header(odd: Odd, title: str, row: int) -> None:
    """The header pasted again among the rows, with what was copied from another county."""
    for column in INVENTORY_BY_TITLE[title]:
        if column.required != "auto":
            odd.put(title, f"{letter(column.position)}{row}", text(column.header))


def sum_row(odd: Odd, title: str, row: int) -> None:
    """A row of totals at the end, as every printed list has one."""
    clear(odd, title, row)
    odd.put(title, f"B{row}", text("合 计"))
    odd.put(title, f"F{row}", number("123"))


def note_row(odd: Odd, title: str, row: int) -> None:
    """A note below the list."""
    clear(odd, title, row)
    odd.put(title, f"B{row}", text("注：本表由各乡镇填报"))


def clear(odd: Odd, title: str, row: int) -> None:
    """Nothing in a row."""
    odd.change(title, rf'(<row r="{row}"[^>]*>).*?</row>', r"\1</row>")


def header_below(odd: Odd, title: str, row: int) -> None:
    """The header sorted in among its rows, or a second one pasted further down."""
    found = re.search(rf'<row r="{HEAD}"[^>]*>(.*?)</row>', odd.parts[odd.part_of[title]], re.DOTALL)
    assert found
    cells = found[1].replace(f'{HEAD}"', f'{row}"')
    odd.change(title, rf'(<row r="{row}"[^>]*>).*?</row>', r"\1" + cells.replace("\\", r"\\") + "</row>")
    clear(odd, title, HEAD)


def unlabelled(odd: Odd, title: str, row: int) -> None:
    """Notes beside the list, in a column without a header."""
    odd.put(title, f"GZ{row}", text("已核"))


def far_away(odd: Odd, title: str, row: int) -> None:
    """One cell far out, from a slip of the hand."""
    odd.put(title, f"XFA{row}", number("1"))


def merged(odd: Odd, title: str, row: int) -> None:
    """Merged down the rows."""
    odd.change(
        title, "</sheetData>", f'</sheetData><mergeCells count="1"><mergeCell ref="E{row}:E{row + 1}"/></mergeCells>'
    )


def struck_row(odd: Odd, title: str, row: int) -> None:
    """A whole row struck out: this enterprise is gone."""
    style = odd.paint("<strike/>")
    own = re.search(rf'<row r="{row}"[^>]*>.*?</row>', odd.parts[odd.part_of[title]], re.DOTALL)
    if own:
        struck = re.sub(r'(<c r="[A-Z]+[0-9]+")(?: s="[0-9]+")?', rf'\1 s="{style}"', own[0])
        odd.parts[odd.part_of[title]] = odd.parts[odd.part_of[title]].replace(own[0], struck)


def automatic(odd: Odd, title: str, row: int) -> None:
    """A number typed over the formula of a cell that fills itself."""
    for column in INVENTORY_BY_TITLE[title]:
        if column.required == "auto" and column.field != "status":
            odd.put(title, f"{letter(column.position)}{row}", number("99"))


def heads_spelled_otherwise(odd: Odd, title: str, row: int) -> None:
    """Heads typed again, in other widths and with blanks."""
    for column in INVENTORY_BY_TITLE[title][5:7]:
        odd.put(title, f"{letter(column.position)}{HEAD}", text(f" {column.header[0]} {column.header[1:]}（）"))


SHEETS: dict[str, Callable[[Odd, str, int], None]] = {
    one.__name__: one
    for one in (
        repeat_header,
        sum_row,
        note_row,
        heads_spelled_otherwise,
        header_below,
        unlabelled,
        far_away,
        merged,
        automatic,
        struck_row,
    )
}
"""What may happen to a sheet at a row."""


def copied_sheet(odd: Odd) -> None:
    """A sheet copied to go on in the copy."""
    add_sheet(
        odd, "扬尘源 (2)", odd.parts[odd.part_of["扬尘源"]].partition("<sheetData>")[2].partition("</sheetData>")[0]
    )


def sheet_of_notes(odd: Odd) -> None:
    """A sheet of the officer's own."""
    add_sheet(odd, "草稿", '<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="e"><v>#N/A</v></c></row>')


def add_sheet(odd: Odd, title: str, rows: str) -> None:
    """A sheet more."""
    number = len(odd.part_of) + 1
    odd.part_of[title] = part = f"xl/worksheets/sheet{number}.xml"
    odd.parts[part] = f'<worksheet xmlns="{MAIN.strip("{}")}"><sheetData>{rows}</sheetData></worksheet>'
    tab = f'<sheet xmlns:r="{OFFICE}" name="{title}" sheetId="{number}" r:id="own{number}"/>'
    odd.parts["xl/workbook.xml"] = odd.parts["xl/workbook.xml"].replace("</sheets>", f"{tab}</sheets>")
    odd.relate("worksheet", f"worksheets/sheet{number}.xml", f"own{number}")


def names_broken(odd: Odd) -> None:
    """The rows of the cover deleted and typed again: its defined names lead nowhere."""
    book = odd.parts["xl/workbook.xml"]
    odd.parts["xl/workbook.xml"] = re.sub(r"(<definedName name=\"[^\"_]*\">)填报说明![^<]*", r"\1#REF!", book)


def since_1904(odd: Odd) -> None:
    """A workbook begun on an old Macintosh, its days as such a program writes them."""
    odd.parts["xl/workbook.xml"] = odd.parts["xl/workbook.xml"].replace("<workbookPr/>", '<workbookPr date1904="1"/>')


def rows_unnumbered(odd: Odd) -> None:
    """Rows without their number, as some exports of databases leave it out."""
    for title, part in odd.part_of.items():
        if title in INVENTORY_BY_TITLE:
            odd.parts[part] = re.sub(r'<row r="[0-9]+"', "<row", odd.parts[part])


def prefixed(odd: Odd) -> None:
    """Elements with a prefix, as .NET libraries write them."""
    for title, part in odd.part_of.items():
        if title in INVENTORY_BY_TITLE:
            xml = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", odd.parts[part])
            odd.parts[part] = xml.replace('xmlns="', 'xmlns:x="')


def backslashes(odd: Odd) -> None:
    """Entry names with backslashes, by old zip programs on Windows."""
    odd.parts = {name.replace("/", "\\"): xml for name, xml in odd.parts.items()}
    odd.part_of = {title: part.replace("/", "\\") for title, part in odd.part_of.items()}


def other_case(odd: Odd) -> None:
    """Entry names in another case than the relationships say."""
    odd.parts = {name.replace("xl/worksheets/sheet", "xl/worksheets/Sheet"): xml for name, xml in odd.parts.items()}
    odd.part_of = {title: part.replace("sheets/sheet", "sheets/Sheet") for title, part in odd.part_of.items()}


BOOKS: dict[str, Callable[[Odd], None]] = {
    one.__name__: one
    for one in (
        copied_sheet,
        sheet_of_notes,
        names_broken,
        rows_unnumbered,
        since_1904,
        prefixed,
        backslashes,
        other_case,
    )
}
"""What may happen to a workbook; those that change what the parts are called or how they are spelled come last."""
INVENTORY_BY_TITLE = {sheet.title: sheet.columns for sheet in INVENTORY.values()}


def filled(odd: Odd, title: str) -> Iterator[tuple[str, int]]:
    """Column letters and row of every cell of a sheet in which something stands, by a parser of its own."""
    shared = next((xml for name, xml in odd.parts.items() if name.endswith("sharedStrings.xml")), "<sst/>")
    strings = [_text_of(one) for one in ElementTree.fromstring(shared).iter(f"{MAIN}si")]  # noqa: S314 - ours
    for cell in ElementTree.fromstring(odd.parts[odd.part_of[title]]).iter(f"{MAIN}c"):  # noqa: S314 - ours
        place = re.fullmatch(r"([A-Z]+)([0-9]+)", cell.attrib["r"])
        assert place
        kind, value = cell.get("t", "n"), cell.findtext(f"{MAIN}v") or ""
        said = _text_of(cell) or value
        if kind == "s" and value.isdecimal() and int(value) < len(strings):
            said = strings[int(value)]
        seen = (
            said if kind in ("n", "b") else "".join(char for char in said if char.isprintable() and not char.isspace())
        )
        if seen or cell.find(f"{MAIN}f") is not None or kind == "e":
            yield place[1], int(place[2])


def _text_of(element: ElementTree.Element) -> str:
    return "".join(one.text or "" for one in element.iter(f"{MAIN}t"))


def head_row(odd: Odd, title: str) -> int:
    """The first row of a sheet that begins like the header."""
    for cell in ElementTree.fromstring(odd.parts[odd.part_of[title]]).iter(f"{MAIN}c"):  # noqa: S314 - ours
        if "".join(one.text or "" for one in cell.iter(f"{MAIN}t")) == "清单编号":
            return int(cell.attrib["r"].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return HEAD
