"""The page as a person uses it, in a real browser."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.addin.conftest import Start, Visit, fill
from tests.addin.pane.conftest import LIVE_FILE, FakeLive, outputs
from tests.addin.pane.test_jobs import wait_for
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Finding, Severity


def cells(page: Page) -> list[str]:
    return page.locator(".finding .where b").all_inner_texts()


def chip(page: Page, severity: Severity) -> str:
    return page.locator(f'[data-severity="{severity.name}"]').inner_text()


def finding(findings: list[Finding], rule: str) -> Finding:
    return next(one for one in findings if one.rule == rule)


def test_all_findings_are_there_the_current_row_s_first(start: Start, visit: Visit, live: FakeLive) -> None:
    one = finding(live.now.findings, "BZ01")
    live.say(sheet=one.sheet, row=one.row)
    page = visit(start(live))
    expect(page.locator("#said")).to_have_text(f"LibreOffice · {LIVE_FILE}")
    expect(page.locator(".finding")).to_have_count(len(live.now.findings))
    expect(page.locator("#list h3").first).to_have_text(f"当前行（第 {one.row} 行）")
    here = [other for other in live.now.findings if (other.sheet, other.row) == (one.sheet, one.row)]
    first = page.locator("#list [role=group]").first
    assert sorted(first.locator(".message").all_inner_texts()) == sorted(other.message for other in here)
    assert page.locator("#list h3").all_inner_texts()[1:] == list(
        dict.fromkeys(other.sheet for other in live.now.findings if other not in here)
    )
    for severity in Severity:
        number = sum(other.severity == severity for other in live.now.findings)
        assert chip(page, severity).split("\n") == [
            f"{SEVERITY_SYMBOLS[severity]} {SEVERITY_NAMES[severity]}", str(number)
        ]  # fmt: skip
    expect(page.locator("#shown")).to_have_text(f"共 {len(live.now.findings)} 条，当前行 {len(here)} 条")


def test_within_a_sheet_the_worst_come_first(start: Start, visit: Visit, findings: list[Finding]) -> None:
    base = replace(findings[0], sheet="运输管控")
    places = {"B9": Severity.INFO, "A7": Severity.ERROR, "AA5": Severity.WARNING, "C5": Severity.WARNING}
    some = [replace(base, cell=cell, row=int(re.sub("[A-Z]", "", cell)), severity=one) for cell, one in places.items()]
    page = visit(start(FakeLive(some)))
    expect(page.locator(".finding")).to_have_count(4)
    assert cells(page) == ["A7", "C5", "AA5", "B9"]


def test_it_updates_by_itself(start: Start, visit: Visit, live: FakeLive) -> None:
    everything = live.now.findings
    page = visit(start(live))
    expect(page.locator(".finding")).to_have_count(len(everything))
    one = finding(everything, "JB06")
    message = page.get_by_text(one.message)
    live.say(findings=[other for other in everything if other is not one])
    expect(message).to_have_count(0)
    expect(page.locator(".finding")).to_have_count(len(everything) - 1)
    live.say(findings=everything)
    expect(message).to_have_count(1)
    row = finding(everything, "BZ01").row
    live.say(row=row)
    expect(page.locator("#list h3").first).to_have_text(f"当前行（第 {row} 行）")
    live.say(findings=[])
    expect(page.locator("#none")).to_have_text("✓ 没有发现问题。")


def test_filters_and_search(start: Start, visit: Visit, live: FakeLive, findings: list[Finding]) -> None:
    live.say(findings=[*findings, replace(findings[0], severity=Severity.WARNING, cell="B9", row=9)])
    page = visit(start(live))
    expect(page.locator(".finding")).to_have_count(len(findings) + 1)
    warnings = page.locator('[data-severity="WARNING"]')
    warnings.click()
    expect(page.locator(".finding")).to_have_count(1)
    assert cells(page) == ["B9"] and warnings.get_attribute("aria-pressed") == "true"
    page.locator('[data-severity="ERROR"]').click()
    errors = sum(one.severity == Severity.ERROR for one in findings)
    expect(page.locator(".finding")).to_have_count(errors + 1)
    warnings.click()
    page.locator('[data-severity="ERROR"]').click()
    page.locator("#sheet").select_option(label=f"移动源（{sum(one.sheet == '移动源' for one in findings)}）")
    expect(page.locator("#list h3")).to_have_text(["移动源"])
    live.say(findings=[one for one in findings if one.sheet != "移动源"])  # all of it is put right
    expect(page.locator("#none")).to_have_text("没有符合的问题。请换一个词，或去掉筛选。")
    page.locator("#sheet").select_option("")
    one = finding(findings, "JB06")
    page.locator("#search").fill(f"经度 {one.key}")
    expect(page.locator(".finding")).to_have_count(1)
    assert cells(page) == [one.cell]
    page.locator("#search").fill("bz01")
    expect(page.locator(".finding").first).to_contain_text(finding(findings, "BZ01").message)


def test_a_click_selects_the_cell_and_shows_the_rule(start: Start, visit: Visit, live: FakeLive) -> None:
    page = visit(start(live))
    one = finding(live.now.findings, "JB06")
    line = page.locator(".finding", has_text=one.message).first
    expect(line.locator(".more")).to_be_hidden()
    line.click()
    wait_for(lambda: live.selected)
    assert live.selected == [(one.sheet, one.cell)]
    expect(line.locator(".more")).to_have_text(f"规则 JB06 · 依据 {one.basis}")


def test_a_waived_finding_says_so(start: Start, visit: Visit, findings: list[Finding]) -> None:
    page = visit(start(FakeLive([replace(findings[0], waiver=7), replace(findings[1], waiver=0)])))
    expect(page.locator(".finding .where", has_text="已豁免（决定 7）")).to_have_count(1)
    expect(page.locator(".finding .where", has_text="豁免")).to_have_count(1)


def test_with_the_keyboard_alone(start: Start, visit: Visit, live: FakeLive) -> None:
    page = visit(start(live))
    expect(page.locator(".finding")).to_have_count(len(live.now.findings))
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("/")  # there it is a character
    expect(page.locator("#search")).to_have_value("/")
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_have_value("")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#list")).to_be_focused()
    outline = page.locator("#list").evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid"
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    active = page.locator(".finding").nth(1)
    expect(active).to_have_attribute("aria-selected", "true")
    assert page.locator("#list").get_attribute("aria-activedescendant") == active.get_attribute("id")
    page.keyboard.press("Enter")
    wait_for(lambda: live.selected)
    assert live.selected[0][1] == cells(page)[1]
    page.keyboard.press("End")
    expect(page.locator(".finding").last).to_have_attribute("aria-selected", "true")
    expect(page.locator(".finding").last).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(page.locator(".finding").first).to_have_attribute("aria-selected", "true")
    live.say(findings=live.now.findings[:-1])  # a change elsewhere moves nobody
    expect(page.locator(".finding")).to_have_count(len(live.now.findings))
    expect(page.locator(".finding").first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#list")).to_be_focused()
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.dataset.severity || ''"))
    assert {"BLOCKER", "ERROR", "WARNING", "INFO", "search", "sheet", "list"} <= reached


def test_it_speaks_to_screen_readers(start: Start, visit: Visit, live: FakeLive) -> None:
    page = visit(start(live))
    expect(page.locator(".finding")).to_have_count(len(live.now.findings))
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    expect(page.get_by_role("listbox", name="问题清单")).to_be_visible()
    first = page.get_by_role("listbox", name="问题清单").get_by_role("option").first
    assert first.get_attribute("aria-posinset") == "1"
    assert first.get_attribute("aria-setsize") == str(len(live.now.findings))
    expect(page.get_by_role("img", name="错误").first).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text(LIVE_FILE)
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button,select,input')].filter(one => one.checkVisibility() "
        "&& !(one.getAttribute('aria-label') || one.innerText || one.labels?.length)).map(one => one.outerHTML)"
    )
    assert unnamed == []


def test_it_says_when_the_spreadsheet_is_away_and_comes_back(start: Start, visit: Visit, live: FakeLive) -> None:
    everything = live.now.findings
    page = visit(start(live))
    said = page.locator("#said")
    expect(page.locator(".finding")).to_have_count(len(everything))
    live.say(status="忙")
    expect(said).to_contain_text("LibreOffice 正忙")
    expect(page.locator(".finding")).to_have_count(len(everything))
    live.say(status="已关闭", file=None, sheet=None, row=None, findings=[])
    expect(said).to_have_text("填报表已关闭。重新打开它，这里会自动接着显示。")
    expect(page.locator("#none")).to_have_text("打开填报表后，这里列出其中的问题。")
    live.say(status="等待")
    expect(said).to_have_text("等待填报表：请在表格软件里打开县区填报表。")
    live.say(status="已连接", application="WPS", file="莘县.xlsx", findings=everything)
    expect(said).to_have_text("WPS · 莘县.xlsx")
    expect(page.locator(".finding")).to_have_count(len(everything))


def test_it_says_when_the_program_has_ended(start: Start, visit: Visit, live: FakeLive) -> None:
    pane = start(live)
    page = visit(pane)
    expect(page.locator(".finding")).to_have_count(len(live.now.findings))
    pane.close()
    expect(page.locator("#said")).to_contain_text("清单助手已经结束")


def test_two_panes_and_one_that_is_closed_and_opened_again(start: Start, visit: Visit, live: FakeLive) -> None:
    everything = live.now.findings
    pane = start(live)
    one, other = visit(pane), visit(pane)
    for page in (one, other):
        expect(page.locator(".finding")).to_have_count(len(everything))
    one.locator('[data-severity="INFO"]').click()  # a filter is the pane's own
    live.say(findings=everything[:3])
    expect(other.locator(".finding")).to_have_count(3)
    one.close()
    live.say(findings=everything)
    expect(other.locator(".finding")).to_have_count(len(everything))
    again = visit(pane)
    expect(again.locator(".finding")).to_have_count(len(everything))


def test_many_findings_show_a_part_and_more_on_demand(start: Start, visit: Visit, findings: list[Finding]) -> None:
    many = [
        replace(findings[0], sheet="运输管控", cell=f"B{row}", row=row, message=f"第 {row} 行有误。")
        for row in range(5, 8005)
    ]
    live = FakeLive(many)
    page = visit(start(live))
    expect(page.locator("#shown")).to_have_text("共 8000 条")
    expect(page.locator(".finding")).to_have_count(150)
    page.get_by_text("再显示 150 条（还有 7850 条）").click()
    expect(page.locator(".finding")).to_have_count(300)
    page.get_by_text("再显示 150 条（还有 7700 条）").click()
    expect(page.get_by_text("前面还有 150 条")).to_have_count(1)
    expect(page.locator(".finding")).to_have_count(300)
    expect(page.get_by_text("B305", exact=True)).to_be_in_viewport()  # where the eye was
    page.get_by_text("前面还有 150 条").click()
    expect(page.locator(".finding").first.locator("b")).to_have_text("B5")
    page.locator("#search").fill("B8004")
    expect(page.locator(".finding")).to_have_count(1)
    live.say(findings=many[:-1])
    expect(page.locator("#shown")).to_have_text("共 7999 条，符合筛选的 0 条")
    page.locator("#search").fill("")
    page.locator("#list").press("End")
    expect(page.locator(".finding").last).to_be_in_viewport()
    expect(page.locator(".finding").last.locator("b")).to_have_text("B8003")
    assert page.locator(".finding").last.get_attribute("aria-posinset") == "7999"
    assert page.locator(".finding").count() <= 300
    live.say(findings=many[:50])
    expect(page.locator(".finding")).to_have_count(50)


HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'


def test_what_a_workbook_holds_is_text(start: Start, visit: Visit, findings: list[Finding], inbox: Path) -> None:
    (inbox / f"{HOSTILE.replace('/', '')}.xlsx").write_text("不是工作簿")
    (inbox / '"><b>x<').mkdir()
    one = replace(findings[0], message=HOSTILE, header=HOSTILE, key=HOSTILE, sheet=HOSTILE, basis=HOSTILE, rule=HOSTILE)
    live = FakeLive([one])
    live.say(file=HOSTILE, application=HOSTILE)
    page = visit(start(live, inbox), width=1000)
    line = page.locator(".finding")
    expect(line.locator(".message")).to_have_text(HOSTILE)
    line.click()
    expect(line.locator(".more")).to_contain_text(HOSTILE)
    expect(page.locator("#said")).to_contain_text(HOSTILE)
    page.locator("#works >> text=校验").click()
    expect(page.locator(".job")).to_contain_text("无法读取")
    expect(page.locator(".job li")).to_contain_text("<img src=x")
    assert page.locator("img, #list script, .job script, td b").count() == 0
    assert page.evaluate("window.hit") is None
    with pytest.raises(Exception, match="TrustedHTML"):  # and the page could not do otherwise
        page.evaluate("document.body.innerHTML = '<b>x</b>'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("desk", [False, True], ids=["live", "desk"])
def test_it_is_readable_at_350_pixels(
    start: Start, visit: Visit, live: FakeLive, inbox: Path, scheme: str, desk: bool
) -> None:
    pane = start(None, inbox) if desk else start(live)
    page = visit(pane, width=350, height=800, color_scheme=scheme)
    if desk:
        page.locator("#works >> text=校验").click()
    expect(page.locator(".finding").first).to_be_visible()
    too_wide = page.evaluate(
        "[...document.querySelectorAll('body, body *')].filter(one => one.checkVisibility() "
        "&& one.getBoundingClientRect().right > innerWidth + 0.5).map(one => one.outerHTML.slice(0, 80))"
    )
    assert too_wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 350
    clipped = page.evaluate(
        "[...document.querySelectorAll('button, .message, li')].filter(one => one.checkVisibility() "
        "&& one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"
    )
    assert clipped == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (min(int(part) for part in re.findall(r"\d+", ground)) > 128) == (scheme == "light")


def test_check_judges_what_is_open_and_the_list_goes_on_following_it(
    start: Start, visit: Visit, live: FakeLive
) -> None:
    found = live.now.findings
    page = visit(start(live))
    live.say(status="已关闭")
    expect(page.locator("#works")).to_be_hidden()
    live.say(status="已连接", findings=found[:2], unsaved=True)
    expect(page.locator("#works button")).to_have_text(["校验"])
    page.locator("#works >> text=校验").click()
    expect(page.locator(".job[data-state=完成]")).to_contain_text(LIVE_FILE)
    expect(page.locator(".job")).to_contain_text("还没保存的改动，也一起校验了")
    expect(page.locator("#source")).to_be_hidden()
    live.say(findings=found[:3])
    expect(page.locator(".finding")).to_have_count(3)


def test_many_findings_that_say_the_same_are_one_until_they_are_unfolded(
    start: Start, visit: Visit, live: FakeLive
) -> None:
    one = next(finding for finding in live.now.findings if finding.cell and finding.row)
    column = (one.cell or "").rstrip("0123456789")
    alike = [replace(one, cell=f"{column}{row}", row=row) for row in range(100, 300)]
    live.say(findings=[*alike, replace(one, message="另一条", row=99, cell=f"{column}99")], row=7)
    page = visit(start(live))
    expect(page.locator(".finding")).to_have_count(2)
    expect(page.locator("#shown")).to_have_text("共 201 条")
    expect(page.locator(".fold")).to_have_text("▸ 相同的共 200 处，全部列出")
    page.locator(".fold").click()
    expect(page.locator(".finding")).to_have_count(150)  # as many of a long list as stand in the page
    assert live.selected == []
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".finding")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".fold")).to_have_text("▾ 收起相同的 200 处")
    page.keyboard.press("Enter")
    wait_for(lambda: live.selected == [(one.sheet, f"{column}100")])
    live.say(findings=alike[:3])  # too few to fold
    expect(page.locator(".finding")).to_have_count(3)
    expect(page.locator(".fold")).to_have_count(0)


def test_the_row_that_was_judged_stays_in_sight_when_enter_goes_to_the_next(
    start: Start, visit: Visit, live: FakeLive
) -> None:
    one = next(finding for finding in live.now.findings if finding.cell and finding.row and finding.sheet)
    assert one.row and one.sheet
    live.say(sheet=one.sheet, row=one.row + 1, edited=(one.sheet, one.row))
    page = visit(start(live))
    expect(page.locator("#list h3").first).to_have_text(f"当前行（第 {one.row} 行）")
    live.say(row=one.row + 2)
    expect(page.locator("#list h3").first).not_to_have_text(f"当前行（第 {one.row} 行）")


def test_the_city_s_way_in_the_page(start: Start, visit: Visit, inbox: Path) -> None:
    fill(inbox / "冠县.xlsx", "371525", 8)
    fill(inbox / "东昌府区.xlsx", enterprises=8)
    page = visit(start(None, inbox), width=1100)
    expect(page.locator("#said")).to_have_text("办公台 · 收件箱")
    expect(page.locator("#files tr")).to_have_count(11)
    page.locator("#works >> text=汇总").click()
    expect(page.locator("#ask-about")).to_contain_text("“收件箱-结果”文件夹")
    page.keyboard.press("Enter")
    expect(page.locator(".job")).to_contain_text("已报 11")
    expect(page.locator(".job b")).to_have_text("✓ 已汇总，没有错误")

    page.locator("#roots >> text=结果").click()
    page.get_by_label("选中 全市.xlsx").check()
    expect(page.locator("#target")).to_have_text("已选 1 项。")
    page.locator("#works >> text=导出").click()
    page.locator("#out").fill("聊城报省")
    page.locator("#ask-yes").click()
    expect(page.get_by_text("打开 聊城报省.xlsx")).to_be_visible()
    with page.expect_download() as download:
        page.locator(".job").first.get_by_text("另存一份").click()
    assert download.value.suggested_filename == "聊城报省.xlsx"
    saved = (inbox.parent / "收件箱-结果" / "聊城报省.xlsx").read_bytes()
    assert Path(download.value.path()).read_bytes() == saved

    expect(page.get_by_text("聊城报省.xlsx.manifest.json", exact=True)).to_be_visible()
    page.get_by_label("选中 全市.xlsx").uncheck()
    page.get_by_label("选中 聊城报省.xlsx", exact=True).check()
    page.locator("#works >> text=审计").click()
    page.get_by_label("与收件文件夹逐格复算").check()
    page.locator("#ask-yes").click()
    expect(page.locator(".job").first).to_contain_text("聊城报省.xlsx：通过")
    expect(page.locator("#none")).to_have_text("✓ 没有发现问题。")


def test_an_output_is_overwritten_only_when_that_is_said(start: Start, visit: Visit, inbox: Path) -> None:
    results = inbox.parent / "收件箱-结果"
    results.mkdir()
    (results / "全市.xlsx").write_text("原来的")
    page = visit(start(None, inbox), width=1100)
    page.locator("#works >> text=汇总").click()
    page.locator("#ask-yes").click()
    expect(page.locator("#ask-problem")).to_contain_text("“全市.xlsx”已经有了")
    assert (results / "全市.xlsx").read_text() == "原来的"
    page.locator("#out").fill("全市2.xlsx")  # another name: nothing to overwrite
    expect(page.locator("#ask-yes")).to_have_text("开始")
    page.locator("#out").fill("全市.xlsx")
    page.locator("#ask-yes").click()
    expect(page.locator("#ask-yes")).to_have_text("覆盖")
    page.locator("#ask-yes").click()
    expect(page.locator(".job[data-state=完成]")).to_contain_text("打开 全市.xlsx")
    assert (results / "全市.xlsx").read_bytes()[:2] == b"PK"


def test_a_job_shows_how_far_it_is_and_can_be_cancelled(start: Start, visit: Visit, inbox: Path) -> None:
    fill(inbox / "莘县.xlsx", "371522", 600)
    pane = start(None, inbox)
    page, other = visit(pane, width=1100), visit(pane, width=1100)
    page.locator("#works >> text=汇总").click()
    page.locator("#ask-yes").click()
    for one in (page, other):
        expect(one.locator(".job progress")).to_be_visible()
    other.locator("#works >> text=校验").click()
    expect(other.locator("#problem")).to_have_text("“汇总”还在进行。请等它做完，或先取消它。")
    expect(page.locator(".job .foot")).to_contain_text(" / 10")
    page.locator(".job >> text=取消").click()
    expect(page.locator(".job b")).to_have_text("已取消")
    expect(other.locator(".job b")).to_have_text("已取消")
    assert outputs(inbox.parent / "收件箱-结果") == []


def test_folders_can_be_walked_and_files_chosen(start: Start, visit: Visit, inbox: Path) -> None:
    (inbox / "第二批").mkdir()
    (inbox / "莘县.xlsx").rename(inbox / "第二批" / "莘县.xlsx")
    page = visit(start(None, inbox), width=1100)
    page.get_by_text("第二批/").click()
    expect(page.locator("#crumbs")).to_have_text("/ 第二批")
    expect(page.locator("#target")).to_have_text("没有选文件：对整个文件夹“第二批”操作。")
    page.locator("#works >> text=校验").click()
    expect(page.locator(".job[data-state=完成] h3 span")).to_have_text("莘县.xlsx")
    page.locator("#roots >> text=收件").click()
    page.locator("#all").check()
    expect(page.locator("#target")).to_have_text("已选 10 项。")
    page.get_by_label("选中 第二批").uncheck()
    expect(page.locator("#all")).not_to_be_checked()
    page.locator("#works >> text=校验").click()
    expect(page.locator("#jobs .job h3 span")).to_contain_text("等 9 个")
    (inbox / "新来的.xlsx").write_text("x")
    page.locator("#refresh").click()
    expect(page.get_by_text("新来的.xlsx")).to_be_visible()
