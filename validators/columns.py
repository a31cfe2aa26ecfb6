"""The one declaration of every sheet and column: `columns.csv`, read once.

The records, the template, the reader, the error texts, the data dictionary and the submission are all made
from what stands here. Allowed values that begin with `@` are named lists of the rule set (`@grades`).
"""

import csv
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Literal, cast

_Kind = Literal[
    "status", "text", "id", "ref", "refs", "enum", "code18", "code22", "code4", "phone", "date", "int", "decimal"
]
Required = Literal["always", "optional", "auto", "when"]
LEVELS = ("yellow", "orange", "red")
LEVEL_NAMES = {"yellow": "黄色", "orange": "橙色", "red": "红色"}
POLLUTANTS = ("so2", "nox", "pm", "vocs")
POLLUTANT_NAMES = {"so2": "SO2", "nox": "NOx", "pm": "颗粒物", "vocs": "VOCs"}

BookKind = Literal["inventory", "grading"]
TITLES: dict[BookKind, dict[str, str]] = {
    "inventory": {
        "enterprises": "企业基本信息",
        "lines": "生产线减排措施",
        "transport": "运输管控",
        "dust": "扬尘源",
        "mobile": "移动源",
        "guarantee": "保障类",
        "changes": "等级变更",
        "removals": "移出说明",
    },
    "grading": {
        "applications": "申报",
        "processes": "分行业工序",
        "aspects": "对标",
        "county": "县级审查",
        "visits": "现场核查",
        "city": "市级审核",
        "province": "省级核定",
        "events": "动态管理",
    },
}
"""Key of each sheet (used in code) and its title (seen by people), by kind of workbook, in the order of the workbook."""
KIND_NAMES: dict[BookKind, str] = {"inventory": "重污染天气应急减排清单", "grading": "重点行业绩效分级申报审核表"}
"""What people call a workbook of each kind."""
ROOTS: dict[BookKind, str] = {"inventory": "enterprises", "grading": "applications"}
"""The sheet of each kind whose 清单编号 the other sheets refer to."""
SHEET_TITLES = {key: title for own in TITLES.values() for key, title in own.items()}
"""Titles of the sheets of all kinds by key."""


NAME_FIELDS = frozenset(
    (
        "township", "name", "address", "legal_person", "contact", "supervisor", "keeper", "dust_name", "owner", "builder",
        "department", "reviewers", "visitors", "checkers",
    )
)  # fmt: skip
"""Fields that name a person, an enterprise, an office or a place: there is no such name without a letter."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its place, what may stand in it, and what the officer is told about it."""

    sheet: str
    """Key of the sheet in `SHEET_TITLES`."""
    position: int
    """0-based position within the sheet; field number of the record."""
    header: str
    field: str
    kind: _Kind
    unit: str
    values: str
    required: Required
    """`when`: `REQUIRED_WHEN` of rule GS02, or a rule of its own, says when."""
    band: str
    width: float
    """In characters of the default font."""
    prompt: str
    basis: str

    @property
    def bounds(self) -> tuple[float | None, float | None, bool]:
        """Smallest and largest allowed number, and whether the smallest itself is excluded (`>0`)."""
        if ".." in self.values:
            low, high = self.values.split("..")
            return float(low), float(high), False
        if self.values.startswith(">"):
            return float(self.values.lstrip(">=")), None, not self.values.startswith(">=")
        return None, None, False

    @property
    def is_number(self) -> bool:
        """Whether the cell holds a number."""
        return self.kind in ("int", "decimal")

    @property
    def is_name(self) -> bool:
        """Whether the cell names somebody or something."""
        return self.kind == "text" and self.field in NAME_FIELDS

    @property
    def is_code(self) -> bool:
        """Whether the cell holds digits that are a name, not a number, and so needs the text format."""
        return self.kind in ("id", "ref", "refs", "code18", "code22", "code4", "phone")


@dataclass(frozen=True)
class Sheet:
    """One sheet: key, title and columns in order."""

    key: str
    title: str
    columns: tuple[Column, ...]

    def __getitem__(self, field: str) -> Column:
        return self._by_field[field]

    def __contains__(self, field: str) -> bool:
        return field in self._by_field

    @cached_property
    def _by_field(self) -> dict[str, Column]:
        return {column.field: column for column in self.columns}


def _load() -> dict[str, Sheet]:
    columns: dict[str, list[Column]] = {key: [] for key in SHEET_TITLES}
    text = files(__package__).joinpath("columns.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        own = columns[row["sheet"]]
        own.append(
            Column(
                row["sheet"],
                len(own),
                row["header"],
                row["field"],
                cast(_Kind, row["type"]),
                row["unit"],
                row["values"],
                cast(Required, row["required"]),
                row["band"],
                float(row["width"]),
                row["prompt"],
                row["basis"],
            )
        )
    return {key: Sheet(key, SHEET_TITLES[key], tuple(own)) for key, own in columns.items()}


SHEETS = _load()
"""The sheets of all kinds by key."""
KINDS: dict[BookKind, dict[str, Sheet]] = {kind: {key: SHEETS[key] for key in own} for kind, own in TITLES.items()}
"""The sheets of a workbook by its kind and their key, in order."""
INVENTORY = KINDS["inventory"]
KIND_OF: dict[str, BookKind] = {key: kind for kind, own in TITLES.items() for key in own}
"""Kind of workbook by key of a sheet."""

BOOK_FIELDS = {
    "division": "区划代码",
    "year": "年度",
    "round": "轮次",
    "revision": "版次",
    "template_version": "模板版本",
    "ruleset": "规则集",
    "filled_by_office": "填报单位",
    "filled_by": "填报人",
    "filled_phone": "填报电话",
    "filled_on": "填报日期",
}
"""What a workbook says of itself: field and the defined name on the sheet 填报说明."""
OFFICERS = {"filled_by_office": "name", "filled_by": "contact", "filled_phone": "phone", "filled_on": "fixed_on"}
"""Those of `BOOK_FIELDS` that the officer fills in, and the columns of 企业基本信息 whose law holds for them."""

COVER_TITLE = "填报说明"
TEMPLATE_VERSION = "1.0"
KNOWN_TEMPLATE_VERSIONS = ("1.0",)
"""Versions this release can read; older ones than `TEMPLATE_VERSION` are read with a warning (GS06)."""

DISPOSAL_TYPES = ("以热定产", "以处置定产", "以量定产")
"""措施类型 whose load is fixed by the guaranteed task."""


def letter(position: int) -> str:
    """Letters of a 0-based column: 0 is A, 26 is AA."""
    found = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        found = chr(65 + rest) + found
    return found


def position_of(letters: str | bytes) -> int:
    """0-based column of letters: A is 0, AA is 26."""
    found = 0
    for code in letters.encode() if isinstance(letters, str) else letters:
        found = found * 26 + code - 64
    return found - 1


LETTERS = {key: {column.field: letter(column.position) for column in sheet.columns} for key, sheet in SHEETS.items()}
"""Letters of the columns by sheet and field, as declared."""
