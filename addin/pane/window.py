"""The page's own window: a browser without its bars where one can be found, else the default browser."""

import os
import shutil
import subprocess
import webbrowser
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "msedge", "microsoft-edge", "google-chrome", "chrome")
PLACES = ("Microsoft/Edge/Application/msedge.exe", "Google/Chrome/Application/chrome.exe")
"""Below the program folders of Windows, where they are not on the search path."""
SIZES = {False: "420,900", True: "1180,860"}
"""Width and height in pixels: beside a spreadsheet, and alone."""


def open_window(address: str, *, alone: bool) -> None:
    """Show the page; `alone` where no spreadsheet stands beside it."""
    program = _program()
    if program is None:
        webbrowser.open(address)
        return
    subprocess.Popen(  # noqa: S603 - a browser, with our own address
        [program, f"--app={address}", f"--window-size={SIZES[alone]}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _program() -> str | None:
    for name in NAMES:
        if found := shutil.which(name):
            return found
    for variable in ("ProgramFiles(x86)", "ProgramFiles", "LOCALAPPDATA"):
        for place in PLACES:
            path = Path(os.environ.get(variable, "")) / place
            if variable in os.environ and path.is_file():
                return str(path)
    return None
