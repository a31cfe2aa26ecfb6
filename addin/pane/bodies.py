"""What the page sends with its requests."""

from pydantic import BaseModel, Field

LONGEST_SAID = 200
"""Characters of one thing that a dialog asks for."""


class Selected(BaseModel):
    """The cell to go to."""

    sheet: str = Field(max_length=31)
    cell: str = Field(pattern=r"^[A-Z]{1,3}[1-9][0-9]{0,6}$")


class ShownAt(BaseModel):
    """Where to look in a workbook that is opened; blank where it is opened as it was saved."""

    sheet: str = Field(default="", max_length=31)
    cell: str = Field(default="", pattern=r"^([A-Z]{1,3}[1-9][0-9]{0,6})?$")


class Pressed(BaseModel):
    """A button that was pressed, and over what."""

    work: str
    files: list[str] = Field(default=[], max_length=1000)
    """Paths as `Folders` names them; empty for the workbook that is open in the spreadsheet, which only 校验 takes."""
    out: str = ""
    overwrite: bool = False
    workbook: str = ""
    """Path of the workbook in which it was pressed, inside a spreadsheet application; the files follow from it."""
    asked: dict[str, list[str]] = Field(default={}, max_length=20)
    """What was said to the `Ask`s of the work, by option; of a tick ['yes'] or nothing."""


class ForeignTable(BaseModel):
    """A table that is not ours, and the rows of its layout as a person left them."""

    table: str = Field(default="", max_length=4000)
    rows: list[dict[str, str]] = Field(default=[], max_length=2000)
    county: str = ""
    year: str = Field(default="", max_length=LONGEST_SAID)
    """Of the workbook that is to be made; '' is the one in force."""
    name: str = Field(default="", max_length=LONGEST_SAID)
    overwrite: bool = False


class Decided(BaseModel):
    """A decision as typed, by the names of `FIELD_NAMES`, and who says so."""

    said: dict[str, str] = Field(max_length=20)


class Chosen(BaseModel):
    """The folder that results are put into."""

    path: str = Field(max_length=4000)
