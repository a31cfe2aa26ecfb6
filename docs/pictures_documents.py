"""Takes the manual's pictures of printed documents: `python -m docs.pictures_documents`.

What is printed is made up. Needs LibreOffice with Writer, poppler-utils and ImageMagick.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from addin.cli.app import main
from addin.trial.demo import FAULTY_COUNTY, plant
from addin.trial.rehearsal import make_inbox
from docs.pictures import PICTURES, RULES, make_county
from tests.inventory import write_file
from workbook_templates.samples.sample_inventory import make_rows


def picture(document: Path, name: str, pages: int, *, tile: str = "", dpi: int = 65) -> None:
    """The first pages of a document, side by side where no other `tile` is wanted."""
    folder = document.parent
    profile = f"-env:UserInstallation=file://{folder / 'soffice'}"
    convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(document)]
    subprocess.run(convert, check=True, capture_output=True)  # noqa: S603 - our own arguments
    shown = folder / document.stem
    leafing = ["pdftoppm", "-r", str(dpi), "-l", str(pages), "-png", f"{shown}.pdf", str(shown)]
    subprocess.run(leafing, check=True)  # noqa: S603 - likewise
    leaves = sorted(folder.glob(f"{document.stem}-*.png"))
    target = PICTURES / f"{name}.png"
    looks = ["-tile", tile or f"{pages}x1", "-geometry", "+6+6", "-background", "#888888"]
    looks += ["-dither", "None", "-colors", "64" if tile else "32"]
    subprocess.run(["montage", *map(str, leaves), *looks, f"PNG8:{target}"], check=True)  # noqa: S603, S607 - likewise


def take() -> None:
    """All pictures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        main(["plans", str(make_county(folder / "清单.xlsx", "371502", 1)), "--out", str(folder / "plans")])
        grading = write_file(folder / "分级.xlsx", {"applications": [{}]})
        main(["papers", str(grading), "--out", str(folder / "papers"), "--kind", "3"])
        for place, title, pages in (
            ("plans/371502-G-0004*操作方案", "操作方案", 3),
            ("plans/371502-G-0025*公示牌", "公示牌", 1),
            ("papers/371502-G-0001*初审意见", "初审意见", 2),
        ):
            picture(next(folder.glob(f"{place}.docx")), f"文书-{title}", pages)
        city(folder)


def city(folder: Path) -> None:
    """The overview of a city workbook and the briefing, as they are printed."""
    inbox, workbook, briefing = folder / "收件箱", folder / "全市.xlsx", folder / "简报.docx"
    inbox.mkdir()
    rows = make_rows(FAULTY_COUNTY, 60, 6, RULES)
    plant(rows)
    make_inbox(inbox, RULES, rows, FAULTY_COUNTY)
    main(["consolidate", str(inbox), "--out", str(workbook)])
    main(["publish", "briefing", str(workbook), "--out", str(briefing)])
    picture(workbook, "市办-总览", 2, tile="1x2", dpi=95)
    picture(briefing, "市办-简报", 1, tile="1x1", dpi=80)


if __name__ == "__main__":
    take()
