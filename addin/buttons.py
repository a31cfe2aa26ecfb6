"""The buttons, said once: those of the page, and those inside the spreadsheet applications.

A button that is a command runs `qingdan <id> <files> [--out …] --json`.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Button:
    """One of them."""

    id: str
    label: str
    key: str
    """Letter that is pressed for it in a menu."""
    about: str
    """One line for the person who is about to press it."""
    over: Literal["sheet", "folder", "file"]
    """What it works on inside an application: the workbook as it stands there, the folder of its file, or its file."""
    command: bool = True
    one: bool = False
    """Takes exactly one file; else files and folders."""
    folders: bool = True
    """The command itself looks through folders; else it is given the files that lie there."""
    out: str = ""
    """Name offered for the output: a workbook if it ends in .xlsx, else a folder; '' where nothing is written."""
    against: str = ""
    """What the tick says that adds `--against <inbox>`; '' without one."""


BUTTONS = (
    Button("check", "校验", "J", "逐格检查填报表，列出问题和改法。", "sheet", folders=False),
    Button("next", "下一处错误", "X", "跳到后面最近的一处错误。", "sheet", command=False),
    Button("live", "边填边查", "B", "一边填，一边列出问题；再按一次停止。", "sheet", command=False),
    Button("consolidate", "汇总", "H", "把各区县的填报表汇成一份全市清单，查出缺报和冲突。", "folder", out="全市.xlsx"),
    Button("return", "退回", "T", "把各区县的内容连同问题写成可直接改正的新版填报表。", "folder", out="退回"),
    Button("export", "导出", "D", "由全市清单生成报省清单；有错误时不予导出。", "file", one=True, out="报省.xlsx"),
    Button(
        "audit", "审计", "S", "检查文件有没有公式、宏和隐藏内容，是否被改动。", "file", against="与收件文件夹逐格复算"
    ),
)
"""In their order."""
COMMANDS = {one.id: one for one in BUTTONS if one.command}
"""Those that are commands, by id."""
