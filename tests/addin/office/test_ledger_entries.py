"""Decisions are records: entered in the workbook or by command, applied again, listed in the manifest, never undone."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from addin.office import consolidation as desk
from addin.office import exporting, ledger, reproduction
from addin.office.ledger_entries import record_decision
from addin.pane.city_view import city_view
from addin.problems import Stop
from addin.reading.isolation import each
from tests.addin.conftest import Run
from tests.addin.office.test_consolidation import ALONE, county, inbox
from tests.inventory import write_file
from validators.book import Book
from validators.columns import SHEETS
from validators.decisions import Decision
from workbook_templates.submission.submission_workbook import manifest_path

WAIVER = {
    "规则": "BZ01", "对象": "371503-G-0001", "理由": "承担全县供暖", "批准人": "张三",
    "文号": "聊重指办函〔2020〕9号", "有效期至": "2020-12-31",
}  # fmt: skip


def rows(book: Book) -> dict[str, list[dict[str, Any]]]:
    return {
        key: [{column.field: getattr(record, column.field) for column in SHEETS[key].columns} for record in records]
        for key, records in book.tables.items()
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two counties; in one a guaranteed enterprise below B, whose row in 保障类 is there."""
    wrong = county(
        "371503",
        "茌平区",
        enterprises__guaranteed="是",
        enterprises__grade="C",
        enterprises__applied_grade="C",
        enterprises__fixed_by="县指挥部",
    )
    wrong.tables["lines"] = [
        record._replace(grade="C") if record.list_id.endswith("0001") else record for record in wrong.tables["lines"]
    ]
    folder = inbox(tmp_path / "收件箱", [county("371502", "东昌府区"), wrong])
    own = rows(wrong)
    own["guarantee"] = [
        {"list_id": "371503-G-0001", "name": "x", "guarantee_category": "居民供暖", "line_ids": "371503-G-0001-L01",
         "decided_by": "省生态环境厅"}
    ]  # fmt: skip
    write_file(folder / "茌平区.xlsx", own, county="371503")
    return folder


def consolidate(source: Path, **more: Any) -> desk.Consolidated:
    return desk.consolidate(
        [source],
        source.parent / "全市.xlsx",
        exclusions={**ALONE, **more.pop("exclusions", {})},
        overwrite=True,
        **more,
    )


def type_in(path: Path, title: str, row: int, values: dict[str, object]) -> None:
    """As the office does: values below the heads of a sheet, saved by another program."""
    workbook = openpyxl.load_workbook(path)
    sheet = workbook[title]
    heads = {cell.value: cell.column for cell in sheet[1]}
    for head, value in values.items():
        sheet.cell(row, heads[head], value)
    workbook.save(path)


def rules(done: desk.Consolidated) -> set[str]:
    return {finding.rule for finding in done.findings if finding.severity >= 3 and not finding.waiver}


def export(source: Path) -> exporting.Exported:
    out = source.parent / "报省.xlsx"
    return exporting.export(source.parent / "全市.xlsx", out, profile_name="default", overwrite=True)


def test_a_waiver_typed_into_the_workbook_lets_the_export_through_and_is_listed(source: Path) -> None:
    assert rules(consolidate(source)) == {"BZ01"}
    assert export(source).manifest is None
    type_in(source.parent / "全市.xlsx", "决定", 2, {"类别": "豁免", **WAIVER})
    done = consolidate(source)
    assert done.remarks == []
    assert rules(done) == set()
    [one] = ledger_of(source)
    assert (one.id, one.rule, one.approver, str(one.until)) == (1, "BZ01", "张三", "2020-12-31")
    assert one.who and one.at and len(one.seen) == 64
    manifest = export(source).manifest
    assert manifest
    assert [(w["rule"], w["key"], w["document"], w["findings"]) for w in manifest["waivers"]] == [
        ("BZ01", "371503-G-0001", "聊重指办函〔2020〕9号", 1)
    ]
    listed = openpyxl.load_workbook(source.parent / "全市.xlsx")
    assert [cell.value for cell in listed["决定"][2]][:4] == [1, "豁免", "BZ01", None]
    lifted = next(row for row in listed["问题清单"].iter_rows(values_only=True) if row[1] == "BZ01")
    assert "第1号" in lifted
    consolidate(source)
    assert len(ledger_of(source)) == 1  # not recorded twice
    seen = city_view(source, source.parent)
    open_errors = [version["counts"]["ERROR"] for version in seen["versions"]]
    assert open_errors == [1, 0] and seen["counts"]["ERROR"] == sum(row["errors"] or 0 for row in seen["board"]) == 0
    assert [row["waived"] for row in seen["board"] if row["code"] == "371503"] == [1]


