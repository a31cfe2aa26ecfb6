"""What every command answers with --json, written once and held: `python -m tests.golden` writes it anew.

Hashes, times, keys, versions and the folder are replaced by marks; everything else is letter for letter what other
programs rely on. A change here is a change of the contract, or of what is found in the made-up workbooks.
"""

import contextlib
import getpass
import io
import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from addin.cli.app import main
from addin.trial.other_tables import make_blank, make_old_list
from tests.addin.conftest import COUNTY, RULES, fill
from workbook_templates.samples.sample_inventory import make_rows

GOLDEN = Path(__file__).with_name("golden.json")
YEAR = ("--year", "2020")
OWN = ("--county", COUNTY)
COMMANDS: dict[str, tuple[str, ...]] = {
    "sample": ("sample", *OWN, *YEAR, "--enterprises", "4", "--out", "样例.xlsx"),
    "sample grading": ("sample", "--grading", *OWN, *YEAR, "--enterprises", "85", "--out", "绩效分级.xlsx"),
    "sample inventory": ("sample", *OWN, *YEAR, "--enterprises", "85", "--out", "清单.xlsx"),
    "template county": ("template", "county", *OWN, *YEAR, "--revision", "2", "--from", "样例.xlsx", "--rows", "9", "--out", "模板.xlsx"),
    "template grading": ("template", "grading", *OWN, *YEAR, "--revision", "1", "--rows", "9", "--out", "审核表.xlsx"),
    "template documents": ("template", "documents", "--out", "文书模板"),
    "check": ("check", "样例.xlsx", "收件箱/茌平区.xlsx", "没有.xlsx"),
    "check previous": ("check", "样例.xlsx", "--previous", "少一家.xlsx", "--on", "2020-08-20"),
    "check grading": ("check", "绩效分级.xlsx"),
    "consolidate": ("consolidate", "收件箱", *YEAR, "--round", "首报", "--out", "全市.xlsx", "--exclude", "371525", "--reason", "逾期"),
    "return": ("return", "收件箱", "--out", "退回"),
    "export refused": ("export", "全市.xlsx", "--out", "报省.xlsx"),
    "export": ("export", "样例.xlsx", "--out", "报省.xlsx"),
    "audit": ("audit", "报省.xlsx", "--against", "样例.xlsx"),
    "audit unread": ("audit", "没有.xlsx"),
    "audit several": ("audit", "报省.xlsx", "没有.xlsx"),
    "decide": ("decide", "全市.xlsx", "--kind", "剔除", *OWN, "--reason", "逾期", "--who", "张三"),
    "consolidate again": ("consolidate", "收件箱", *YEAR, "--out", "全市.xlsx", "--force"),
    "history": ("history", "全市.xlsx"),
    "diff": ("diff", "1", "2", "--dir", "全市.xlsx"),
    "briefing": ("publish", "briefing", "全市.xlsx", "--out", "简报.docx"),
    "backup": ("ledger", "backup", "全市.xlsx", "--out", "备份.zip"),
    "restore": ("ledger", "restore", "备份.zip", "--out", "退回"),
    "directory": ("directory", "清单.xlsx", "--out", "公开"),
    "guarantee": ("guarantee", "清单.xlsx", "--out", "保障类名单.xlsx"),
    "draw": ("draw", "绩效分级.xlsx", "--ratio", "20", "--out", "现场核查名单.xlsx"),
    "calendar": ("calendar", "绩效分级.xlsx", "--on", "2020-08-18"),
    "regrade": ("regrade", "绩效分级.xlsx", "--inventory", "清单.xlsx"),
    "plans": ("plans", "样例.xlsx", "--out", "一厂一策"),
    "papers": ("papers", "绩效分级.xlsx", "--kind", "2", "--out", "文书"),
    "profile-diff": ("profile-diff", "default", "directory"),
    "rules": ("rules", "BZ01"),
    "ruleset edit": ("ruleset", "edit", *YEAR, "--out", "规则集.xlsx"),
    "ruleset load": ("ruleset", "load", "规则集.xlsx"),
    "ruleset list": ("ruleset", "list"),
    "keys": ("keys", "--out", "."),
    "layout learn": ("layout", "learn", "旧清单.xlsx", "--out", "布局.csv"),
    "layout show": ("layout", "show", "xingtai"),
    "import": ("import", "旧清单.xlsx", "--layout", "布局.csv", *OWN, *YEAR, "--out", "导入.xlsx"),
    "merge": ("merge", "来件", "--out", "合并.xlsx"),
    "layout learn blank": ("layout", "learn", "空白表.xlsx", "--out", "空白表布局.csv"),
    "export into": ("export", "样例.xlsx", "--into", "空白表.xlsx", "--layout", "空白表布局.csv", "--out", "填好.xlsx"),
    "refused": ("rules", "XX99"),
}  # fmt: skip
"""In the order in which they run: each takes what those before it made."""
MARKS = (
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "<hash>"),
    (re.compile(r"\b[0-9a-f]{4}( [0-9a-f]{4}){3,}\b|\b([0-9a-f]{2}:){7,}[0-9a-f]{2}\b"), "<key>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+\-0-9:Z]*"), "<time>"),
    (re.compile(r"qingdan \d[\w.]*"), "<version>"),
)


def answers() -> Iterator[tuple[str, Any]]:
    """Exit code and document of every command, by name, in a folder made for them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = make_rows(COUNTY, 4, 1, RULES)
        fill(folder / "少一家.xlsx", rows={**rows, "enterprises": rows["enterprises"][:-1]})
        inbox = folder / "收件箱"
        inbox.mkdir()
        fill(inbox / "东昌府区.xlsx")
        wrong = make_rows("371503", 4, 1, RULES)
        wrong["enterprises"][2]["longitude"] = 117.5123
        fill(inbox / "茌平区.xlsx", "371503", rows=wrong)
        (inbox / "不是表.xlsx").write_text("不是")
        few = {key: [{**row} for row in rows[key][:1]] for key in ("enterprises", "lines")}
        make_old_list(folder / "旧清单.xlsx", few, "旧清单")  # type: ignore[arg-type] # a sample has no blanks
        make_blank(folder / "空白表.xlsx", "清单")
        pieces = folder / "来件"
        pieces.mkdir()
        fill(pieces / "甲镇.xlsx", rows={**rows, "enterprises": rows["enterprises"][:2]})
        clash = [{**rows["enterprises"][1], "contact": "另一个人"}, *rows["enterprises"][2:]]
        fill(pieces / "乙镇.xlsx", rows={"enterprises": clash})
        told = {"QINGDAN_RULESETS": str(folder / "规则集"), "QINGDAN_PASSPHRASE": "八个字符的口令啊"}
        with contextlib.chdir(folder), patch.dict(os.environ, told):
            for command, arguments in COMMANDS.items():
                yield command, answer([*arguments, "--json"], name)


def answer(arguments: list[str], folder: str) -> Any:
    """Exit code and document of a command, what changes from run to run replaced by marks."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        code = main(arguments)
    return {"code": code, "document": marked(json.loads(out.getvalue()), folder)}


def marked(value: Any, folder: str) -> Any:
    """A document with marks in its texts."""
    if isinstance(value, dict):
        return {key: marked(inner, folder) for key, inner in value.items()}
    if isinstance(value, list):
        return [marked(inner, folder) for inner in value]
    if not isinstance(value, str):
        return value
    text = "<user>" if value == getpass.getuser() else value.replace(folder, "<folder>")
    for pattern, mark in MARKS:
        text = pattern.sub(mark, text)
    return text


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(dict(answers()), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
