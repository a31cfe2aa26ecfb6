"""Reading what the city office brings besides the counties' workbooks: .xlsx or .csv, columns found by their heads."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from validators.columns import SHEETS
from validators.meanings import Raw, Unreadable, meaning, text_of
from validators.references import EMISSIONS, MINISTRY_RESULT, PROVINCE_RESULT, Import, Listed, pollutant_of
from validators.ruleset import RuleSet
from workbook_templates.county.sheet_layout import HEAD_ROWS
from workbook_templates.xlsx.opened import LARGEST_FILE, UnreadableWorkbook, open_workbook

_HEADS = {
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
    "name": ("企业名称", "单位名称", "名称", "排污单位名称"),
    "list_id": ("清单编号",),
    "site": ("厂区名称", "厂区"),
    "grade": ("绩效等级", "核定等级", "复核等级", "核定结果", "等级"),
    "day": ("核定日期", "复核日期", "日期"),
    "ruleset": ("规则集", "评级依据", "技术指南"),
    "pollutant": ("污染物",),
    "amount": ("全社会排放量（t/d）", "全社会排放量"),
}
"""What the columns may be called, the best name first."""
LOST_CODE = "（代码被存成数字，认不出）"

ReferenceTable = Sequence[tuple[int, Sequence[Raw]]]
"""Rows with their 1-based numbers."""


def read_import(path: Path, kind: str, rules: RuleSet) -> Import:
    """A list, a result or the emissions. Raises `UnreadableWorkbook`, or OSError if the file cannot be opened."""
    needed = {EMISSIONS: ("pollutant", "amount"), PROVINCE_RESULT: ("grade",), MINISTRY_RESULT: ("grade",)}.get(
        kind, ()
    )
    digest, tables = _tables(path)
    for table in tables:
        for at, (_, cells) in enumerate(table[:HEAD_ROWS]):
            places = _places(cells)
            named = kind == EMISSIONS or {"uscc", "name", "list_id"} & places.keys()
            if named and all(name in places for name in needed):
                below = table[at + 1 :]
                if kind == EMISSIONS:
                    return Import(kind, path.name, digest, emissions=_emissions(path.name, below, places))
                rows = (_listed(path.name, kind, number, cells, places, rules) for number, cells in below)
                return Import(
                    kind, path.name, digest, tuple(one for one in rows if one.name or one.uscc or one.list_id)
                )
    wanted = [_HEADS[name][0] for name in needed] + (["统一社会信用代码”或“企业名称"] if kind != EMISSIONS else [])
    raise UnreadableWorkbook(f"“{path.name}”里没有找到{kind}的表头“{'”“'.join(wanted)}”。请补上表头，每列一个。")


def _tables(path: Path) -> tuple[str, list[ReferenceTable]]:
    """The hash of a file and its sheets."""
    if path.suffix.lower() != ".csv":
        opened = open_workbook(path)
        return opened.sha256, [grid.rows for title in opened.sheets if (grid := opened.grid(title))]
    if path.stat().st_size > LARGEST_FILE:
        raise UnreadableWorkbook(f"“{path.name}”超过 {LARGEST_FILE >> 20} MB。请核对是否拿错了文件。")
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            rows = list(csv.reader(io.StringIO(data.decode(encoding), newline="")))
        except (UnicodeDecodeError, csv.Error):
            continue
        return hashlib.sha256(data).hexdigest(), [[(n, list(row)) for n, row in enumerate(rows, 1) if any(row)]]
    raise UnreadableWorkbook(f"“{path.name}”不是逗号分隔的文字文件。请在表格软件中另存为 .xlsx 再试。")


def _places(cells: Sequence[Raw]) -> dict[str, int]:
    """0-based column of each head that stands in a row."""
    texts = ["".join(cell.split()) if isinstance(cell, str) else "" for cell in cells]
    found = {}
    for name, heads in _HEADS.items():
        place = next((texts.index(head) for head in heads if head in texts), None)
        if place is not None:
            found[name] = place
    return found


def _listed(file: str, kind: str, row: int, cells: Sequence[Raw], places: Mapping[str, int], rules: RuleSet) -> Listed:
    def raw(name: str) -> Raw:
        place = places.get(name, len(cells))
        return cells[place] if place < len(cells) and cells[place] != "" else None

    def text(name: str) -> str:
        return text_of(raw(name))

    code = raw("uscc")
    return Listed(
        kind,
        file,
        row,
        LOST_CODE if isinstance(code, float) and code >= 1e15 else "".join(text_of(code).split()).upper(),
        text("name"),
        "".join(text("list_id").split()),
        text("site"),
        text("grade").removesuffix("企业").removesuffix("级"),
        _day(raw("day"), rules),
        text("ruleset"),
    )


def _day(cell: Raw, rules: RuleSet) -> date | None:
    try:
        found = meaning(SHEETS["enterprises"]["fixed_on"], cell, rules) if cell is not None else None
    except Unreadable:
        return None
    return found if isinstance(found, date) else None


def _emissions(file: str, below: ReferenceTable, places: Mapping[str, int]) -> dict[str, float]:
    """Whole-society emissions in t/d by pollutant."""
    found: dict[str, float] = {}
    for number, cells in below:
        padded = [*cells, *[""] * (max(places.values()) + 1)]
        key, amount = pollutant_of(text_of(padded[places["pollutant"]])), text_of(padded[places["amount"]])
        if not amount and not text_of(padded[places["pollutant"]]):
            continue
        try:
            value = float(amount)
        except ValueError:
            value = 0.0
        if key is None or key in found or not 0 < value < 1e9:
            raise UnreadableWorkbook(
                f"“{file}”第 {number} 行不对：应为 SO2、NOx、颗粒物、VOCs 各一行，排放量为大于 0 的数字（t/d）。"
            )
        found[key] = value
    return found
