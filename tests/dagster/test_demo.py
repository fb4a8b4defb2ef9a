"""The demo as a newcomer meets it, against what is known of the logs that it writes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from event_assets.simulate.shop import write_shop_logs

VISITORS = 60


def test_the_demo_finds_what_was_planted_in_its_logs(tmp_path):
    truth = write_shop_logs(tmp_path / "known", visitors=VISITORS)
    done = subprocess.run(
        [sys.executable, "-m", "event_assets", "demo", "--visitors", str(VISITORS)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    rows = dict(re.findall(r"│ (\w+) +│ ([\d,│ ]+?) +│\n", done.stdout))
    for source in ("client", "mobile", "server"):
        files, lines, blank, events, duplicates, quarantined = (
            int(number.replace(",", "")) for number in rows[source].split("│")
        )
        assert files == truth.files[source]
        assert lines == truth.lines[source]
        assert lines == blank + events + duplicates + quarantined
        assert events == truth.events[source]
        assert duplicates == truth.duplicates[source]
        assert quarantined == truth.quarantined[source]
    with duckdb.connect(str(tmp_path / "demo_data" / "analytics.duckdb")) as published:
        (orders, lost) = published.execute(
            "select sum(matched + client_only + server_only), sum(server_only)"
            " from marts.client_server_reconciliation where conversion = 'purchase'"
        ).fetchall()[0]
    assert (orders, lost / orders) == (truth.orders, pytest.approx(truth.tracking_loss))
    assert "Funnel" in done.stdout
    assert "(unattributed)" in done.stdout
    assert "event_assets ui --data" in done.stdout
    known, written = (sorted(_bytes(tmp_path / name / "raw")) for name in ("known", "demo_data"))
    assert [path for path, _ in known] == [path for path, _ in written]
    # the server's log is written by the generated tracker: tests/simulate holds it against this one
    assert not_of_servers(known) == not_of_servers(written)


def not_of_servers(files: list[tuple[Path, bytes]]) -> list[tuple[Path, bytes]]:
    return [(path, content) for path, content in files if path.parts[0] != "server"]


def _bytes(folder: Path):
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder), path.read_bytes()
