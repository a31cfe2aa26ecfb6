"""What the city office brings besides the counties' workbooks: lists to compare with, results of the review, emissions."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from validators.columns import POLLUTANT_NAMES

RESULT_LISTS = ("排污许可", "环境统计", "污染源普查", "市场监管")
"""Lists of enterprises that ought to be in the inventory (聊重指办〔2020〕6号 二(三))."""
PROVINCE_RESULT, MINISTRY_RESULT = "省核定结果", "部复核结果"
EMISSIONS = "全社会排放"
REFERENCE_KINDS = (*RESULT_LISTS, PROVINCE_RESULT, MINISTRY_RESULT, EMISSIONS)
"""What an import is; its file is named after it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of an imported list or result; texts as they stand there, '' where there are none."""

    kind: str
    file: str
    row: int
    """1-based."""
    uscc: str = ""
    name: str = ""
    list_id: str = ""
    site: str = ""
    grade: str = ""
    day: date | None = None
    ruleset: str = ""
    """By which law the grade was given, as it is written there: a rule set, a year, or a document with its year."""

    @property
    def of_line(self) -> bool:
        """Whether it grades a single production line (引领性生产线), not the enterprise."""
        return self.grade.endswith("生产线")

    def __str__(self) -> str:
        """What it is called in a message."""
        code = f"（{self.uscc}）" if self.uscc else ""
        return f"{self.kind}“{self.file}”第{self.row}行“{self.name or self.list_id or '未写名称'}”{code}"


@dataclass(frozen=True, slots=True)
class Import:
    """One file: what it is, its hash and its rows; `emissions` in t/d by pollutant (`so2`), for `EMISSIONS` only."""

    kind: str
    file: str
    sha256: str
    rows: tuple[Listed, ...] = ()
    emissions: dict[str, float] = field(default_factory=dict)


@dataclass
class Imports:
    """All that was brought, and the whole-society emissions that hold, in t/d by pollutant (`so2`)."""

    files: list[Import] = field(default_factory=list)
    emissions: dict[str, float] = field(default_factory=dict)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """Files that were brought and could not be read, and why."""

    def rows(self, *kinds: str) -> Iterator[Listed]:
        """Rows of the imports of these kinds."""
        for one in self.files:
            if one.kind in kinds:
                yield from one.rows


def pollutant_of(text: str) -> str | None:
    """The pollutant (`so2`) that a text names, or None; 颗粒物 has several names."""
    plain = "".join(text.split()).upper().replace("₂", "2").replace("ₓ", "X")
    names = {name.upper(): key for key, name in POLLUTANT_NAMES.items()}
    others = {"二氧化硫": "so2", "氮氧化物": "nox", "PM": "pm", "烟粉尘": "pm", "挥发性有机物": "vocs", "VOC": "vocs"}
    return {**names, **others}.get(plain)
