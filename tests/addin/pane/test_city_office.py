"""A newcomer with fourteen files presses a button in the page, and the city workbook alone answers what is asked."""

import zipfile
from pathlib import Path

import openpyxl
from playwright.sync_api import expect

from addin.trial.demo import FAULTY, plant
from addin.trial.rehearsal import CROSSING, LATE, SIZE, TWICE, make_inbox
from tests.addin.conftest import RULES, Start, Visit
from workbook_templates.samples.sample_inventory import make_rows

LONG = 240_000
"""Milliseconds for a whole city on a busy machine."""


def test_fourteen_files_one_button_four_answers_and_what_goes_back(start: Start, visit: Visit, tmp_path: Path) -> None:
    folder = tmp_path / "收件箱"
    folder.mkdir()
    rows = make_rows(FAULTY, SIZE, 6, RULES)
    planted = plant(rows)
    make_inbox(folder, RULES, rows, FAULTY)
    page = visit(start(None, folder), width=1100)
    expect(page.locator("#files tr")).to_have_count(15)  # and the folder of what is compared with

    page.locator("#works >> text=汇总").click()
    page.locator("#ask-yes").click()
    job = page.locator(".job").first
    expect(job.locator("b")).to_contain_text("！ 已汇总，还有 ", timeout=LONG)
    expect(job.locator("li").first).to_contain_text("打不开的表.xlsx")
    with page.expect_download() as download:
        job.get_by_text("另存一份").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)

    book = openpyxl.load_workbook(saved)
    said = ("".join(str(cell) for cell in row if cell is not None) for row in book["总览"].values)
    asked = ("谁还没交", "有什么冲突", "减排是否达标")
    answers = {one: text for text in said for one in asked if text.startswith(one)}
    names = RULES.submitting
    assert f"迟报：{names[LATE]}" in answers["谁还没交"] and "未报" not in answers["谁还没交"]
    assert "1 处" in answers["有什么冲突"]
    heads, conflict = list(book["冲突清单"].values)
    assert {names[TWICE], names[CROSSING]} <= set(conflict)
    assert "颗粒物" in answers["减排是否达标"] and "VOCs" not in answers["减排是否达标"]
    heads, *found = list(book["问题清单"].values)
    own = [dict(zip(heads, row, strict=True)) for row in found if names[FAULTY] in row]
    assert planted <= {(one["规则"], one["编号"]) for one in own}
    assert all(one["问题与改法"] for one in own)

    page.locator("#works >> text=退回").click()
    page.locator("#ask-yes").click()
    job = page.locator(".job").first
    expect(job).to_contain_text(f"{names[FAULTY]}：第 2 版", timeout=LONG)
    expect(job).to_contain_text("“打不开的表.xlsx”无法读取")
    page.locator("#roots >> text=结果").click()
    page.locator("#files >> text=退回").click()
    expect(page.locator("#files")).to_contain_text(names[FAULTY])
    returned = sorted((tmp_path / "收件箱-结果" / "退回").iterdir())
    assert 0 < len(returned) < len(names)  # those with nothing to correct get none
    assert all(zipfile.is_zipfile(path) for path in returned)
