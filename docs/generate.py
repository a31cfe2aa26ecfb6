"""Writes 规则目录.md, 数据字典.md and 查得的事实.md from the rules, the declaration and `found/`, and addin/office/examples.json from the cases.

Run `python -m docs.generate` after a change to a rule, a case, a column or a rule set; a test says when it is due.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from typer.main import get_command

from addin.cli.app import app
from addin.cli.help_page import page
from addin.office.rule_catalogue import rule_lines
from tests.validators.test_cases import CASES, find, place
from validators import ruleset
from validators.columns import BOOK_FIELDS, COVER_TITLE, SHEET_TITLES, SHEETS, TEMPLATE_VERSION, Column
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Severity
from validators.meanings import ID_SHAPES, number_text
from validators.rule import GROUPS, Rule, all_rules, value_text
from validators.ruleset_tables import title as table_title
from workbook_templates.formulas.plan import ONLY_IN_PYTHON, PARTLY

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "addin" / "office" / "examples.json"
NOTE = "本页由程序生成（`python -m docs.generate`），请勿手工修改。"
MEANINGS = {
    Severity.BLOCKER: "不能当作清单读取，先修好文件。",
    Severity.ERROR: "必须改正，否则不能导出。",
    Severity.WARNING: "请看一看，确实无误的不必改。",
    Severity.INFO: "只是告知。",
}
KIND_WORDS = {
    "status": "校验状态",
    "text": "文字",
    "id": "编号",
    "ref": "已有的编号",
    "refs": "已有的编号，可几个",
    "enum": "选择",
    "code18": "18位统一社会信用代码",
    "code22": "22位许可证编号",
    "code4": "4位行业代码",
    "phone": "电话",
    "date": "日期",
    "int": "整数",
    "decimal": "数字",
}
REQUIRED_WORDS = {"always": "必填", "when": "条件必填", "optional": "选填", "auto": "自动"}
LIST_NAMES = {
    "industries": "重点行业",
    "subtypes": "重点行业子类",
    "grades": "绩效等级",
    "guarantee": "保障类别",
    "divisions": "填报区县",
}


def examples() -> dict[str, Any]:
    """One case of each rule that is found, with its message, and one that is not."""
    found: dict[str, Any] = {}
    for id_ in all_rules():
        fails = next(case for case in CASES[id_] if case["finds"])
        passes = next(case for case in CASES[id_] if not case["finds"])
        finding = next(finding for finding in find(fails) if finding.rule == id_)
        found[id_] = {
            "fails": {**_case(fails), "cell": place(finding) or None, "message": finding.message},
            "passes": _case(passes),
        }
    return found


def _case(case: Mapping[str, Any]) -> dict[str, str]:
    return {"case": case["name"], "rows": "；".join(_rows(case.get("rows", {})))}


def _rows(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for key, own in rows.items():
        for number, row in enumerate(own, 1):
            cells = "，".join(
                f"{SHEETS[key][name].header}＝{' '.join(value_text(value).split())}" for name, value in row.items()
            )
            if cells:
                yield f"《{SHEET_TITLES[key]}》第 {number} 条：{cells}"


def rule_catalogue(shown: Mapping[str, Any]) -> str:
    """规则目录.md with these examples."""
    rules = all_rules()
    parts = [
        "# 规则目录",
        f"{NOTE}共 {len(rules)} 条。命令行里看某一条：`qingdan rules BZ01`。",
        "| 程度 | 意思 |\n| --- | --- |\n"
        + "\n".join(
            f"| {SEVERITY_SYMBOLS[one]} {SEVERITY_NAMES[one]} | {MEANINGS[one]} |"
            for one in sorted(Severity, reverse=True)
        ),
    ]
    parts += ["## 填报时工作簿不说的", "填报表自己的公式说不了下面这些，由程序判断。其余的填报时就说，程序再判断一遍。"]
    parts.append(_table(("规则", "为什么"), _untold(rules)))
    for group, (_, name) in GROUPS.items():
        own = [rule for rule in rules.values() if rule.id.startswith(group)]
        parts.append(f"## {group} {name}")
        parts += [_rule_page(rule, shown[rule.id]) for rule in own]
    return "\n\n".join(parts) + "\n"


def _untold(rules: Mapping[str, Rule]) -> Iterator[tuple[str, str]]:
    """Rules that the workbook does not say, and those that it says in part."""
    for id_, why in {**ONLY_IN_PYTHON, **PARTLY}.items():
        yield f"{id_} {rules[id_].name}{'' if id_ in ONLY_IN_PYTHON else '（部分）'}", why


def _rule_page(rule: Rule, example: Mapping[str, Any]) -> str:
    title, *lines = rule_lines(rule, example)
    return f"### {title}\n\n" + "\n".join(
        f"- **{head}**：{text}" for head, _, text in (one.partition("：") for one in lines)
    )


def data_dictionary() -> str:
    """数据字典.md."""
    rules = ruleset.default()
    parts = [
        "# 数据字典",
        f"{NOTE}模板版本 {TEMPLATE_VERSION}，规则集 {rules.id}。",
        "“必填”一栏：条件必填的，在提示所说的条件满足时必填；自动的，由表格自己填写。",
        f"## {COVER_TITLE}",
        "表头以外的事项，写在这些名称所指的格里：" + "、".join(BOOK_FIELDS.values()) + "。",
    ]
    heads = ("表头", "类型", "单位", "可填的值", "必填", "提示", "依据")
    for sheet in SHEETS.values():
        parts += [f"## {sheet.title}", _table(heads, (_column_row(column) for column in sheet.columns))]
    parts.append("## 选项")
    parts += [f"- **{LIST_NAMES[name]}**：{'、'.join(values)}" for name, values in rules.values.items()]
    return "\n\n".join(parts) + "\n"


def _column_row(column: Column) -> tuple[str, ...]:
    return (
        column.header, KIND_WORDS[column.kind], column.unit, _values(column), REQUIRED_WORDS[column.required],
        column.prompt, column.basis,
    )  # fmt: skip


def _values(column: Column) -> str:
    if column.kind == "id":
        return ID_SHAPES[column.values]
    if column.kind == "ref":
        return "或".join(f"《{SHEET_TITLES[key]}》" for key in column.values.split("|")) + "里的清单编号"
    if column.kind == "refs":
        return f"《{SHEET_TITLES[column.values]}》里的生产线编码"
    if column.kind == "enum":
        return "、".join(f"见选项“{LIST_NAMES[one[1:]]}”" if one[0] == "@" else one for one in column.values.split("|"))
    if column.values.startswith("<="):
        return f"不超过 {column.values[2:]} 个字"
    low, high, open_ = column.bounds
    if high is not None and low is not None:
        return f"{number_text(low)} 至 {number_text(high)}"
    return "" if low is None else f"{'大于' if open_ else '不小于'} {number_text(low)}"


FOUND = {
    "industries": ("行业、子类和等级", {"industry": "行业", "subtype": "子类", "grades": "所见等级"}),
    "measures": ("各级预警的措施", {"industry": "行业", "subtype": "子类、工序", "grade": "等级", "level": "级别", "measure": "措施"}),
    "review_mistakes": ("审查时指出的问题", {"mistake": "问题"}),
    "heads": ("见过的表头", {"heads": "表", "year": "年份"}),
}  # fmt: skip
"""What was found of the law in `docs/found/`, the title of each table, and its columns."""


def found_rows(name: str) -> list[dict[str, str]]:
    """The facts of one table, each with what was made of it."""
    with (ROOT / "docs" / "found" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def found_facts() -> str:
    """查得的事实.md: every fact that was found, and where it is used, or why it is not."""
    rows = {name: found_rows(name) for name in FOUND}
    left = Counter(row["where"] for own in rows.values() for row in own if row["how"] == "未收")
    parts = [
        "# 查得的事实",
        f"{NOTE}第二次查找技术指南等文件时找到的每一条，各写明怎样用了，或为什么没有收。其中没有一条是见到文件原文的：收进规则集的都标“未核实”，"
        "只提醒，不拦导出；随程序已标“已核实”的行没有因为它们改变。市里见到原文后，照[规则集](规则集.md)录入、核实。",
        "## 没有收的",
        _table(("为什么", "条数"), ((why, str(times)) for why, times in left.items())),
    ]
    for name, (title, columns) in FOUND.items():
        heads = (*columns.values(), "来源", "程度", "怎样用")
        lines = ([row[one] for one in columns] + [row["source"], row["sure"], _use(row)] for row in rows[name])
        parts += [f"## {title}", _table(heads, ([cell.replace("|", "、") for cell in line] for line in lines))]
    return "\n\n".join(parts) + "\n"


def _use(row: Mapping[str, str]) -> str:
    if row["how"] != "规则集":
        return f"{row['how']}：{row['where']}"
    table, _, key = row["where"].partition(" ")
    return f"规则集《{table_title(table)}》{key.replace('*/', '各行业 ').replace('/', ' ')}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def command_reference() -> str:
    """命令.md: the help page of every command, as the terminal shows it."""
    parts = ["# 全部命令", f"{NOTE}每一页都可在命令行里看：命令后面加 `--help`。"]
    parts += ["退出码：0 做完且没有错误，1 做完但发现了问题，2 没能做成。加 `--json`，结果写成一份 JSON。"]

    def below(command: Any, parent: Any, name: str) -> None:  # noqa: ANN401 - types are private to typer
        context = command.context_class(command, parent=parent, info_name=name)
        parts.extend([f"## {context.command_path}", f"```text\n{page(command, context)}\n```"])
        for inner, one in getattr(command, "commands", {}).items():
            if not one.hidden:
                below(one, context, inner)

    below(get_command(app), None, "qingdan")
    return "\n\n".join(parts) + "\n"


def pages() -> dict[Path, str]:
    """What is generated, by file."""
    own = examples()
    return {
        EXAMPLES: json.dumps(own, ensure_ascii=False, indent=1) + "\n",
        ROOT / "docs" / "命令.md": command_reference(),
        ROOT / "docs" / "规则目录.md": rule_catalogue(own),
        ROOT / "docs" / "数据字典.md": data_dictionary(),
        ROOT / "docs" / "查得的事实.md": found_facts(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
