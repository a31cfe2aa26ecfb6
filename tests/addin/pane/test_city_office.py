"""A clerk's day by the page alone: from an inbox of fourteen files to a signed, audited submission."""

import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from playwright.sync_api import Locator, Page, expect

from addin.office.auditing import audit_one
from addin.pane.server import Pane
from addin.reading.inbox import inbox as taken_from
from addin.trial.demo import FAULTY_COUNTY, plant
from addin.trial.rehearsal import CROSSING, LATE, TWICE, make_inbox
from tests.addin.conftest import COUNTY, RULES, Start, Visit
from tests.addin.pane.conftest import client
from workbook_templates.samples.sample_inventory import make_rows

LONG = 300_000
"""Milliseconds for a whole city on a busy machine."""
SIZE = 60
NARROW = 380
"""Pixels across."""
NAMES = RULES.submitting


def done(page: Page, words: str) -> None:
    """Wait until the last job has come to this, and its findings are listed."""
    expect(page.locator("#jobs .job b")).to_contain_text(words, timeout=LONG)
    expect(page.locator("#list")).not_to_have_attribute("aria-busy", "true")


def do(page: Page, button: str, *, overwrite: bool = False) -> None:
    page.locator("#works, #more-works").get_by_role("button", name=button, exact=True).click()
    page.locator("#ask-yes").click()
    if overwrite:
        expect(page.locator("#ask-yes")).to_have_text("覆盖")
        page.locator("#ask-yes").click()
    expect(page.locator("#ask")).to_be_hidden()


def decide(page: Page, **said: str) -> None:
    """Fill in what the dialog still asks for, and record it."""
    for field, value in said.items():
        page.locator(f"[data-field={field}]").locator("input, select, textarea").fill(value)
    page.locator("#decide-yes").click()
    expect(page.locator("#decide")).to_be_hidden()


@pytest.fixture(scope="module")
def fourteen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[tuple[str, str]]]:
    """The inbox, and the rules and keys of what was planted in one county."""
    folder = tmp_path_factory.mktemp("来件") / "收件箱"
    folder.mkdir()
    rows = make_rows(FAULTY_COUNTY, SIZE, 6, RULES)
    planted = plant(rows)
    make_inbox(folder, RULES, rows, FAULTY_COUNTY, size=12)
    return folder, planted


