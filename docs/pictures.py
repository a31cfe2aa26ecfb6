"""Takes the manual's pictures of the pane: `python -m docs.pictures` (needs chromium and ImageMagick).

The inventories are made up, the page is the real one, and it does what the picture shows.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from playwright.sync_api import Page, sync_playwright

from addin.demo import FAULTY, plant
from addin.pane.server import Pane
from validators import ruleset
from workbook_templates.sample import make_officer, make_rows
from workbook_templates.template import write_county

PICTURES = Path(__file__).with_name("图")
RULES = ruleset.load("2020")
MISSING = "371526"
"""A county that hands in nothing."""


def make_inbox(folder: Path) -> Path:
    """Made-up workbooks of all counties but one; one of them has the demo's faults."""
    folder.mkdir()
    for seed, (code, name) in enumerate(RULES.submitting.items(), 1):
        if code == MISSING:
            continue
        rows = make_rows(code, 60, seed, RULES)
        if code == FAULTY:
            plant(rows)
        with (folder / f"{name}.xlsx").open("wb") as file:
            write_county(
                file, county=code, ruleset=RULES, round_="首报", revision=1, enterprises=60, rows=rows,
                officer=make_officer(code, seed, RULES),
            )  # fmt: skip
    (folder / "冠县填报说明.docx").write_bytes(b"PK\x03\x04")
    return folder


@contextmanager
def opened(inbox: Path, width: int, height: int, scheme: str = "light") -> Iterator[Page]:
    """The desk over this folder, in a browser."""
    pane = Pane(None, inbox)
    thread = Thread(target=pane.run, daemon=True)
    thread.start()
    try:
        with sync_playwright() as playwright:
            program = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type] # light or dark
            page.goto(pane.address)
            page.locator("#files tr").first.wait_for()
            yield page
            browser.close()
    finally:
        pane.close()
        thread.join()


def take(page: Page, name: str) -> None:
    """Save what the page shows, with few colours so that the file is small."""
    page.wait_for_timeout(500)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    subprocess.run(["convert", path, "-dither", "None", "-colors", "160", f"PNG8:{path}"], check=True)  # noqa: S603, S607


def consolidate(page: Page) -> None:
    """Press 汇总 and wait for what comes of it."""
    page.get_by_role("button", name="汇总").click()
    page.locator("#ask-yes").click()
    page.locator(".job[data-state=完成]").wait_for()


def main() -> None:
    """Take them all."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        inbox = make_inbox(Path(folder) / "收件箱")
        with opened(inbox, 1100, 700) as page:
            page.get_by_role("button", name="汇总").click()
            take(page, "办公台-汇总")
            page.locator("#ask-no").click()
            consolidate(page)
            page.locator(".finding", has_text="经度").first.click()
            take(page, "办公台")
        with opened(inbox, 350, 760, "dark") as page:
            page.get_by_role("button", name="审计").click()
            page.locator("#ask-yes").click()
            page.locator(".job[data-state=完成]").wait_for()
            take(page, "办公台-窄屏")


if __name__ == "__main__":
    main()
