"""Takes the manual's pictures of printed documents: `python -m docs.pictures_documents`.

What is printed is made up. Needs LibreOffice with Writer, poppler-utils and ImageMagick.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from addin.cli.app import main
from docs.pictures import PICTURES, make_county
from tests.inventory import write_file


def picture(document: Path, name: str, pages: int) -> None:
    """The first pages of a document side by side."""
    folder = document.parent
    profile = f"-env:UserInstallation=file://{folder / 'soffice'}"
    convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(document)]
    subprocess.run(convert, check=True, capture_output=True)  # noqa: S603 - our own arguments
    shown = folder / document.stem
    leafing = ["pdftoppm", "-r", "65", "-l", str(pages), "-png", f"{shown}.pdf", str(shown)]
    subprocess.run(leafing, check=True)  # noqa: S603 - likewise
    leaves = sorted(folder.glob(f"{document.stem}-*.png"))
    target = PICTURES / f"文书-{name}.png"
    looks = ["-tile", f"{pages}x1", "-geometry", "+6+6", "-background", "#888888", "-dither", "None", "-colors", "32"]
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
            picture(next(folder.glob(f"{place}.docx")), title, pages)


if __name__ == "__main__":
    take()