def ledger_of(source: Path) -> list[Decision]:
    with ledger.opened(source.parent) as record:
        assert record
        return record.decisions(2020)


def decide(source: Path, **said: Any) -> Decision:
    return record_decision(source.parent / "全市.xlsx", 2020, Decision(**said), who="王五")


def waiver(**changes: Any) -> dict[str, Any]:
    said = {"kind": "豁免", "rule": "BZ01", "key": "371503-G-0001", "reason": "供暖", "approver": "张三",
            "document": "1号", "until": dt.date(2020, 12, 31)}  # fmt: skip
    return {**said, **changes}


def test_an_expired_waiver_does_not_count(source: Path) -> None:
    consolidate(source)
    decide(source, **waiver(until=dt.date(2020, 8, 19)))
    assert rules(consolidate(source)) == {"BZ01"}
    decide(source, **waiver(until=dt.date(2020, 8, 20)))  # its last day
    assert rules(consolidate(source)) == set()


@pytest.mark.parametrize(
    ("changes", "lifted"),
    [
        ({"key": "371503-G-0002"}, False),
        ({"rule": "BZ02"}, False),
        ({"key": "", "county": "371503"}, True),
        ({"key": "", "county": "371502"}, False),
    ],
)
def test_a_waiver_lifts_what_it_speaks_of_and_nothing_else(source: Path, changes: dict[str, str], lifted: bool) -> None:
    consolidate(source)
    decide(source, **waiver(**changes))
    assert (rules(consolidate(source)) == set()) == lifted


def test_a_waiver_recorded_after_the_consolidation_counts_at_the_export(source: Path) -> None:
    consolidate(source)
    assert export(source).manifest is None
    decide(source, **waiver())
    assert export(source).manifest


def test_a_correction_is_a_new_record_and_a_decision_is_taken_back_by_another(source: Path) -> None:
    consolidate(source)
    first = decide(source, **waiver())
    second = decide(source, **waiver(reason="供暖，任务书附后"))
    assert rules(consolidate(source)) == set()
    decide(source, kind="撤销", replaces=second.id, reason="任务取消")
    assert rules(consolidate(source)) == {"BZ01"}  # the first one does not come back
    assert [one.id for one in ledger_of(source)] == [first.id, second.id, second.id + 1]
    with pytest.raises(Stop, match="不在有效的决定之中"):
        decide(source, kind="撤销", replaces=second.id, reason="再撤一次")


def test_an_exclusion_holds_for_the_file_that_was_seen(source: Path) -> None:
    consolidate(source)
    decide(source, kind="剔除", county="371503", reason="退回改正")
    done = consolidate(source)
    assert {one.code: one.status for one in done.city.counties}["371503"] == "已剔除"
    manifest = export(source).manifest
    assert manifest
    assert {"county": "371503", "reason": "退回改正"} in manifest["exclusions"]
    assert [one["kind"] for one in manifest["decisions"]] == ["剔除"]
    write_file(source / "茌平区.xlsx", rows(county("371503", "茌平区")), county="371503")
    done = consolidate(source)
    assert {one.code: one.status for one in done.city.counties}["371503"] == "已报"


def test_a_grade_that_was_decided_stands_in_the_lists_and_reproduces(source: Path) -> None:
    consolidate(source)
    decide(source, kind="等级变更", key="371503-G-0001", value="B", reason="省厅复核", approver="省厅", document="2号")
    done = consolidate(source)
    assert "BZ01" not in rules(done)
    decide(source, **waiver(rule="PJ03"))
    decide(source, **waiver(rule="PJ04"))
    out = source.parent / "报省.xlsx"
    assert export(source).manifest
    manifest = manifest_path(out).read_bytes()
    assert [one["value"] for one in json.loads(manifest)["decisions"]] == ["B"]
    found = reproduction.reproduce(out, manifest, [source])
    assert found.result == "通过", found.evidence
    said = json.loads(manifest)
    del said["decisions"]
    without = reproduction.reproduce(out, json.dumps(said).encode(), [source])
    assert any("应为“C”，实为“B”" in one.what for one in without.evidence)


