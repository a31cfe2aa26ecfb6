"""The house keeps its shape: imports point one way, and nothing reads what stands outside the project."""

import ast
import os
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from validators.ruleset import load

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
    "addin/apps/libreoffice/ears.py": "LibreOffice loads one file",
    "addin/apps/libreoffice/engine.py": "names and shapes are those of xlwings.base_classes, one class for each",
    "addin/apps/excel_host.py": "the COM side of one host, which only Windows can import",
    "validators/audit/sheets.py": "two ways through one part, which must stay beside each other to be compared",
    "validators/expr.py": "one language: its nodes and how they are evaluated",
    "validators/ooxml/package.py": "one allow-list's reader; what is refused stands beside what is read",
    "validators/rules/measures.py": "a group of rules is one module",
    "workbook_templates/formulas/plan.py": "where every formula stands: one plan",
    "addin/apps/libreoffice/extension/component.py": "one file that LibreOffice loads",
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


def test_no_two_modules_need_each_other() -> None:
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in modules()
    }
    needs = {
        name: {one if one in names else one.rpartition(".")[0] for one in imports(path)} & names.keys() - {name}
        for name, path in names.items()
    }
    tuple(TopologicalSorter(needs).static_order())  # raises CycleError, which names the circle


CLIMBS = 3
"""How often a consolidation comes back up: to read, to take what was decided, and to put the version on record."""


def test_a_county_file_on_its_way_to_the_city_workbook_climbs_back_three_times_at_most() -> None:
    tree = ast.parse((ROOT / "addin/office/consolidation.py").read_text(encoding="utf-8"))
    floors = {"addin": 2, "workbook_templates": 1, "validators": 0}
    floor = {
        alias.asname or alias.name: floors[node.module.partition(".")[0]]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in floors
        for alias in node.names
    }
    (consolidate,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "consolidate")
    called = sorted(
        (node.end_lineno or 0, node.end_col_offset or 0, name.id)  # the innermost is called first
        for node in ast.walk(consolidate)
        if isinstance(node, ast.Call)
        for name in ast.walk(node.func)
        if isinstance(name, ast.Name) and name.id in floor
    )
    way = [floor[name] for _, _, name in called]
    assert set(way) == set(floors.values())
    assert sum(after > before for before, after in pairwise(way)) <= CLIMBS, called


CITED = re.compile(r"〔20\d\d〕\d+号|(?:GB|GB/T|HJ) \d+-20\d\d")
"""A document is called by its year."""


def test_a_rule_names_no_city_and_no_year() -> None:
    """What is so in one city or one year is data of the rule set; only what a rule is based on may name it."""
    names = ("聊城", *(row["name"] for row in load("2020").tables["divisions"]))
    for path in (ROOT / "validators/rules").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        based = {
            one for node in ast.walk(tree) for rule in getattr(node, "decorator_list", ()) for one in ast.walk(rule)
        }
        pages = {  # which tell what happened elsewhere, and when
            node.body[0].value
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in based:
                said = CITED.sub("", node.value)
                assert not [name for name in names if name in said], (path.name, node.lineno)
                assert node in pages or not re.search(r"20\d\d", said), (path.name, node.lineno)


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


WITHIN_LIBREOFFICE = ("engine.py", "ears.py", "component.py")
"""Files whose names are those of xlwings' base classes, or that LibreOffice loads without the rest of the project."""


def test_a_public_name_is_one_thing() -> None:
    """A class or constant that two modules define is not the same thing twice: it is called by what it is."""
    homes: dict[str, set[Path]] = {}
    for path in modules():
        if path.name not in WITHIN_LIBREOFFICE:
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                named = [node.name] if isinstance(node, ast.ClassDef) else []
                if isinstance(node, ast.Assign | ast.AnnAssign):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    named = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
                for name in named:
                    if name[0].isupper():
                        homes.setdefault(name, set()).add(path)
    twice = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert not twice, "two things of one name; or private, with an underscore, where only its module uses it"
