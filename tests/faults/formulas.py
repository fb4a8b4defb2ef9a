"""Values that a spreadsheet would take for formulas: stored as sent, harmless in what is exported as told."""

import csv
import json
import re
from pathlib import Path

import duckdb

from tests.faults.fault import Fault, Measured
from tests.ingest.hostile_kinds import INJECTIONS
from tests.ingest.ingest_workspace import line, make_workspace

DOCS = Path(__file__).parents[2] / "docs" / "faults.md"
FORMULAS = {
    **INJECTIONS,
    "minus": "-2+3",
    "behind a line end": "\n=1+1",
    "behind a space": " =1+1",
    "wide": "\uff1d1+1",
    "a negative number": "-5",
    "a hyphen within": "half-time",
}
IS_TAKEN_FOR_ONE = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def ours(folder: Path, rounds: int) -> Measured:
    """A round stores every such value, and exports it by the macro of docs/faults.md."""
    measured = Measured()
    for number in range(rounds):
        workspace = make_workspace(folder / f"{number}")
        sent = sorted(FORMULAS.values())
        workspace.write(b"".join(line(properties={"a": each}, page_title=each) for each in sent))
        workspace.ingest()
        rows = workspace.rows()
        measured.compare(sent, [json.loads(row["properties"])["a"] for row in rows])
        titles = [str(row["page_title"]) for row in rows]
        measured.compare(sent, titles)
        with duckdb.connect() as connection:
            connection.execute(_macro())
            cells = _exported(connection, folder / f"{number}.csv", titles, "safe_text(value)")
        measured.doubled += sum(bool(IS_TAKEN_FOR_ONE.match(cell)) for cell in cells)
        # nothing else is changed
        measured.compare(titles, [cell.removeprefix("'") for cell in cells])
        measured.rounds += 1
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """A CSV file of the values as they are; what counts is how many a spreadsheet would compute."""
    measured = Measured(rounds)
    with duckdb.connect() as connection:
        cells = _exported(connection, folder / "a.csv", list(FORMULAS.values()), "value")
    measured.doubled = sum(bool(IS_TAKEN_FOR_ONE.match(cell)) for cell in cells)
    return measured


def _macro() -> str:
    """What the documentation tells to use."""
    return re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)[0]


def _exported(
    connection: duckdb.DuckDBPyConnection, file: Path, values: list[str], column: str
) -> list[str]:
    connection.execute("create or replace temp table t (n integer, value varchar)")
    connection.executemany("insert into t values (?, ?)", list(enumerate(values)))
    connection.execute(f"copy (select {column} as value from t order by n) to '{file}' (header)")
    with file.open(newline="", encoding="utf-8") as read:
        return [row[0] if row else "" for row in csv.reader(read)][1:]


FAULTS = [
    Fault(
        16,
        "values that a spreadsheet takes for formulas",
        ours,
        naive,
        "a CSV file of the values as they are",
        few=1,
        many=1,
    )
]