def crossing(source: Path) -> None:
    other = county("371502", "东昌府区")
    own = rows(county("371503", "茌平区"))
    own["enterprises"][0].update(uscc=other.tables["enterprises"][0].uscc, site=other.tables["enterprises"][0].site)
    write_file(source / "茌平区.xlsx", own, county="371503")


def test_of_two_counties_rows_the_one_decided_in_the_conflict_list_holds(source: Path) -> None:
    crossing(source)
    assert rules(consolidate(source)) == {"HZ02"}
    sheet = openpyxl.load_workbook(source.parent / "全市.xlsx")["冲突清单"]
    heads = [cell.value for cell in sheet[1]]
    both = dict(zip(heads, (cell.value for cell in sheet[2]), strict=True))
    assert (both["甲_区县"], both["乙_区县"]) == ("东昌府区", "茌平区")
    assert both["甲_厂区名称"] == both["乙_厂区名称"]
    type_in(source.parent / "全市.xlsx", "冲突清单", 2, {"以哪个为准（甲或乙）": "乙", "裁定理由": "厂区在茌平"})
    done = consolidate(source)
    assert rules(done) == set()
    kept = {book.county: [record.list_id for record in book.tables["enterprises"]] for book in done.city.books()}
    assert kept == {"371502": ["371502-G-0002"], "371503": ["371503-G-0001", "371503-G-0002"]}
    assert [record.list_id for record in next(done.city.books()).tables["lines"]] == ["371502-G-0002"]
    sheet = openpyxl.load_workbook(source.parent / "全市.xlsx")["冲突清单"]
    assert "第1号" in [cell.value for cell in sheet[2]][5]  # the row that went stays on the list
    out = source.parent / "报省.xlsx"
    assert export(source).manifest
    assert reproduction.reproduce(out, manifest_path(out).read_bytes(), [source]).result == "通过"


def test_of_two_files_of_one_revision_the_one_decided_holds(source: Path) -> None:
    own = rows(county("371503", "茌平区"))
    write_file(source / "茌平区.xlsx", own, county="371503")
    own["enterprises"][0]["remark"] = "二稿"
    write_file(source / "茌平区二稿.xlsx", own, county="371503")
    first = consolidate(source)
    assert "HZ03" in rules(first)
    adopted = next(one.handed.file for one in first.city.counties if one.handed and one.code == "371503")
    sheet = openpyxl.load_workbook(source.parent / "全市.xlsx")["冲突清单"]
    heads = [cell.value for cell in sheet[1]]
    both = dict(zip(heads, (cell.value for cell in sheet[2]), strict=True))
    assert "备注" in both["不同之处"] and both["甲_来源文件"] == adopted
    type_in(source.parent / "全市.xlsx", "冲突清单", 2, {"以哪个为准（甲或乙）": "乙", "裁定理由": "县里来函"})
    done = consolidate(source)
    assert rules(done) == set()
    assert (
        next(one.handed.file for one in done.city.counties if one.handed and one.code == "371503")
        == both["乙_来源文件"]
    )


def test_a_conflict_is_ruled_by_command_with_jia_or_yi_and_nothing_else_is_taken(source: Path, run: Run) -> None:
    own = rows(county("371503", "茌平区"))
    write_file(source / "茌平区.xlsx", own, county="371503")
    own["enterprises"][0]["remark"] = "二稿"
    write_file(source / "茌平区二稿.xlsx", own, county="371503")
    out = source.parent / "全市.xlsx"

    def rule(key: str, value: str) -> Any:
        return run("ledger", "decide", out, "--kind", "冲突裁定", "--rule", "HZ03", "--key", key, "--value", value, "--reason", "来函")  # fmt: skip

    before = rule("371503", "甲")
    assert before.code == 2 and not (source.parent / ledger.LEDGER).exists()  # nothing was consolidated yet
    consolidate(source)
    conflict = typed_on(out, "冲突清单")
    for key, value, said in (
        ("371502", "甲", "没有对象是“371502”的冲突"),
        ("371503-G-0001", "甲", "HZ03 对象 371503：甲 茌平区"),
        ("371503", "丙", "请写甲或乙"),
        ("371503", "茌平区", "请写甲或乙"),
        ("371503", "0000000000", "取值"),
    ):
        ran = rule(key, value)
        assert ran.code == 2 and said in ran.err and "茌平区二稿.xlsx" in ran.err, ran.err
    assert ledger_of(source) == []
    assert rule("茌平区", "乙").code == 0
    assert rule("371503", str(conflict["乙_取值"][0])[:12]).code == 0
    assert [(one.key, one.value) for one in ledger_of(source)] == [("371503", conflict["乙_取值"][0])] * 2
    assert rules(consolidate(source)) == set()


