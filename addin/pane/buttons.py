"""The seven buttons inside the spreadsheet applications, said once; what is also on the page is what that says."""

from dataclasses import dataclass
from typing import Literal

from addin.pane.works import WORKS

Over = Literal["sheet", "folder", "file"]
"""What a button works on: the workbook as it stands there, the folder of its file, or its file."""


@dataclass(frozen=True, slots=True)
class Button:
    """One of them."""

    id: str
    label: str
    key: str
    """Letter that is pressed for it in a menu."""
    about: str
    """One line for the person who is about to press it."""
    over: Over
    icon: str
    """Name of its picture among Office's own (imageMso), which WPS has taken over."""
    command: bool = False
    """Whether it is a job of the page, too (`addin.pane.works`)."""
    out: str = ""
    """Name of the output: a workbook if it ends in .xlsx, else a folder; '' where nothing is written."""


def _job(id_: str, key: str, over: Over, icon: str) -> Button:
    work = WORKS[id_]
    return Button(id_, work.label, key, work.about, over, icon, True, work.out)


BUTTONS = (
    _job("check", "J", "sheet", "DataValidation"),
    Button("next", "下一处错误", "X", "跳到后面最近的一处错误。", "sheet", "ReviewNextComment"),
    Button("live", "边填边查", "B", "一边填，一边列出问题；再按一次停止。", "sheet", "AutoFilterClassic"),
    _job("consolidate", "H", "folder", "Consolidate"),
    _job("return", "T", "folder", "ReplyAll"),
    _job("export", "D", "file", "ExportExcel"),
    _job("audit", "S", "file", "FileDocumentInspect"),
)
"""In their order."""

PRESS_WORDS = {
    "unnamed": "请先保存这份表，再{label}。",
    "folder": "{about}\n\n范围：文件夹“{folder}”里的全部填报表。",
    "file": "{about}\n\n文件：{name}",
    "out": "\n结果：{out}",
    "unsaved": "\n\n这份表有还没保存的改动。先保存再做吗？\n按“否”，就按上次保存的内容做。",
    "exists": "“{exists}”已经有了。要用新的覆盖它吗？",
    "failed": "这个按钮没有做成。请重新打开表格软件再试。",
    "right": "没有错误。",
}
"""What is asked and said before and after a press, in every application."""
