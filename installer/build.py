"""The installer for Windows: a CPython, the wheels that we need and our rooms, in one .msi for one user.

    .venv/bin/python installer/build.py qingdan.msi

Needs wixl, mingw-w64 for the part that Excel and WPS load (`ribbon/`), and wine to compile the modules: the start is then
fast from the first time on, and nothing is ever written into the installed folder, so that uninstalling leaves nothing.
What is taken from PyPI is pinned in two lock files.
"""

import io
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import uuid
import zipfile
from hashlib import sha256
from pathlib import Path
from xml.sax.saxutils import quoteattr

from ribbon.build import build as build_ribbon

from addin.apps.excel import registration

HERE = Path(__file__).parent
ROOT = HERE.parent
UNUSED = (
    "adodbapi", "bin", "isapi", "pythonwin", "pywin32_system32", "share", "win32comext", "*.chm", "*.pth",
    "xlwings*.dll", "xlwings/addin", "xlwings/html", "xlwings/js", "xlwings/pro", "xlwings/quickstart*", "win32/Demos",
    "win32/test", "win32/scripts", "win32com/demos", "win32com/HTML", "win32com/test", "win32com/servers",
)  # fmt: skip
"""What wheels carry besides what runs here; xlwings' part under another licence (pro) is none of it."""
UPGRADE_CODE = "6b1c2ad0-55b5-4d0c-9a0e-3b1e6b0a4f6d"
"""Never changes: by it a newer version replaces an older one."""
MADE_AT = 1_577_836_800
"""Time of every file, 2020-01-01: the same input gives the same installer."""


def main() -> None:
    """Build the installer into the file that was named."""
    out = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "Qingdan"
        make_bundle(bundle)
        compile_modules(bundle, Path(folder) / "wine")
        make_msi(bundle, out)
    print(f"{out}：{out.stat().st_size / 2**20:.1f} MB，sha256 {sha256(out.read_bytes()).hexdigest()}")


def make_bundle(bundle: Path) -> None:
    """Lay out everything as it will be installed, but not compiled."""
    python, library = bundle / "python", bundle / "Lib"
    with tempfile.TemporaryDirectory() as folder:
        pip(
            "download",
            "--require-hashes",
            "--no-deps",
            "--no-binary=:all:",
            "--dest",
            folder,
            "-r",
            str(HERE / "python.lock"),
        )
        (sdist,) = Path(folder).iterdir()
        with tarfile.open(sdist) as archive:
            (inner,) = (member for member in archive if member.name.endswith("/data.zip"))
            data = archive.extractfile(inner)
            assert data is not None
            embeddable = zipfile.ZipFile(io.BytesIO(data.read()))
    for member in embeddable.namelist():
        if not member.endswith("/"):
            target = python / member.rpartition("/")[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(embeddable.read(member))
    (version,) = (path.stem.removeprefix("python") for path in python.glob("python3?*._pth"))
    (python / f"python{version}._pth").write_text(
        f"python{version}.zip\n.\n..\\Lib\n..\\Lib\\win32\n..\\Lib\\win32\\lib\n", encoding="ascii"
    )
    pip(
        "install", "--require-hashes", "--no-deps", "--no-compile", "--target", str(library), "--platform", "win_amd64",
        "--python-version", f"{version[0]}.{version[1:]}", "--only-binary=:all:", "-r", str(HERE / "requirements.lock"),
    )  # fmt: skip
    for dll in (library / "pywin32_system32").glob("*.dll"):
        shutil.copy(dll, python)
    for pattern in UNUSED:
        for path in library.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with tempfile.TemporaryDirectory() as folder:
        pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, str(ROOT))
        (wheel,) = Path(folder).iterdir()
        zipfile.ZipFile(wheel).extractall(library)  # noqa: S202 - it is our own
    build_ribbon(bundle / "ribbon")
    for file in (HERE / "qingdan.cmd", ROOT / "LICENSE"):
        shutil.copy(file, bundle)


