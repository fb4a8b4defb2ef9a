"""Raw logs and lake in a bucket of a real S3 protocol server: the same as local, and whole or not."""

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from ingest_workspace import DAY, Workspace, line, make_workspace
from s3_server import S3Server

from event_assets.checks.offenders import worst_offenders
from event_assets.doctor import examine
from event_assets.errors import ConfigurationError
from event_assets.ingest.scanning import scanned
from event_assets.ingest.schema import TABLES
from event_assets.ingest.second_look import look_again
from event_assets.settings import check_sources
from event_assets.storage import ObjectPath, StorageError, write_whole
from tests.rounds import rounds

NOON = 1_790_856_000_000


class Bucket(Workspace):
    """A workspace whose raw logs and lake are in a bucket."""

    @property
    def url(self) -> str:
        """Where they are."""
        return f"s3://{self.name}/some folder"

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        super().__init__(
            root,
            f'storage: {{lake: "{self.url}/lake"}}\nsources:\n'
            f'  - {{name: client, kind: client, path: "{self.url}/raw/client/{{date}}/**/*"}}\n',
        )

    def put(self, content: bytes, name: str = "a.jsonl", day: date = DAY) -> ObjectPath:
        """Put a raw log where its day says."""
        path = ObjectPath.parse(f"{self.url}/raw/client/{day}") / name
        write_whole(path, content)
        return path

    def rows(self, table: str = "events") -> list[dict[str, Any]]:
        """The rows that the load records vouch for."""
        records = self.records()
        keys = {(record.load_id, record.generation) for record in records}
        parts = sorted({part for each in records for part in each.parts if part.startswith(table)})
        paths = [self.settings.lake / part for part in parts]
        return sorted(
            (
                row
                for batch in scanned(paths, TABLES[table])
                for row in batch.to_pylist()
                if (row["load_id"], row["generation"]) in keys
            ),
            key=lambda row: (row["file"], row["line"]),
        )

    def parts(self) -> set[str]:
        """The names of all parts in the lake, empty ones left out."""
        lake = self.settings.lake
        return {path.relative_to(lake).as_posix() for path in lake.glob("*/client/*/*.parquet")}


@pytest.fixture
def remote(tmp_path: Path, bucket: str) -> Bucket:
    """A data directory beside an empty bucket."""
    local = make_workspace(tmp_path / "local")
    return Bucket(local.root, bucket)


LINES = line() + line("buy", amount=1, currency="EUR", items=[]) + b"{broken\n" + line()


def test_the_rows_are_those_of_a_local_file(remote: Bucket, tmp_path: Path):
    local = make_workspace(tmp_path / "beside")
    for each in (local, remote):
        each.plan_key = (each.root / "data" / "identity.key").write_text("ab" * 32)
    local.write(LINES)
    remote.put(LINES)
    local.ingest()
    remote.ingest()
    for table in ("events", "quarantine"):
        rows = [remote.rows(table), local.rows(table)]
        for row in [*rows[0], *rows[1]]:
            del row["load_id"], row["file"]
        assert rows[0] == rows[1] != []


def test_keys_are_taken_as_they_are(remote: Bucket):
    names = ["a b.jsonl", "é=1 ü/ñ.jsonl", "x=1&y=2?z#%20+.jsonl", "[a]*.jsonl", "p//q.jsonl"]
    for name in names:
        remote.put(line(), name)
    remote.put(line(), ".hidden/a.jsonl")
    remote.put(line(), "being_written.jsonl.tmp")
    remote.put(b"", "folder/")
    remote.ingest_pending()
    folder = f"{remote.url}/raw/client/{DAY}/"
    assert {row["file"] for row in remote.rows()} == {folder + name for name in names}
    assert remote.pending() == {}


def test_what_has_grown_goes_on_behind_what_was_read(remote: Bucket):
    remote.put(line(a=1))
    remote.ingest_pending()
    remote.put(line(a=1) + line(a=2))
    (record,) = remote.ingest_pending()
    assert record.from_byte == len(line(a=1))
    assert [row["line"] for row in remote.rows()] == [1, 2]


def test_what_was_rewritten_is_read_as_another_version(remote: Bucket):
    remote.put(line(a=1))
    remote.ingest_pending()
    remote.put(line(a=2))
    (record,) = remote.ingest_pending()
    assert (record.revision, record.changed_prefix) == (1, True)


def test_what_was_put_again_as_it_was_is_read_once_and_no_event_doubled(remote: Bucket):
    remote.put(LINES)
    remote.ingest_pending()
    before = remote.records()
    path = remote.put(LINES)
    object_now = path.stat_now()
    assert object_now is not None
    assert remote.ingest_pending() == []
    assert [each.load_key for each in remote.records()] == [each.load_key for each in before]
    assert remote.pending() == {}


def test_what_was_deleted_stays_in_the_lake(remote: Bucket):
    path = remote.put(LINES)
    remote.ingest_pending()
    rows = remote.rows()
    path.unlink()
    assert remote.pending() == {}
    assert remote.ingest() == []
    assert remote.rows() == rows


