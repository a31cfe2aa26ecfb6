"""`qingdan rules`: the catalogue of rules, or the page of one."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from pydantic import Field

from addin.office.results import Document, Result
from addin.problems import Stop
from validators.columns import SHEETS
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Json
from validators.rule import WORKBOOK_SCOPES, Rule, all_rules, page
from workbook_templates.formulas.plan import ONLY_IN_PYTHON, PARTLY

SCOPE_NAMES = {
    "cell": "单元格，校验时判断",
    "row": "行，校验时判断",
    "workbook": "工作簿，校验时判断",
    "versions": "与上一版比对，校验时给出 --previous 才判断",
    "city": "全市，汇总时判断",
}


class Catalogue(Result):
    """All rules, or the page of one."""

    rules: list[Json]
    text: list[str] = Field(exclude=True)
    one: bool = Field(exclude=True)

    def lines(self) -> Iterator[str]:
        """A line for each rule, or the page."""
        yield from self.text

    def to_json(self) -> Document:
        """A list of all, or the one."""
        return self.rules[0] if self.one else self.rules


def rules(id_: str | None) -> Catalogue:
    """The catalogue, or the rule of that id. Raises `Stop`."""
    known = all_rules()
    examples = json.loads(files(__package__).joinpath("examples.json").read_text(encoding="utf-8"))
    if id_ is None:
        text = [
            f"{rule.id}  {SEVERITY_SYMBOLS[rule.severity]} {SEVERITY_NAMES[rule.severity]}  {rule.name}"
            for rule in known.values()
        ]
        return Catalogue(
            rules=[rule_json(rule, examples[rule.id]) for rule in known.values()],
            text=[*text, f"共 {len(known)} 条。看某一条：qingdan rules BZ01"],
            one=False,
        )
    found = known.get(id_.upper())
    if found is None:
        near = "、".join(one for one in known if one[:2] == id_.upper()[:2])
        raise Stop(f"没有规则“{id_}”。" + (f"这一组有：{near}。" if near else "全部规则见 qingdan rules。"))
    example = examples[found.id]
    return Catalogue(rules=[rule_json(found, example)], text=rule_lines(found, example), one=True)


def rule_json(rule: Rule, example: Mapping[str, Any]) -> Json:
    """A rule with its examples as JSON."""
    return {
        "rule": rule.id,
        "name": rule.name,
        "severity": rule.severity.name,
        "scope": rule.scope,
        "judged_by": judged_by(rule),
        "basis": rule.basis,
        "sheets": [SHEETS[key].title for key in rule.sheets],
        **page(rule.doc),
        "examples": example,
    }


def rule_lines(rule: Rule, example: Mapping[str, Any]) -> list[str]:
    """The page of a rule as lines of text: its title, then `head：text`."""
    severity = f"{SEVERITY_SYMBOLS[rule.severity]} {SEVERITY_NAMES[rule.severity]}"
    fails, passes = example["fails"], example["passes"]
    lines = [f"{rule.id} {rule.name}（{severity}）", f"判断范围：{where(rule)}"]
    lines += [f"由谁判断：{judged_by(rule)}", f"依据：{rule.basis}"]
    lines += [f"{head}：{text}" for head, text in page(rule.doc).items()]
    lines.append(f"会指出的例子：{_case_words(fails)}。提示：{fails['message']}")
    lines.append(f"不指出的例子：{_case_words(passes)}。")
    return lines


def _case_words(case: Mapping[str, str]) -> str:
    return f"{case['case']}（{case['rows']}）" if case["rows"] else case["case"]


def where(rule: Rule) -> str:
    """The scope of a rule and the sheets whose rows it judges, in words."""
    titles = "".join(f"《{SHEETS[key].title}》" for key in rule.sheets)
    return f"{SCOPE_NAMES[rule.scope]}；{titles}" if titles else SCOPE_NAMES[rule.scope]


def judged_by(rule: Rule) -> str:
    """Whether the workbook itself says it while it is filled in, or the program, or both; and why, if not both."""
    if rule.scope not in WORKBOOK_SCOPES:
        return "只由程序：工作簿里只有一个县区的这一版"
    if rule.id in ONLY_IN_PYTHON:
        return f"只由程序：{ONLY_IN_PYTHON[rule.id]}"
    return "两者：工作簿里填报时即判断，程序再判断一遍" + (f"；{PARTLY[rule.id]}" if rule.id in PARTLY else "")
