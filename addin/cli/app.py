"""The command line `qingdan`: one run of a command, and what becomes of whatever goes wrong.

Each command imports what it needs when it runs. Its docstring is its help page, so it is Chinese.
"""

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import typer

from addin.cli.help_page import UsageError, complaint
from addin.cli.registry import app
from addin.cli.terminal import document, prepare, warn
from addin.problems import Stop, debugging, refusal

MODULES = (
    "daily", "template", "grading", "publish", "ledger", "ruleset", "profile", "keys", "table", "addin", "reference", "trial",
)  # fmt: skip
"""`addin.cli.<name>_commands`, in the order of the help page; each registers its commands when it is imported."""
for name in MODULES:
    import_module(f"addin.cli.{name}_commands")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. Whatever happens, the user sees one Chinese line, never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    gc.disable()  # looking for cycles among millions of cells costs a fifth of the time and finds none
    prepare(alone=arguments is None)
    try:
        try:
            code = _guarded(given)
        finally:
            gc.enable()
            sys.stdout.flush()
    except OSError as error:  # standard output itself: a full disk, or a reader that left (`qingdan rules | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            warn(refusal(error, "标准输出"))
        return 2
    return code


def _guarded(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except UsageError as error:
        message = complaint(error)
    except Stop as error:
        message = str(error)
    except OSError as error:
        if error.filename is None:
            raise
        message = refusal(error)
    except KeyboardInterrupt:
        warn("已中断。")
        return 130
    except MemoryError:
        message = "内存不够。请关闭其他程序，或把文件分批处理。"
    except Exception:
        message = "程序内部出错。请把命令和文件发给维护人员；设 QINGDAN_DEBUG=1 后重试可显示细节。"
        if debugging():
            warn(traceback.format_exc())
    if "--json" in arguments:
        document({"errors": [{"file": None, "message": message}]})
    warn(message)
    return 2


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    if not arguments:
        arguments = ["--help"]
    try:
        with command.make_context("qingdan", arguments) as context:
            return int(command.invoke(context))
    except typer.Exit as finished:
        return finished.exit_code
