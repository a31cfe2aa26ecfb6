"""The public directory: which rows and columns of the inventory are published, and the page that shows them.

Only the name of an enterprise and of its site are free texts; all else is a choice, a day or a number of ours. A free
text in which an officer wrote a phone number, or one of the row's own people, is withheld.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from unicodedata import normalize

from validators.expr import Record
from validators.meanings import Value
from validators.ruleset import NOT_KEY
from validators.settlement import City
from workbook_templates.printed_grade import printed_grade
from workbook_templates.xlsx.writer import Head

PUBLIC = "公开目录"
PUBLIC_HEADS = (
    Head("序号", "number", 7), Head("区县", "text", 16), Head("企业名称", "text", 40),
    Head("重点行业", "text", 18), Head("重点行业子类", "text", 16), Head("绩效等级", "text", 10),
    Head("核定机关", "text", 16), Head("核定日期", "date", 12),
)  # fmt: skip
"""What is published: enterprises of the key industries only; the name of a site stands in brackets behind theirs."""
PEOPLE = ("legal_person", "contact", "supervisor")
"""Fields of an enterprise that name persons; `keeper` of its lines is another."""
WITHHELD = "（含个人信息，不予公开）"
_PHONE = re.compile(r"\d{7}")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s\-‐-―−~.·,，、()（）_/+]+(?=\d)")
_SEVERAL = re.compile(r"[、，,;；/\s]+")


@dataclass(frozen=True, slots=True)
class Remark:
    """A row to look at before the directory is published."""

    county: str
    list_id: str
    why: str


def public_rows(city: City, registered: Collection[str] = ()) -> tuple[list[list[Value]], list[Remark]]:
    """The rows of the directory, counties in order, and what is to be looked at before they are published.

    `registered` are 清单编号 of enterprises whose registered name is known to hold a person's; phone numbers are
    withheld there too.
    """
    rows: list[list[Value]] = []
    noted: list[Remark] = []
    seen = set[str]()
    for book in city.books():
        lines = book.index("lines", "list_id")
        for record in book.tables["enterprises"]:
            own_lines = lines.get(record.list_id, ())
            key = next((one for one in (record, *own_lines) if one.industry not in (None, NOT_KEY)), None)
            if key is None:
                continue
            people = [] if record.list_id in registered else list(_people(record, own_lines))
            name, site = (_published(text, people) for text in (record.name, record.site))
            at = record.list_id or f"《企业基本信息》第 {record.row} 行"
            if WITHHELD in (name, site):
                noted.append(Remark(book.county_name, at, "企业名称或厂区名称里写有电话或本企业人员的姓名，没有公开"))
            elif not name or not record.grade:
                noted.append(Remark(book.county_name, at, "没有企业名称或绩效等级，或者读不出来"))
            if record.list_id in seen:
                noted.append(Remark(book.county_name, at, "这个清单编号有几行，都列出了"))
            seen.add(record.list_id)
            rows.append(
                [
                    len(rows) + 1,
                    book.county_name,
                    _named(name, site),
                    key.industry,
                    key.subtype,
                    printed_grade(record, own_lines, city.ruleset),
                    record.fixed_by,
                    record.fixed_on,
                ]
            )
    return rows, noted


def _people(record: Record, lines: Sequence[Record]) -> Iterator[str]:
    """The persons that a row and its lines name; one character is too short to tell a name by."""
    texts = [*(getattr(record, field) for field in PEOPLE), *(line.keeper for line in lines)]
    for text in filter(None, texts):
        yield from (name for part in _SEVERAL.split(str(text)) if len(name := _folded(part)) > 1)


def _folded(text: str) -> str:
    """A text as it is compared: wide signs narrow, nothing unseen, no blanks."""
    plain = normalize("NFKC", text)
    if plain.isprintable():  # then the only blank in it is the space
        return plain.replace(" ", "")
    return "".join(sign for sign in plain if sign.isprintable() and not sign.isspace())


def _published(text: str | None, people: Iterable[str]) -> str | None:
    """A text without unseen characters, or `WITHHELD`."""
    if not text:
        return None
    plain = text if text.isprintable() else "".join(sign for sign in text if sign.isprintable())
    folded = _folded(plain)
    personal = _PHONE.search(_BETWEEN_DIGITS.sub("", folded)) or any(person in folded for person in people)
    return WITHHELD if personal else plain


def _named(name: str | None, site: str | None) -> str | None:
    """An enterprise and, in brackets, which of its sites."""
    if name == WITHHELD or not site:
        return name
    return (name or "") + (site if site == WITHHELD else f"（{site}）")


def page(city: City, rows: Iterable[Sequence[Value]]) -> str:
    """The directory as one HTML page that needs nothing else, shows without scripts, and asks nobody."""
    style, script = (_part(name) for name in ("page.css", "page.js"))
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return Template(_part("page.html")).substitute(
        title=escape(title(city)),
        about="".join(f"<p>{escape(line)}</p>" for line in about(city)),
        heads="".join(f'<th scope="col">{escape(one.head)}</th>' for one in PUBLIC_HEADS),
        rows=body,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def title(city: City) -> str:
    """What the directory is called."""
    return f"{city.ruleset.thresholds['city_name']}{city.year}年重点行业企业绩效评级目录"


def office(city: City) -> str:
    """Who publishes it."""
    return f"{city.ruleset.thresholds['city_name']}重污染天气应急指挥部办公室"


def about(city: City) -> Iterator[str]:
    """What stands under the title: the day, which counties, and who hears reports."""
    names = [book.county_name for book in city.books()]
    missing = [name for name in city.ruleset.submitting.values() if name not in names]
    yield f"发布单位：{office(city)}　截至 {city.on}。" + (
        f"暂缺：{'、'.join(missing)}。" if missing else f"包括全部 {len(names)} 个县（市、区）。"
    )
    yield "公民、法人和其他组织发现评定等级与实际情况不符的，有权向市、县（市、区）重污染天气应急指挥部举报。"


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's own policy calls a style or script by: no other one runs there."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _cell(value: Value) -> str:
    return f"<td>{escape(str(value)) if value is not None else ''}</td>"
