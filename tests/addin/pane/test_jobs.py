"""The buttons do what the commands do, and a job that is cancelled was never there."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from addin.pane.jobs import Job, Jobs
from addin.pane.works import WORKS
from addin.problems import Stop
from tests.addin.conftest import fill
from tests.addin.pane.conftest import outputs
from validators.findings import Json
from workbook_templates.xlsx.writer import JOB


def wait_for(holds: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def heard() -> list[list[Json]]:
    return []


@pytest.fixture
def jobs(heard: list[list[Json]]) -> Jobs:
    return Jobs(heard.append)


def do(jobs: Jobs, work: str, *files: Path, out: Path | None = None, **options: object) -> Job:
    job = jobs.start(WORKS[work], files, "文件", out=out, **options)  # type: ignore[arg-type]
    wait_for(lambda: job.state != "运行中")
    return job


def started_by(mark: str) -> list[str]:
    """Processes that are alive and belong to the job with this mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{JOB}={mark}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_every_button_is_a_command_of_the_command_line() -> None:
    import typer

    from addin.cli.app import app

    for id_, work in WORKS.items():
        command = typer.main.get_command(app)
        for name in work.command or (work.id,):
            command = command.commands[name]  # type: ignore[attr-defined]
        options = {name for param in command.params for name in param.opts}
        assert id_ == work.id and "--json" in options
        assert "--out" in options or not work.out
        assert ("--force" in options) == work.forced or not work.out
        assert {ask.option for ask in work.asks if ask.option} <= options


def test_the_whole_way(jobs: Jobs, heard: list[list[Json]], inbox: Path, tmp_path: Path) -> None:
    (inbox / "不是表.xlsx").write_text("不是")
    checked = do(jobs, "check", *sorted(inbox.iterdir()))
    assert (checked.state, checked.verdict) == ("完成", "不通过")
    assert {one["rule"] for one in checked.findings} >= {"JB06", "BZ01"}
    assert "“不是表.xlsx”无法读取" in checked.words[0]
    assert ("不是表.xlsx", "BLOCKER") in {(one["file"], one["severity"]) for one in checked.findings}
    steps = [one["step"] for (one,) in heard if one["state"] == "运行中" and one["step"]]
    assert [step[0] for step in steps] == list(range(1, 12)) and steps[0][1] == 11

    (inbox / "不是表.xlsx").unlink()
    (inbox / "东昌府区.xlsx").unlink()
    fill(inbox / "东昌府区.xlsx", enterprises=8)
    fill(inbox / "冠县.xlsx", "371525", 8)
    city = do(jobs, "consolidate", inbox, out=tmp_path / "全市.xlsx")
    assert (city.verdict, city.written) == ("通过", True)
    assert city.words[0] == "已报 11" and "企业 88 家" in city.words[1]
    assert (city.tone, city.result) == ("good", "已汇总，没有错误")
    exported = do(jobs, "export", tmp_path / "全市.xlsx", out=tmp_path / "报省.xlsx")
    assert (exported.verdict, exported.written) == ("通过", True)
    assert (tmp_path / "报省.xlsx.manifest.json").is_file()
    audited = do(jobs, "audit", tmp_path / "报省.xlsx", options=["--against", str(inbox)])
    assert (audited.verdict, audited.words, audited.findings) == ("通过", ["报省.xlsx：通过"], [])
    assert [one["id"] for one in audited.checks] == [f"AU{number:02}" for number in range(1, 11)]
    notes = {one["id"]: one["note"] for one in audited.checks}
    assert notes["AU08"] == "核对清单没有签名" and notes["AU10"] == ""
    alone = do(jobs, "audit", tmp_path / "报省.xlsx")
    assert "没有勾选复算" in {one["id"]: one["note"] for one in alone.checks}["AU10"]
    audited = do(jobs, "audit", inbox / "莘县.xlsx")
    assert audited.verdict == "不通过" and "AU01 无公式" in audited.words[0]
    assert {one["rule"] for one in audited.findings} >= {"AU01"}
    formulas = next(one for one in audited.checks if one["id"] == "AU01")
    assert formulas["count"] > 50 and audited.total == sum(one["count"] for one in audited.checks)
    assert audited.to_json()["findings"] == audited.total > len(audited.findings)
    assert all(one["severity"] == "ERROR" and one["message"] for one in audited.findings)


def test_an_export_that_is_refused_writes_nothing_and_says_why(jobs: Jobs, inbox: Path, tmp_path: Path) -> None:
    city = do(jobs, "consolidate", inbox, out=tmp_path / "全市.xlsx")
    assert city.written and city.tone == "open" and city.result.startswith("已汇总，还有 ")
    assert any(line.startswith("冠县：未报") for line in city.words)
    exported = do(jobs, "export", tmp_path / "全市.xlsx", out=tmp_path / "报省.xlsx")
    assert (exported.state, exported.tone, exported.written) == ("完成", "bad", False)
    assert exported.result.startswith("没有导出，还有 ")
    assert "不予导出" in exported.words[0] and exported.findings
    assert not (tmp_path / "报省.xlsx").exists()


