"""Layouts as a user names them: one that comes with the program, or a file."""

from pathlib import Path

from addin.problems import Stop
from addin.reading.isolation import Failure, each
from validators.meanings import text_of
from workbook_templates.layouts.declared import HEADS, Layout, WrongLayout, of_text, read_layout, shipped_layout
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook

_LARGEST = 4 << 20
"""Bytes of a layout."""


def layout_of(name: str) -> Layout:
    """The layout of that name, or in that file (.csv or .xlsx). Raises `Stop`."""
    try:
        if not name.lower().endswith((".csv", ".xlsx")):
            return shipped_layout(name)
    except WrongLayout as error:
        raise Stop(str(error)) from error
    path = Path(name)
    if not path.is_file():
        raise Stop(f"布局“{name}”不存在。请核对路径。")
    [found] = each(_read, [(path,)])
    if isinstance(found, Failure):
        raise Stop(found.message)
    assert isinstance(found, Layout)  # noqa: S101 - for the type checker
    return found


def _read(path: Path) -> Layout:
    """In a child."""
    try:
        if path.suffix.lower() == ".csv":
            if path.stat().st_size > _LARGEST:
                raise Stop(f"“{path.name}”超过 {_LARGEST >> 20} MB，不是布局。请核对是否拿错了文件。")
            data = path.read_bytes()
            for encoding in ("utf-8-sig", "gb18030"):
                try:
                    return of_text(path.stem, data.decode(encoding))
                except UnicodeDecodeError:
                    continue
            raise Stop(f"“{path.name}”不是文字文件。请在表格软件中另存为 CSV（UTF-8）再试。")
        opened = open_workbook(path)
        for title in opened.sheets:
            grid = opened.grid(title)
            head = [text_of(cell) for cell in grid.rows[0][1]] if grid and grid.rows else []
            if grid and {"表头", "含义"} <= set(head):
                rows = [dict(zip(head, [text_of(cell) for cell in cells], strict=False)) for _, cells in grid.rows[1:]]
                return read_layout(path.stem, rows)
    except (WrongLayout, UnreadableWorkbook) as error:
        raise Stop(str(error)) from error
    raise Stop(f"“{path.name}”不是布局：没有一张表的第一行是 {','.join(HEADS)}。")
