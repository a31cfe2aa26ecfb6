"""The one declaration of a rule set's tables (`rulesets/columns.csv`), and what is wrong with what stands in them.

The workbook in which a city keys in the law, its reader, and the messages are made from it. Cells are texts, as in
the shipped files: choices by their code (`yes`), lists with the separator of `_LISTS`, days as `2026-01-20`.
"""

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from validators.columns import SHEETS

_Kind = Literal["text", "choice", "list", "codes", "code", "int", "decimal", "date", "month_day"]
LawRow = dict[str, str]
Tables = Mapping[str, Sequence[LawRow]]
Key = tuple[str, ...]
UNGRADED = "未评级"
"""Name of the grade of whoever has none."""
_LISTS = {"list": "|", "codes": ";"}
"""Separator of the kinds that hold several values; people see 、."""
_LONGEST = 1000
"""Characters in a cell."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a table of the rule set."""

    table: str
    name: str
    """In code and in the files."""
    head: str
    kind: _Kind
    values: str
    """`A|B`, `0..100`, `@yes_no` (a list of labels.csv), `grades.grade` (values of that column), `/round` (a word
    list), `#lines.red_type` (the values of a column of the inventory)."""
    key: bool
    """Whether it is part of what identifies a row."""
    required: bool
    width: float
    prompt: str


