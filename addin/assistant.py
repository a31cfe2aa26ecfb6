"""清单助手, the start-menu entry on Windows: `qingdan live` without a console; what went wrong is shown in a box."""

import ctypes
import io
import sys

from addin.cli.app import main

STOP_SIGN = 0x10


def start() -> int:
    """Run the live session until the pane is closed; returns the exit code."""
    sys.stdout = sys.stderr = said = io.StringIO()  # a program of the start menu has neither
    code = main(["live"])
    if code == 2:
        ctypes.windll.user32.MessageBoxW(None, said.getvalue().strip(), "清单助手", STOP_SIGN)  # type: ignore[attr-defined,unused-ignore] # Windows
    return code


if __name__ == "__main__":  # on Windows child processes import this module, too
    sys.exit(start())
