"""The installer, built once, and a Windows to install it into: wine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NEEDED = {
    "wine": "wine wine64", "wixl": "wixl", "msibuild": "msitools",
    "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64-posix", "i686-w64-mingw32-gcc": "gcc-mingw-w64-i686-posix",
}  # fmt: skip
PROCESS_PRNG = """
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
"""
"""What every Windows since 8 has and wine 8 has not; for these tests only."""


EDGE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char **given) {
    char place[1000];
    FILE *shown = fopen(strcat(strcpy(place, getenv("LOCALAPPDATA")), "\\\\shown.txt"), "w");
    fprintf(shown, "%s\\n", given[1]);
    return fclose(shown);
}
"""
"""A browser that only notes what it is to show."""


@dataclass(frozen=True)
class Wine:
    """One Windows."""

    prefix: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ, "WINEPREFIX": str(self.prefix), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "LC_ALL": "C.UTF-8",
        }  # fmt: skip

    @property
    def home(self) -> Path:
        (home,) = (path for path in (self.prefix / "drive_c/users").iterdir() if path.name != "Public")
        return home

    def run(self, *arguments: str | Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run a program; with pipes, because the Python of the bundle does not start under wine with files."""
        return subprocess.run(
            ["wine", *arguments],
            env=self.environment,
            input="",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
        )


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    missing = [packages for program, packages in NEEDED.items() if shutil.which(program) is None]
    if missing and not os.environ.get("CI"):
        names = " ".join(missing)
        pytest.skip(f"没有 Windows 的替身和打包工具：请安装 {names}（Debian：apt-get install {names}）")
    assert not missing, "CI must have wine and wixl"
    folder = tmp_path_factory.mktemp("wine")
    made = Wine(folder / "prefix")
    subprocess.run(["wineboot", "-i"], env=made.environment, capture_output=True, timeout=120, check=True)
    made.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
    made.run(
        "reg", "add", r"HKCU\Software\Wine\Drivers", "/v", "Graphics", "/d", "null", "/f"
    )  # windows without a screen
    drive = made.prefix / "drive_c"
    _compiled(PROCESS_PRNG, drive / "windows/system32/bcryptprimitives.dll", "-shared", libraries=["-ladvapi32"])
    _compiled(EDGE, drive / "Program Files (x86)/Microsoft/Edge/Application/msedge.exe")
    yield made
    subprocess.run(["wineserver", "-k"], env=made.environment, timeout=60)


def _compiled(source: str, out: Path, *options: str, libraries: Sequence[str] = ()) -> None:
    """Make a program or library for Windows of C."""
    out.parent.mkdir(parents=True, exist_ok=True)
    code = out.with_suffix(".c")
    code.write_text(source, encoding="ascii")
    subprocess.run(["x86_64-w64-mingw32-gcc", *options, "-o", str(out), str(code), *libraries], check=True)
    code.unlink()


@pytest.fixture(scope="session")
def msi(wine: Wine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installer as `./dev msi` makes it."""
    out = tmp_path_factory.mktemp("msi") / "qingdan.msi"
    done = subprocess.run(
        [sys.executable, ROOT / "installer/build.py", out], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def installed(wine: Wine, msi: Path) -> Path:
    """The folder into which it was installed, for one user and without asking anything."""
    done = wine.run("msiexec", "/i", str(msi), "/qn")
    assert done.returncode == 0, done.stdout + done.stderr
    return wine.home / "AppData/Local/Programs/Qingdan"
