"""Results of jobs on disk, beside the outputs, so that they can be looked at again when the program was started anew."""

import gzip
import json
from contextlib import suppress
from pathlib import Path

from addin.pane.jobs import KEPT, Job
from addin.pane.works import WORKS
from workbook_templates.xlsx.writer import replacing

FOLDER = ".办公台"
"""Below the folder of results; hidden, so that nothing takes it for an output."""
_FIELDS = (
    "state",
    "written",
    "verdict",
    "result",
    "tone",
    "checks",
    "total",
    "words",
    "findings",
    "began",
    "seconds",
    "what",
)


def keep(results: Path, job: Job) -> None:
    """Write what became of a job; where that cannot be done it is only not seen again."""
    if job.state == "已取消" or not results.is_dir():
        return
    said = {name: getattr(job, name) for name in _FIELDS}
    said |= {"work": job.work.id, "out": job.out.name if job.out else None}
    with suppress(OSError):
        folder = results / FOLDER
        folder.mkdir(exist_ok=True)
        with replacing(folder / f"{job.began:017.3f}.job", overwrite=True) as file:
            file.write(gzip.compress(json.dumps(said, ensure_ascii=False).encode(), 1))
        for old in sorted(folder.glob("*.job"))[:-KEPT]:
            old.unlink()


def kept(results: Path) -> list[Job]:
    """The jobs that were kept, the first one first; what cannot be read is passed over."""
    found = []
    for path in sorted((results / FOLDER).glob("*.job")) if results.is_dir() else ():
        with suppress(OSError, ValueError, KeyError, TypeError, EOFError):
            said = json.loads(gzip.decompress(path.read_bytes()))
            job = Job(0, WORKS[said["work"]], said["what"], results / said["out"] if said["out"] else None)
            for name in _FIELDS:
                setattr(job, name, said[name])
            job.written = job.written and job.out is not None and job.out.exists()
            found.append(job)
    return found
