"""The ribbon of Excel and WPS without Windows: its XML, the words of its native part, and the build of that."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from addin.apps.excel import registration
from addin.apps.excel.ribbon import CALLBACKS, NAMESPACE, TOGGLE, ribbon
from addin.pane.buttons import BUTTONS

ROOT = Path(__file__).parents[3]
NATIVE = ROOT / "installer/ribbon"
INSIDE = {
    "customUI": {"ribbon"}, "ribbon": {"tabs"}, "tabs": {"tab"}, "tab": {"group"}, "group": {"button", "toggleButton"},
    "button": set(), "toggleButton": set(),
}  # fmt: skip
COMMON = {"id", "label", "keytip", "size", "imageMso", "screentip", "supertip", "onAction"}
MAY = {
    "customUI": {"onLoad"}, "ribbon": set(), "tabs": set(), "tab": {"id", "label", "keytip"}, "group": {"id", "label"},
    "button": COMMON, "toggleButton": COMMON | {"getPressed"},
}  # fmt: skip
"""What [MS-CUSTOMUI] allows, of the parts that are used."""
MOST_CHARACTERS = {"label": 1024, "screentip": 1024, "supertip": 1024, "keytip": 3, "id": 1024, "imageMso": 1024}
LARGEST_REFERENCE = 3000


def needs(*programs: str, packages: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"没有 {'、'.join(missing)}：请安装 {packages}（Debian：apt-get install {packages}）")
    assert not missing, "CI must have it"


def test_the_ribbon_is_what_the_schema_allows_and_has_the_declared_buttons() -> None:
    root = ET.fromstring(ribbon())  # noqa: S314 - our own
    for one in root.iter():
        tag = one.tag.removeprefix(f"{{{NAMESPACE}}}")
        assert tag in INSIDE, "every element is of the namespace"
        assert {inner.tag.removeprefix(f"{{{NAMESPACE}}}") for inner in one} <= INSIDE[tag]
        assert set(one.attrib) <= MAY[tag]
        for name, value in one.attrib.items():
            assert name[:2] not in ("on", "ge") or value in CALLBACKS
            assert name not in ("id", "imageMso") or re.fullmatch(r"[A-Za-z]\w*", value)
            assert 0 < len(value) <= MOST_CHARACTERS.get(name, 1024)
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    keys = [one.get("keytip") for one in root.iter() if one.get("keytip")]
    assert len(set(ids)) == len(ids) and len(set(keys)) == len(keys)
    shown = {one.get("id"): one.attrib for one in root.iter() if one.get("onAction")}
    assert list(shown) == [one.id for one in BUTTONS]
    for button in BUTTONS:
        assert shown[button.id]["label"] == button.label and shown[button.id]["supertip"] == button.about
        assert ("getPressed" in shown[button.id]) is (button.id == TOGGLE)


def test_the_native_part_answers_to_what_the_ribbon_calls() -> None:
    code = (NATIVE / "addin.c").read_text(encoding="utf-8")
    (listed,) = re.findall(r"CALLBACKS\[\] = \{(.*)\}", code)
    assert tuple(re.findall(r'L"(\w+)"', listed)) == CALLBACKS


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The words of the native part as a program of this computer, which ends where memory is used wrongly."""
    needs("gcc", packages="gcc libc6-dev")
    made = tmp_path_factory.mktemp("words") / "say"
    checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror", "-O1", "-g"]
    sources = [NATIVE / "messages.c", Path(__file__).with_name("say_messages.c")]
    subprocess.run(["gcc", *checks, f"-I{NATIVE}", "-o", made, *sources], check=True)
    return made