def pip(*arguments: str) -> None:
    """Run pip."""
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments], check=True)


def compile_modules(bundle: Path, prefix: Path) -> None:
    """Compile all modules with the CPython of the bundle; what is compiled is never looked at again for changes."""
    environment = {**os.environ, "WINEPREFIX": str(prefix), "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}
    command = ["python/python.exe", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "Lib"]
    done = subprocess.run(  # with pipes: this CPython does not start under wine with files
        ["wine", *command], cwd=bundle, env=environment, input=b"", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    subprocess.run(["wineserver", "-w"], env=environment, check=True)
    if not (bundle / "Lib/addin/__pycache__").is_dir():
        sys.exit(f"the modules were not compiled:\n{done.stdout.decode(errors='replace')}")


def make_msi(bundle: Path, out: Path) -> None:
    """Pack the bundle; every id is made from names and contents, so the same bundle gives the same installer."""
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    for path in files:
        os.utime(path, (MADE_AT, MADE_AT))
    contents = sha256(b"".join(sha256(path.read_bytes()).digest() for path in files)).hexdigest()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    wxs = bundle.parent / "qingdan.wxs"
    wxs.write_text(
        WXS.format(
            version=version,
            product=guid(f"product {version} {contents}"),
            upgrade=UPGRADE_CODE,
            folders=folder_xml(bundle, bundle),
            start_menu=guid("start menu"),
            ribbon=registry_xml(),
            components="".join(
                f"<ComponentRef Id={quoteattr('c' + name_id(path, bundle))}/>"
                for path in [bundle, *bundle.rglob("*")]
                if holds_files(path)
            ),
        ),
        encoding="utf-8",
    )
    subprocess.run(["wixl", "-a", "x64", "-o", str(out), str(wxs)], cwd=bundle, check=True)
    code_page = bundle.parent / "codepage.idt"
    code_page.write_bytes(b"\r\n\r\n936\t_ForceCodepage\r\n")
    texts = [part for statement in [*CHINESE, *registry_texts()] for part in ("-q", statement)]
    package = f"{{{guid(f'package {version} {contents}')}}}"
    for arguments in (
        ["-i", str(code_page)],  # wixl cannot say it, and drops every Chinese text
        texts,
        ["-s", "清单助手", "Qingdan", "x64;2052", package],
    ):
        subprocess.run(["msibuild", str(out), *arguments], check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    out.write_bytes(dated(out.read_bytes(), package))


def dated(msi: bytes, package: str) -> bytes:
    """The installer with `MADE_AT` for when it was made and saved: two times after the package's own id."""
    time = struct.pack("<IQ", 0x40, (MADE_AT + 11_644_473_600) * 10_000_000)
    start = msi.index(package.encode())
    head, near, rest = msi[:start], msi[start : start + 200], msi[start + 200 :]
    return head + re.sub(rb"\x40\x00\x00\x00.{8}", lambda match: time, near, flags=re.DOTALL) + rest


def registry_xml() -> str:
    """What makes Excel and WPS load the ribbon, as one component."""
    rows = []
    for number, one in enumerate(registration.values()):
        value = str(one.value).replace("{folder}", "[INSTALLDIR]")
        name = f" Name={quoteattr(one.name)}" if one.name else ""
        kind = "integer" if isinstance(one.value, int) else "string"
        path = ' KeyPath="yes"' if (one.key, one.name) == (registration.SETTINGS, registration.COMMAND) else ""
        value = value if value.isascii() else f"text {number}"
        rows.append(
            f'<RegistryValue Root="HKCU" Key={quoteattr(one.key)}{name} Type="{kind}" Value={quoteattr(value)}{path}/>'
        )
    return f'<Component Id="Ribbon" Guid="{guid("ribbon")}" Win64="yes">{"".join(rows)}</Component>'


def registry_texts() -> list[str]:
    """The Chinese among them, which wixl drops."""
    return [
        f"UPDATE `Registry` SET `Value`='{one.value}' WHERE `Value`='text {number}'"
        for number, one in enumerate(registration.values())
        if not str(one.value).isascii()
    ]


def folder_xml(folder: Path, bundle: Path) -> str:
    """What stands in a folder: its files as one component, and its folders."""
    own = name_id(folder, bundle)
    files = "".join(
        f"<File Id={quoteattr('f' + name_id(path, bundle))} Name={quoteattr(path.name)} Source={quoteattr(path.relative_to(bundle).as_posix())}/>"
        for path in sorted(folder.iterdir())
        if path.is_file()
    )
    component = f'<Component Id="c{own}" Guid="{guid(f"component {own}")}" Win64="yes">{files}</Component>'
    inner = "".join(
        f"<Directory Id={quoteattr('d' + name_id(path, bundle))} Name={quoteattr(path.name)}>"
        f"{folder_xml(path, bundle)}</Directory>"
        for path in sorted(folder.iterdir())
        if path.is_dir()
    )
    return (component if holds_files(folder) else "") + inner


def holds_files(path: Path) -> bool:
    """Whether it is a folder with files directly in it."""
    return path.is_dir() and any(inner.is_file() for inner in path.iterdir())


def name_id(path: Path, bundle: Path) -> str:
    """An id for a file or folder, from its place in the bundle."""
    return sha256(path.relative_to(bundle).as_posix().encode()).hexdigest()[:32]


def guid(text: str) -> str:
    """A GUID that is always the same for a text."""
    return str(uuid.uuid5(uuid.UUID(UPGRADE_CODE), text)).upper()


CHINESE = (
    "UPDATE `Property` SET `Value`='清单助手' WHERE `Property`='ProductName'",
    "UPDATE `Shortcut` SET `Name`='QINGDAN|清单助手' WHERE `Shortcut`='Assistant'",
    "UPDATE `LaunchCondition` SET `Description`='已经装有更新的版本。要装这一版，请先在“设置 - 应用”里卸载清单助手。' "
    "WHERE `Condition`='NOT WIX_DOWNGRADE_DETECTED'",
)
"""What a user sees."""
WXS = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="{product}" Name="Qingdan" Manufacturer="Qingdan" Version="{version}" Language="2052"
    UpgradeCode="{upgrade}">
<Package Id="{product}" InstallerVersion="500" Compressed="yes" InstallScope="perUser"
    Languages="2052"/>
<MajorUpgrade DowngradeErrorMessage="newer"/>
<Media Id="1" Cabinet="qingdan.cab" EmbedCab="yes"/>
<Property Id="MSIINSTALLPERUSER" Value="1"/>
<Property Id="ARPNOMODIFY" Value="1"/>
<Directory Id="TARGETDIR" Name="SourceDir">
    <Directory Id="LocalAppDataFolder"><Directory Id="Programs" Name="Programs">
        <Directory Id="INSTALLDIR" Name="Qingdan">{folders}{ribbon}</Directory>
    </Directory></Directory>
    <Directory Id="ProgramMenuFolder">
        <Component Id="StartMenu" Guid="{start_menu}" Win64="yes">
            <Shortcut Id="Assistant" Name="Qingdan" Target="[INSTALLDIR]python\\pythonw.exe"
                Arguments="-B -X utf8 -m addin.assistant" WorkingDirectory="INSTALLDIR"/>
            <RegistryValue Root="HKCU" Key="Software\\Qingdan" Name="StartMenu" Type="string" Value="1" KeyPath="yes"/>
        </Component>
    </Directory>
</Directory>
<Feature Id="All" Level="1" Title="Qingdan"><ComponentRef Id="StartMenu"/><ComponentRef Id="Ribbon"/>{components}</Feature>
</Product>
</Wix>
"""

if __name__ == "__main__":
    main()
