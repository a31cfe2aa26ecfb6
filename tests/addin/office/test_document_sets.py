"""Printed documents: they say what the workbook says, all of it and nothing else, and go to whom the procedure says."""

import datetime as dt
import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from tests.addin.conftest import RULES, Run, fill
from tests.inventory import write_file
from validators.book import Book
from validators.columns import LEVEL_NAMES, LEVELS, POLLUTANTS, SHEETS
from workbook_templates.county.reader import read_county
from workbook_templates.documents import document_facts
from workbook_templates.documents.outline import template_of
from workbook_templates.samples.sample_inventory import make_rows

Convert = Callable[[Path, Path, str], Path]


def text_of(path: Path) -> str:
    """All text of a document, without blanks."""
    return re.sub(r"\s", "", str(Document(str(path)).element.body.xpath("string()")))


def squeezed(value: object) -> str:
    return re.sub(r"\s", "", document_facts.shown(value))  # type: ignore[arg-type] # a value of a record


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty-one enterprises, among them three with a board."""
    return fill(tmp_path_factory.mktemp("plans") / "东昌府区.xlsx", enterprises=31)


@pytest.fixture(scope="module")
def book(county: Path) -> Book:
    return read_county(county)


@pytest.fixture
def made(run: Run, county: Path, tmp_path: Path) -> Path:
    code, out, _ = run("plans", county, "--out", tmp_path / "一厂一策", "--json")
    assert code == 0, out
    return tmp_path / "一厂一策"


def documents(folder: Path) -> dict[str, Path]:
    """Documents of single enterprises by 清单编号."""
    return {path.name.partition("_")[0]: path for path in folder.iterdir() if not path.stem.endswith("合订本")}


def test_each_enterprise_has_its_plan_and_the_bound_sets_hold_them_all(made: Path, book: Book) -> None:
    own = documents(made)
    assert set(own) == {row.list_id for row in book.tables["enterprises"]}
    for row in book.tables["enterprises"]:
        assert own[row.list_id].stem.endswith("公示牌" if row.plan == "公示牌" else "操作方案")
    for kind in ("操作方案", "公示牌"):
        parts = [text_of(path) for path in own.values() if path.stem.endswith(kind)]
        (bound,) = made.glob(f"*_{kind}_合订本.docx")
        assert sorted(parts) == sorted(filter(None, parts)) and len(Document(str(bound)).sections) == len(parts)
        whole = text_of(bound)
        assert all(part in whole for part in parts) and len(whole) == sum(map(len, parts))


def test_a_plan_carries_every_line_measure_cut_indicator_and_person(made: Path, book: Book) -> None:
    own = documents(made)
    fields = ["line_name", "process", "equipment", "product", "abatement", "keeper", "keeper_phone", "indicator"]
    fields += [f"{level}_{what}" for level in LEVELS for what in ("type", "measure", "ratio")]
    fields += [f"{level}_{pollutant}_cut" for level in LEVELS for pollutant in POLLUTANTS]
    fields += [f"{pollutant}_daily" for pollutant in POLLUTANTS]
    looked_at = 0
    for row in book.tables["enterprises"]:
        if row.plan == "公示牌":
            continue
        said = text_of(own[row.list_id])
        for name in ("name", "uscc", "address", "grade", "contact", "phone", "supervisor", "supervisor_phone"):
            assert squeezed(getattr(row, name)) in said
        for line in book.index("lines", "list_id")[row.list_id]:
            for name in fields:
                assert squeezed(getattr(line, name)) in said, (row.list_id, name)
            for level in LEVELS:
                if line.indicator_normal is not None and getattr(line, f"{level}_indicator") is not None:
                    normal, value = squeezed(line.indicator_normal), squeezed(getattr(line, f"{level}_indicator"))
                    changed = f"由{normal}变为{value}" if normal != value else f"保持{value}不变"
                    assert f"{changed}（{squeezed(line.indicator_unit)}）" in said
                    looked_at += 1
        for transport in book.index("transport", "list_id")[row.list_id]:
            for level in LEVELS:
                assert f"运输：{squeezed(getattr(transport, f'{level}_transport'))}。" in said
        for guarantee in book.index("guarantee", "list_id").get(row.list_id, ()):
            assert squeezed(guarantee.task) in said and squeezed(guarantee.max_load) in said
    assert looked_at > 30


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))


def test_a_document_holds_no_number_that_the_inventory_has_not(made: Path, book: Book) -> None:
    own = documents(made)
    hashes = {document_facts.about(book)["清单校验码"]}
    for row in book.tables["enterprises"]:
        outline = "board" if row.plan == "公示牌" else "plan"
        template = Document(BytesIO(template_of(outline))).element.body.xpath("string()")
        allowed = numbers(re.sub(r"\{\{.*?\}\}", "", str(template)))
        records = [
            row,
            *(one for sheet in document_facts.JOINED for one in book.index(sheet, "list_id").get(row.list_id, ())),
        ]
        for record in records:
            allowed |= {number for value in record[:-2] for number in numbers(document_facts.shown(value))}
        allowed |= {number for value in book.facts.values() for number in numbers(document_facts.shown(value))}
        said = text_of(own[row.list_id])
        stamp = re.search(r"清单校验码([0-9a-f]{12})，本企业校验码([0-9a-f]{12})", said)
        assert stamp and stamp[1] in hashes
        told = [run for run in Document(str(own[row.list_id])).element.body.xpath(".//w:p") if stamp[2] not in run.text]
        for paragraph in told:
            assert numbers(paragraph.text) <= allowed, paragraph.text


def test_what_a_plan_is_made_of_shows_in_its_hashes(run: Run, tmp_path: Path) -> None:
    rows = make_rows("371502", 3, 1, RULES)
    stamps = []
    for ratio in (None, 21.0):
        if ratio:
            rows["lines"][0]["yellow_measure"] = "1号生产线投料量由100吨/天降至79吨/天"
        file = fill(tmp_path / f"{ratio}.xlsx", enterprises=3, rows=rows)
        run("plans", file, "--out", tmp_path / str(ratio))
        texts = [text_of(path) for path in sorted(documents(tmp_path / str(ratio)).values())]
        stamps.append([re.findall(r"校验码([0-9a-f]{12})", text) for text in texts])
    (book1, own1), (book2, own2) = stamps[0][0], stamps[1][0]
    assert book1 != book2 and own1 != own2
    assert stamps[0][1][1] == stamps[1][1][1], "the other enterprise's rows are as they were"


def test_the_same_inventory_gives_the_same_bytes(run: Run, county: Path, made: Path, tmp_path: Path) -> None:
    run("plans", county, "--out", tmp_path / "again")
    for path in made.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


def test_no_person_or_phone_stands_in_the_name_of_a_file(made: Path, book: Book) -> None:
    names = " ".join(path.name for path in made.iterdir())
    rows = [*book.tables["enterprises"], *book.tables["lines"]]
    for row in rows:
        for field in ("contact", "phone", "legal_person", "supervisor", "supervisor_phone", "keeper", "keeper_phone"):
            assert str(getattr(row, field, None)) not in names
    assert not re.search(r"1[3-9]\d{9}", names)


def long_boards(lines: int, length: int) -> dict[str, Any]:
    """Small enterprises whose boards hold much: so many lines, measures so long."""
    enterprises = [{"plan": "公示牌", "small": "是", "name": "聊城市" + "某" * 40 + "加工厂"}, {"plan": "公示牌"}]
    own = [
        {
            "line_name": f"{n}号水泥熟料煅烧生产线",
            **{
                f"{level}_measure": f"{name}预警停运第{n}组" + f"{n}号回转窑配套破碎机" * (length // 10)
                for level, name in LEVEL_NAMES.items()
            },
        }
        for n in range(1, lines + 1)
    ]
    other = {"list_id": "371502-G-0002", "line_id": "371502-G-0002-L01"}
    return {"enterprises": enterprises, "lines": [*own, other]}


def pages(pdf: Path, *area: str) -> list[str]:
    text = subprocess.run(["pdftotext", *area, pdf, "-"], check=True, capture_output=True, text=True).stdout
    return [re.sub(r"\s", "", page) for page in text.split("\f")[:-1]]


@pytest.mark.parametrize(("lines", "length"), [(1, 20), (4, 60), (6, 40)])
def test_a_board_is_one_page_of_a4_and_all_of_it_can_be_read(
    run: Run, soffice: Convert, tmp_path: Path, lines: int, length: int
) -> None:
    file = write_file(tmp_path / "a.xlsx", long_boards(lines, length))
    run("plans", file, "--out", tmp_path / "out")
    (bound,) = (tmp_path / "out").glob("*_公示牌_合订本.docx")
    pdf = soffice(bound, tmp_path, "pdf")
    info = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    found = pages(pdf)
    assert len(found) == 2 and "A4" in info
    # the cell of each level, in points: what does not stand within it would be cut off
    cells = [pages(pdf, "-x", "118", "-y", str(150 + 170 * n), "-W", "477", "-H", "171") for n in range(len(LEVELS))]
    book = read_county(file)
    for page, row, *measures in zip(found, book.tables["enterprises"], *cells, strict=True):
        for line in book.index("lines", "list_id")[row.list_id]:
            for level, said in zip(LEVELS, measures, strict=True):
                assert squeezed(getattr(line, f"{level}_measure")) in said
        assert all(f"{symbol}" in page for symbol in "●▲■") and squeezed(row.supervisor_phone) in page
    sizes = [int(one) / 2 for one in Document(str(bound)).element.body.xpath(".//w:sz/@w:val")]
    assert min(sizes) >= 8


def test_who_has_too_much_for_one_page_gets_a_plan(run: Run, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.xlsx", long_boards(40, 120))
    code, out, _ = run("plans", file, "--out", tmp_path / "out", "--json")
    result = json.loads(out)
    kinds = {one["key"]: one["kind"] for one in result["made"] if one["key"]}
    assert code == 1 and kinds == {"371502-G-0001": "操作方案", "371502-G-0002": "公示牌"}
    (left,) = result["left"]
    assert left["key"] == "371502-G-0001" and "放不下" in left["reason"]


def test_a_plan_is_an_a4_paper_with_its_pages_numbered(made: Path, soffice: Convert, tmp_path: Path) -> None:
    (path, *_) = (path for path in documents(made).values() if path.stem.endswith("操作方案"))
    pdf = soffice(path, tmp_path, "pdf")
    found = pages(pdf)
    assert "A4" in subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    assert len(found) > 1 and all(f"—{number}—" in page for number, page in enumerate(found, 1))


@pytest.mark.parametrize(
    ("changes", "code", "says", "dated"),
    [
        ({"fixed_on": dt.date(2020, 7, 1), "plan_filed_on": dt.date(2020, 7, 20)}, 0, "", True),
        ({"fixed_on": dt.date(2020, 7, 20), "plan_filed_on": dt.date(2020, 7, 20)}, 0, "", True),
        ({"fixed_on": dt.date(2020, 7, 21), "plan_filed_on": dt.date(2020, 7, 20)}, 1, "早于核定日期", False),
        ({"plan": "无", "plan_filed_on": None}, 1, "“一厂一策”为“无”", False),
    ],
)
def test_the_day_of_a_plan_is_one_that_rule_cs09_takes(
    run: Run, tmp_path: Path, changes: Mapping[str, Any], code: int, says: str, dated: bool
) -> None:
    file = write_file(tmp_path / "a.xlsx", {"enterprises": [changes]})
    ran = run("plans", file, "--out", tmp_path / "out")
    assert ran.code == code and ("CS09" in ran.out) == bool(says), ran
    said = text_of(documents(tmp_path / "out")["371502-G-0001"])
    assert says in said and ("备案日期：2020年7月20日" in said) == dated and ("备案日期：年月日" in said) != dated


def test_a_plan_of_a_wrong_inventory_says_so(run: Run, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.xlsx", {"lines": [{"yellow_type": "停产", "yellow_ratio": 50}]})
    ran = run("plans", file, "--out", tmp_path / "out")
    assert ran.code == 1 and "还有错误没有改正" in ran.out
    said = text_of(documents(tmp_path / "out")["371502-G-0001"])
    assert "改正前不得作为备案稿" in said and "停产的比例应为100" in said


def test_an_unreadable_cell_is_shown_as_such(run: Run, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.xlsx", {"lines": [{"yellow_ratio": "大约一半"}]})
    run("plans", file, "--out", tmp_path / "out")
    assert document_facts.UNREAD in text_of(documents(tmp_path / "out")["371502-G-0001"])


def test_rows_that_cannot_be_told_apart_are_named(run: Run, tmp_path: Path) -> None:
    rows = [{}, {"list_id": "371502-G-0001"}, {"list_id": None}, {"list_id": "371502-G-0009"}]
    file = write_file(tmp_path / "a.xlsx", {"enterprises": rows})
    code, out, _ = run("plans", file, "--out", tmp_path / "out")
    assert code == 1 and set(documents(tmp_path / "out")) == {"371502-G-0009"}
    assert all(f"《企业基本信息》第 {row} 行的清单编号缺失、有误或重复" in out for row in (4, 5, 6))


def test_a_row_of_nobody_is_named_for_it_stands_in_no_document(run: Run, tmp_path: Path) -> None:
    lines = [{}, {"list_id": "371502-G-0002", "line_id": "371502-G-0002-L01"}]
    dust = [{"key_project": "是"}]
    guarantee = [{"list_id": "371502-Y-0001", "guarantee_category": "重点保障性建设工程"}]
    file = write_file(tmp_path / "a.xlsx", {"lines": lines, "dust": dust, "guarantee": guarantee})
    code, out, _ = run("plans", file, "--out", tmp_path / "out", "--json")
    (left,) = json.loads(out)["left"]
    assert code == 1 and "《生产线减排措施》第 5 行" in left["reason"]


def test_a_workbook_with_a_damaged_sheet_gives_no_documents(run: Run, tmp_path: Path) -> None:
    edits = {"header": {"生产线减排措施": {"生产线名称": "产线"}}}
    file = write_file(tmp_path / "a.xlsx", {}, edits)
    ran = run("plans", file, "--out", tmp_path / "out")
    assert ran.code == 2 and "“a.xlsx”的《生产线减排措施》缺失或表头被改动" in ran.err


def test_nothing_is_written_over_and_nothing_half_done(run: Run, county: Path, made: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in made.iterdir()}
    first = sorted(made.iterdir())[0]
    first.write_bytes(b"mine")
    for path in sorted(made.iterdir())[1:]:
        path.unlink()
    ran = run("plans", county, "--out", made)
    assert ran.code == 2 and "--force" in ran.err and list(made.iterdir()) == [first]
    assert run("plans", county, "--out", made, "--force").code == 0
    assert {path: path.read_bytes() for path in made.iterdir()} == before
    assert run("plans", county, county, "--out", tmp_path / "b").code == 2 and not (tmp_path / "b").exists()
    (tmp_path / "c").write_bytes(b"")
    assert "是文件，不是文件夹" in run("plans", county, "--out", tmp_path / "c").err


def test_files_that_are_no_inventory_are_named_and_the_others_done(run: Run, county: Path, tmp_path: Path) -> None:
    (tmp_path / "坏.xlsx").write_bytes(b"PK")
    grading = write_file(tmp_path / "分级.xlsx", {"applications": [{}]})
    ran = run("plans", tmp_path / "坏.xlsx", grading, county, "--out", tmp_path / "out")
    assert (
        ran.code == 2 and "坏.xlsx" in ran.err and "“分级.xlsx”是" in ran.err and len(documents(tmp_path / "out")) == 31
    )
    assert "“东昌府区.xlsx”是" in run("papers", county, "--out", tmp_path / "papers").err


# templates of the office's


@pytest.fixture
def templates(run: Run, tmp_path: Path) -> Path:
    assert run("template", "documents", "--out", tmp_path / "模板").code == 0
    return tmp_path / "模板"


def test_the_templates_handed_out_are_those_that_are_used(run: Run, county: Path, made: Path, templates: Path) -> None:
    assert {path.name for path in templates.glob("*.docx")} == {
        f"{title}.docx" for title in (document_facts.PLANS | document_facts.PAPERS).values()
    }
    lists = "".join(path.read_text("utf-8-sig") for path in templates.glob("*.txt"))
    assert "{{#生产线减排措施}}" in lists and "{{本企业校验码}}　" in lists and "{{#市现场核查}}" in lists
    run("plans", county, "--out", made.parent / "again", "--templates", templates)
    for path in made.iterdir():
        assert path.read_bytes() == (made.parent / "again" / path.name).read_bytes()


def test_a_template_of_the_offices_takes_the_place_of_ours(
    run: Run, county: Path, templates: Path, tmp_path: Path
) -> None:
    paper = Document()
    paper.add_paragraph("市局格式：{{企业名称}}")
    for path in templates.glob("*.docx"):
        path.unlink()
    paper.save(str(templates / "操作方案.docx"))
    assert run("plans", county, "--out", tmp_path / "out", "--templates", templates).code == 0
    for path in documents(tmp_path / "out").values():
        assert text_of(path).startswith("市局格式：") == path.stem.endswith("操作方案")


def spoil(name: str, content: bytes | str) -> Callable[[Path], None]:
    def edit(templates: Path) -> None:
        if isinstance(content, bytes):
            (templates / name).write_bytes(content)
        else:
            paper = Document()
            paper.add_paragraph(content)
            paper.save(str(templates / name))

    return edit


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (spoil("操作方案.docx", "{{企业名}}"), "模板“操作方案”的占位符“{{企业名}}”不认识"),
        (spoil("公示牌.docx", "{{#生产线减排措施}}"), "模板“公示牌”的占位符"),
        (spoil("公示牌.docx", b"{}"), "模板“公示牌”不是 .docx"),
        (spoil("方案.docx", "x"), "“方案.docx”不是模板的名称"),
    ],
)
def test_a_wrong_template_is_one_line_and_nothing_is_made(
    run: Run, county: Path, templates: Path, tmp_path: Path, edit: Callable[[Path], None], says: str
) -> None:
    edit(templates)
    ran = run("plans", county, "--out", tmp_path / "out", "--templates", templates)
    assert ran.code == 2 and says in ran.err and ran.err.count("\n") == 1 and not (tmp_path / "out").exists()


def test_a_folder_without_templates_is_refused(run: Run, county: Path, tmp_path: Path) -> None:
    assert "没有模板" in run("plans", county, "--out", tmp_path / "out", "--templates", tmp_path / "无").err


# the attachments

ASPECTS = SHEETS["aspects"]["aspect"].values.split("|")
APPLIED: Sequence[tuple[str | None, str]] = [
    ("A", "申请报告"), ("B", "申请报告"), ("B-", "申请报告"), ("C", "申请报告"), ("D", "申请表"), (None, "未申报"), ("B", "申请报告"),
]  # fmt: skip


@pytest.fixture(scope="module")
def grading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One site for each way through the procedure; the last one is not reviewed yet."""
    ids = [f"371502-G-{number:04d}" for number in range(1, len(APPLIED) + 1)]
    applications = []
    for number, (grade, filing) in enumerate(APPLIED, 1):
        row: dict[str, Any] = {
            "applied_grade": grade,
            "filing": filing,
            "name": f"聊城示例{number}水泥有限公司",
            "site": f"{number}号厂区",
        }
        if filing == "未申报":
            row |= {"received_on": None, "commitment": None}
        if filing != "申请报告":
            row |= {"evidence": None}
        applications.append(row)
    own = {"opinion": "审核意见"}
    rows: dict[str, list[dict[str, Any]]] = {
        "applications": applications,
        "aspects": [
            {"list_id": id_, "aspect": aspect, "state": f"{aspect}现状{id_[-1]}", "required": f"{aspect}要求"}
            for id_ in ids[:4]
            for aspect in ASPECTS
        ],
        "county": [
            {"list_id": ids[0], "grade": "A"},
            {"list_id": ids[1]},
            {"list_id": ids[2], "grade": "C", "result": "不同意", "reason": "无组织管控未达到要求"},
            {"list_id": ids[3], "grade": "C", **own},
            {"list_id": ids[4], "grade": "D", **own},
            {"list_id": ids[5], "grade": "D", **own},
        ],
        "visits": [
            {"list_id": ids[0]},
            {"list_id": ids[0], "visitor": "市指挥部", "visitors": "王芳、刘洋", "visited_on": dt.date(2020, 8, 18)},
            {"list_id": ids[1]},
            {"list_id": ids[2], "result": "不符合", "problems": "堆场未封闭"},
            {"list_id": ids[3]},
        ],
        "city": [{"list_id": ids[0], "drawn": "逐个核查", "grade": "A"}, {"list_id": ids[1], "drawn": "抽中"}],
        "province": [],
    }
    return write_file(tmp_path_factory.mktemp("grading") / "绩效分级.xlsx", rows)


