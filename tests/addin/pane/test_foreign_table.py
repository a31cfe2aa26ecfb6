"""A county's old list by the page alone: what its heads mean is confirmed with keys, seen as it will be read, remembered, imported."""

from pathlib import Path

from playwright.sync_api import expect

from addin.reading.layout_files import layout_of
from addin.reading.workbooks import read_whole
from addin.trial.other_tables import make_old_list
from tests.addin.conftest import COUNTY, RULES, Start, Visit
from workbook_templates.layouts.declared import chinese
from workbook_templates.samples.sample_inventory import make_rows

FIRMS = 7
"""More than a preview shows."""


def test_an_old_list_is_recognised_confirmed_remembered_and_imported(
    start: Start, visit: Visit, tmp_path: Path
) -> None:
    inbox = tmp_path / "来件"
    inbox.mkdir()
    rows = {key: [{**row} for row in own] for key, own in make_rows(COUNTY, FIRMS, 1, RULES).items()}
    rows["lines"][0]["red_measure"] = "停产"
    make_old_list(inbox / "旧清单.xlsx", rows, "2019年清单")  # type: ignore[arg-type] # a sample has no blanks
    page = visit(start(None, inbox), width=1100)
    expect(page.locator("#files tr")).to_have_count(1)
    page.locator("#more summary").click()
    page.get_by_role("button", name="认表", exact=True).click()
    expect(page.locator("#problem")).to_contain_text("还没有选中一份表")
    page.get_by_label("选中 旧清单.xlsx").check()
    page.get_by_role("button", name="认表", exact=True).click()
    dialog = page.locator("#layout")
    expect(dialog).to_be_visible()
    expect(dialog.locator("#layout-columns tr:not(.sheet)")).to_have_count(19)

    serial = dialog.get_by_label("“序号”的含义")
    expect(serial).to_be_focused()  # the first one that is not sure
    page.keyboard.type("乱写的")
    page.keyboard.press("Enter")
    expect(serial).not_to_be_focused()
    dialog.locator("#layout-look").click()
    expect(dialog.locator("#layout-problem")).to_contain_text("“乱写的”不是清单里的列")
    serial.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    product = dialog.get_by_label("“产品”的含义")
    product.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("生产线减排措施.工序")
    page.keyboard.press("Enter")
    expect(product.locator("xpath=ancestor::tr").locator(".mark")).to_have_text("✓")

    dialog.locator("#layout-look").click()
    preview = dialog.locator("#layout-preview")
    expect(preview.locator("h3").first).to_have_text(f"企业基本信息（{FIRMS} 行，看前 5 行）")
    expect(preview.locator("table").first.locator("tr")).to_have_count(6)
    expect(preview.locator("table").first).to_contain_text(str(rows["enterprises"][0]["name"]))
    expect(preview.locator("td.open").last).to_have_text("？100")  # what was guessed of the measures

    dialog.locator("#layout-year").fill("2020")
    dialog.get_by_role("button", name="记住并导入").click()
    expect(page.locator("#ask-title")).to_have_text("导入旧表")
    expect(page.locator("[data-option='--layout'] select")).to_have_value("out/旧清单的布局.csv")
    expect(page.locator("[data-option='--year'] input")).to_have_value("2020")
    page.locator("#ask-yes").click()
    expect(page.locator("#jobs .job b")).to_contain_text("已导入，还有 ", timeout=240_000)

    expect(page.locator("#jobs .job").get_by_role("button", name="打开 导入的填报表.导入报告.xlsx")).to_be_visible()

    results = tmp_path / "来件-结果"
    (table,) = layout_of(str(results / "旧清单的布局.csv")).tables
    means = {entry.head: chinese(entry.means) for entry in table.entries}
    assert means["产品"] == "生产线减排措施.工序" and means["序号"] == ""
    book = read_whole(results / "导入的填报表.xlsx", "inventory")
    assert [record.name for record in book.tables["enterprises"]] == [row["name"] for row in rows["enterprises"]]
    assert (results / "导入的填报表.导入报告.xlsx").exists()
