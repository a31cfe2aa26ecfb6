"""`qingdan publish plans` and `qingdan grading papers`: printable documents of workbooks, one file for each enterprise and bound sets."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pydantic import Field

from addin.office.results import Card, Part, Result, made
from addin.problems import Stop, output, writing
from addin.reading.isolation import Failure, each
from addin.reading.steps import Step, Unread, silent, worst
from addin.reading.workbooks import Reading, read_all, undamaged
from validators.book import Book
from validators.columns import ROOTS, SHEETS, BookKind
from workbook_templates.documents import document_facts
from workbook_templates.documents.docx_package import Template, TemplateError, read_template, write_package
from workbook_templates.documents.filling import DoesNotFit, Element, Form, Known, MarkNames, bound, filled, form, whole
from workbook_templates.documents.outline import template_of

_LISTED = 5
"""Enterprises named in a line for people; the JSON has all."""
NAME_LENGTH = 30
"""Characters of an enterprise's name in the name of a file."""
BOARD = "公示牌"
"""Value of 一厂一策 of those who put up a board."""
OPINIONS = ("preliminary", "county", "city")
"""Papers that hang on who fixes the grade."""


@dataclass(frozen=True, slots=True)
class DocumentPiece:
    """One document that is to be made."""

    outline: str
    county: str
    """Code and name."""
    key: str
    """清单编号."""
    name: str
    """Of the enterprise."""
    known: Known

    def target(self, folder: Path, title: str) -> Path:
        """Where it is written."""
        name = re.sub(r"[^\w（）]", "", self.name)[:NAME_LENGTH]
        return folder / f"{self.key}_{name}_{title}.docx"


class Made(Part):
    """One file that was written."""

    key: str | None
    """清单编号; None for a bound set."""
    kind: str
    out: str
    errors: int
    """Of the enterprise, that are still to be corrected."""
    filing: bool
    """Whether its plan is not on file."""


class Left(Part):
    """What stands in no document, or in another than was meant."""

    file: str
    key: str | None
    reason: str


class Documents(Result):
    """The documents that were made."""

    made: list[Made]
    left: list[Left]
    errors: list[Unread]
    titles: list[str] = Field(exclude=True)

    @property
    def code(self) -> int:
        """1 where an enterprise has errors, no plan on file, or no document."""
        return worst(self.errors, bool(self.left) or any(one.errors or one.filing for one in self.made))

    def lines(self) -> Iterator[str]:
        """How many of which kind, and what is to be looked at."""
        for title in self.titles:
            own = [one for one in self.made if one.kind == title]
            if own:
                yield f"{title}：{len(own)} 份，另有合订本，在 {Path(own[0].out).parent}。"
        if wrong := [one.key or "" for one in self.made if one.errors]:
            yield f"其中 {len(wrong)} 份的企业在表中还有错误没有改正，文中已注明：{_some(wrong)}。"
        if filing := [one.key or "" for one in self.made if one.filing]:
            yield f"其中 {len(filing)} 份的一厂一策没有备案，或备案早于等级核定（CS09），日期留空待填：{_some(filing)}。"
        for one in self.left:
            yield f"{one.file}{' ' + one.key if one.key else ''}：{one.reason}。"

    def warnings(self) -> Iterator[str]:
        """That there was nothing to make, and files that could not be read."""
        if not self.made and not self.errors:
            yield "没有可生成的文书：表中没有企业，或还没有到出具文书的一步。"
        for one in self.errors:
            yield one.message

    def card(self) -> Card:
        """How many of which kind, and what stands in none."""
        kinds = Counter(one.kind for one in self.made)
        words = ["，".join(f"{kind} {number} 份" for kind, number in kinds.items()) or "没有生成文书"]
        words += [f"{one.key or one.file}：{one.reason}" for one in self.left]
        return made("已生成", look_at=len(self.left), errors=self.errors, words=words)


