"""The session and its hosts cannot write to a workbook: there is nothing in them that could."""

import ast
from pathlib import Path

from addin.live.host import Host, OpenBook
from tests.test_house import imported

ROOT = Path(__file__).parents[3]
WRITING = {
    "value", "raw_value", "formula", "formula2", "formula_array", "number_format", "color", "Value", "Value2", "Formula",
    "String", "CellBackColor", "NumberFormat",
}  # fmt: skip
CHANGING = {
    "setString", "setValue", "setFormula", "setDataArray", "setFormulaArray", "clearContents", "clear_contents",
    "clear", "insert", "delete", "save", "store", "storeAsURL", "storeToURL", "Save", "SaveAs", "executeDispatch",
    "add_note", "protect", "unprotect", "Protect", "Unprotect", "paste", "autofill",
}  # fmt: skip


def public(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_what_a_host_can_do_is_to_read_to_hear_and_to_select() -> None:
    assert public(OpenBook) == {"name", "path", "unsaved", "names", "sheets", "rows", "shape", "stands", "select"}
    assert public(Host) == {"books", "watch", "wait", "aside", "wake", "leave"}


def test_nothing_in_the_live_session_writes_to_a_cell() -> None:
    paths = [*(ROOT / "addin" / "live").glob("*.py"), *ROOT.glob("addin/**/ears.py")]
    assert len(paths) > 4
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                assert node.attr not in WRITING, (path, node.lineno)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in CHANGING - {"insert", "clear"}, (path, node.lineno)


def test_the_engine_for_libreoffice_needs_nothing_else_of_this_project() -> None:
    for path in (ROOT / "addin" / "apps" / "libreoffice").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {
            node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("addin")
        }
        assert all(module.startswith("addin.apps.libreoffice") for module in own), path
        assert not imported(path) & {"validators", "workbook_templates"}, path
