"""What the cells of the template accept: drop-down lists, typed limits, and the words that go with them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from validators.columns import DISPOSAL_TYPES, KINDS, LETTERS, SHEETS, BookKind, Column
from validators.rules.required_cells import required_when
from validators.ruleset import NOT_KEY, UNGRADED, RuleSet
from workbook_templates.formulas.default_formulas import OFFERED
from workbook_templates.xlsx.appearance import FIRST_ROW, MARKS, MarkKey

CHOICES_TITLE = "选项"
"""The hidden sheet of lists; every list is a column and a defined name."""
NO_CHOICE = "选项_空"
SUBTYPE_KEYS, SUBTYPES = "选项_子类归属", "选项_子类取值"
GRADE_KEYS, GRADES = "选项_等级归属", "选项_等级取值"
MEASURES = "选项_措施类型"
COKE = "焦"
"""What is in the names of the industry and of the 措施类型 that fit only each other."""
DATES = (dt.date(1990, 1, 1), dt.date(2100, 12, 31))
PHONE_LENGTHS = (7, 20)

Limit = dict[str, Any]
"""Options of XlsxWriter's `data_validation`."""


def mark_of(column: Column) -> MarkKey:
    """The key of the mark that a column bears."""
    if column.required == "always" and (column.sheet, column.field) in OFFERED:
        return "offered" if column.is_number else "usual"
    return column.required


def lists(ruleset: RuleSet, county: str, kind: BookKind = "inventory") -> dict[str, tuple[str, ...]]:
    """All lists that drop-downs of a kind of workbook take from, by defined name; 区县 holds the county's own name alone."""
    found: dict[str, tuple[str, ...]] = {NO_CHOICE: ("",)}
    for sheet in KINDS[kind].values():
        for column in sheet.columns:
            if column.kind == "enum" and not _depends_on(column) and not _is_measure(column):
                own = column.field == "district"
                values = (ruleset.submitting[county],) if own else ruleset.allowed(column.values)
                found[_list_name(column)] = values
    subtypes = [(industry, subtype) for industry, own in ruleset.subtypes.items() for subtype in own]
    if "lines" in KINDS[kind]:
        found[MEASURES] = _measures(ruleset)
    found[SUBTYPE_KEYS], found[SUBTYPES] = _columns(subtypes)
    found[GRADE_KEYS], found[GRADES] = _columns(_grades(ruleset))
    return found