def test_a_conflict_of_counties_is_ruled_by_side_code_or_name(source: Path) -> None:
    crossing(source)
    consolidate(source)
    refused = export(source)
    assert refused.manifest is None
    for said in ("".join(map(str, refused.lines())), "".join(refused.card().words)):
        assert "HZ02 是冲突" in said and "《冲突清单》" in said and "qingdan desk" in said
    [key] = typed_on(source.parent / "全市.xlsx", "冲突清单")["对象"]
    for value in ("乙", "371503", "茌平区", "茌平县"):
        made = decide(source, kind="冲突裁定", rule="HZ02", key=str(key), value=value, reason="厂区在茌平")
        assert made.value == "371503"
    with pytest.raises(Stop, match=r"371502.*371503"):
        decide(source, kind="冲突裁定", rule="HZ02", key=str(key), value="371521", reason="厂区在茌平")


@pytest.mark.parametrize("kind", ["豁免", "等级变更"])
@pytest.mark.parametrize("key", ["371503-G-9999", "371503", "茌平区某厂", "371502-G-0001-L99"])
def test_a_decision_about_nothing_is_refused(source: Path, kind: str, key: str) -> None:
    consolidate(source)
    with pytest.raises(Stop, match=f"“{key}”"):
        decide(source, **waiver(kind=kind, key=key, value="B"))
    assert ledger_of(source) == []


def test_whole_society_emissions_are_entered_once(source: Path) -> None:
    write_file(source / "茌平区.xlsx", rows(county("371503", "茌平区")), county="371503")
    assert "JP05" not in rules(consolidate(source))
    for row in range(2, 6):
        type_in(source.parent / "全市.xlsx", "全社会排放", row, {"改为（t/d）": 1000, "新的出处": "2019年环境统计"})
    assert "JP05" in rules(consolidate(source))
    assert "JP05" in rules(consolidate(source))  # from the record: the cells are blank again
    refused = export(source)
    assert {finding.rule for finding in refused.findings} == {"JP05"}
    for row in range(2, 6):
        type_in(source.parent / "全市.xlsx", "全社会排放", row, {"改为（t/d）": 0.001, "新的出处": "改错"})
    assert "JP05" not in rules(consolidate(source))
    assert len(ledger_of(source)) == 8
    assert {one["kind"] for one in (export(source).manifest or {})["decisions"]} == {"全社会排放"}


def test_what_is_not_said_whole_is_not_taken_and_named(source: Path) -> None:
    consolidate(source)
    out = source.parent / "全市.xlsx"
    type_in(out, "决定", 2, {"类别": "豁免", **{k: v for k, v in WAIVER.items() if k != "批准人"}})
    type_in(out, "决定", 3, {"类别": "赦免", "理由": "x"})
    type_in(out, "决定", 4, {"类别": "豁免", **WAIVER, "有效期至": "年底"})
    type_in(out, "决定", 5, {"类别": "豁免", **WAIVER, "规则": "GS01"})
    type_in(out, "决定", 6, {"类别": "等级变更", **WAIVER, "取值": "特级"})
    done = consolidate(source)
    assert len(done.remarks) == 5
    for number, text in enumerate(("批准人", "赦免", "有效期", "不能豁免", "特级"), 2):
        assert any(f"第 {number} 行" in remark and text in remark for remark in done.remarks)
    assert ledger_of(source) == []