@pytest.fixture
def papers(run: Run, grading: Path, tmp_path: Path) -> Path:
    ran = run("papers", grading, "--out", tmp_path / "文书")
    assert ran.code in (0, 1) and not ran.err, ran
    return tmp_path / "文书"


def kinds(folder: Path) -> Iterator[tuple[int, str]]:
    for path in sorted(folder.iterdir()):
        if not path.stem.endswith("合订本"):
            yield int(path.name[:13][-4:]), path.stem.rpartition("附件")[2][:1]


def test_who_gets_which_paper_follows_from_the_grade_applied_for(papers: Path) -> None:
    assert list(kinds(papers)) == [
        (1, "1"), (1, "3"), (1, "5"), (2, "1"), (2, "3"), (2, "5"), (3, "1"), (3, "3"), (4, "1"), (4, "4"),
        (5, "2"), (5, "4"), (6, "4"), (7, "1"),
    ]  # fmt: skip
    assert len(list(papers.glob("*_合订本.docx"))) == 5


def test_every_attachment_is_marked_a_draft_and_says_what_is_known(papers: Path) -> None:
    said = {
        (int(path.name[:13][-4:]), path.stem.rpartition("附件")[2][:1]): text_of(path)
        for path in papers.iterdir()
        if "合订本" not in path.name
    }
    for (number, kind), text in said.items():
        assert "草案：聊重指办〔2020〕6号附件" + kind in text
        assert f"聊城示例{number}水泥有限公司" in text
    for kind in "135":
        assert all(f"{aspect}现状1" in said[1, kind] and f"{aspect}要求" in said[1, kind] for aspect in ASPECTS)
    for kind, title in (
        ("1", "大气污染防治绩效评级申请报告"),
        ("3", "重点行业企业绩效分级初审意见"),
        ("5", "重点行业企业绩效分级审核意见"),
    ):
        assert title in said[1, kind]
    assert "严格落实重污染天气应急减排承诺书" in said[1, "1"] and "严格落实重污染天气应急减排承诺书" in said[5, "2"]
    assert "张伟、李强开展现场核查，结果：符合" in said[1, "3"] and "王芳、刘洋" not in said[1, "3"]
    assert "王芳、刘洋开展现场核查" in said[1, "5"] and "聊城市重点行业企业绩效分级审核意见" in said[1, "5"]
    assert "已抽中，尚没有市级现场核查的记录" in said[2, "5"] and "尚没有" not in said[1, "5"]
    assert (
        "结论：不同意。初审等级：C。" in said[3, "3"]
        and "无组织管控未达到要求" in said[3, "3"]
        and "堆场未封闭" in said[3, "3"]
    )
    assert "不纳入现场核查范围" in said[5, "4"] and "不纳入现场核查范围" in said[6, "4"]
    assert "不纳入现场核查范围" not in said[4, "4"] and "评定等级：C" in said[4, "4"]
    assert all(aspect in said[7, "1"] for aspect in ASPECTS), "what is not filled in is there to be filled in"


