"""`qingdan selftest` beside a real LibreOffice."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.addin.conftest import Run

pytestmark = pytest.mark.xdist_group("libreoffice")  # one LibreOffice on the screen and at its pipe at a time


def test_the_selftest_passes_beside_libreoffice_and_says_what_it_saw(run: Run, tmp_path: Path) -> None:
    if shutil.which("soffice") is None and not os.environ.get("CI"):
        pytest.skip("没有 LibreOffice：请安装 libreoffice-calc python3-uno")
    report = tmp_path / "报告.md"
    code, out, err = run("selftest", "--host", "libreoffice", "--out", report, "--json")
    result = json.loads(out)
    assert (code, result["verdict"]) == (0, "通过"), (out, err)
    assert {step["result"] for step in result["steps"]} == {"通过"} and len(result["steps"]) == 6
    assert "结论：通过" in report.read_text(encoding="utf-8")
    assert run("selftest", "--out", report).code == 2  # an existing report is kept