def test_what_is_unchanged_is_listed_and_not_opened(server: S3Server, remote: Bucket):
    days = [DAY + timedelta(days=number) for number in range(12)]
    for day in days:
        remote.put(line(), day=day)
    remote.ingest_pending()
    before = len(server.requests)
    assert remote.pending() == {}
    asked = [path for _, path in server.requests[before:] if "raw" in path]
    assert len(asked) == 1


def test_more_keys_than_a_page_holds_are_all_seen(server: S3Server, remote: Bucket):
    from event_assets.storage import objects

    base = f"{remote.name}/some folder/raw/client/{DAY}"
    client = objects.client()
    client.pipe({f"{base}/{number:05}.jsonl": b"\n" for number in range(1003)})
    source = remote.settings.config.sources[0]
    before = len(server.requests)
    assert len(source.files(remote.settings.data_dir)) == 1003
    assert len(server.requests) - before == 2
    before = len(server.requests)
    assert source.files(remote.settings.data_dir, DAY + timedelta(days=1)) == []
    assert len(server.requests) - before == 1


def test_checks_read_quarantine_in_the_bucket(remote: Bucket):
    remote.put(LINES + line("buy", amount=-1))
    remote.ingest_pending()
    settings, records = remote.settings, remote.records()
    offenders = worst_offenders(settings.lake, records)
    assert {each.violation for each in offenders} >= {"malformed", "value_invalid"}
    remote.write_plan("events/buy.yaml", "properties:\n  amount: {type: number}\n")
    (looked,) = look_again(settings, remote.plan, settings.config.sources[0], records)
    assert (looked.quarantined, looked.would_pass) == (2, 1)


@pytest.mark.parametrize("puts", [0, 1, 2])
def test_a_put_that_fails_is_told_and_the_next_run_goes_on(
    server: S3Server, remote: Bucket, puts: int, monkeypatch: pytest.MonkeyPatch
):
    from event_assets.storage import objects

    monkeypatch.setattr(objects.client(), "retries", 1)
    remote.put(LINES)
    remote.ingest(day=date(2020, 1, 1))  # the lake's folders and the plan
    server.refuse_puts_after(puts)
    with pytest.raises(StorageError, match=r"can't be reached .* check AWS_ENDPOINT_URL"):
        remote.ingest_pending()
    assert remote.records() == []
    server.refuse_puts_after(None)
    remote.ingest_pending()
    assert len(remote.rows()) == 3
    assert len(remote.rows("quarantine")) == 1
    assert remote.parts() == {part for each in remote.records() for part in each.parts}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("put", range(1, 9, rounds(few=3, many=1)))
def test_a_process_killed_at_a_put_leaves_nothing_to_repair(remote: Bucket, put: int, moment: str):
    days = [DAY, DAY + timedelta(days=1)]
    for day in days:
        remote.put(LINES, day=day)
    sources = remote.root / "given.yaml"
    sources.write_text(remote.sources_yaml or "")
    script = Path(__file__).with_name("ingest_to_bucket_and_die.py")
    command = [sys.executable, str(script), str(remote.root), str(sources), str(put), moment]
    subprocess.run(command, check=False, env=dict(os.environ), timeout=300)
    for each in remote.records():
        assert set(each.parts) <= remote.parts()
    remote.ingest_pending()
    assert len(remote.rows()) == 3 * len(days)
    assert len(remote.rows("quarantine")) == len(days)
    assert not list(remote.settings.uploads_dir.rglob("*.tmp"))


def test_a_missing_bucket_and_missing_credentials_are_told_at_the_line(
    server: S3Server, remote: Bucket, monkeypatch: pytest.MonkeyPatch
):
    from event_assets.storage import objects

    lost = Bucket(remote.root, "no-such-bucket")
    with pytest.raises(
        ConfigurationError,
        match=r"sources.yaml:1: storage.lake: there is no bucket `no-such-bucket`",
    ):
        check_sources(lost.settings)
    check_sources(remote.settings)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    objects.client.cache_clear()
    with pytest.raises(ConfigurationError, match=r"no credentials for s3://.*; set AWS_PROFILE"):
        check_sources(remote.settings)
    objects.client.cache_clear()


def test_the_missing_package_is_named(remote: Bucket, monkeypatch: pytest.MonkeyPatch):
    from event_assets.storage import objects

    monkeypatch.setitem(sys.modules, "s3fs", None)
    objects.client.cache_clear()
    with pytest.raises(StorageError, match=r"pip install 'event-assets\[s3\]'"):
        remote.pending()
    objects.client.cache_clear()


def test_doctor_says_where_the_lake_is_and_when_it_is_out_of_reach(remote: Bucket):
    remote.put(LINES)
    remote.ingest_pending()
    told = [each.text for each in examine(remote.settings)]
    assert any(f"the lake at {remote.url}/lake holds 1 loads" in each for each in told)
    lost = Bucket(remote.root, "no-such-bucket")
    told = [each.text for each in examine(lost.settings) if not each.is_well]
    assert any("there is no bucket `no-such-bucket`" in each for each in told)