def _columns(pairs: list[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(key for key, _ in pairs), tuple(value for _, value in pairs)


def _grades(ruleset: RuleSet) -> list[tuple[str, str]]:
    """`industry/subtype` and each grade of its scheme; without a subtype that is to be named, the grades of all."""
    schemes: dict[str, dict[str, None]] = {}
    for (industry, subtype), row in ruleset.schemes.items():
        whole = () if (industry, "") in ruleset.schemes else (f"{industry}/",)
        for key in (*whole, f"{industry}/{subtype}"):
            schemes.setdefault(key, {}).update(dict.fromkeys(row["grades"].split("|")))
    schemes[f"{NOT_KEY}/"] = {UNGRADED: None}
    return [(key, grade) for key, grades in schemes.items() for grade in grades]


def _is_measure(column: Column) -> bool:
    return column.sheet == "lines" and column.field.endswith("_type")


def _measures(ruleset: RuleSet) -> tuple[str, ...]:
    """措施类型: first those of guaranteed lines, last that of coke ovens, so that what fits a line stands together."""
    allowed = ruleset.allowed(SHEETS["lines"]["yellow_type"].values)
    return tuple(sorted(allowed, key=lambda one: (COKE in one) - (one in DISPOSAL_TYPES)))


def _fitting(letters: Mapping[str, str], ruleset: RuleSet) -> str:
    """The part of `MEASURES` that fits the line of a row."""
    types, guarantee = _measures(ruleset), SHEETS["guarantee"]
    last = sum(COKE not in one for one in types)
    listed = f"{guarantee.title}!${LETTERS[guarantee.key]['list_id']}:${LETTERS[guarantee.key]['list_id']}"
    first = f"IF(COUNTIF({listed},${letters['list_id']}{FIRST_ROW})>0,1,{len(DISPOSAL_TYPES) + 1})"
    end = f'IF(ISNUMBER(FIND("{COKE}",${letters["industry"]}{FIRST_ROW})),{len(types)},{last})'
    return f"=INDEX({MEASURES},{first},1):INDEX({MEASURES},{end},1)"


def _list_name(column: Column) -> str:
    return f"选项_{column.header}"


def _depends_on(column: Column) -> tuple[str, ...]:
    """Fields of the same row that decide which values a column may take."""
    sheet = SHEETS[column.sheet]
    if "industry" not in sheet or "subtype" not in sheet:
        return ()
    return {
        "subtype": ("industry",),
        "grade": ("industry", "subtype"),
        "applied_grade": ("industry", "subtype"),
    }.get(column.field, ())


def limit(
    column: Column, letters: Mapping[str, str], ruleset: RuleSet, county: str, ids: tuple[int, int] | None = None
) -> Limit:
    """What a column accepts from `FIRST_ROW` on, with the prompt shown at the cell and the words of refusal.

    `ids` are the first and last serial number that rows may have here. Entry is stopped where the value can never be right, and asked about where the rule behind it only warns.
    """
    rule, words, ask = _rule(column, letters, ruleset, county)
    prompt = column.prompt
    if ids and column.kind == "id" and column.values != "L":
        cell, start = f"{letters[column.field]}{FIRST_ROW}", len(county) + 4
        number = f"VALUE(MID({cell},{start},4))"
        within = f"{number}>={ids[0]},{number}<={ids[1]}"
        rule = rule | {"value": f"{str(rule['value']).removesuffix(')')},{within})"}
        words += f"本件的序号用 {ids[0]:04d} 至 {ids[1]:04d}。"
        prompt = f"{prompt}本件的序号用 {ids[0]:04d} 至 {ids[1]:04d}。"
    symbol = MARKS[mark_of(column)][0]
    when = required_when(column.sheet).get(column.field)
    due = f"{when}时必填。" if when else ""
    advice = "确认无误才保留，否则请改正。" if ask else "请改正，或按 Esc 恢复原来的内容。"
    found = {**rule, "input_title": column.header, "input_message": f"{symbol}。{due}{prompt}"}
    if words:
        found |= {
            "error_title": f"{column.header}{'请核对' if ask else '有误'}",
            "error_message": f"“{column.header}”{words}\n{advice}",
            "error_type": "warning" if ask else "stop",
        }
    return found


def _rule(column: Column, letters: Mapping[str, str], ruleset: RuleSet, county: str) -> tuple[Limit, str, bool]:
    """The check itself, what is allowed in words, and whether the officer may keep another value."""
    cell = f"{letters[column.field]}{FIRST_ROW}"
    match column.kind:
        case "enum":
            return _list(column, letters, ruleset, county)
        case "int" | "decimal" if column.required != "auto":
            return _number(column)
        case "date":
            return (
                {"validate": "date", "criteria": "between", "minimum": DATES[0], "maximum": DATES[1]},
                "须是日期，写成 年-月-日，例如 2020-08-18；不要写成“2020.8.18”或文字。",
                False,
            )
        case "id" | "ref":
            return _row_name(column, cell, county)
        case "code18":
            return _length("==", 18), "须是18位统一社会信用代码，与营业执照一致，中间不要有空格。", False
        case "code4":
            return _length("==", 4), "须是4位数字的行业小类代码（GB/T 4754—2017），例如 3011。", False
        case "code22":
            return _length("==", 22), "一般是22位：18位统一社会信用代码加4位，例如 …001P。", True
        case "phone":
            low, high = PHONE_LENGTHS
            words = "须是11位手机号，或带区号的固定电话（例如 0635-8412345）。"
            return {**_length("between", low), "maximum": high}, words, True
        case "text" if column.values.startswith("<="):
            longest = int(column.values[2:])
            return _length("<=", longest), f"不得超过{longest}个字。", False
    return {"validate": "any"}, "", False


def _length(criteria: str, value: int) -> Limit:
    return {"validate": "length", "criteria": criteria, "value": value}


def _number(column: Column) -> tuple[Limit, str, bool]:
    low, high, above = column.bounds
    whole = column.kind == "int"
    check: Limit = {"validate": "integer" if whole else "decimal"}
    name = "整数" if whole else "数字"
    if high is not None:
        check |= {"criteria": "between", "minimum": low, "maximum": high}
        words = f"须是 {low:.10g} 至 {high:.10g} 之间的{name}"
    else:
        check |= {"criteria": ">" if above else ">=", "value": 0}
        words = f"须是{'大于0' if above else '0或大于0'}的{name}"
    unit = f"，单位是{column.unit}，只填数字不写单位。" if column.unit else "，只填数字，不写单位和文字。"
    return check, words + unit, False


def _row_name(column: Column, cell: str, county: str) -> tuple[Limit, str, bool]:
    """清单编号 and 生产线编码: the county's code, the letter of the list, and digits."""
    start = len(county) + 4
    letters = {"enterprises": "G", "enterprises|dust": "GY", "applications": "G", "L": "G"}.get(
        column.values, column.values
    )
    heads = [f'LEFT({cell},{start - 1})="{county}-{letter}-"' for letter in letters]
    head = heads[0] if len(heads) == 1 else f"OR({','.join(heads)})"
    parts = [head, f"ISNUMBER(-MID({cell},{start},4))"]
    example = "或".join(f"{county}-{letter}-0001" for letter in letters)
    if column.values == "L":
        example += "-L01"
        tail = f'MID({cell},{start + 4},2)="-L"'
        parts += [tail, f"ISNUMBER(-RIGHT({cell},2))", f"LEN({cell})={start + 7}"]
    else:
        parts.append(f"LEN({cell})={start + 3}")
    words = f"须写成 {example} 的样子：用本区县代码 {county}，数字位数补足，中间不要有空格。"
    return {"validate": "custom", "value": f"=AND({','.join(parts)})"}, words, False


def _list(column: Column, letters: Mapping[str, str], ruleset: RuleSet, county: str) -> tuple[Limit, str, bool]:
    needs = _depends_on(column)
    if needs:
        keys, values = (SUBTYPE_KEYS, SUBTYPES) if len(needs) == 1 else (GRADE_KEYS, GRADES)
        key = '&"/"&'.join(f"${letters[field]}{FIRST_ROW}" for field in needs)
        first = f"MATCH({key},{keys},0)"
        found = f"INDEX({values},{first}):INDEX({values},{first}+COUNTIF({keys},{key})-1)"
        check = {"validate": "list", "value": f"=IF(COUNTIF({keys},{key})=0,{NO_CHOICE},{found})"}
        if len(needs) == 1:
            industries = "、".join(ruleset.subtypes)
            return check, f"只有{industries}分子类，且须从下拉列表中选择；其他行业请留空。", False
        words = "不是该行业（子类）的等级：先选“重点行业”和子类，再从下拉列表中选；非重点行业选“未评级”。"
        return check, words, True
    if _is_measure(column):
        words = "不是适合这条生产线的措施类型：以热定产、以处置定产、以量定产只用于《保障类》里的企业，延长出焦时间只用于焦化。"
        return {"validate": "list", "value": _fitting(letters, ruleset)}, words, True
    check = {"validate": "list", "value": f"={_list_name(column)}"}
    if column.field == "district":
        return check, f"须是本填报单位的区县“{ruleset.submitting[county]}”。", False
    allowed = "、".join(ruleset.allowed(column.values))
    words = f"只能填：{allowed}。" if len(allowed) <= 90 else "只能从下拉列表中选择（按 Alt+↓ 打开列表）。"
    return check, words, False
