"""Help pages and usage errors in Chinese: typer and its parser know English only."""

import re
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from addin.problems import display_width

HELP = "--help"
DAILY, SPECIAL, REFERENCE, TRIAL, INSIDE = HEADINGS = ("常用", "专项工作", "查阅", "试用", "命令")
"""Headings over the commands of the help page, in their order; the last is that of a group's page."""


class Command(TyperCommand):
    """A command whose help page is Chinese."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - the type is private to typer
        """The whole page."""
        return page(self, ctx)


class Group(TyperGroup):
    """A group of commands whose help page is Chinese."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 - likewise
        """The whole page."""
        return page(self, ctx)


def page(command: Any, ctx: Any) -> str:  # noqa: ANN401 - likewise
    """The help page of a command: usage, what it does with examples, arguments, options, commands."""
    shown = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    arguments = [param for param in shown if param.param_type_name == "argument"]
    options = [param for param in shown if param.param_type_name == "option"]
    commands = getattr(command, "commands", {})
    pieces = [ctx.command_path, "[选项]"] if options else [ctx.command_path]
    pieces += ["命令 …"] if commands else [_place(param) for param in arguments]
    parts = [f"用法：{' '.join(pieces)}", command.help or ""]
    parts += _section("参数", [(param.metavar, _explained(param)) for param in arguments])
    parts += _section("选项", [(_names(param), _explained(param)) for param in options])
    listed: dict[str, list[tuple[str, str]]] = {}
    for name, one in sorted(commands.items(), key=lambda item: not hasattr(item[1], "commands")):  # groups first
        if not one.hidden:
            listed.setdefault(one.rich_help_panel or INSIDE, []).append((name, (one.help or "").partition("\n")[0]))
    for heading in sorted(listed, key=HEADINGS.index):
        parts += _section(heading, listed[heading])
    return "\n\n".join(part for part in parts if part)


def _place(param: Any) -> str:  # noqa: ANN401 - likewise
    return param.metavar if param.required else f"[{param.metavar}]"


def _names(param: Any) -> str:  # noqa: ANN401 - likewise
    names = "，".join(param.opts)
    return names if param.is_flag else f"{names} {param.metavar}"


def _explained(param: Any) -> str:  # noqa: ANN401 - likewise
    if HELP in param.opts:
        return "显示本页后退出。"
    return f"{param.help}（必填）" if param.required else str(param.help)


def _section(title: str, rows: list[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    width = max(display_width(left) for left, _ in rows) + 2
    return [f"{title}：\n" + "\n".join(f"  {left}{' ' * (width - display_width(left))}{right}" for left, right in rows)]


UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])
"""What the parser raises for wrong arguments; its own name moved between releases of typer."""


def complaint(error: Any) -> str:  # noqa: ANN401 - a UsageError
    """One Chinese line for a usage error: what is wrong, and where help is."""
    path = error.ctx.command_path if error.ctx else "qingdan"
    return f"{_what(error)}。用法见 {path} {HELP}。"


def _what(error: Any) -> str:  # noqa: ANN401 - likewise
    kind = type(error).__name__
    if kind == "NoSuchOption":
        near = f"，是不是 {'、'.join(sorted(error.possibilities))}" if error.possibilities else ""
        return f"没有选项 {error.option_name}{near}"
    if kind == "MissingParameter":
        given = error.ctx.params  # what is given is taken first
        missing = [one for one in error.ctx.command.params if one.required and one.name not in given]
        return "，".join(
            f"缺少参数“{one.metavar}”" if one.param_type_name == "argument" else f"缺少选项 {_names(one)}"
            for one in missing
        )
    if kind == "BadOptionUsage":
        return f"选项 {error.option_name} 后面{'缺少它的值' if 'requires' in error.message else '不能跟值'}"
    if kind == "BadParameter":
        where = f"选项 {error.param.opts[0]}：" if error.param and error.param.param_type_name == "option" else ""
        return f"{where}{error.message}".rstrip("。")
    if getattr(error.ctx.command, "commands", None):
        word = re.search(r"'(.*?)'", error.message)
        return f"没有命令“{word[1]}”" if word else "缺少命令"
    extra = re.search(r"\((?!s\))(.*)\)", error.message)
    return f"多出的参数：{extra[1]}" if extra else "参数不对"
