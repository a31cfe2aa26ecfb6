"""The consolidated lists as Parquet, a file for each sheet and a row group for each county, for whoever has more of them.

Needs pyarrow, which is optional: ImportError where it is missing.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from validators.columns import INVENTORY, Column
from validators.settlement import City
from workbook_templates.county.sheet_layout import PROVENANCE
from workbook_templates.xlsx.writer import replacing

_COUNTY = "填报区县"


def write_parquet(folder: Path, city: City, *, overwrite: bool) -> list[Path]:
    """Write each list of a city into a folder, which is made; returns the files.

    Columns have the declared heads, then the county's code and the provenance. What could not be read is null. Raises
    FileExistsError and OSError as `replacing` does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for sheet in INVENTORY.values():
        columns = [column for column in sheet.columns if column.required != "auto"]
        fields = [pa.field(column.header, _type(column)) for column in columns]
        fields += [pa.field(_COUNTY, pa.string()), *(pa.field(name, pa.string()) for name in PROVENANCE[:2])]
        schema = pa.schema([*fields, pa.field(PROVENANCE[2], pa.int64())])
        target = folder / f"{sheet.title}.parquet"
        with replacing(target, overwrite=overwrite) as file, pq.ParquetWriter(file, schema) as writer:
            for book in city.books():
                records = book.tables[sheet.key]
                if not records:
                    continue
                values = [*zip(*records, strict=True)]
                arrays = [pa.array(values[column.position], _type(column), from_pandas=False) for column in columns]
                number = len(records)
                for text in (book.county, book.file, sheet.title):
                    arrays.append(pa.array([text] * number, pa.string()))
                arrays.append(pa.array(values[-2], pa.int64()))
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        made.append(target)
    return made


def _type(column: Column) -> pa.DataType:
    return pa.float64() if column.is_number else pa.date32() if column.kind == "date" else pa.string()
