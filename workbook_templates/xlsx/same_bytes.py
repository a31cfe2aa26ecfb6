"""Saving what openpyxl holds so that the same content is the same bytes: openpyxl itself writes the time of saving."""

import datetime as dt
from pathlib import Path
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

from workbook_templates.documents.docx_package import AS_OLD_AS


class _Archive(ZipFile):
    """A package whose parts are all as old."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401 - as its base has it
        """Add a part."""
        part = ZipInfo(str(zinfo_or_arcname), AS_OLD_AS)
        super().writestr(part, data, ZIP_DEFLATED)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:  # noqa: ANN401 - likewise
        """Add a file as a part."""
        self.writestr(arcname, Path(filename).read_bytes())


def save(book: Workbook, target: BinaryIO, on: dt.date) -> None:
    """Write a workbook of openpyxl into an open file; its properties name that day as the one it was made."""
    book.properties.creator = book.properties.lastModifiedBy = None
    book.properties.created = book.properties.modified = dt.datetime.combine(on, dt.time())
    with _Archive(cast("Any", target), "w", ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
