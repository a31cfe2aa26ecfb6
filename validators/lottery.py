"""Which sites the city visits: those of the grades that are visited each, and of the others as many as a ratio says.

The draw is systematic along a queue by county and industry, so that every site has the same chance, and each county
and each industry of a county gets its share to within one. `METHOD` says it so that anybody can redo it by hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import ceil

from validators.book import Book
from validators.expr import Record
from validators.grading_procedure import DRAWN, EACH, NOT_DRAWN, REFUSED, UNFILED, last

METHOD = (
    "一、名单的 SHA-256：列入的每个厂区（逐个核查的和参加抽取的）写一行“清单编号,申报等级,重点行业”（英文逗号），"
    "各行按清单编号排序，行与行之间用一个换行符（LF）隔开，末尾没有换行符，以 UTF-8 编码后计算。",
    "二、等级规定逐个核查的，全部列入现场核查名单。",
    "三、等级规定按比例抽查的，共 N 个厂区，应抽 K 个：K 是 N×比例 的得数，有小数的进为整数。",
    "四、排队：先按区划代码，再按重点行业（均按字符编码），再按“种子|清单编号”的 SHA-256（64 位小写十六进制）排序，从 0 起编队列号。",
    "五、起点：“种子|名单的SHA-256”的 SHA-256，作为十六进制整数除以 N，余数为起点 T。",
    "六、队列号×K＋T，除以 N，余数小于 K 的抽中。这样恰好抽中 K 个，机会均等，各区县、各区县的各行业抽中的个数与其应占的份额相差不到 1。",
)
"""What is printed beside the draw."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site that the city may visit."""

    book: Book
    application: Record
    how: str
    """`EACH`, `DRAWN` or `NOT_DRAWN`."""
    number: int | None = None
    """Place in the queue, from 0; None where each is visited."""
    hash: str = ""
    """By which it stands in the queue."""
    rest: int | None = None
    """What is compared with the quota."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw and all that it was made from."""

    seed: str
    ratio: Fraction
    """In percent."""
    list_sha256: str
    sites: tuple[Site, ...]
    """Those visited each, then the queue."""
    population: int
    quota: int
    start: int
    left_out: tuple[tuple[Book, Record, str], ...]
    """Applications for a grade that the city visits, or for none that can be read, which are not listed, and why."""

    @property
    def visits(self) -> list[Site]:
        """The sites to visit, by county, industry and 清单编号."""
        return sorted((site for site in self.sites if site.how != NOT_DRAWN), key=_place)


def draw(books: Sequence[Book], *, ratio: Fraction, seed: str) -> Draw:
    """Draw from grading workbooks of one year; the order of workbooks and rows does not matter.

    `ratio` is in percent. Raises ValueError, in Chinese, where a 清单编号 stands in two rows.
    """
    listed: dict[str, tuple[Book, Record]] = {}
    left_out = []
    for book, application, why in _applications(books):
        if why:
            left_out.append((book, application, why))
        elif application.list_id in listed:
            raise ValueError(f"清单编号 {application.list_id} 在《申报》里有两行，不知道该抽哪一行。请先改正再抽。")
        else:
            listed[application.list_id] = book, application
    lines = [f"{id_},{one.applied_grade},{one.industry or ''}" for id_, (_, one) in sorted(listed.items())]
    digest = _sha("\n".join(lines))
    each = [Site(book, one, EACH) for book, one in listed.values() if _visit(book, one) == "每个"]
    queue = [
        Site(book, one, NOT_DRAWN, hash=_sha(f"{seed}|{one.list_id}"))
        for book, one in listed.values()
        if _visit(book, one) == "按比例"
    ]
    queue.sort(key=lambda site: (site.book.county, site.application.industry or "", site.hash))
    population = len(queue)
    quota = ceil(population * ratio / 100)
    start = int(_sha(f"{seed}|{digest}"), 16) % population if population else 0
    drawn = []
    for number, site in enumerate(queue):
        rest = (number * quota + start) % population
        how = DRAWN if rest < quota else NOT_DRAWN
        drawn.append(Site(site.book, site.application, how, number, site.hash, rest))
    left_out.sort(key=lambda item: (item[0].county, item[1].list_id or "", item[1].row))
    return Draw(seed, ratio, digest, (*sorted(each, key=_place), *drawn), population, quota, start, tuple(left_out))


def _place(site: Site) -> tuple[str, str, str]:
    return site.book.county, site.application.industry or "", site.application.list_id


def _sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _visit(book: Book, application: Record) -> str:
    """How the city visits for the grade that is asked for."""
    return book.ruleset.visits.get(application.applied_grade, ("", ""))[1]


def _applications(books: Sequence[Book]) -> Iterator[tuple[Book, Record, str]]:
    """Applications that concern the city's visits, each with why it is not listed, or ''."""
    for book in books:
        for one in book.tables["applications"]:
            if one.filing == UNFILED:
                continue
            if not one.list_id or not one.applied_grade:
                yield book, one, "没有清单编号或申报等级，或者读不出来，请补正后重抽"
            elif _visit(book, one):
                review = last(book, "county", one.list_id)
                if one.fraud not in (None, "否"):
                    yield book, one, f"{one.fraud}，评定为最低等级"
                elif review is not None and review.result == REFUSED:
                    yield book, one, "县级初审不同意"
                else:
                    yield book, one, ""
