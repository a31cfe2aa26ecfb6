"""`qingdan publish directory`: the public directory of graded enterprises, as a workbook and as a page."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from addin.office.results import Card, Part, Result, made
from addin.problems import Stop, output
from addin.reading.inbox import inbox
from addin.reading.inventories import read_inventories
from addin.reading.steps import Step, Unread, silent, worst
from workbook_templates.lists.public_directory import PUBLIC, PUBLIC_HEADS, office, page, public_rows, title
from workbook_templates.xlsx.writer import ListSheet, write_sheets


class DirectoryRemark(Part):
    """A row that is to be looked at."""

    county: str
    key: str
    why: str


class Directory(Result):
    """The workbook and the page that were written."""

    out: list[str]
    year: int
    counties: list[str]
    sites: int
    remarks: list[DirectoryRemark]
    errors: list[Unread]

    @property
    def code(self) -> int:
        """1 where rows are to be looked at."""
        return worst(self.errors, bool(self.remarks))

    def lines(self) -> Iterator[str]:
        """What is to be looked at, and what was written."""
        for one in self.remarks:
            yield f"！ {one.county} {one.key}：{one.why}。"
        if self.remarks:
            yield "请在填报表里改正后重做；名称确是登记名称、含有人名的，核实后用 --registered 清单编号 公开。"
        workbook, html = map(Path, self.out)
        yield f"已写出 {workbook} 和 {html.name}：{self.sites} 个厂区。"

    def warnings(self) -> Iterable[str]:
        """Files that could not be read."""
        return (one.message for one in self.errors)

    def card(self) -> Card:
        """How many sites, and what is to be looked at."""
        words = [f"{self.sites} 个厂区", *(f"{one.county} {one.key}：{one.why}" for one in self.remarks)]
        return made("已写出", look_at=len(self.remarks), errors=self.errors, words=words)


def directory(
    sources: Sequence[Path], folder: Path, *, registered: Sequence[str] = (), force: bool = False, step: Step = silent
) -> Directory:
    """Write the directory into the folder. Raises `Stop`."""
    paths = inbox(sources)
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
        heading = f"{title(city)}　{office(city)}　截至 {city.on}"
        write_sheets(book, [ListSheet(PUBLIC, PUBLIC_HEADS, rows, heading=heading)], city.filled_on)
        site.write(page(city, rows).encode())
    return Directory(
        out=[str(workbook), str(html)],
        year=city.year,
        counties=[book.county for book in city.books()],
        sites=len(rows),
        remarks=[DirectoryRemark(county=one.county, key=one.list_id, why=one.why) for one in remarks],
        errors=wrong,
    )
