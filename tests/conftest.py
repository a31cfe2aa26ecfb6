"""What tests share."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_make_parametrize_id(val: object) -> str | None:
    """A made file holds the time it was made, so even its length differs; a name must be the same in every process."""
    return "bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def _no_loaded_rulesets(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Rule sets that were loaded on this computer do not change what is tested, nor does what was read before."""
    os.environ["QINGDAN_RULESETS"] = str(tmp_path_factory.mktemp("rulesets"))
    os.environ["QINGDAN_READINGS"] = ""


Engine = Callable[[Path, Path], Path]
"""Works out a workbook anew and saves it in a folder; gives the file."""
ENGINES = ("LibreOffice", "Gnumeric", "ONLYOFFICE")
ONLYOFFICE = Path(__file__).parents[1] / ".venv-onlyoffice" / "bin" / "python"
"""The Python of a venv of its own (`./dev test` makes it): the builder's licence allows it as a test tool only."""


@pytest.fixture(scope="session")
def engines(soffice: Callable[[Path, Path, str], Path]) -> Callable[[str], Engine]:
    """The spreadsheet engine of a name; a test is skipped where it is not installed, but never in CI."""

    def libreoffice(file: Path, folder: Path) -> Path:
        return soffice(file, folder, "xlsx:Calc MS Excel 2007 XML")

    def gnumeric(file: Path, folder: Path) -> Path:
        out = folder / f"{file.stem}.gnumeric.xlsx"
        _need(shutil.which("ssconvert"), "没有 Gnumeric：请安装 gnumeric（Debian：apt-get install gnumeric）")
        subprocess.run(["ssconvert", "--recalc", file, out], check=True, capture_output=True, timeout=900)
        return out

    def onlyoffice(file: Path, folder: Path) -> Path:
        out = folder / f"{file.stem}.onlyoffice.xlsx"
        need_onlyoffice()
        script = Path(__file__).with_name("onlyoffice_engine.py")
        subprocess.run([ONLYOFFICE, script, file, out], check=True, capture_output=True, timeout=900)
        return out

    return dict(zip(ENGINES, (libreoffice, gnumeric, onlyoffice), strict=True)).__getitem__


def need_onlyoffice() -> None:
    """Skip the test where ONLYOFFICE's engine is not installed."""
    _need(ONLYOFFICE.exists(), "没有 ONLYOFFICE 的计算引擎：请运行 ./dev test，它会装好 .venv-onlyoffice")


def _need(there: object, advice: str) -> None:
    if not there:
        assert not os.environ.get("CI"), advice
        pytest.skip(advice)


@pytest.fixture(scope="session")
def soffice(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, Path, str], Path]:
    """`convert(file, folder, filter)`: LibreOffice opens a file, recalculates everything, and saves it as another."""
    program = shutil.which("soffice")
    if program is None and not os.environ.get("CI"):
        pytest.skip("没有 LibreOffice：请安装 libreoffice-calc（Debian：apt-get install libreoffice-calc）")
    assert program, "CI must have LibreOffice"
    profile = tmp_path_factory.mktemp("soffice")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">'
        "<value>0</value></prop></item></oor:items>",
        encoding="utf-8",
    )

    def convert(file: Path, folder: Path, filter_: str) -> Path:
        out = folder / "soffice"
        subprocess.run(
            [program, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", filter_,
             "--outdir", str(out), str(file)],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        return out / f"{file.stem}.{filter_.partition(':')[0]}"

    return convert
