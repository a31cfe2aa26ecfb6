"""`qingdan addin`: the buttons and the list of findings inside the spreadsheet application."""

from typing import Annotated

import typer

from addin.cli.help_page import SPECIAL
from addin.cli.parameters import AsJson
from addin.cli.registry import Commands

commands = Commands(
    "addin",
    "把按钮和问题清单装进表格软件。\n\n例：qingdan addin install libreoffice",
    heading=SPECIAL,
)
Application = Annotated[
    str, typer.Argument(metavar="软件", help="excel、wps（只在 Windows 上）或 libreoffice（只在 Linux 上）。")
]


@commands("install")
def install(*, application: Application, as_json: AsJson = False) -> int:
    """装进当前用户的表格软件，不要管理员权限；装好后重新打开表格软件，就有“清单”。

    Excel 和 WPS 里是功能区的选项卡，安装包已经装好，取下后才要再装；LibreOffice 里是菜单、工具栏和侧边栏。

    例：qingdan addin install libreoffice
    退出码：0 已装好，2 没能装上。
    """
    from addin.cli.addin_command import install as command

    return command(application, as_json=as_json)


@commands("remove")
def remove(*, application: Application, as_json: AsJson = False) -> int:
    """从当前用户的表格软件里取下，不留下东西。

    例：qingdan addin remove libreoffice
    退出码：0 已取下，或本来就没有，2 没能取下。
    """
    from addin.cli.addin_command import remove as command

    return command(application, as_json=as_json)


@commands("status")
def status(*, application: Application, as_json: AsJson = False) -> int:
    """说明装没装、有没有毛病。

    例：qingdan addin status libreoffice
    退出码：0 装着，没有毛病，1 没有装，或有毛病，2 没能查看。
    """
    from addin.cli.addin_command import status as command

    return command(application, as_json=as_json)


@commands("repair")
def repair(*, application: Application, as_json: AsJson = False) -> int:
    """有毛病的重新装好：程序换了位置、升级了、文件不全，或被表格软件禁用了。

    例：qingdan addin repair libreoffice
    退出码：0 没有毛病，或已修好，1 没有装，2 没能修好。
    """
    from addin.cli.addin_command import repair as command

    return command(application, as_json=as_json)