class WrittenTemplates(Result):
    """The templates that were written."""

    made: list[str]

    def lines(self) -> Iterator[str]:
        """Where they are, and how they are used."""
        folder = Path(self.made[0]).parent
        yield f"文书模板和可用的占位符已写到 {folder}。改好后，在 plans、papers 命令里用 --templates {folder}。"

    def card(self) -> Card:
        """That they are there."""
        return made("已写出")


def plans(
    paths: Sequence[Path], out: Path, *, own: Path | None = None, force: bool = False, step: Step = silent
) -> Documents:
    """Make the plans and boards of inventories; `own` is a folder of the office's templates. Raises `Stop`."""
    forms = _forms(document_facts.PLANS, document_facts.plan_names(), own)
    left: list[Left] = []
    readings, errors = _read(paths, "inventory", step)
    pieces = [piece for one in readings for piece in _plans(one, forms["board"], left)]
    made = _write(pieces, forms, document_facts.PLANS, out, paths, step, force=force)
    return Documents(made=made, left=left, errors=errors, titles=list(document_facts.PLANS.values()))


def papers(
    paths: Sequence[Path],
    out: Path,
    *,
    inventories: Sequence[Path] = (),
    kinds: Sequence[str] = (),
    own: Path | None = None,
    force: bool = False,
    step: Step = silent,
) -> Documents:
    """Make the attachments of grading workbooks, of these kinds (by number; default: all). Raises `Stop`.

    `inventories` are those of the same counties, for what they say of an enterprise.
    """
    wanted = _wanted(kinds)
    forms = _forms(document_facts.PAPERS, document_facts.paper_names(), own)
    left: list[Left] = []
    readings, errors = _read(paths, "grading", step)
    others, unread = _read(inventories, "inventory", step)
    if unread:
        raise Stop(unread[0].message)
    enterprises = {
        row.list_id: facts for one in others for row, facts in document_facts.plans(_book(one), one.findings)
    }
    pieces = [piece for one in readings for piece in _papers(one, enterprises, wanted, left)]
    made = _write(pieces, forms, document_facts.PAPERS, out, [*paths, *inventories], step, force=force)
    return Documents(made=made, left=left, errors=errors, titles=list(document_facts.PAPERS.values()))


def templates(folder: Path, *, force: bool = False) -> WrittenTemplates:
    """Write the shipped templates, and lists of the names that they may use. Raises `Stop`."""
    target = _folder(folder)
    made = []
    for outline, title in (document_facts.PLANS | document_facts.PAPERS).items():
        made.append(target / f"{title}.docx")
        with output(made[-1], force=force, suffix=".docx") as file:
            file.write(template_of(outline))
    for title, names in (("一厂一策", document_facts.plan_names()), ("附件", document_facts.paper_names())):
        made.append(target / f"可用的占位符_{title}.txt")
        with output(made[-1], force=force, suffix=".txt") as file:
            file.write("\n".join(_explained(names)).encode("utf-8-sig"))
    return WrittenTemplates(made=[str(path) for path in made])


def _wanted(kinds: Sequence[str]) -> set[str]:
    """The outlines of attachments given by their numbers; all where none is."""
    numbers = {str(number): outline for number, outline in enumerate(document_facts.PAPERS, 1)}
    for one in kinds:
        if one not in numbers:
            raise Stop(f"选项 --kind 的“{one}”不对，应为 1 至 {len(numbers)}，即附件的序号。")
    return {numbers[one] for one in kinds or numbers}


def _folder(target: Path) -> Path:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise Stop(f"“{target}”是文件，不是文件夹。请指定一个文件夹。") from error
    return target


