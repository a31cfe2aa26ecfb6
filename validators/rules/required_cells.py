"""Which cells are required under a condition (GS02); the conditions in words are for prompts, too."""

from collections.abc import Iterator
from functools import reduce
from operator import or_

from validators.columns import DISPOSAL_TYPES, LEVELS
from validators.expr import (
    Cell,
    Expr,
    Row,
    count,
    given,
    listed,
    lookup,
    ref,
)
from validators.ruleset import UNGRADED

METERED = ("用电量", "天然气量", "投料量", "出焦时间", "在线监测")
"""核查指标 that are counted, and so need a unit and values."""


def required(row: Row) -> Iterator[tuple[Cell, Expr, str]]:
    """Cells that are required under a condition: the cell, when, and the condition in words (columns.csv)."""
    if "subtype" in row:
        yield row.subtype, lookup("subtyped", row.industry, default="") != "", "该行业有几套分级办法"
    if row.key == "enterprises":
        yield row.applied_grade, row.filing.isin(["申请报告", "申请表"]), "申报方式为申请报告或申请表"
        yield row.fixed_by, row.grade != UNGRADED, f"绩效等级不是“{UNGRADED}”"
        yield row.fixed_on, (row.grade != UNGRADED) & (row.fixed_by != "待核定"), "等级已经核定"
        yield row.offence_on, row.bar != "无", "近一年限制申报情形不是“无”"
        yield row.plan_filed_on, row.plan != "无", "一厂一策不是“无”"
    if row.key == "lines":
        for name in ("indicator_unit", "indicator_normal", "yellow_indicator", "orange_indicator", "red_indicator"):
            yield row[name], row.indicator.isin(METERED), "核查指标是可以计量的指标"
    if row.key == "guarantee":
        enterprise = count("enterprises", list_id=row.list_id) > 0
        by_task = [
            listed(row.line_ids, "lines", "line_id", (f"{level}_type", "in", DISPOSAL_TYPES)) for level in LEVELS
        ]
        yield row.line_ids, enterprise, "保障对象是企业"
        yield (
            row.max_load,
            reduce(or_, (lines > 0 for lines in by_task)),
            "保障生产线有以热定产、以处置定产或以量定产的措施",
        )
        yield row.load_unit, row.max_load >= 0, "填了核定最大允许生产负荷"
    if row.key == "removals":
        yield row.note, row.removal_reason == "其他", "移出原因为“其他”"
    yield from _required_of_procedure(row)


def _required_of_procedure(row: Row) -> Iterator[tuple[Cell, Expr, str]]:
    """The same of the sheets of a grading workbook."""
    if row.key == "applications":
        filed, words = row.filing.isin(("申请报告", "申请表")), "申报方式为申请报告或申请表"
        for name in ("applied_grade", "received_on", "commitment"):
            yield row[name], filed, words
        yield row.evidence, row.filing == "申请报告", "申报方式为申请报告"
        yield row.offence_on, row.bar != "无", "近一年限制申报情形不是“无”"
    if row.key == "aspects":
        yield row.city_note, row.city_meets == "否", "市级审核为“否”"
    if row.key in ("county", "city"):
        yield row.grade, row.result != "退回补正", "结论不是“退回补正”"
        yield row.reason, row.result != "同意", "结论不是“同意”"
    if row.key == "county":
        poor = (row.true_papers == "否") | (row.complete_papers == "否") | (row.proper_papers == "否")
        yield row.reason, (row.result == "同意") & poor, "材料有不真实、不完整或不规范之处"
    if row.key == "visits":
        yield row.problems, row.result == "不符合", "核查结果为“不符合”"
    if row.key == "province":
        other = ref("applications", "applied_grade", list_id=row.list_id) != row.grade
        yield row.reason, other, "核定等级与申报等级不同"
    if row.key == "events":
        yield row.finding, row.what == "监督检查", "事项为监督检查"
        for name in ("checked_on", "checkers"):
            yield row[name], given(row.finding), "填了核实结果"
        yield row.correct_by, row.what == "应急措施未落实", "事项为应急措施未落实"
        for name in ("old_grade", "new_grade", "approved_by", "changed_on"):
            yield row[name], row.what == "等级调整", "事项为等级调整"


def required_when(sheet: str) -> dict[str, str]:
    """When each field of a sheet (its key) is required, in words; only those that GS02 says."""
    found: dict[str, list[str]] = {}
    for cell, _, words in required(Row(sheet)):
        found.setdefault(cell.column.field, []).append(words)
    return {field: "，或".join(words) for field, words in found.items()}