def typed_on(path: Path, title: str) -> dict[str, list[object]]:
    """The columns of a sheet by their heads."""
    heads, *rows = openpyxl.load_workbook(path)[title].iter_rows(values_only=True)
    return {str(head): [row[place] for row in rows] for place, head in enumerate(heads)}


def test_a_decision_with_a_slip_stays_as_it_was_typed_until_it_is_put_right(source: Path) -> None:
    crossing(source)
    consolidate(source)
    out = source.parent / "全市.xlsx"
    type_in(out, "决定", 2, {"类别": "豁免", **{k: v for k, v in WAIVER.items() if k != "批准人"}})
    type_in(out, "决定", 5, {"类别": "赦免", "理由": "x", "有效期至": "年底"})
    type_in(out, "冲突清单", 2, {"以哪个为准（甲或乙）": "乙"})
    type_in(out, "全社会排放", 3, {"新的出处": "2019年环境统计"})
    for _ in range(2):  # however often it is consolidated, with another file meanwhile
        done = consolidate(source)
        assert len(done.remarks) == 4 and ledger_of(source) == []
        decided = typed_on(out, "决定")
        assert decided["类别"][:2] == ["豁免", "赦免"] and decided["有效期至"][:2] == ["2020-12-31", "年底"]
        assert decided["理由"][:2] == [WAIVER["理由"], "x"] and decided["类别"][2] is None
        assert decided["编号"][:3] == ["✗", "✗", None]
        assert "还缺少批准人" in str(decided["状态"][0]) and "有效期“年底”不是日期" in str(decided["状态"][1])
        sheet = openpyxl.load_workbook(out)["决定"]
        assert sheet["H2"].fill.fgColor.rgb == sheet["A2"].fill.fgColor.rgb != sheet["G2"].fill.fgColor.rgb
        conflict = typed_on(out, "冲突清单")
        assert conflict["以哪个为准（甲或乙）"] == ["乙"]
        assert "没有采用：冲突裁定还缺少理由" in str(conflict["现在的裁定"][0])
        emissions = typed_on(out, "全社会排放")
        assert emissions["新的出处"][1] == "2019年环境统计" and "还缺少取值" in str(emissions["状态"][1])
        assert any("录入的决定没写全" in map(str, row) for row in openpyxl.load_workbook(out)["总览"].values)
    type_in(out, "决定", 2, {"批准人": "张三"})
    type_in(out, "冲突清单", 2, {"裁定理由": "厂区在茌平"})
    done = consolidate(source)
    assert [one.kind for one in ledger_of(source)] == ["豁免", "冲突裁定"]
    assert typed_on(out, "决定")["类别"][:3] == ["豁免", "冲突裁定", "赦免"] and len(done.remarks) == 2


def test_the_side_that_was_chosen_stays_the_same_file_and_a_conflict_that_is_gone_keeps_its_words(source: Path) -> None:
    crossing(source)
    consolidate(source)
    out = source.parent / "全市.xlsx"
    type_in(out, "冲突清单", 2, {"以哪个为准（甲或乙）": "丙", "裁定理由": "两家商定"})
    consolidate(source)
    assert typed_on(out, "冲突清单")["以哪个为准（甲或乙）"] == ["丙"]
    write_file(source / "茌平区.xlsx", rows(county("371503", "茌平区")), county="371503")
    consolidate(source)
    assert typed_on(out, "冲突清单")["规则"] == []
    decided = typed_on(out, "决定")
    assert (decided["类别"][0], decided["取值"][0], decided["理由"][0]) == ("冲突裁定", "丙", "两家商定")
    assert "已不在《冲突清单》里" in str(decided["状态"][0])


def test_what_somebody_wrote_elsewhere_in_the_workbook_is_put_aside(source: Path) -> None:
    consolidate(source)
    out = source.parent / "全市.xlsx"
    assert consolidate(source).put_aside == ""
    workbook = openpyxl.load_workbook(out)
    workbook["总览"]["B40"] = "给王科长看"
    workbook.save(out)
    done = consolidate(source)
    kept = source.parent / done.put_aside
    assert openpyxl.load_workbook(kept)["总览"]["B40"].value == "给王科长看"
    out.write_bytes(b"PK\x03\x04")  # and one that cannot be read any more
    done = consolidate(source)
    assert (source.parent / done.put_aside).read_bytes() == b"PK\x03\x04" and len(done.remarks) == 1