def _forms(titles: Mapping[str, str], names: MarkNames, folder: Path | None) -> dict[str, Form]:
    """The checked templates by outline: the office's own where the folder has one, else the shipped ones."""
    own: dict[str, Path] = {}
    if folder is not None:
        known_titles = [*document_facts.PLANS.values(), *document_facts.PAPERS.values()]
        found = {path.stem: path for path in folder.glob("*.docx") if not path.name.startswith("~$")}
        strange = sorted(found.keys() - set(known_titles))
        if not found or strange:
            what = f"“{strange[0]}.docx”不是模板的名称" if strange else f"文件夹“{folder}”不存在，或里面没有模板"
            raise Stop(f"{what}。模板应名为：{'、'.join(f'{title}.docx' for title in known_titles)}。")
        own = {outline: found[title] for outline, title in titles.items() if title in found}
    looked_over = dict(zip(own, each(_template, [(path,) for path in own.values()]), strict=True))
    forms = {}
    for outline, title in titles.items():
        template = looked_over.get(outline) or read_template(BytesIO(template_of(outline)), title)
        if isinstance(template, Failure):
            raise Stop(template.message)
        try:
            forms[outline] = form(template, names)
        except TemplateError as error:
            raise Stop(str(error)) from error
    return forms


def _template(path: Path) -> Template:
    """In a child: a template of the office's."""
    try:
        with path.open("rb") as file:
            return read_template(file, path.stem)
    except TemplateError as error:
        raise Stop(str(error)) from error


def _explained(names: MarkNames, depth: int = 0) -> Iterator[str]:
    """Names and what they stand for, those within a list indented."""
    words = document_facts.ABOUT | document_facts.PLAN_ABOUT | document_facts.PAPER_ABOUT | document_facts.LINE_ABOUT
    words |= document_facts.LISTS | document_facts.PLAN_LISTS | document_facts.PAPER_LISTS
    if not depth:
        yield "在模板中写占位符，生成时换成表中的内容。没有说明的名称，是工作簿中同名的一列或一张表。"
        yield "{{#名称}} … {{/名称}} 之间的段落或表格行，表中有几条就写几遍；{{^名称}} … {{/名称}} 之间的，没有时才写。"
    for name, inner in names.items():
        mark = f"{{{{{name}}}}}" if inner is None else f"{{{{#{name}}}}} … {{{{/{name}}}}}"
        yield f"{'    ' * depth}{mark}　{words.get(name, '')}".rstrip("　")
        if inner:
            yield from _explained(inner, depth + 1)


def _read(paths: Sequence[Path], kind: BookKind, step: Step) -> tuple[list[Reading], list[Unread]]:
    readings: list[Reading] = []
    errors: list[Unread] = []
    for number, (path, one) in enumerate(zip(paths, read_all(paths, records=True, kind=kind), strict=True), 1):
        try:
            if isinstance(one, Failure):
                raise Stop(one.message)
            undamaged(_book(one), path.name)
            readings.append(one)
        except Stop as why:
            errors.append(Unread(file=path.name, message=str(why)))
        step(number, len(paths), path.name)
    return readings, errors


def _book(reading: Reading) -> Book:
    assert reading.book is not None  # noqa: S101 - records were asked for
    return reading.book


def _county(reading: Reading) -> str:
    return f"{_book(reading).county}{reading.county_name}"


def _plans(reading: Reading, board: Form, left: list[Left]) -> Iterator[DocumentPiece]:
    """The plans of an inventory: a board for who has one, if that stays one page."""
    book = _book(reading)
    made = set[str]()
    for enterprise, facts in document_facts.plans(book, reading.findings):
        made.add(enterprise.list_id)
        outline = "board" if enterprise.plan == BOARD else "plan"
        if outline == "board":
            try:
                filled(board, facts)
            except DoesNotFit:
                outline = "plan"
                why = f"生产线和措施太多，一页{BOARD}放不下，改为生成操作方案"
                left.append(Left(file=book.file, key=enterprise.list_id, reason=why))
        yield DocumentPiece(outline, _county(reading), enterprise.list_id, enterprise.name or "", facts)
    left += _left_out(book, document_facts.JOINED, made)


