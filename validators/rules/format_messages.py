"""What GS01, GS03 and GS04 say of what the reader noticed."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from validators.book import Fault
from validators.columns import SHEETS
from validators.findings import Severity
from validators.meanings import number_text
from validators.ooxml.grid import EPOCH
from validators.rule import value_text
from validators.text import remarks, visible


def structure(fault: Fault, like: Mapping[object, str | None]) -> tuple[Severity, str]:
    """What is said of a fault of structure; `like` are sheets that look like one of ours, by its title."""
    name, sheet = value_text(fault.value), fault.sheet
    none_read = f"，其中 {fault.meant} 格有内容，不予读取" if fault.meant else "，不予读取"
    match fault.what:
        case "sheet" if fault.value in like:
            return Severity.BLOCKER, f"缺少工作表“{name}”，工作表“{like[fault.value]}”像是它。请把表名改回“{name}”。"
        case "sheet":
            return Severity.BLOCKER, (
                f"缺少工作表“{name}”。改过表名的，请改回“{name}”；删掉的，请撤销删除或找回删除前存的文件，"
                "不要从别的文件复制一张表来；找不回的，请把本文件交给市里，由程序把内容带进一份新表。"
            )
        case "headless":
            return Severity.BLOCKER, f"《{sheet}》里找不到表头，一行也没有读取。请对照空白模板把表头补回原来的一行。"
        case "missing":
            return (
                Severity.BLOCKER,
                f"《{sheet}》缺少表头“{name}”，可能被改名或删除。改过的请改回“{name}”，删掉的请撤销。",
            )
        case "renamed":
            return (
                Severity.BLOCKER,
                f"《{sheet}》{fault.cell} 的表头写的是“{name}”，应为“{fault.header}”，这一列{f'的 {fault.meant} 格' if fault.meant else ''}没有读取。"
                f"请改回“{fault.header}”。",
            )
        case "double":
            return Severity.BLOCKER, f"《{sheet}》的表头“{name}”出现了两次，分不清以哪一列为准。请删去多余的一列。"
        case "above":
            return Severity.ERROR, (
                f"《{sheet}》第 {name} 行在表头（第 {fault.meant} 行）上面，没有读取。"
                "请把表头移回这些行的上面；表头有两行的，删去多余的一行。"
            )
        case "list_elsewhere" if fault.meant:
            return Severity.ERROR, (
                f"工作表“{sheet}”与《{fault.meant}》同样，有 {name} 行清单没有读取。"
                f"请并入《{fault.meant}》；只是备份的，请删去这张工作表。"
            )
        case "list_elsewhere":
            return Severity.ERROR, (
                f"工作表“{sheet}”里有 {name} 行写着清单编号，没有读取。请并入相应的表；不属于清单的，请删去这张工作表。"
            )
        case "unread_sheet":
            return (
                Severity.WARNING,
                f"多出工作表“{name}”，内容太多或已损坏，没有读取，看不出里面有没有清单。请核对后删去。",
            )
        case "headless_list":
            return Severity.ERROR, (
                f"《{sheet}》的 {name} 列没有表头，其中 {fault.meant} 格没有读取，像是清单的内容。请移到应填的列，或删去。"
            )
        case "headless_column":
            return Severity.INFO, f"《{sheet}》的 {name} 列没有表头{none_read}。"
        case "beyond":
            return Severity.INFO, f"《{sheet}》在很远的右边还有 {name} 格有内容，不予读取。不要的请删去。"
        case "extra":
            return Severity.INFO, f"《{sheet}》多出一列“{name}”{none_read}。"
        case "extra_sheet":
            return Severity.INFO, f"多出工作表“{name}”{none_read}。"
        case _:
            return Severity.INFO, f"多出定义名称“{name}”，不予读取。"


def _private(fault: Fault) -> str:
    return (
        f"“{fault.header}”里有造字“{fault.meant}”（U+{ord(str(fault.meant)):04X}），在别的电脑上显示不出来。"
        "请改用通用的字，没有的用同音字并在备注说明。"
    )


def _struck(fault: Fault) -> str:
    return (
        f"“{fault.header}”填的“{value_text(fault.value)}”整格划了删除线，仍会照常读取、上报。"
        "不要的请删去内容，要的请取消删除线。"
    )


def _struck_row(fault: Fault) -> str:
    return f"第 {fault.row} 行{named(fault)}划了删除线，仍会照常读取、上报。不报的请删去这一行，要报的请取消删除线。"


def named(fault: Fault) -> str:
    """What the row of a fault is known by, in brackets; '' where nothing is known."""
    return f"（{value_text(fault.value)}）" if fault.value else ""


def _automatic(fault: Fault) -> str:
    column = next(one for one in BY_TITLE[fault.sheet or ""].columns if one.header == fault.header)
    if column.kind == "status":
        return (
            f"“{fault.header}”里写的“{value_text(fault.value)}”不读取，本列由表格自动填写。"
            "请移到“备注”或删去，再从别的行把这一格复制过来，恢复公式。"
        )
    how = column.prompt
    gives = "现在还算不出" if fault.meant is None else f"算得 {value_text(fault.meant)}"
    return (
        f"“{fault.header}”填的“{as_written(fault.value)}”不采用：本列{how.rstrip('。')}，{gives}。"
        "请从别的行把这一格复制过来，恢复公式；要改这个数，请改它所依据的各格。"
    )


BY_TITLE = {sheet.title: sheet for sheet in SHEETS.values()}


def _phone(fault: Fault) -> str:
    return f"“{fault.header}”填的是“{value_text(fault.value)}”，{fault.meant}，例如 0635-8412345。"


def _gap(fault: Fault) -> str:
    return (
        f"“{fault.header}”填的是“{value_text(fault.value)}”，汉字中间的“?”像是没能转换过来的字。"
        "请对照原件核对，有误的重新录入。"
    )


ONLY_WARNED = {
    "private": _private,
    "phone": _phone,
    "gap": _gap,
    "struck": _struck,
    "struck_row": _struck_row,
    "automatic": _automatic,
}
"""Faults of GS03 that do not stop a submission, and what is said of them."""


def read_as(fault: Fault) -> str:
    """What is said of a cell that was read as something else than what stands there."""
    old, new = fault.value, fault.meant
    if new is None:
        return f"“{fault.header}”填的是“{as_written(old)}”{_remarked(old)}，当作没有填。"
    written, meant = as_written(old), as_written(new)
    if isinstance(old, str) and isinstance(new, str) and written == meant:  # they differ behind what is shown of them
        first = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(new))
        written, meant = (visible(text[first : first + 20]) or "空白" for text in (old, new))
        return f"“{fault.header}”第 {first + 1} 个字起的“{written}”{_remarked(old)}，已读作“{meant}”。"
    kinds = "", ""
    if written == meant or (isinstance(new, dt.date) and not isinstance(old, str)):
        kinds = _kind(old), _kind(new)
    return f"“{fault.header}”填的是{kinds[0]}“{written}”{_remarked(old)}，已读作{kinds[1]}“{meant}”。"


def _remarked(old: object) -> str:
    odd = "；".join(remarks(old)) if isinstance(old, str) else ""
    return f"（{odd}）" if odd else ""


def as_written(value: object) -> str:
    """A value as the cell shows it: a number with all its digits."""
    if type(value) is float and 1e-9 < abs(value) < 1e15:
        return f"{Decimal(number_text(value)):f}"
    return value_text(value)


def _kind(value: object) -> str:
    """What a value is."""
    return "文字" if isinstance(value, str) else "日期" if isinstance(value, dt.date) else "数字"


def became(fault: Fault, written: str, meant: str) -> str:
    """What is said of a text that the spreadsheet program had probably made a date of."""
    value = fault.value
    day = value if isinstance(value, dt.date) else EPOCH + dt.timedelta(days=int(float(str(value))))
    kind = f"日期“{written}”" if isinstance(value, dt.date) else f"数字“{written}”（作为日期是 {day:%Y-%m-%d}）"
    return (
        f"“{fault.header}”里存着{kind}，已读作文字“{meant}”。如果原来填的是“{day.month}-{day.day}”一类的文字，"
        "它被自动变成了日期，请把单元格格式设为“文本”后重新录入。"
    )