def test_fourteen_files_one_day_a_signed_and_audited_submission(
    start: Start, visit: Visit, fourteen: tuple[Path, set[tuple[str, str]]]
) -> None:
    folder, planted = fourteen
    results = folder.parent / "收件箱-结果"
    page = visit(start(None, folder), width=1100)
    expect(page.locator("#files tr")).to_have_count(15)  # and the folder of what is compared with
    expect(page.locator("#step-title")).to_have_text("第一步：汇总")

    do(page, "汇总")
    done(page, "！ 已汇总，还有 ")
    expect(page.locator("#jobs li").first).to_contain_text("打不开的表.xlsx")
    saved = openpyxl.load_workbook(results / "全市.xlsx")
    heads, *found = list(saved["问题清单"].values)
    own = [dict(zip(heads, row, strict=True)) for row in found if NAMES[FAULTY_COUNTY] in row]
    assert planted <= {(one["规则"], one["编号"]) for one in own}

    expect(page.locator("#board tr")).to_have_count(len(NAMES))
    expect(page.locator("#board tr", has_text=NAMES[LATE])).to_contain_text("迟报")
    expect(page.locator("#step-title")).to_have_text("有 1 处冲突要裁定")
    conflict = page.locator("#conflict-cards .card")
    expect(conflict).to_contain_text(NAMES[TWICE])
    expect(conflict).to_contain_text(NAMES[CROSSING])
    conflict.get_by_role("button", name="选甲").click()
    page.locator("#decide-yes").click()
    expect(page.locator("#decide-problem")).to_contain_text("还缺少理由")
    expect(page.locator("[data-field=reason] textarea")).to_have_attribute("aria-invalid", "true")
    decide(page, reason="厂区在这一县")
    expect(conflict).to_contain_text("以甲为准（第 ")

    do(page, "退回")
    done(page, "已退回 ")
    returned = results / "退回"
    assert NAMES[FAULTY_COUNTY] in page.locator("#jobs").inner_text()
    workbooks = {path.name.partition("_")[0]: path for path in returned.glob("*_第*版.xlsx")}
    assert NAMES[FAULTY_COUNTY] in workbooks and len(workbooks) < len(NAMES)  # those with nothing to correct get none
    with zipfile.ZipFile(returned / f"{NAMES[FAULTY_COUNTY]}_退回.zip") as archive:
        assert set(archive.namelist()) == {workbooks[NAMES[FAULTY_COUNTY]].name, f"{NAMES[FAULTY_COUNTY]}_退回函.docx"}
    expect(page.locator("#board tr", has_text=NAMES[FAULTY_COUNTY])).to_contain_text("↩ 退回")
    expect(page.locator("#late-text")).to_have_value(re.compile(NAMES[FAULTY_COUNTY]))

    page.get_by_label(f"剔除{NAMES[FAULTY_COUNTY]}").click()
    decide(page, reason="退回改正，等不到了")
    page.locator("#source").select_option("v1")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "false")
    for rule in ("HZ05", "JP05"):
        page.locator("#rule").select_option(rule)
        page.locator(".finding").first.click()
        page.locator("#act-waive").click()
        decide(page, reason="已核实", approver="张三", document="聊重指办函〔2020〕9号", until="2027-12-31")
    page.locator("#act-rule").click()
    expect(page.locator("#rule-text")).to_contain_text("检查什么")
    page.locator("#rule-close").click()
    expect(page.locator("#step-title")).to_have_text("请重新汇总")
    do(page, "汇总", overwrite=True)
    done(page, "已汇总，没有错误")
    expect(page.locator("#version-rows tr")).to_have_count(2)

    page.locator("#more summary").click()
    page.get_by_role("button", name="签名钥匙").click()
    page.locator("#ask input[type=password]").fill("一二三四五六七八")
    page.locator("#ask-yes").click()
    done(page, "已生成")
    page.locator("#step-go").get_by_role("button", name="导出").click()
    page.locator("[data-option='--sign'] select").select_option(label="钥匙/私钥.pem")
    page.locator("#ask input[type=password]").fill("一二三四五六七八")
    page.locator("#ask-yes").click()
    done(page, "已导出")
    expect(page.locator("#jobs")).to_contain_text("核对清单已签名")
    page.locator("#step-go").get_by_role("button", name="审计").click()
    page.locator("[data-option='--key'] select").select_option(label="钥匙/公钥.pem")
    page.get_by_label("写审计报告").check()
    page.get_by_label("写接收回执").check()
    page.locator("#ask-yes").click()
    done(page, "通过")
    expect(page.locator(".checks tr")).to_have_count(10)
    expect(page.locator(".checks tr", has_text="AU08")).to_contain_text("公钥由审计方给出")
    do(page, "领导简报")
    done(page, "已写出")
    do(page, "备份")
    done(page, "已备份")

    assert audit_one(results / "报省.xlsx")["verdict"] == "通过"
    manifest = json.loads((results / "报省.xlsx.manifest.json").read_text(encoding="utf-8"))
    assert {one["kind"] for one in manifest["decisions"]} >= {"剔除", "冲突裁定"} and manifest["signer"]
    assert "审计结论：通过" in "".join(one.text for one in Document(str(results / "回执.docx")).paragraphs)
    with zipfile.ZipFile(results / "简报.docx") as paper:
        assert {"word/charts/chart1.xml", "word/charts/chart2.xml"} <= set(paper.namelist())

    again = visit(start(None, folder), width=380, height=800, color_scheme="dark")  # the program was started anew
    expect(again.locator("#step-title")).to_be_in_viewport()
    expect(again.locator("#jobs .job")).to_contain_text("已备份")
    expect(again.locator("#source option", has_text="全市汇总第 1 版")).to_have_count(1)
    assert again.evaluate("document.documentElement.scrollWidth") <= 380


def tab_to(page: Page, wanted: Locator) -> None:
    """Press the tab key until this has the focus, which can be seen."""
    expect(wanted).to_be_visible(timeout=LONG)
    for _ in range(300):
        if wanted.and_(page.locator(":focus")).count():  # in one look: the page may be making it anew
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    expect(wanted).to_have_css("outline-style", "solid")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


def test_the_whole_day_by_the_keyboard_alone_in_the_dark_on_a_narrow_page(
    start: Start, visit: Visit, inbox: Path
) -> None:
    missing, faulty = NAMES["371525"], NAMES[COUNTY]
    page = visit(start(None, inbox), width=NARROW, height=800, color_scheme="dark")

    def enter(wanted: Locator) -> None:
        tab_to(page, wanted)
        page.keyboard.press("Enter")

    def next_step(button: str, *, overwrite: bool = False) -> None:
        enter(page.locator("#step-go").get_by_role("button", name=button))
        expect(page.locator("#ask-yes")).to_be_focused()
        page.keyboard.press("Enter")
        if overwrite:
            expect(page.locator("#ask-yes")).to_have_text("覆盖")
            page.keyboard.press("Enter")
        expect(page.locator("#ask")).to_be_hidden()

    def say(reason: str) -> None:
        expect(page.locator("[data-field=reason] textarea")).to_be_focused()
        page.keyboard.type(reason)
        enter(page.locator("#decide-yes"))
        expect(page.locator("#decide")).to_be_hidden()

    next_step("汇总")
    done(page, "已汇总，还有 ")
    assert page.locator("#board td.wide").first.evaluate("one => one.clientWidth") > 80  # a name stands in a line
    card = page.locator("#decision-cards .card")
    for number, county in enumerate((missing, faulty), 1):
        enter(page.get_by_label(f"剔除{county}"))
        say("没有涉气企业")
        expect(card).to_have_count(number)
        expect(page.get_by_label(f"剔除{county}")).to_be_focused()  # although the table was made anew
    expect(card.first).to_contain_text("下次汇总时照办")
    enter(card.first.get_by_role("button", name="撤销…"))
    say("记错了")
    expect(card.nth(1)).to_contain_text("已被取代或撤销")
    enter(page.get_by_label(f"剔除{faulty}"))
    say("退回改正，等不到了")
    next_step("重新汇总", overwrite=True)
    done(page, "已汇总，没有错误")

    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    enter(page.locator("#act-rule"))
    expect(page.locator("#rule-text")).to_contain_text("检查什么")
    page.keyboard.press("Escape")
    expect(page.locator("#rule-page")).to_be_hidden()

    next_step("导出")
    done(page, "已导出")
    next_step("审计")
    done(page, "通过")
    expect(page.locator("#step-title")).to_have_text("都做完了，可以报送")
    assert page.locator("#problem").is_hidden()


