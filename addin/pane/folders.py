"""The two folders that the page may see: the inbox, which programs only read, and the results beside it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from addin.problems import Stop, refusal
from addin.reading.file_names import is_hidden, unfit
from validators.findings import Json
from workbook_templates.xlsx.writer import replacing


class Folders:
    """Files are named by a path that begins with `in` or `out`, parts parted by /; nothing else can be reached."""

    def __init__(self, inbox: Path, results: Path | None = None) -> None:
        self.inbox = inbox.resolve()
        self.results = self.inbox.with_name(f"{self.inbox.name}-结果")
        """Beside the inbox, so that no consolidation ever takes an output for an input; or where it was put."""
        if results is not None:
            self.put_results(results)

    def put_results(self, place: Path) -> None:
        """Write results into another folder from now on. Raises `Stop` where that cannot be."""
        try:
            folder = place.expanduser().resolve()
            if folder.is_relative_to(self.inbox):
                raise Stop("结果不能放在收件文件夹里面，下次汇总会把它当成填报表。请换一个文件夹。")
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):
                pass
        except (OSError, ValueError, RuntimeError) as error:
            why = refusal(error, place.name) if isinstance(error, OSError) else f"“{str(place)[:80]}”不是文件夹。"
            raise Stop(f"结果放不到那里：{why}") from error
        self.results = folder

    def path(self, name: str) -> Path:
        """Where a file or folder lies. Raises `Stop` for what is not below one of the two."""
        root, _, rest = name.partition("/")
        top = {"in": self.inbox, "out": self.results}.get(root)
        if top is None or "\0" in name:
            raise Stop("没有这个文件夹。请刷新后重选。")
        try:
            path = (top / rest).resolve()
            path.exists()
        except (OSError, ValueError, RuntimeError) as error:
            raise Stop(f"“{rest[:40]}…”找不到：名字太长，或写法不对。请刷新后重选。") from error
        if not path.is_relative_to(top) or any(is_hidden(part) for part in path.relative_to(top).parts):
            raise Stop(f"“{rest}”不在{'收件' if root == 'in' else '结果'}文件夹里，不能使用。")
        return path

    def listing(self, name: str) -> list[Json]:
        """What lies in a folder: folders first, then by name; size in bytes, time in seconds since 1970.

        The path is None where the name cannot be said, and so cannot be asked for alone.
        """
        folder = self.path(name)
        if folder == self.results and not folder.exists():
            return []
        try:
            found = list(self._entries(folder, name.rstrip("/")))
        except OSError as error:
            raise Stop(refusal(error, folder.name)) from error
        return sorted(found, key=lambda one: (not one["folder"], one["name"]))

    def _entries(self, folder: Path, name: str) -> Iterator[Json]:
        for path in folder.iterdir():
            if is_hidden(path.name):
                continue
            try:
                self.path(f"{name}/{path.name}")  # a link that leads elsewhere is not shown
                about = path.stat()
            except (Stop, OSError):
                continue
            is_folder = path.is_dir()
            said = path.name.encode("utf-8", "replace").decode()  # a name in another encoding cannot be sent
            yield {
                "name": said,
                "path": f"{name}/{path.name}" if said == path.name else None,
                "folder": is_folder,
                "size": None if is_folder else about.st_size,
                "time": about.st_mtime,
            }

    def output(self, name: str) -> Path:
        """Where an output of this name goes; the folder of results is made. Raises `Stop` for what is no file name."""
        if wrong := unfit(name):
            raise Stop(f"“{name[:40]}{'…' if len(name) > 40 else ''}”不能用作文件名：{wrong}。请换一个名字。")
        try:
            self.results.mkdir(exist_ok=True)
        except OSError as error:
            raise Stop(f"建不了结果文件夹：{refusal(error, self.results)}可以在“结果放在”里换一个文件夹。") from error
        return self.results / name

    def take_in(self, name: str, content: bytes) -> str:
        """Put a file that was dropped on the page into the inbox; returns its name there.

        Nothing that lies there is written over: one of the same name and other content gets a number. Raises `Stop`.
        """
        if wrong := unfit(name):
            raise Stop(f"“{name[:40]}”放不进收件文件夹：{wrong}。请改名后再放。")
        digest = hashlib.sha256(content).digest()
        stem, suffix = Path(name).stem, Path(name).suffix
        for number in range(1, 1000):
            target = self.inbox / (name if number == 1 else f"{stem}（{number}）{suffix}")
            try:
                if not target.exists():
                    with replacing(target, overwrite=False) as file:
                        file.write(content)
                    return target.name
                if target.is_file() and hashlib.sha256(target.read_bytes()).digest() == digest:
                    return target.name
            except FileExistsError:
                continue
            except OSError as error:
                raise Stop(f"放不进收件文件夹：{refusal(error, name)}") from error
        raise Stop(f"收件文件夹里叫“{name}”的文件太多了。请先清理。")