@pytest.mark.parametrize(
    ("id_", "size", "sent"),
    [
        ("check", 70, True), ("check", 0, True), ("check", LARGEST_REFERENCE, True), ("check", LARGEST_REFERENCE + 1, False),
        ("x" * 40, 1, True), ("x" * 41, 1, False), ("x" * 5000, 1, False), ("", 1, False), ('a"b', 1, False),
        ("校验", 1, False), ("a\\", 1, False),
    ],
    ids=["usual", "none", "largest", "larger", "longest name", "longer name", "endless name", "no name", "quote", "Chinese", "backslash"],
)  # fmt: skip
def test_a_press_is_one_line_of_json_or_is_not_sent(words: Path, id_: str, size: int, sent: bool) -> None:
    reference = bytes(n * 7 % 256 for n in range(size))
    done = subprocess.run([words, "p", id_, str(size)], input=reference, capture_output=True)
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()
    if sent:
        assert done.stdout.endswith(b"\n") and done.stdout.count(b"\n") == 1
        assert json.loads(done.stdout) == {
            "press": id_, "pid": 4294967295, "hwnd": -1, "application": reference.hex(),
        }  # fmt: skip
    else:
        assert done.stdout == b""


def test_whatever_the_program_says_the_native_part_keeps_to_its_lines(words: Path) -> None:
    """Cut anywhere, endless, with zeros, with half lines after it has gone: held against a few lines of Python."""
    chance = random.Random(17)  # noqa: S311 - the same each time
    spoken = [
        b"taken\n",
        b"live 1\n",
        b"live 0\n",
        b"live 2\n",
        b"\n",
        b"\0taken\n",
        b"taken\0\n",
        b"taken" * 20 + b"\n",
    ]
    spoken += [
        b"x" * 63 + b"\n",
        b"x" * 64 + b"\n",
        b"x" * 65,
        b"taken",
        b"live 1\r\n",
        b"\xff" * 300,
        b"\n\n\n",
        b"y" * 60_000,
    ]
    pieces: list[bytes | None] = []
    for _ in range(3000):
        piece = b"".join(chance.choices(spoken[:-1], k=chance.randrange(4))) + chance.choice([b"", chance.randbytes(3)])
        pieces.append(None if chance.random() < 0.02 else piece[: chance.randrange(len(piece) + 1)])
    pieces.append(spoken[-1])
    taken, live, line, expected = 0, 0, b"", []
    for piece in pieces:
        if piece is None:
            taken, live, line = 0, 0, b""
        else:
            *whole, line = (line + piece).split(b"\n")
            for one in whole:
                said = one.split(b"\0")[0] if len(one) < 64 else b""  # a text of C ends at its first zero
                taken += said == b"taken"
                live = {b"live 0": 0, b"live 1": 1}.get(said, live)
        expected.append(f"{taken} {live}")
    given = b"".join(b"\xff\xff" if one is None else len(one).to_bytes(2, "little") + one for one in pieces)
    done = subprocess.run([words, "t"], input=given, capture_output=True)
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()
    assert done.stdout.decode().splitlines() == expected
    assert len(set(expected)) >= 10


def test_the_same_sources_give_the_same_dlls_for_both_kinds_of_excel(tmp_path: Path) -> None:
    needs(
        "x86_64-w64-mingw32-gcc", "i686-w64-mingw32-gcc", packages="gcc-mingw-w64-x86-64-posix gcc-mingw-w64-i686-posix"
    )
    for name in ("one", "two"):
        subprocess.run([sys.executable, NATIVE / "build.py", tmp_path / name], check=True)
    for kind, machine in (("x64", 0x8664), ("x86", 0x014C)):
        made = (tmp_path / "one" / kind / "qingdan.dll").read_bytes()
        assert made == (tmp_path / "two" / kind / "qingdan.dll").read_bytes()
        start = int.from_bytes(made[0x3C:0x40], "little")
        assert int.from_bytes(made[start + 4 : start + 6], "little") == machine
        assert "边填边查".encode() in made and registration.ADDIN_TITLE.encode("utf-16-le") in made
        told = subprocess.run(
            ["x86_64-w64-mingw32-objdump", "-p", tmp_path / "one" / kind / "qingdan.dll"],
            capture_output=True,
            text=True,
        )
        assert {name.lower() for name in re.findall(r"DLL Name: (\S+)", told.stdout)} == {
            "advapi32.dll", "kernel32.dll", "msvcrt.dll", "ole32.dll", "oleaut32.dll", "user32.dll",
        }  # fmt: skip