def test_files_are_dropped_and_nothing_there_is_written_over(start: Start, inbox: Path, tmp_path: Path) -> None:
    pane: Pane = start(None, inbox)
    with client(pane) as ask:
        assert ask.post("drop", params={"name": "新来的.xlsx"}, content=b"one").json() == {"name": "新来的.xlsx"}
        assert ask.post("drop", params={"name": "新来的.xlsx"}, content=b"one").json() == {"name": "新来的.xlsx"}
        assert ask.post("drop", params={"name": "新来的.xlsx"}, content=b"two").json() == {"name": "新来的（2）.xlsx"}
        for own in ("东昌府区　（二稿）［定］.xlsx", "～阳谷县\u00a0终稿.xlsx", "~莘县.xlsx"):
            assert ask.post("drop", params={"name": own}, content=own.encode()).json() == {"name": own}
            listed = {one["name"]: one["path"] for one in ask.get("list", params={"path": "in"}).json()}
            assert listed[own] == f"in/{own}" and inbox / own in taken_from([inbox])
        for odd in (
            "../x.xlsx",
            ".藏.xlsx",
            "",
            "a" * 300 + ".xlsx",
            "CON.xlsx",
            "a\x00b.xlsx",
            "~$锁.xlsx",
            "\u202e倒.xlsx",
        ):
            answer = ask.post("drop", params={"name": odd}, content=b"x")
            assert answer.status_code == 400 and "程序内部出错" not in answer.text
    assert (inbox / "新来的.xlsx").read_bytes() == b"one"
    assert sorted(path.name for path in inbox.glob("新来的*")) == ["新来的.xlsx", "新来的（2）.xlsx"]


def test_results_can_be_put_elsewhere_but_not_among_the_inputs(start: Start, inbox: Path, tmp_path: Path) -> None:
    with client(start(None, inbox)) as ask:
        inside = ask.post("results", json={"path": str(inbox / "里面")})
        assert inside.status_code == 400 and "不能放在收件文件夹里面" in inside.json()["message"]
        assert ask.post("results", json={"path": "/proc/没有"}).status_code == 400
        assert ask.post("results", json={"path": "长" * 3000}).status_code == 400
        assert ask.post("results", json={"path": str(tmp_path / "别处")}).status_code == 200
        assert ask.get("about").json()["place"] == str(tmp_path / "别处")


def test_what_a_dialog_offers_before_anything_was_done(start: Start, inbox: Path) -> None:
    (inbox.parent / "收件箱-结果" / "我的模板").mkdir(parents=True)
    with client(start(None, inbox)) as ask:
        assert ask.get("city").json()["counties"] == RULES.submitting
        assert ask.get("choices", params={"ending": "/"}).json() == [{"path": "out/我的模板", "name": "我的模板"}]
        assert len(ask.get("choices", params={"ending": ".xlsx"}).json()) == 10
        assert ask.get("choices", params={"ending": "../"}).json() == []
        assert {"2020", "2026"} <= {one["id"] for one in ask.get("rulesets").json()}


def test_odd_names_and_paths_are_a_plain_line(start: Start, inbox: Path) -> None:
    with client(start(None, inbox)) as ask:
        for path in ("in/" + "x" * 5000, "in/" + "y/" * 3000, "nowhere/x"):
            answers = [
                ask.get("list", params={"path": path}),
                ask.get("file", params={"path": path}),
                ask.post("open", params={"path": path}, json={}),
                ask.post("press", json={"work": "check", "files": [path]}),
                ask.post("press", json={"work": "export", "files": ["in/莘县.xlsx"], "asked": {"--sign": [path]}}),
            ]
            for answer in answers:
                assert answer.status_code == 400 and "程序内部出错" not in answer.text, path[:20]
        for name in ("长" * 100, ".全市", "~$全市", "~lock.全市", "a/b", "全\n市", "NUL"):
            answer = ask.post("press", json={"work": "consolidate", "files": ["in"], "out": name})
            assert answer.status_code == 400 and "不能用作文件名" in answer.json()["message"], name