def test_the_last_workbook_is_read_only_where_something_may_stand_in_it_that_is_not_on_record(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def seen(function: Any, items: Any, **more: Any) -> Any:
        read.extend(path for path, *_ in items)
        return each(function, items, **more)

    monkeypatch.setattr("addin.office.record.each", seen)
    out = source.parent / "全市.xlsx"
    consolidate(source)
    consolidate(source)
    assert read == []
    type_in(out, "决定", 2, {"类别": "豁免", **WAIVER, "批准人": None})
    consolidate(source)
    assert typed_on(out, "决定")["理由"][0] == WAIVER["理由"]
    done = consolidate(source)  # as it was written, but with a row that is to be completed
    assert read == [out, out] and len(done.remarks) == 1
    assert typed_on(out, "决定")["理由"][0] == WAIVER["理由"]


def test_a_record_that_was_altered_on_the_sheet_is_a_new_decision(source: Path) -> None:
    consolidate(source)
    out = source.parent / "全市.xlsx"
    decide(source, **waiver())
    consolidate(source)
    type_in(out, "决定", 2, {"有效期至": "2020-10-31"})
    consolidate(source)
    assert [str(one.until) for one in ledger_of(source)] == ["2020-12-31", "2020-10-31"]
    consolidate(source)
    assert len(ledger_of(source)) == 2


def test_a_file_that_cannot_be_read_is_a_finding_that_stops_the_export_until_it_is_gone_or_waived(source: Path) -> None:
    write_file(source / "茌平区.xlsx", rows(county("371503", "茌平区")), county="371503")
    (source / "打不开.xlsx").write_bytes(b"PK\x03\x04")
    (source / "参考资料").mkdir()
    (source / "参考资料" / "排污许可.xlsx").write_bytes(b"PK")
    done = consolidate(source)
    found = done.to_json()
    own = {(one["file"], one["severity"]) for one in found["findings"] if one["rule"] == "HZ05"}
    assert own == {("打不开.xlsx", "ERROR"), ("排污许可.xlsx", "WARNING")}
    assert found["verdict"] == "不通过" and found["counts"]["ERROR"] == 1
    said = ["".join(map(str, row)) for row in openpyxl.load_workbook(source.parent / "全市.xlsx")["总览"].values]
    assert any("打不开.xlsx" in row and "哪些文件读不了" in row for row in said)
    assert {one.rule for one in export(source).findings} == {"HZ05"}
    decide(source, **waiver(rule="HZ05", key="打不开.xlsx"))
    assert export(source).manifest
    decide(source, **waiver(rule="HZ05", key="打不开.xlsx", until=dt.date(2020, 8, 1)))
    (source / "打不开.xlsx").unlink()
    assert rules(consolidate(source)) == set()
    assert export(source).manifest


def test_the_commands_record_list_and_compare(source: Path, run: Run) -> None:
    out = source.parent / "全市.xlsx"
    consolidate(source)
    ran = run(
        "decide", out, "--kind", "等级变更", "--key", "371503-G-0001", "--value", "B", "--reason", "复核", "--approver", "省厅",
        "--document", "2号", "--json",
    )  # fmt: skip
    assert ran.code == 0
    assert json.loads(ran.out)["id"] == 1
    consolidate(source)
    listed = json.loads(run("history", out, "--json").out)
    assert [one["version"] for one in listed["versions"]] == [1, 2]
    assert listed["decisions"][0]["holds"] is True
    assert "第 1 号决定" in run("history", source.parent).out
    ran = run("diff", "1", "2", "--dir", out, "--json")
    assert ran.code == 1
    [change] = json.loads(ran.out)["changes"]
    assert (change["change"], change["header"], change["before"], change["after"]) == ("修改", "绩效等级", "C", "B")
    assert run("diff", "1", "1", "--dir", out).code == 0
    missing = run("diff", "1", "9", "--dir", out)
    assert missing.code == 2
    assert "第 9 版" in missing.err
    bad = run("decide", out, "--kind", "豁免", "--reason", "x")
    assert bad.code == 2
    assert "规则" in bad.err
    assert run("history", source).code == 2