@cache
def _rows(name: str) -> list[LawRow]:
    text = files(__package__).joinpath("rulesets", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def labels(name: str) -> dict[str, str]:
    """Codes of a list and what people see instead."""
    return {row["code"]: row["label"] for row in _rows("labels") if row["list"] == name}


@cache
def threshold_kinds() -> dict[str, str]:
    """What each threshold holds: number, date, yes_no or text."""
    return {row["code"]: row["kind"] for row in _rows("labels") if row["list"] == "thresholds"}


@cache
def fields(table: str) -> tuple[Field, ...]:
    """The columns of a table in order; those that every table has come last."""
    declared = _rows("columns")
    own = [row for row in declared if row["table"] == table] + [row for row in declared if not row["table"]]
    return tuple(
        Field(
            table,
            row["field"],
            row["head"],
            cast(_Kind, row["kind"]),
            row["values"],
            row["key"] == "yes",
            row["required"] == "yes",
            float(row["width"]),
            row["prompt"],
        )
        for row in own
    )


def title(table: str) -> str:
    """What people call a table; the name of its sheet."""
    return labels("tables")[table]


def key_of(table: str, row: LawRow) -> Key:
    """What identifies a row of a table."""
    return tuple(row[field.name] for field in fields(table) if field.key)


def allowed(field: Field, tables: Tables) -> dict[str, str]:
    """The values of a choice or list and what people see of each, in order."""
    found: dict[str, str] = {}
    for part in field.values.split("|"):
        if part.startswith("@"):
            found |= labels(part[1:])
        elif part.startswith("#"):
            sheet, _, column = part[1:].partition(".")
            found |= {value: value for value in SHEETS[sheet][column].values.split("|")}
        elif part.startswith("/"):
            found |= {row["word"]: row["word"] for row in tables["words"] if row["list"] == part[1:]}
        elif "." in part:
            table, _, name = part.partition(".")
            found |= {row[name]: row[name] for row in tables[table] if row[name]}
        else:
            found[part] = part
    return found


def shown(field: Field, row: LawRow, tables: Tables) -> str:
    """A cell as people see it: labels for codes, 、 between several values."""
    value = row[field.name]
    if field.kind in _LISTS:
        return value.replace(_LISTS[field.kind], "、")
    if field.kind == "choice":
        return allowed(field, tables).get(value, value)
    if _holds(field, row) == "yes_no":
        return labels("yes_no").get(value, value)
    return value


def meant(field: Field, row: LawRow, tables: Tables) -> str:
    """The code of what people wrote in a cell; what is no choice stays as it is, to be found."""
    value = row[field.name]
    if field.kind in _LISTS:
        return _LISTS[field.kind].join(part for part in re.split(r"[、，,;；|\s]+", value) if part)
    if field.kind == "choice":
        codes = {label: code for code, label in allowed(field, tables).items()}
    elif _holds(field, row) == "yes_no":
        codes = {label: code for code, label in labels("yes_no").items()}
    else:
        return value
    return codes.get(value, value)


def _holds(field: Field, row: LawRow) -> str:
    """What the value of a threshold is to be, '' for all other cells."""
    return threshold_kinds().get(row["name"], "") if (field.table, field.name) == ("thresholds", "value") else ""


@dataclass(frozen=True, slots=True)
class LawProblem:
    """What is wrong with a row: which row of the table (from 0; None for the whole table), where, and what to do."""

    table: str
    row: int | None
    field: str
    message: str
    other: int | None = None
    """Another row of the table that it is about."""


def problems(tables: Tables, *known: Tables) -> Iterator[LawProblem]:
    """What is wrong with the tables; rows that one of the `known` rule sets has need not say who verified them."""
    for table, rows in tables.items():
        seen: dict[Key, int] = {}
        unchanged = {tuple(row.values()) for one in known for row in one[table]}
        for number, row in enumerate(rows):
            faults = [*_cells(table, row, tables), *_ROW_CHECKS.get(table, _nothing)(row, tables)]
            key = key_of(table, row)
            first = seen.setdefault(key, number)
            if first != number:
                named = next(field for field in fields(table) if field.key)
                other = "、".join(filter(None, key))
                yield LawProblem(table, number, named.name, f"“{other}”有两行。请删去一行，或改正重复的内容。", first)
            if row["verified"] == "yes":
                faults += _verified(row, tuple(row.values()) in unchanged)
            for name, message in faults:
                yield LawProblem(table, number, name, message)
    yield from _wholes(tables)


def _cells(table: str, row: LawRow, tables: Tables) -> Iterator[tuple[str, str]]:
    for field in fields(table):
        value = row[field.name]
        if not value:
            if field.required:
                yield field.name, f"“{field.head}”必填，现为空。{field.prompt}"
        elif len(value) > _LONGEST:
            yield field.name, f"“{field.head}”有 {len(value)} 个字，超过 {_LONGEST} 个。请改短。"
        elif wrong := _wrong(field, row, tables):
            yield field.name, f"“{field.head}”填的是“{shown(field, row, tables)[:60]}”，{wrong}请改正。"


def _wrong(field: Field, row: LawRow, tables: Tables) -> str:
    """What should stand in a cell instead, '' where it is right."""
    value = row[field.name]
    match field.kind:
        case "choice":
            known = allowed(field, tables)
            return "" if value in known else f"只能是：{_some(known.values())}。"
        case "list":
            known = allowed(field, tables)
            unknown = [part for part in value.split("|") if part not in known]
            return f"其中“{'、'.join(unknown)}”不在《绩效等级》中，可用的有：{_some(known)}。" if unknown else ""
        case "codes":
            right = all(re.fullmatch(r"[0-9]{4}", part) for part in value.split(";"))
            return "" if right else "应为四位数字的小类代码，几个之间用“、”隔开。"
        case "code":
            return "" if re.fullmatch(r"[0-9A-Z-]{5,6}", value) else "应为 5 至 6 位的数字、大写字母或“-”。"
        case "int" | "decimal":
            low, _, high = field.values.partition("..")
            right = _number(value) and float(low) <= float(value) <= float(high)
            whole = field.kind == "int"
            right = right and (not whole or value.isdecimal())
            return "" if right else f"应为 {low} 至 {high} 的{'整数' if whole else '数字'}。"
        case "date":
            return "" if _day(value) else "应为日期，例如 2026-01-20。"
        case "month_day":
            return "" if re.fullmatch(r"\d\d-\d\d", value) and _day(f"2000-{value}") else "应为“月-日”，例如 08-21。"
    fits, words = _THRESHOLDS[_holds(field, row) or "text"]
    return "" if fits(value) else words


def _number(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", text, re.ASCII) is not None


def _day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_THRESHOLDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "number": (_number, "应为不小于 0 的数字，不带单位。"),
    "date": (_day, "应为日期，例如 2020-08-18。"),
    "yes_no": (lambda text: text in labels("yes_no"), "只能是“是”或“否”。"),
    "text": (lambda text: True, ""),
}


def _some(values: Iterable[str]) -> str:
    listed = list(values)
    return "、".join(listed[:12]) + ("等" if len(listed) > 12 else "") if listed else "（还没有）"


def _verified(row: LawRow, unchanged: bool) -> Iterator[tuple[str, str]]:
    """A row that is said to be verified says by which document, and a new one by whom and when."""
    if not row["source"]:
        yield "source", "“是否核实”填了“是”，却没有写来源。请写明文件、条款；没有核实的，改填“否”。"
    for name, head in (("verified_by", "核实人"), ("verified_on", "核实日期")):
        if not unchanged and not row[name]:
            yield name, f"新增或改过的行填了“已核实”，却没有写{head}。请补填；没有核实的，“是否核实”改填“否”。"


def _nothing(row: LawRow, tables: Tables) -> Iterator[tuple[str, str]]:
    yield from ()


def _industry(row: LawRow, _: Tables) -> Iterator[tuple[str, str]]:
    if UNGRADED in row["grades"].split("|") and row["grades"] != UNGRADED:
        yield "grades", f"“{UNGRADED}”表示不参加分级，只能单独写，不能和别的等级写在一起。请改正。"
    if row["lowest"] and row["lowest"] not in row["grades"].split("|"):
        yield "lowest", f"最低等级“{row['lowest']}”不在“可评的等级”之中。请改正其中一格。"


def _share(name: str, row: LawRow) -> Iterator[tuple[str, str]]:
    """A percentage that a spreadsheet program turned into a fraction: 20% typed becomes 0.2."""
    if _number(row[name]) and 0 < float(row[name]) < 1:
        yield (
            name,
            f"比例是 {row[name]}，不到百分之一；多半是写了百分号，被表格存成了小数。请写 20 的样子，不写百分号。",
        )


def _target(row: LawRow, _: Tables) -> Iterator[tuple[str, str]]:
    yield from _share("minimum_percent_of_whole_society", row)


def _measure(row: LawRow, tables: Tables) -> Iterator[tuple[str, str]]:
    yield from _share("min_ratio_percent", row)
    own = [one for one in tables["industries"] if one["industry"] == row["industry"]]
    if row["industry"] in labels("any") and row["subtype"]:
        yield "subtype", "填“各行业”的行不分子类。请把子类清空。"
    if not own:
        return
    subtypes = [one["subtype"] for one in own]
    if row["subtype"] not in subtypes:
        known = "、".join(filter(None, subtypes))
        due = f"应为{known}之一" if known else "该行业不分子类，应空着"
        yield "subtype", f"子类填的是“{row['subtype'] or '空白'}”，“{row['industry']}”{due}。请改正。"
        return
    grades = own[subtypes.index(row["subtype"])]["grades"].split("|")
    if row["grade"] and row["grade"] not in grades:
        yield "grade", f"“{row['industry']}”没有“{row['grade']}”这一级，可评的有：{'、'.join(grades)}。请改正。"


def _division(row: LawRow, tables: Tables) -> Iterator[tuple[str, str]]:
    if row["submits"] == "yes" and row["alias_of"]:
        yield "submits", "已由别的区划替代，不能再提交清单。请改为“否”，或清空“现用代码”。"


def _threshold(row: LawRow, _: Tables) -> Iterator[tuple[str, str]]:
    kind = threshold_kinds().get(row["name"], "")
    if not row["value"] and kind != "date":
        yield "value", f"“{labels('thresholds').get(row['name'], '这一项')}”必填，现为空。请填写。"


_ROW_CHECKS: dict[str, Callable[[LawRow, Tables], Iterator[tuple[str, str]]]] = {
    "industries": _industry,
    "measures": _measure,
    "targets": _target,
    "divisions": _division,
    "thresholds": _threshold,
}


def _wholes(tables: Tables) -> Iterator[LawProblem]:
    """What a table must have as a whole."""
    names = {row["name"] for row in tables["thresholds"]}
    for name, label in labels("thresholds").items():
        if name not in names:
            yield LawProblem("thresholds", None, "name", f"缺少“{label}”这一项。各项都要有，请从原来的规则集补回。")
    if not any(row["submits"] == "yes" for row in tables["divisions"]):
        yield LawProblem("divisions", None, "submits", "没有一个提交清单的区县。请至少有一行“是否提交清单”为“是”。")
    listed = {row["list"] for row in tables["words"]}
    for name, label in labels("words").items():
        if name == "round" and name not in listed:
            yield LawProblem("words", None, "list", "没有一个轮次。请至少写一行“轮次”，例如 首报。")
        elif name not in listed:
            what = f"词表“{label}”一个词也没有。请至少写一行；不想用它的，写一个不会出现的词，例如 （不用）。"
            yield LawProblem("words", None, "list", what)
    for table in ("industries", "grades", "guarantee"):
        if not tables[table]:
            yield LawProblem(table, None, fields(table)[0].name, "这张表是空的。请至少填一行。")


@dataclass(frozen=True, slots=True)
class LawChange:
    """What became of a row of a table."""

    table: str
    what: Literal["新增", "删除", "修改", "次序"]
    row: str
    """What identifies the row to people; '' where the order of the whole table changed."""
    cells: tuple[tuple[str, str, str], ...] = ()
    """Head, what stood there and what stands there now, as people see them."""


def changes(old: Tables, new: Tables) -> Iterator[LawChange]:
    """What tells the new tables from the old ones, table by table; keys are unique in both."""
    for table in new:
        before = {key_of(table, row): row for row in old[table]}
        after = {key_of(table, row): row for row in new[table]}
        for key, row in after.items():
            if key not in before:
                yield LawChange(table, "新增", _row_name(table, row, new))
            elif row != before[key]:
                pairs = [(one.head, shown(one, before[key], old), shown(one, row, new)) for one in fields(table)]
                differing = tuple(pair for pair in pairs if pair[1] != pair[2])
                yield LawChange(table, "修改", _row_name(table, row, new), differing)
        for key, row in before.items():
            if key not in after:
                yield LawChange(table, "删除", _row_name(table, row, old))
        if [key for key in before if key in after] != [key for key in after if key in before]:
            yield LawChange(table, "次序", "")


def _row_name(table: str, row: LawRow, tables: Tables) -> str:
    return " ".join(filter(None, (shown(field, row, tables) for field in fields(table) if field.key)))
