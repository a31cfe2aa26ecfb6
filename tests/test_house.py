"""The house keeps its shape: imports point one way, and nothing reads what stands outside the project."""

import ast
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "validators": {"validators"},
    "workbook_templates": {"validators", "workbook_templates"},
    "addin": {"validators", "workbook_templates", "addin"},
}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_from_addin_to_templates_to_validators(room: str) -> None:
    paths = list((ROOT / room).rglob("*.py"))
    assert paths
    for path in paths:
        assert imported(path) & MAY_IMPORT.keys() <= MAY_IMPORT[room], path


def test_validators_open_no_files_but_their_own() -> None:
    for path in (ROOT / "validators").rglob("*.py"):
        assert not imported(path) & {"pathlib", "os", "shutil", "tempfile", "xlwings", "openpyxl"}, path


@pytest.mark.xdist_group("together")
def test_tests_of_one_application_are_kept_together(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("只在分几个进程运行测试时有意义：请加上 -n 2 --dist loadgroup")
    assert request.node.nodeid.endswith("@together"), "else two tests drive one LibreOffice at once"
