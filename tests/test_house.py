"""The house keeps its shape: imports point one way, and nothing reads what stands outside the project."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "validators": {"validators"},
    "workbook_templates": {"validators", "workbook_templates"},
    "addin": {"validators", "workbook_templates", "addin"},
}


def imports(path: Path) -> set[str]:
    """What a file imports: modules, and the names taken from them as `module.name`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imported(path: Path) -> set[str]:
    """The packages that a file imports from."""
    return {name.partition(".")[0] for name in imports(path)}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_from_addin_to_templates_to_validators(room: str) -> None:
    paths = list((ROOT / room).rglob("*.py"))
    assert paths
    for path in paths:
        assert imported(path) & MAY_IMPORT.keys() <= MAY_IMPORT[room], path


def test_validators_open_no_files_but_their_own() -> None:
    for path in (ROOT / "validators").rglob("*.py"):
        assert not imported(path) & {"pathlib", "os", "shutil", "tempfile", "xlwings", "openpyxl"}, path


FLOORS = ("problems", "reading", "frames office live", "pane", "apps", "trial", "cli", "__main__ assistant")
"""The rooms of `addin` from the ground up: each imports from below only."""
ROOMS, ARROWS = 12, 29
"""Rooms that `addin` has at most, and pairs of them of which one imports the other."""
LONG = {
    "addin/apps/libreoffice/engine.py": "names and shapes are those of xlwings.base_classes, one class for each",
    "addin/apps/excel_host.py": "the COM side of one host, which only Windows can import",
    "validators/audit/sheets.py": "two ways through one part, which must stay beside each other to be compared",
    "validators/expr.py": "one language: its nodes and how they are evaluated",
    "validators/ooxml/package.py": "one allow-list's reader; what is refused stands beside what is read",
    "validators/rules/basic_information.py": "a group of rules is one module",
    "validators/rules/measures.py": "a group of rules is one module",
    "workbook_templates/county/reader.py": "to be taken apart: cells, sheets, counties (issue 14)",
    "workbook_templates/formulas/plan.py": "where every formula stands: one plan",
    "validators/rules/formats.py": "to be taken apart (issue 14)",
    "addin/apps/libreoffice/extension/component.py": "one file that LibreOffice loads",
    "addin/pane/server.py": "to be taken apart (issue 14)",
    "workbook_templates/layouts/taken.py": "to be taken apart: rows, cells, numbers (issue 14)",
    "workbook_templates/samples/sample_inventory.py": "one generator, whose draws must keep their order",
}
"""Modules of over 500 lines, and why."""


def modules() -> list[Path]:
    return [path for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py")]


def addin_imports() -> Iterator[tuple[Path, str, str]]:
    """Each import of a room of `addin` by another: the file, its room, and the other one."""
    for path in (ROOT / "addin").rglob("*.py"):
        own = path.relative_to(ROOT / "addin").with_suffix("").parts[0]
        for name in imports(path):
            if name.startswith("addin.") and (other := name.split(".")[1]) != own:
                yield path, own, other


def test_inside_addin_imports_point_down() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms.split()}
    for path, own, other in addin_imports():
        assert floor[other] < floor[own], (path, other)


def test_addin_can_be_taken_in_at_a_glance() -> None:
    inside = (ROOT / "addin").iterdir()
    rooms = {path.stem for path in inside if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))}
    assert len(rooms - {"__init__"}) <= ROOMS
    assert len({(own, other) for _, own, other in addin_imports()}) <= ARROWS


def test_the_libreoffice_engine_needs_nothing_else_of_the_project() -> None:
    for path in (ROOT / "addin/apps/libreoffice").rglob("*.py"):
        for name in imports(path):
            assert not name.startswith(tuple(MAY_IMPORT)) or name.startswith("addin.apps.libreoffice"), path


def test_one_name_is_one_thing() -> None:
    names = [path.parent.name if path.stem == "__init__" else path.stem for path in modules()]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, "two modules, or a module and a package, of one name"


def test_a_long_module_has_its_reason() -> None:
    long = {
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if len(path.read_text(encoding="utf-8").splitlines()) > 500
    }
    assert long <= LONG.keys(), "take it apart, or say why it stays whole"
    assert all((ROOT / path).exists() for path in LONG)


@pytest.mark.xdist_group("together")
def test_tests_of_one_application_are_kept_together(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("只在分几个进程运行测试时有意义：请加上 -n 2 --dist loadgroup")
    assert request.node.nodeid.endswith("@together"), "else two tests drive one LibreOffice at once"
