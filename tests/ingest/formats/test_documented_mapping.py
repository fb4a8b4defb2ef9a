"""The mapping that docs/formats.md shows does what is said there."""

import json
import re
from pathlib import Path
from typing import Any

from ingest_workspace import Workspace

from event_assets.ingest.formats import readers
from event_assets.ingest.formats.mapping_files import load_format

PAGE = (Path(__file__).parents[3] / "docs" / "formats.md").read_text()


def block(language: str, beginning: str) -> str:
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return next(each for each in blocks if each.startswith(beginning))


def as_shown(row: dict[str, Any], field: str) -> str:
    value = row[field]
    if field in ("properties", "context"):
        return json.dumps(json.loads(value))
    return f"{value}"


def test_the_example_becomes_what_the_page_says(workspace: Workspace):
    workspace.sources_yaml = block("yaml", "sources:")
    workspace.write(block("json", "{").encode(), name="access.log", source="nginx")
    workspace.ingest("nginx")
    (row,) = workspace.rows()
    shown = dict(
        re.findall(r"^\| (\w+) \| `?(.*?)`? \|$", PAGE.partition("It becomes")[2], re.MULTILINE)
    )
    assert len(shown) == 11
    shown["client_ts"] += "000"
    assert {field: as_shown(row, field) for field in shown} == shown
    assert (row["user_id"], row["referrer"]) == (None, None)


def test_a_format_is_one_file(tmp_path: Path):
    (tmp_path / "acme.yaml").write_text(block("yaml", "# Acme"))
    reader = load_format(tmp_path / "acme.yaml")
    assert (reader.name, reader.order) == ("acme", 65)
    assert reader.knows({"acme_id": 1})
    assert not reader.knows({"name": "x"})


def test_the_page_names_every_format_with_its_place():
    shown = dict(re.findall(r"^\| `(\w+)` \| .* \| (\d+): ", PAGE, re.MULTILINE))
    for reader in readers():
        assert shown[reader.name] == str(reader.order)
