"""The commands: what they print, write and return; every word of it Chinese."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import typer

from addin.cli.app import app
from tests.addin.conftest import COUNTY, RULES, Run, fill
from validators.columns import BOOK_FIELDS, INVENTORY, SHEETS
from validators.rule import all_rules
from workbook_templates.formulas.default_formulas import INHERITED, OFFERED
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.submission.submission_workbook import profiles


def commands() -> list[tuple[str, ...]]:
    def below(command: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        inside = {name: inner for name, inner in getattr(command, "commands", {}).items() if not inner.hidden}
        return [path, *(one for name, inner in inside.items() for one in below(inner, (*path, name)))]

    return below(typer.main.get_command(app), ())


ALLOWED = re.compile(
    r"qingdan( [a-z-]+)*|--[a-z]+|[\w-]*\.(xlsx|xlsb|xls|ods|csv|zip|docx|md|pem|pub|sig|manifest\.json)|JSON|QINGDAN_(DEBUG=1|PASSPHRASE)|SHA-256|\b[A-Z]{2}[0-9]{2}\b|\bdemo\b"
    r"|\b(?:Excel|WPS|LibreOffice|Windows|Linux|excel|wps|libreoffice)\b"  # names, and what is typed for them
)


def foreign_words(text: str, *more: str) -> list[str]:
    text = ALLOWED.sub("", text)
    for one in more:
        text = text.replace(one, "")
    return re.findall(r"[A-Za-z]{2,}", text)


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_help_page_is_chinese_and_shows_an_example(run: Run, path: tuple[str, ...]) -> None:
    code, out, err = run(*path, "--help")
    assert (code, err) == (0, "")
    names = [f"  {name}  " for one in commands() for name in one]
    assert foreign_words(re.sub(r"^  [a-z]+ ", "", out, flags=re.M), *names) == []
    is_group = any(len(other) > len(path) and other[: len(path)] == path for other in commands())
    assert is_group or f"例：qingdan {' '.join(path)}" in out
    assert is_group or "--json" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nonsense"], "没有命令“nonsense”"),
        (["template"], "缺少命令"),
        (["template", "nonsense"], "没有命令“nonsense”"),
        (["check"], "缺少参数“文件…”"),
        (["sample", "--county", COUNTY], "缺少选项 --enterprises 家数，缺少选项 --out 文件。"),  # all at once
        (["check", "a.xlsx", "--foo"], "没有选项 --foo"),
        (["check", "a.xlsx", "--prev", "b"], "是不是 --previous"),
        (["check", "a.xlsx", "--on"], "选项 --on 后面缺少它的值"),
        (["check", "a.xlsx", "--json=1"], "选项 --json 后面不能跟值"),
        (["check", "a.xlsx", "--on", "2020-02-30"], "“2020-02-30”不是日期"),
        (["rules", "BZ01", "BZ02"], "多出的参数：BZ02"),
        (["rules", "BZ99"], "没有规则“BZ99”"),
        (["rules", "("], "没有规则“(”"),
        (["sample", "--county", COUNTY, "--enterprises", "3"], "缺少选项 --out 文件"),
        (["sample", "--county", "1", "--enterprises", "3", "--out", "x.xlsx"], "没有代码为“1”的填报区县"),
        (["sample", "--county", COUNTY, "--enterprises", "0", "--out", "x.xlsx"], "应为 1 至 1500 的整数"),
        (["sample", "--county", COUNTY, "--enterprises", "１", "--out", "x.xlsx"], "应为 1 至 1500 的整数"),
        (["sample", "--county", COUNTY, "--enterprises", "3", "--seed", "a", "--out", "x.xlsx"], "选项 --seed"),
        (["sample", "--county", COUNTY, "--enterprises", "3", "--year", "1999", "--out", "x.xlsx"], "没有 1999 年的规则集"),
        (["template", "county", "--county", COUNTY, "--year", "2020", "--revision", "1", "--round", "末报", "--out", "x.xlsx"],
         "没有轮次“末报”"),
        (["consolidate", ".", "--out", "x.xlsx", "--exclude", COUNTY], "都要有一个 --reason"),
        (["export", "a.xlsx", "--out", "x.xlsx", "--profile", "省"], "没有名为“省”的报送格式"),
        (["audit", "a.xlsx", "b.xlsx", "--manifest", "m.json"], "--manifest 只能用于一个文件"),
        (["demo", "--enterprises", "5"], "应为 60 至 1500 的整数"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_one_chinese_line(
    run: Run, arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert says in err and err.count("\n") == 1
    assert foreign_words(err, *arguments, "nonsense", "LC-JK", "LC-GX", "LC-DJ", *profiles()) == []
    assert list(tmp_path.iterdir()) == []


def test_the_help_page_begins_with_what_everyone_does_and_groups_the_rest(run: Run) -> None:
    parts = run("--help").out.split("\n\n")
    sections = {part.partition("：")[0]: re.findall(r"(?m)^  ([a-z-]+) ", part) for part in parts}
    assert sections["常用"] == ["live", "check", "consolidate", "return", "export", "audit", "desk"]
    assert sections["专项工作"][:10] == [
        "template", "grading", "publish", "ledger", "ruleset", "profile", "layout", "addin", "keys", "import",
    ]  # fmt: skip
    assert {"demo", "selftest"} <= set(sections["试用"])
    assert "decide" not in parts[0] and "regrade" not in run("--help").out


@pytest.mark.parametrize(
    "old", ["regrade", "draw", "papers", "directory", "guarantee", "plans", "decide", "history", "diff", "profile-diff"]
)
def test_a_command_s_old_name_goes_on_working_hidden(run: Run, old: str) -> None:
    code, out, _ = run(old, "--help")
    assert code == 0 and f"用法：qingdan {old}" in out


def test_without_arguments_the_help_page_is_shown(run: Run) -> None:
    assert run() == run("--help")


def test_json_of_a_command_that_could_not_run_is_still_a_document(run: Run) -> None:
    code, out, err = run("rules", "BZ99", "--json")
    assert code == 2
    assert json.loads(out)["errors"] == [{"file": None, "message": err.strip()}]


def test_check_json_is_the_contract_s(run: Run, county: Path, tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 4, 1, RULES)
    rows["enterprises"][2]["longitude"] = 117.5123
    bad = fill(tmp_path / "有错.xlsx", rows=rows, revision=3)
    code, out, err = run("check", county, bad, tmp_path / "没有.xlsx", "--json")
    found = json.loads(out)
    assert code == 2
    assert list(found) == ["files", "findings", "counts", "errors", "verdict"]
    assert found["files"][1] == {
        "file": "有错.xlsx", "county": COUNTY, "year": 2020, "revision": 3, "ruleset": "2020",
        "rows": {sheet.title: len(rows[key]) for key, sheet in INVENTORY.items()},
    }  # fmt: skip
    (error,) = [one for one in found["findings"] if one["severity"] == "ERROR"]
    assert {key: error[key] for key in ("rule", "file", "sheet", "cell", "row", "header", "value")} == {
        "rule": "JB06", "file": "有错.xlsx", "sheet": "企业基本信息", "cell": "L7", "row": 7, "header": "经度（°）",
        "value": 117.5123,
    }  # fmt: skip
    assert found["counts"]["ERROR"] == 1 and list(found["counts"]) == ["BLOCKER", "ERROR", "WARNING", "INFO"]
    assert found["errors"] == [{"file": "没有.xlsx", "message": err.strip()}]
    assert found["verdict"] == "不通过"


def test_check_for_people(run: Run, county: Path, tmp_path: Path) -> None:
    assert run("check", county).code == 0
    rows = make_rows(COUNTY, 30, 1, RULES)
    for row in rows["enterprises"]:
        row["longitude"] = 117.5123
    code, out, _ = run("check", fill(tmp_path / "有错.xlsx", rows=rows))
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("有错.xlsx：东昌府区 2020年首报 第 1 版，企业 30 家")
    assert (
        "    ✗  L5  JB06  经度 117.5123 不在聊城市范围内（115.2667°至116.5333°）。请按十进制的度重新核对填写。" in lines
    )
    assert sum("JB06" in line for line in lines) == 21
    assert any("本表同类问题还有 10 条" in line for line in lines)
    assert lines[-1].startswith("  ■ 无法采用 0，✗ 错误 30，") and lines[-1].endswith("→ 不通过")


def test_on_is_the_day_that_dates_are_judged_by(run: Run, county: Path) -> None:
    early = json.loads(run("check", county, "--json", "--on", "2020-08-20").out)["findings"]
    late = json.loads(run("check", county, "--json", "--on", "2030-01-01").out)["findings"]
    assert "YC01" not in {one["rule"] for one in early}
    assert "YC01" in {one["rule"] for one in late}


def test_previous_is_compared_with_if_it_is_the_same_county_s(run: Run, county: Path, tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 4, 1, RULES)
    fewer = fill(tmp_path / "少一家.xlsx", rows={**rows, "enterprises": rows["enterprises"][:-1]})
    found = json.loads(run("check", fewer, "--previous", county, "--json").out)["findings"]
    assert rows["enterprises"][-1]["list_id"] in next(one["message"] for one in found if one["rule"] == "JB13")
    other = fill(tmp_path / "茌平区.xlsx", "371503")
    code, out, err = run("check", county, "--previous", other, "--json")
    assert code == 0 and "JB13" not in out
    assert (
        err
        == "“茌平区.xlsx”是茌平区的，“东昌府区.xlsx”是东昌府区的，两者没有比对。请用 --previous 指定同一区县的上一版。\n"
    )


def test_a_pattern_that_the_shell_left_alone_is_expanded(run: Run, county: Path) -> None:
    assert "东昌府区.xlsx：" in run("check", county.parent / "*.xlsx").out


def test_template_is_empty_and_says_whose_it_is(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "模板.xlsx"
    code, said, _ = run(
        "template", "county", "--county", "371523", "--year", "2020", "--revision", "2", "--round", "9月调整",
        "--rows", "30", "--out", out, "--json",
    )  # fmt: skip
    assert code == 0
    made = json.loads(said)
    assert (made["county"], made["revision"], made["round"]) == ("371503", 2, "9月调整")  # 茌平县 became 茌平区
    summary = json.loads(run("check", out, "--json").out)["files"][0]
    assert (summary["county"], summary["year"], summary["revision"]) == ("371503", 2020, 2)
    assert set(summary["rows"].values()) == {0}


def test_from_carries_the_rows_over(run: Run, tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 60, 1, RULES)
    last = fill(tmp_path / "上一版.xlsx", enterprises=60, rows=rows)
    out = tmp_path / "新版.xlsx"
    code, said, _ = run(
        "template",
        "county",
        "--county",
        COUNTY,
        "--year",
        "2020",
        "--revision",
        "2",
        "--from",
        last,
        "--out",
        out,
        "--json",
    )
    counted = json.loads(said)["rows"]
    assert code == 0
    assert (counted["企业基本信息"], counted["生产线减排措施"]) == (60, len(rows["lines"]))
    assert (counted["等级变更"], counted["移出说明"]) == (0, 0)
    old, new = (openpyxl.load_workbook(path) for path in (last, out))
    again = 0
    for key in ("enterprises", "lines", "transport", "dust", "mobile", "guarantee"):
        for number, row in enumerate(rows[key], 5):
            for column in SHEETS[key].columns:
                before, after = (book[SHEETS[key].title].cell(number, column.position + 1).value for book in (old, new))
                if before == after:
                    continue
                if (
                    key == "lines" and column.field in INHERITED
                ):  # what a line was is kept, whatever becomes of its enterprise
                    assert str(before).startswith("=IF(") and after == row.get(column.field)
                    continue
                assert row[column.field] == pytest.approx(OFFERED[key, column.field].value(row, "东昌府区"))
                assert str(after).startswith("=IF(")
                again += 1
    assert again > 0
    cover = {
        name: new["填报说明"][new.defined_names[name].attr_text.partition("!")[2]].value
        for name in BOOK_FIELDS.values()
    }
    assert (cover["版次"], cover["填报人"], cover["填报日期"]) == (2, make_officer(COUNTY, 1, RULES)["filled_by"], None)


def test_from_refuses_another_county_s_and_a_damaged_one_and_the_file_itself(
    run: Run, county: Path, tmp_path: Path
) -> None:
    out = tmp_path / "新版.xlsx"
    common = ("template", "county", "--year", "2020", "--revision", "2")
    code, _, err = run(*common, "--county", "371503", "--from", county, "--out", out)
    assert code == 2 and "“东昌府区.xlsx”是东昌府区的，不是 371503 的" in err
    code, _, err = run(*common, "--county", COUNTY, "--from", county, "--out", county, "--force")
    assert code == 2 and "不能写回输入文件" in err
    assert not out.exists()


def test_sample_is_the_same_for_the_same_seed(run: Run, tmp_path: Path) -> None:
    def make(name: str, seed: int) -> bytes:
        assert run("sample", "--county", COUNTY, "--enterprises", 3, "--seed", seed, "--out", tmp_path / name).code == 0
        return (tmp_path / name).read_bytes()

    assert make("a.xlsx", 1) == make("b.xlsx", 1) != make("c.xlsx", 2)


def test_an_existing_file_is_replaced_only_with_force(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "有了.xlsx"
    out.write_text("原来的")
    command = ("sample", "--county", COUNTY, "--enterprises", "1", "--out", out)
    code, _, err = run(*command)
    assert code == 2 and err.strip().endswith("已存在，没有覆盖。请换一个文件名，或加上 --force 覆盖。")
    assert out.read_text() == "原来的"
    assert run(*command, "--force").code == 0
    assert out.read_bytes()[:2] == b"PK"
    assert [path.name for path in tmp_path.iterdir()] == ["有了.xlsx"]


def test_rules_lists_all_and_explains_one(run: Run) -> None:
    code, out, _ = run("rules")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[:-1]] == list(all_rules())
    out = run("rules", "bz01").out
    for head in ("依据：聊重指办〔2020〕6号", "检查什么：", "为什么：", "怎么改：", "会指出的例子：", "不指出的例子："):
        assert f"\n{head}" in out
    found = json.loads(run("rules", "--json").out)
    assert [one["rule"] for one in found] == list(all_rules())
    assert set(json.loads(run("rules", "BZ01", "--json").out)["examples"]) == {"fails", "passes"}


def test_consolidate_export_and_audit(run: Run, tmp_path: Path) -> None:
    inbox = tmp_path / "收件箱"
    inbox.mkdir()
    for code in RULES.submitting:
        fill(inbox / f"{code}.xlsx", code, 2)
    city, submission = tmp_path / "全市.xlsx", tmp_path / "报省.xlsx"
    code, out, err = run("consolidate", inbox, "--out", city, "--exclude", "371525", "--reason", "逾期未改", "--json")
    found = json.loads(out)
    assert (code, err, found["verdict"]) == (0, "", "通过")
    assert {one["code"]: one["status"] for one in found["counties"]}["371525"] == "已剔除"
    code, out, _ = run("export", city, "--out", submission, "--json")
    assert code == 0 and json.loads(out)["manifest"]["exclusions"][0]["reason"] == "逾期未改"
    code, out, _ = run("audit", submission, "--json")
    report = json.loads(out)
    assert (code, report["verdict"]) == (0, "通过"), out
    assert [check["id"] for check in report["checks"]] == [f"AU{number:02}" for number in range(1, 11)]
    assert {check["id"]: check["result"] for check in report["checks"]}["AU08"] == "通过"
    report = json.loads(run("audit", submission, "--against", inbox, "--json").out)
    assert report["checks"][-1]["result"] == "通过", report["checks"][-1]
    code, out, _ = run("audit", inbox / "371502.xlsx", submission)
    assert code == 1
    assert "371502.xlsx：不通过" in out and "报省.xlsx：通过" in out and "✗ AU01 无公式：不通过" in out
    assert isinstance(json.loads(run("audit", inbox, "--json").out), list)
    code, out, err = run("audit", tmp_path / "没有.xlsx", "--json")
    assert code == 2 and json.loads(out) == {"file": "没有.xlsx", "sha256": None, "verdict": "无法读取", "checks": []}
    assert "不存在" in err


def test_consolidate_says_who_is_missing_and_export_is_refused(run: Run, county: Path, tmp_path: Path) -> None:
    city = tmp_path / "全市.xlsx"
    code, out, _ = run("consolidate", county, "--out", city)
    assert code == 1
    assert "371503 茌平区  未报" in out and "HZ01" in out
    code, out, _ = run("export", city, "--out", tmp_path / "报省.xlsx")
    assert code == 1 and "不予导出" in out
    assert not (tmp_path / "报省.xlsx").exists()


def test_an_audited_folder_without_workbooks_is_said(run: Run, tmp_path: Path) -> None:
    code, _, err = run("audit", tmp_path)
    assert code == 2 and "里没有工作簿" in err


QINGDAN = [sys.executable, "-c", "import sys; from addin.cli.app import main; sys.exit(main())"]


def test_the_help_page_imports_nothing_heavy() -> None:
    code = "import sys; from addin.cli.app import main; main(['--help']); print([name for name in sys.modules if name in HEAVY])"
    heavy = [
        "openpyxl",
        "pandas",
        "xlsxwriter",
        "python_calamine",
        "rapidfuzz",
        "rich",
        "multiprocessing",
        "validators",
    ]
    done = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {heavy}; {code}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_full_disk_behind_standard_output_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*QINGDAN, "rules"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "“标准输出”磁盘已满，写不下。请清理出空间，或换一个磁盘。\n"


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*QINGDAN, "rules"], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (2, "")


def test_a_terminal_that_cannot_show_chinese_breaks_nothing(county: Path) -> None:
    done = subprocess.run(
        [*QINGDAN, "check", str(county)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert "→ 通过" in done.stdout.decode("utf-8")


def test_on_a_terminal_findings_are_a_table(tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 2, 1, RULES)
    rows["enterprises"][0]["longitude"] = 117.5123
    bad = fill(tmp_path / "有错.xlsx", rows=rows)
    terminal, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "60"}
    pieces = []
    with subprocess.Popen([*QINGDAN, "check", str(bad)], stdout=end, stderr=end, env=environment) as done:
        os.close(end)
        with suppress(OSError):  # how Linux says that a terminal has ended
            while piece := os.read(terminal, 1 << 16):  # while it runs: a terminal that nobody reads is soon full
                pieces.append(piece)
    shown = b"".join(pieces).decode()
    os.close(terminal)
    assert done.returncode == 1
    assert "\x1b[31m" in shown and "JB06" in shown
    assert "请按十进制的度重新核对填写。" in re.sub(r"[\r\n ]|\x1b\[[0-9;]*m", "", shown)  # wrapped, not cut off


def test_what_nobody_expected_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("addin.office.rule_catalogue.rules", broken)
    code, out, err = run("rules")
    assert (code, out) == (2, "")
    assert err.startswith("程序内部出错。") and err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "says"), [(KeyboardInterrupt, 130, "已中断。"), (MemoryError, 2, "内存不够。")]
)
def test_interruption_and_lack_of_memory_are_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], code: int, says: str
) -> None:
    def broken(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("addin.office.rule_catalogue.rules", broken)
    ran = run("rules")
    assert ran.code == code and ran.err.startswith(says) and ran.err.count("\n") == 1


def test_control_characters_from_a_file_do_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    rows = make_rows(COUNTY, 2, 1, RULES)
    rows["enterprises"][0]["grade"] = "\x1b[2J_x001B_"
    ran = run("check", fill(tmp_path / "有错.xlsx", rows=rows))
    assert ran.code == 1
    assert "GS03" in ran.out and "\x1b" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["没有.xlsx"], "不存在"),
        (["--host", "numbers"], "应为 excel 或 libreoffice"),
        (["--host", "excel"], "只能在 Windows 上使用"),
    ],
)
def test_live_says_what_is_missing(run: Run, arguments: list[str], says: str) -> None:
    code, out, err = run("live", *arguments)
    assert (code, out) == (2, "")
    assert says in err
