"""Takes the manual's pictures of the pane: `python -m docs.pictures`.

The inventories are made up, the page is the real one, and it does what the picture shows. Needs chromium, ImageMagick,
and for the pane beside the spreadsheet LibreOffice, Xvfb, openbox and xdotool.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from playwright.sync_api import Page, sync_playwright

from addin.live.session import Session
from addin.office.directory import directory
from addin.pane.server import Pane
from addin.trial.demo import FAULTY_COUNTY, plant
from tests.addin.live.conftest import Calc, wait_for
from tests.addin.live.screen import focus, screen, windows
from validators import ruleset
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows

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
        make_county(folder / f"{name}.xlsx", code, seed)
    (folder / "冠县填报说明.docx").write_bytes(b"PK\x03\x04")
    return folder


def make_county(path: Path, code: str, seed: int) -> Path:
    """A made-up workbook; that of `FAULTY_COUNTY` has the demo's faults."""
    rows = make_rows(code, 60, seed, RULES)
    if code == FAULTY_COUNTY:
        plant(rows)
    with path.open("wb") as file:
        write_county(
            file, county=code, ruleset=RULES, round_="首报", revision=1, enterprises=60, rows=rows,
            officer=make_officer(code, seed, RULES),
        )  # fmt: skip
    return path


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
            page.set_default_timeout(300_000)  # milliseconds: a busy machine takes its time
            page.goto(pane.address)
            page.locator("#files tr").first.wait_for()
            yield page
            browser.close()
    finally:
        pane.close()
        thread.join()


def take(page: Page, name: str) -> None:
    """Save what the page shows."""
    page.wait_for_timeout(500)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    shrink(path)


def shrink(path: Path) -> None:
    """Leave few colours, so that the file is small."""
    subprocess.run(["convert", path, "-dither", "None", "-colors", "160", f"PNG8:{path}"], check=True)  # noqa: S603, S607


def consolidate(page: Page) -> None:
    """Press 汇总 and wait for what comes of it."""
    page.locator("#works").get_by_role("button", name="汇总").click()
    page.locator("#ask-yes").click()
    page.locator(".job[data-state=完成]").wait_for()


def beside(path: Path) -> None:
    """The pane beside LibreOffice, a cell at fault selected."""
    file = make_county(path, FAULTY_COUNTY, 1)
    with screen() as display, TemporaryDirectory() as profile:
        calc = Calc(file, headless=False)
        host = calc.host()
        session = Session(lambda: host)
        pane = Pane(session, None)
        threads = [Thread(target=session.run), Thread(target=pane.run)]
        for thread in threads:
            thread.start()
        browser = subprocess.Popen(  # noqa: S603 - our own arguments
            [
                shutil.which("chromium") or "chromium", f"--app={pane.address}", f"--user-data-dir={profile}",
                "--window-size=410,900", "--window-position=990,0", "--no-sandbox", "--test-type", "--disable-gpu",
                "--no-first-run", "--disable-background-networking", "--disable-features=Translate",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            focus("清单助手")
            window = calc.book.CurrentController.Frame.ContainerWindow
            window.IsMaximized = False
            window.setPosSize(2, 24, 980, 840, 15)
            pane_window = windows("清单助手")[-1]
            for words in (["windowmove", pane_window, "988", "0"], ["windowsize", pane_window, "410", "864"]):
                subprocess.run(["xdotool", *words], check=True)  # noqa: S603, S607
            wait_for(lambda: session.picture().findings)
            one = next(one for one in session.picture().findings if one.rule == "BZ01")
            assert one.sheet and one.cell  # noqa: S101 - for the type checker
            session.select(one.sheet, one.cell)
            wait_for(lambda: session.picture().row == one.row)
            time.sleep(5)  # LibreOffice and the page draw
            target = PICTURES / "边填边查.png"
            subprocess.run(  # noqa: S603 - our own arguments
                ["import", "-display", display, "-window", "root", "-crop", "1400x866+0+0", "+repage", target],  # noqa: S607
                check=True,
            )
            shrink(target)
        finally:
            pane.close()
            session.stop()
            browser.terminate()
            browser.wait()
            for thread in threads:
                thread.join()
            calc.office.close()


def public(inbox: Path) -> None:
    """The page of the public directory, searched."""
    folder = inbox.with_name("公开")
    filled = [inbox / f"{name}.xlsx" for name in RULES.submitting.values()]
    directory([path for path in filled if path.exists()], folder, force=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1100, "height": 560})
        page.goto((folder / "公开目录.html").as_uri())
        page.locator("#words").fill("水泥 引领")
        take(page, "公开目录")
        browser.close()


def main() -> None:
    """Take them all."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        beside(Path(folder) / "东昌府区.xlsx")
        inbox = make_inbox(Path(folder) / "收件箱")
        with opened(inbox, 1180, 820) as page:
            page.locator("#place-path").fill(
                "D:\\应急减排\\收件箱-结果"
            )  # the real one is of the computer that takes the picture
            page.locator("#works").get_by_role("button", name="汇总").click()
            take(page, "办公台-汇总")
            page.locator("#ask-no").click()
            consolidate(page)
            page.locator(".finding", has_text="经度").first.click()
            take(page, "办公台")
        with opened(inbox, 380, 820, "dark") as page:
            page.locator("#board tr").first.wait_for()
            take(page, "办公台-窄屏")
        public(inbox)


if __name__ == "__main__":
    main()
