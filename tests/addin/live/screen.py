"""A screen that nobody sees, on which LibreOffice takes real keystrokes."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def screen() -> Iterator[str]:
    """A free display with a window manager; its name is in DISPLAY as long as the block runs."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as said:
        number = said.readline().strip()
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = f":{number}"
    manager = subprocess.Popen(["openbox"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f":{number}"
    finally:
        if before is None:
            del os.environ["DISPLAY"]
        else:
            os.environ["DISPLAY"] = before
        for process in (manager, server):
            process.terminate()
            process.wait()


def windows(name: str) -> list[str]:
    """Visible windows with a name."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", name], capture_output=True, check=False)
    return found.stdout.decode().split()


def focus(name: str, seconds: float = 60.0) -> None:
    """Give the keyboard to a window, once it is there."""
    until = time.monotonic() + seconds
    while not (found := windows(name)):
        assert time.monotonic() < until, f"no window {name}"
        time.sleep(0.1)
    subprocess.run(["xdotool", "windowactivate", found[-1]], check=True)


def in_front() -> list[str]:
    """The window that has the keyboard, and where the pointer is, over which window."""
    asked = ("getactivewindow", "getmouselocation")
    said = [subprocess.run(["xdotool", one], capture_output=True, check=True).stdout for one in asked]
    return [one.decode().strip() for one in said]


def keys(*names: str) -> None:
    """Press keys: `Return`, `ctrl+z`."""
    subprocess.run(["xdotool", "key", *names], check=True)


def write(text: str) -> None:
    """Type a text."""
    subprocess.run(["xdotool", "type", "--delay", "5" if text.isascii() else "150", "--", text], check=True)


def write_into_cell(text: str) -> None:
    """Type, and leave what was typed open in its cell."""
    write(text)
    time.sleep(1)  # xdotool is done before LibreOffice has taken the keys, and nothing tells when it has
