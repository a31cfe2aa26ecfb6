"""`qingdan publish directory`: the public directory of graded enterprises, as a workbook and as a page."""

from collections.abc import Sequence
from pathlib import Path

from addin.cli.arguments import files
from addin.cli.terminal import document, progress, say, unread
from addin.office.consolidation import inbox
from addin.problems import Stop, output
from addin.reading.inventories import read_inventories
from workbook_templates.city.city_workbook import created
from workbook_templates.lists.public_directory import PUBLIC, PUBLIC_HEADS, page, public_rows
from workbook_templates.xlsx.writer import Sheet, write_sheets


def directory(given: Sequence[str], *, out: str, registered: Sequence[str], force: bool, as_json: bool) -> int:
    """Write the directory into the folder `out` and say what is to be looked at; returns the exit code."""
    folder, paths = Path(out), inbox(files(given))
    with progress("公开目录") as step:
        city, wrong = read_inventories(paths, step)
        known = {record.list_id for book in city.books() for record in book.tables["enterprises"]}
        if unknown := [one for one in registered if one not in known]:
            raise Stop(f"选项 --registered 的“{'、'.join(unknown)}”不在清单里。请核对清单编号。")
        rows, remarks = public_rows(city, frozenset(registered))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise Stop(f"“{folder}”是文件，不是文件夹。请用 --out 指定一个文件夹。") from error
        workbook, html = folder / f"{PUBLIC}.xlsx", folder / f"{PUBLIC}.html"
        with (
            output(workbook, force=force, inputs=paths) as book,
            output(html, force=force, suffix=".html") as site,
        ):
            write_sheets(book, [Sheet(PUBLIC, PUBLIC_HEADS, rows)], created(city))
            site.write(page(city, rows).encode())
    if as_json:
        document(
            {
                "out": [str(workbook), str(html)],
                "year": city.year,
                "counties": [book.county for book in city.books()],
                "sites": len(rows),
                "remarks": [{"county": one.county, "key": one.list_id, "why": one.why} for one in remarks],
                "errors": wrong,
            }
        )
    else:
        for one in remarks:
            say(f"！ {one.county} {one.list_id}：{one.why}。")
        if remarks:
            say("请在填报表里改正后重做；名称确是登记名称、含有人名的，核实后用 --registered 清单编号 公开。")
        say(f"已写出 {workbook} 和 {html.name}：{len(rows)} 个厂区。")
    return unread(wrong, 1 if remarks else 0)
