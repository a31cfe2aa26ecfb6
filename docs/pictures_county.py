"""Takes the pictures of the manual from LibreOffice itself: `python -m docs.pictures_county` writes docs/图/*.png."""

import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.addin.live.screen import focus, keys
from tests.typist import Typist, typist, wait_for
from validators import ruleset
from validators.columns import COVER_TITLE, LETTERS, SHEETS
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import FIRST_ROW

FOLDER = Path(__file__).parent / "图"
COUNTY, RULES, FILLED = "371502", ruleset.load("2020"), 8
ENTERPRISES, GUARANTEE = SHEETS["enterprises"].title, SHEETS["guarantee"].title
PAINTED = 2.0
"""Seconds after which the window shows what the cells hold."""


def main() -> None:
    """All pictures, from one workbook in one LibreOffice."""
    FOLDER.mkdir(exist_ok=True)
    rows = make_rows(COUNTY, FILLED, 1, RULES)
    with TemporaryDirectory() as folder:
        path = Path(folder, "东昌府区.xlsx")
        with path.open("wb") as file:
            write_county(
                file, county=COUNTY, ruleset=RULES, round_="首报", revision=1, enterprises=20, rows=rows,
                officer=make_officer(COUNTY, 1, RULES),
            )  # fmt: skip
        with typist(path) as desk:
            take(desk, [str(row["list_id"]) for row in rows["guarantee"]])


def take(desk: Typist, guaranteed: list[str]) -> None:
    """Make the mistakes that the manual shows."""

    def at(field: str, row: int = FIRST_ROW) -> str:
        return f"{LETTERS['enterprises'][field]}{row}"

    desk.book.CurrentController.Frame.LayoutManager.hideElement("private:resource/toolbar/formatobjectbar")
    desk.do("Sidebar")
    desk.put(ENTERPRISES, at("uscc"), "91371502MA3C00001A")
    desk.shows(ENTERPRISES, f"A{FIRST_ROW}", "✗ JB01")
    desk.go(ENTERPRISES, at("name", FIRST_ROW + 1))
    keys("Delete")
    desk.shows(ENTERPRISES, f"A{FIRST_ROW + 1}", "✗ GS02")
    desk.go(ENTERPRISES, at("name", FIRST_ROW + 7))
    picture("错误", 1120, 480)
    desk.put(ENTERPRISES, at("uscc", FIRST_ROW + 2), "123")
    focus("统一社会信用代码有误")
    picture("对话框", 1400, 800)
    desk.dialog("统一社会信用代码有误")
    ids = [desk.text(ENTERPRISES, at("list_id", FIRST_ROW + number)) for number in range(FILLED)]
    row = FIRST_ROW + next(number for number, one in enumerate(ids) if one in guaranteed)
    desk.put(ENTERPRISES, at("industry", row), "钢铁")
    desk.put(ENTERPRISES, at("subtype", row), "长流程联合")
    wait_for(lambda: desk.text(ENTERPRISES, at("subtype", row)))
    desk.put(ENTERPRISES, at("grade", row), "C")
    desk.shows(ENTERPRISES, f"A{row}", "BZ01")
    desk.go(ENTERPRISES, at("guaranteed", row))
    desk.book.CurrentController.getByIndex(3).FirstVisibleColumn = SHEETS["enterprises"]["grade"].position
    picture("保障类-企业表", 1400, 480)
    desk.go(GUARANTEE, f"{LETTERS['guarantee']['name']}{FIRST_ROW + guaranteed.index(ids[row - FIRST_ROW])}")
    picture("保障类-保障表", 1120, 330)
    desk.go(COVER_TITLE, "F6")
    picture("进度", 1240, 760)


def picture(name: str, width: int, height: int) -> None:
    """The upper left of the screen, as a small file."""
    time.sleep(PAINTED)
    command = ["import", "-window", "root", "-crop", f"{width}x{height}+0+0", "+repage"]
    command += ["+dither", "-colors", "64", "-strip", str(FOLDER / f"{name}.png")]
    subprocess.run(command, check=True)  # noqa: S603 - our own arguments


if __name__ == "__main__":
    main()