def test_what_cannot_be_done_is_said(jobs: Jobs, inbox: Path, tmp_path: Path) -> None:
    source = inbox / "莘县.xlsx"
    before = source.read_bytes()
    job = do(jobs, "export", source, out=source, overwrite=True)
    assert (job.state, job.written) == ("没做成", False)
    assert "输入的文件从不改写" in job.words[0] and len(job.words) == 1
    assert source.read_bytes() == before
    job = do(jobs, "export", tmp_path / "没有.xlsx", out=tmp_path / "报省.xlsx")
    assert job.state == "没做成" and "不存在" in job.words[0]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="没有 /proc，看不到进程")
@pytest.mark.parametrize("there", [False, True], ids=["new", "overwriting"])
@pytest.mark.parametrize("moment", ["reading", "writing"])
def test_a_cancelled_job_leaves_nothing(
    jobs: Jobs, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, there: bool
) -> None:
    monkeypatch.setattr("addin.pane.jobs.secrets.token_hex", lambda length: f"{moment}{there}")
    results = tmp_path / "结果"
    results.mkdir()
    out = results / "全市.xlsx"
    if there:
        out.write_text("原来的")
    fill(inbox / "莘县.xlsx", "371522", 300)
    job = jobs.start(WORKS["consolidate"], [inbox], "收件箱", out=out, overwrite=there)
    if moment == "reading":
        wait_for(lambda: job.step)
        assert len(started_by(f"{moment}{there}")) > 1  # the command, and children that read for it
    else:
        wait_for(lambda: list(results.glob(".*.tmp")))
    jobs.cancel(job.id)
    wait_for(lambda: job.state != "运行中")
    assert (job.state, job.words, job.written) == ("已取消", [], False)
    assert started_by(f"{moment}{there}") == []
    assert outputs(results) == (["全市.xlsx"] if there else [])
    assert not there or out.read_text() == "原来的"
    assert do(jobs, "check", inbox / "莘县.xlsx").state == "完成"  # the next one is free to go


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="没有 /proc，看不到进程")
def test_an_export_is_cancelled_with_the_child_that_writes_it(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addin.pane.jobs.secrets.token_hex", lambda length: "export")
    big = fill(tmp_path / "大.xlsx", enterprises=600)
    results = tmp_path / "结果"
    results.mkdir()
    job = jobs.start(WORKS["export"], [big], "大.xlsx", out=results / "报省.xlsx")
    wait_for(lambda: list(results.glob(".*.tmp")))
    jobs.cancel(job.id)
    wait_for(lambda: job.state != "运行中")
    assert started_by("export") == []
    assert job.state == "已取消" and outputs(results) == []


def test_one_job_at_a_time(jobs: Jobs, inbox: Path) -> None:
    job = jobs.start(WORKS["audit"], [inbox], "收件箱", out=None)
    with pytest.raises(Stop, match="“审计”还在进行"):
        jobs.start(WORKS["check"], [inbox], "收件箱", out=None)
    jobs.close()
    assert job.state == "已取消"


def test_a_child_that_dies_is_said(jobs: Jobs, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs.start(WORKS["audit"], [inbox], "收件箱", out=None)
    wait_for(lambda: jobs._process)
    assert jobs._process
    os.kill(jobs._process.pid, 9)
    wait_for(lambda: job.state != "运行中")
    assert job.state == "没做成" and job.words == ["审计意外停止，可能是内存不够。请关闭其他程序后重试。"]
    monkeypatch.setattr("sys.executable", "/没有这个程序")
    job = do(jobs, "check", inbox)
    assert job.state == "没做成" and job.words == ["校验没有做成：“/没有这个程序”不存在。请核对路径和文件名。"]


def test_nothing_in_the_current_folder_is_run(jobs: Jobs, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / "json.py").write_text("raise SystemExit('ran')")
    (inbox / "addin").mkdir()
    (inbox / "addin" / "__init__.py").write_text("raise SystemExit('ran')")
    monkeypatch.chdir(inbox)
    assert do(jobs, "check", inbox / "莘县.xlsx").verdict == "通过"


def test_pieces_of_a_county_are_merged_at_a_press(jobs: Jobs, tmp_path: Path) -> None:
    pieces = tmp_path / "来件"
    pieces.mkdir()
    for name in ("甲镇", "乙镇"):
        fill(pieces / f"{name}.xlsx", enterprises=2)
    done = do(jobs, "merge", pieces, out=tmp_path / "本县合并.xlsx")
    assert done.state == "完成" and done.written and "没有冲突" in done.result, done.words
    assert any("只算一次" in line for line in done.words)
