"""What tests share."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_make_parametrize_id(val: object) -> str | None:
    """The bytes of a made file hold the time it was made; a test's name must be the same in every process."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def _no_loaded_rulesets(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Rule sets that were loaded on this computer do not change what is tested."""
    os.environ["QINGDAN_RULESETS"] = str(tmp_path_factory.mktemp("rulesets"))


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
