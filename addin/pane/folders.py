"""The two folders that the page may see: the inbox, which is only read, and the results beside it."""

from collections.abc import Iterator
from pathlib import Path

from addin.problems import Stop, refusal
from validators.findings import Json


class Folders:
    """Files are named by a path that begins with `in` or `out`, parts parted by /; nothing else can be reached."""

    def __init__(self, inbox: Path, results: Path | None = None) -> None:
        self.inbox = inbox.resolve()
        self.results = (results or self.inbox.with_name(f"{self.inbox.name}-结果")).resolve()
        """Beside the inbox, so that no consolidation ever takes an output for an input."""

    def path(self, name: str) -> Path:
        """Where a file or folder lies. Raises `Stop` for what is not below one of the two."""
        root, _, rest = name.partition("/")
        top = {"in": self.inbox, "out": self.results}.get(root)
        if top is None or "\0" in name:
            raise Stop("没有这个文件夹。请刷新后重选。")
        path = (top / rest).resolve()
        if not path.is_relative_to(top) or any(_hidden(part) for part in path.relative_to(top).parts):
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
            if _hidden(path.name):
                continue
            try:
                self.path(f"{name}/{path.name}")  # a link that leads elsewhere is not shown
                about = path.stat()
            except (Stop, OSError):
                continue
            is_folder = path.is_dir()
            said = path.name.encode("utf-8", "replace").decode()  # a name in another encoding cannot be sent
            yield {
                "name": said, "path": f"{name}/{path.name}" if said == path.name else None, "folder": is_folder,
                "size": None if is_folder else about.st_size, "time": about.st_mtime,
            }  # fmt: skip

    def output(self, name: str) -> Path:
        """Where an output of this name goes; the folder of results is made. Raises `Stop` for what is no file name."""
        if not name.strip() or name != Path(name).name or set(name) & set('\\/:*?"<>|\0') or _hidden(name):
            raise Stop(f'“{name}”不能用作文件名。请换一个不含 \\ / : * ? " < > | 的名字。')
        try:
            self.results.mkdir(exist_ok=True)
        except OSError as error:
            raise Stop(f"建不了结果文件夹：{refusal(error, self.results)}") from error
        return self.results / name


def _hidden(name: str) -> bool:
    return name.startswith((".", "~"))
