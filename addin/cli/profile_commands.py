"""`qingdan profile`: formats of the submission."""

from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson
from addin.cli.registry import Commands

commands = Commands(
    "profile",
    "报送格式：和省里的空白表比较。\n\n例：qingdan profile diff default 省里新发的空白表.xlsx",
    heading=SPECIAL,
)


@commands("diff", formerly="profile-diff")
def profile_diff(
    *,
    old: Annotated[str, typer.Argument(metavar="旧", help="报送格式的名称，或省里的空白表（.xlsx）。")],
    new: Annotated[str, typer.Argument(metavar="新", help="另一个报送格式的名称，或空白表（.xlsx）。")],
    as_json: AsJson = False,
) -> int:
    """比较两个报送格式，或用省里新发的空白表核对现有格式：哪些表头移动、新增、消失。

    例：qingdan profile diff default 省里新发的空白表.xlsx
    退出码：0 没有不同，1 有不同，2 有文件读不了。
    """

    from addin.cli.terminal import show
    from addin.office.profile_comparison import compare

    return show(compare(old, new), as_json=as_json)
