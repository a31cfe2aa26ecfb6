"""What a text says, and texts whose characters were lost on their way."""

import pytest

from validators.columns import SHEETS
from validators.meanings import Raw, Unreadable, meaning
from validators.records import RowReader
from validators.ruleset import load
from validators.text import garbled, spoken

NAMES = ("聊城", "聊城市", "张伟", "东阿县某某有限公司", "A区3号线（2020年）熔炼车间")
RARE = (
    "淇县瀛寰瑾瑜璞玉制品厂", "漯河浣纱纺织有限公司", "宕昌县宸璋骞骅科技", "濮阳濉溪澶渊机械", "鎏鑫金属", "𠮷田木业", "王喆", "李翀",
    "堃铄焜炜", "珺璟琚琛", "涓浠娣婷娓娌", "阿迪·努尔", "R&D中心", "Größe公司", "m²、Ø100×±5°", "“减排”——20%…", "NOx：50mg/m³", "屯屯村", "滚烫烫伤科",
)  # fmt: skip
"""Real spellings that hold what garbled texts are made of."""
WAYS = {
    "UTF-8 shown as GBK": lambda text: text.encode().decode("gbk", "replace"),
    "UTF-8 shown as GBK, what it does not know as ?": lambda text: (
        text.encode().decode("gbk", "replace").replace("\ufffd", "?")
    ),
    "UTF-8 shown as Windows-1252": lambda text: text.encode().decode("cp1252", "replace"),
    "UTF-8 shown as Windows-1252, the rest left out": lambda text: text.encode().decode("cp1252", "ignore"),
    "UTF-8 shown as Latin-1": lambda text: text.encode().decode("latin1"),
    "GBK shown as Latin-1": lambda text: text.encode("gbk").decode("latin1"),
    "U+FFFD in UTF-8 shown as GBK": lambda text: ("\ufffd" * len(text)).encode().decode("gbk", "replace"),
    "left escaped by a web page": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "left escaped by JSON": lambda text: text.encode("ascii", "backslashreplace").decode(),
    "left escaped by an address": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_text_in_another_encoding_is_seen(way: str) -> None:
    assert [text for text in NAMES if not garbled(WAYS[way](text))] == []


def test_what_people_write_is_not_garbled() -> None:
    assert [text for text in (*NAMES, *RARE) if garbled(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "待定", "（空）", "(空)", "???", "？？？", "?!", "........", "……", "/", "-", "--", "—", "＿＿", "···", "●", "N/A", "无数据",
        "暂无", "待补", "待补！", "【待补充】", "未知", "不详", "略", "见附件", "详见附表。", "ＴＢＤ",
    ],
)  # fmt: skip
def test_words_and_signs_of_nothing_are_no_answer_where_one_is_due(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        meaning(SHEETS["lines"]["equipment"], text, load("2020"))
    assert caught.value.rule == "GS02"


def test_an_optional_remark_may_say_where_it_stands_or_that_there_is_none() -> None:
    remark, ruleset = SHEETS["enterprises"]["remark"], load("2020")
    assert [meaning(remark, text, ruleset) for text in ("见附件", "略", "无", "3")] == ["见附件", "略", "无", "3"]
    assert [meaning(remark, text, ruleset) for text in ("……", "/", "（待定）", "无数据")] == [None] * 4
    assert meaning(SHEETS["lines"]["abatement"], "无", ruleset) == "无"
    assert meaning(SHEETS["lines"]["line_name"], "1", ruleset) == "1"


@pytest.mark.parametrize("cell", ["0", "123", "０", 0.0, "12-3", "无", "是", "张?", "张？", "2020-03-01"])
def test_a_name_has_a_letter_and_no_question_mark(cell: str | float) -> None:
    for sheet, field in (
        ("enterprises", "name"),
        ("enterprises", "contact"),
        ("dust", "builder"),
        ("city", "reviewers"),
    ):
        with pytest.raises(Unreadable):
            meaning(SHEETS[sheet][field], cell, load("2020"))


@pytest.mark.parametrize(
    "text", ["#REF!", "#value！", " #N/A ", "＃DIV/0!", "=A1", "=SUM(A1:A3)", "同上一行", "（同上）", "〃"]
)
def test_texts_that_are_no_answer_are_found_in_every_column_of_text(text: str) -> None:
    for field in ("address", "park", "remark", "contact"):
        cells: list[Raw] = [None] * len(SHEETS["enterprises"].columns)
        cells[SHEETS["enterprises"][field].position] = text
        record, [fault] = RowReader("enterprises", load("2020")).read(cells, 4)
        assert (fault.rule, fault.column.field) == ("GS03", field) and record.bad == {field}


def test_words_are_listed_by_what_they_say() -> None:
    assert spoken("（Ｎ/Ａ）。") == "na"
    assert spoken("……") == ""