def test_one_kind_can_be_asked_for(run: Run, grading: Path, tmp_path: Path) -> None:
    run("papers", grading, "--out", tmp_path / "a", "--kind", "3", "--kind", "5")
    assert {kind for _, kind in kinds(tmp_path / "a")} == {"3", "5"}
    assert "应为 1 至 5" in run("papers", grading, "--out", tmp_path / "b", "--kind", "6").err


def test_the_report_takes_what_the_inventory_says(
    run: Run, grading: Path, county: Path, book: Book, tmp_path: Path
) -> None:
    run("papers", grading, "--inventory", county, "--out", tmp_path / "a", "--kind", "1")
    said = text_of(documents(tmp_path / "a")["371502-G-0001"])
    row = book.enterprise("371502-G-0001")
    assert squeezed(row.permit_no) in said and f"NOx{squeezed(row.nox_annual)}吨" in said
    for line in book.index("lines", "list_id")["371502-G-0001"]:
        assert squeezed(line.line_name) in said and squeezed(line.abatement) in said
    run("papers", grading, "--out", tmp_path / "b", "--kind", "1")
    assert "应急减排清单（第" not in text_of(documents(tmp_path / "b")["371502-G-0001"])


def test_opinions_print_on_a4(papers: Path, soffice: Convert, tmp_path: Path) -> None:
    for bound in papers.glob("*_合订本.docx"):
        pdf = soffice(bound, tmp_path, "pdf")
        assert "A4" in subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
        assert all(f"—{number}—" in page for number, page in enumerate(pages(pdf), 1))