def _papers(
    reading: Reading, enterprises: Mapping[str, Known], wanted: Iterable[str], left: list[Left]
) -> Iterator[DocumentPiece]:
    """The papers of a grading workbook."""
    book = _book(reading)
    made = set[str]()
    unfixed = {row["grade"] for row in book.ruleset.tables["grades"] if row["order"] and not row["fixed_by"]}
    for application, outlines, facts in document_facts.papers(book, reading.findings, enterprises):
        made.add(application.list_id)
        unknown = application.applied_grade in unfixed
        if unknown:
            why = (
                f"规则集 {book.ruleset.id} 没有录入{application.applied_grade}由谁核定，不知道该出哪种意见，没有出意见"
            )
            left.append(Left(file=book.file, key=application.list_id, reason=why))
        for outline in outlines:
            if outline in wanted and not (unknown and outline in OPINIONS):
                yield DocumentPiece(outline, _county(reading), application.list_id, application.name or "", facts)
    left += _left_out(book, document_facts.REVIEWED, made)


def _left_out(book: Book, joined: Iterable[str], made: set[str]) -> Iterator[Left]:
    """Rows that stand in no document, for nothing says whose they are."""
    others = {record.list_id for record in book.tables.get("dust", ())}  # a guarantee may be that of a site
    for sheet in (ROOTS[book.kind], *joined):
        for record in book.tables[sheet]:
            if record.list_id not in made and (record.list_id is None or record.list_id not in others):
                why = (
                    f"《{SHEETS[sheet].title}》第 {record.row} 行的清单编号缺失、有误或重复，没有写进文书。"
                    "请改正后重新生成"
                )
                yield Left(file=book.file, key=record.list_id, reason=why)


def _write(
    pieces: Sequence[DocumentPiece],
    forms: Mapping[str, Form],
    titles: Mapping[str, str],
    folder: Path,
    inputs: Sequence[Path],
    step: Step,
    *,
    force: bool,
) -> list[Made]:
    """Write each document and, for each county and outline, the set that binds them; says what was made."""
    sets: dict[Path, list[DocumentPiece]] = {}
    for piece in pieces:
        sets.setdefault(folder / f"{piece.county}_{titles[piece.outline]}_合订本.docx", []).append(piece)
    targets = [*sets, *(piece.target(folder, titles[piece.outline]) for piece in pieces)]
    if len(set(targets)) < len(targets):
        raise Stop("给出的文件中有同一区县的两本表，会写到同样的文件里。请一个区县只给一本。")
    _folder(folder)
    for target in targets:
        with writing(target, force=force, inputs=inputs, suffix=".docx"):
            pass  # nothing is written where something would be refused
    made: list[Made] = []

    def one_by_one(own: Sequence[DocumentPiece]) -> Iterator[Element]:
        for piece in own:
            title = titles[piece.outline]
            try:
                root = filled(forms[piece.outline], piece.known)
            except DoesNotFit as error:
                why = f"模板“{title}”里固定行高的一行放不下 {piece.key} 的文字。请在模板中加大行高，或改为“最小值”。"
                raise Stop(why) from error
            target = piece.target(folder, title)
            with output(target, force=force, suffix=".docx") as file:
                write_package(file, forms[piece.outline].template, [whole(root)])
            wrong, filing = (len(piece.known.get(name, ())) for name in ("待改正", "备案提示"))
            made.append(Made(key=piece.key, kind=title, out=str(target), errors=wrong, filing=bool(filing)))
            step(len(made), len(pieces), piece.key)
            yield root

    for target, own in sets.items():
        with output(target, force=force, suffix=".docx") as file:
            write_package(file, forms[own[0].outline].template, bound(one_by_one(own)))
        title = f"{titles[own[0].outline]}合订本"
        made.append(Made(key=None, kind=title, out=str(target), errors=0, filing=False))
    return made


def _some(keys: Sequence[str]) -> str:
    return "、".join(keys[:_LISTED]) + (f"等 {len(keys)} 个" if len(keys) > _LISTED else "")
