"""What `erase` and `compact` do to a lake in a bucket: the same as to a local one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ingest_workspace import DAY, NOON, line
from s3_server import S3Server
from test_ingest_from_buckets import Bucket, make_workspace

from event_assets.compact import compact
from event_assets.erasure import Asked, erase_from_lake, read_unfinished, search
from event_assets.ingest.scanning import scanned
from event_assets.ingest.schema import TABLES
from event_assets.storage import StorageError

GONE = "gone-4711@example.com"
THEIRS = (
    line(user_id=GONE) + line("buy", user_id=GONE, amount="x") + b'{"user_id":"' + GONE.encode()
)
OTHERS = line(user_id="stays", at=NOON + 1) + b"broken\n" + line("buy", user_id="stays")


@pytest.fixture
def remote(tmp_path: Path, bucket: str) -> Bucket:
    """Two loads of each of two days in a bucket."""
    made = Bucket(make_workspace(tmp_path / "local").root, bucket)
    for day in (DAY, DAY + timedelta(days=1)):
        for number in range(2):
            made.put(OTHERS + THEIRS + b"\n", f"{number}.jsonl", day)
            made.ingest(day=day)
    return made


def all_rows(remote: Bucket) -> list[dict[str, Any]]:
    """The rows of all parts, whether a load names them or not."""
    lake = remote.settings.lake
    return [
        row
        for table in ("events", "quarantine")
        for batch in scanned([*lake.glob(f"{table}/*/*/*")], TABLES[table])
        for row in batch.to_pylist()
    ]


def content(remote: Bucket) -> list[list[dict[str, Any]]]:
    return [remote.rows(table) for table in ("events", "quarantine")]


def erase(remote: Bucket) -> None:
    settings = remote.settings
    erase_from_lake(settings, search(settings, Asked((GONE,))), blanks_raw=False)


def test_compaction_merges_the_closed_day_and_changes_no_row(remote: Bucket):
    before, parts = content(remote), remote.parts()
    done = compact(remote.settings)
    assert ([each.day for each in done.days], done.problems) == ([DAY], ())
    assert content(remote) == before
    of_day = [
        len([each for each in names if f"/{DAY}/" in each]) for names in (parts, remote.parts())
    ]
    assert of_day == [4, 2]
    assert compact(remote.settings).days == ()
    assert remote.pending() == {}


@pytest.mark.parametrize("is_compacted", [False, True])
def test_an_erasure_leaves_no_row_and_the_same_lines_stay_away(remote: Bucket, is_compacted: bool):
    if is_compacted:
        compact(remote.settings)
    erase(remote)
    assert GONE not in repr(all_rows(remote))
    assert len(all_rows(remote)) == 4 * 3
    assert [each.erased for each in remote.records()] == [3] * 4
    assert not any(each.account_errors() for each in remote.records())
    assert remote.pending() == {}
    remote.ingest(rejudge=True)
    remote.put(THEIRS + b"\n", "again.jsonl")
    remote.ingest_pending()
    assert GONE not in repr(all_rows(remote))


def test_a_storage_that_fails_in_the_middle_leaves_what_the_next_one_ends(
    remote: Bucket, server: S3Server
):
    before = content(remote)
    server.refuse_puts_after(1)
    assert len(compact(remote.settings).problems) == 1
    server.refuse_puts_after(None)
    assert content(remote) == before
    server.refuse_puts_after(4)  # the list, parts and records of a day, and half of the next
    with pytest.raises(StorageError):
        erase(remote)
    server.refuse_puts_after(None)
    assert GONE in repr(all_rows(remote))
    erase(remote)
    assert GONE not in repr(all_rows(remote))
    assert [each.erased for each in remote.records()] == [3] * 4
    unfinished = read_unfinished(remote.settings)
    assert unfinished is not None
    assert unfinished.stage == "tables"
