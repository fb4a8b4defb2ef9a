"""An erasure of what is not as it was left: interrupted, rotated, lost, linked, damaged."""

import errno
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ingest_workspace import DAY, NOON, Workspace, line
from test_erasing import GONE, OTHERS, THEIRS, erase, holders, mixed

from event_assets.erase_command import erase as erase_command
from event_assets.erasure import Asked, erase_from_lake, read_unfinished, search, tables_are_clean
from event_assets.errors import ConfigurationError, DiskError
from event_assets.ingest.compaction import compact_day
from event_assets.ingest.erasing import LakeBusy, no_erasure, nothing_but_erasure
from event_assets.settings import Settings

ANOTHER = "another-4712@example.com"


class Died(Exception):
    """Stands for the end of the process."""


def die_while_blanking(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*_: Any) -> int:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", dying)
        with pytest.raises(Died):
            erase(workspace, raw=True)
    assert read_unfinished(workspace.settings) is not None


def test_a_log_that_was_rotated_while_an_erasure_lay_interrupted_keeps_its_new_lines(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.write(b"".join(mixed()))
    workspace.ingest()
    die_while_blanking(workspace, monkeypatch)
    named = [f"other-{number}" for number in range(99)]
    others = b"".join(line(user_id=each) for each in named)
    path.write_bytes(others)
    done = erase_from_lake(workspace.settings, None, blanks_raw=True)
    assert path.read_bytes() == others
    assert done.not_blanked == [f"{path}: was changed after it was read"]
    assert done.raw_lines == 0
    workspace.ingest_pending()
    assert len([row for row in workspace.rows() if row["user_id"] in named]) == 99


def test_a_second_person_who_is_erased_after_an_interruption_is_blanked_as_well(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write(b"".join(mixed()) + line(user_id=ANOTHER) + line(user_id=ANOTHER, at=NOON + 1))
    workspace.ingest()
    die_while_blanking(workspace, monkeypatch)
    done = erase(workspace, raw=True, asked=Asked((ANOTHER,)))
    assert holders(workspace.settings.data_dir, GONE, ANOTHER) == []
    assert done.raw_lines == len(THEIRS) + 2
    assert workspace.pending(verify=True) == {}


def test_a_linked_log_is_blanked_where_it_stands(workspace: Workspace) -> None:
    target = workspace.root / "archive" / "a.jsonl.gz"
    target.parent.mkdir()
    target.write_bytes(gzip.compress(b"".join(mixed())))
    link = workspace.write(b"", "a.jsonl.gz")
    link.unlink()
    link.symlink_to(target)
    workspace.ingest()
    erase(workspace, raw=True)
    assert holders(workspace.root, GONE) == []
    assert link.is_symlink()
    assert workspace.pending(verify=True) == {}


def test_a_log_that_is_not_blanked_leaves_no_copy_of_it(workspace: Workspace) -> None:
    path = workspace.write(gzip.compress(b"".join(mixed()) * 50)[:-9], "cut.jsonl.gz")
    workspace.ingest()
    erase(workspace, raw=True)
    assert os.listdir(path.parent) == [path.name]


def test_nobody_is_erased_while_a_part_is_lost_that_may_hold_them(workspace: Workspace) -> None:
    workspace.write(b"".join(mixed()))
    (record,) = workspace.ingest()
    (workspace.settings.lake / record.quarantine_parts[0]).unlink()
    with pytest.raises(ConfigurationError, match="run --partition 2026-10-01"):
        erase(workspace)
    assert read_unfinished(workspace.settings) is None
    workspace.ingest(rejudge=True)
    erase(workspace)
    (after,) = workspace.records()
    assert after.account_errors() == []
    assert after.erased == len(THEIRS)


def cut(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-20])


def spoil_rows(part: Path) -> None:
    """As a bad disk does: the file's end, which tells where everything is, can still be read."""
    content = part.read_bytes()
    part.write_bytes(content[:4] + bytes(len(content) // 3) + content[4 + len(content) // 3 :])


@pytest.mark.parametrize("damage", [cut, spoil_rows])
@pytest.mark.parametrize("table", ["event_parts", "quarantine_parts"])
def test_nobody_is_erased_while_a_part_is_damaged_that_may_hold_them(
    workspace: Workspace, table: str, damage: Callable[[Path], None]
) -> None:
    workspace.write(b"".join(mixed()))
    (record,) = workspace.ingest()
    part = workspace.settings.lake / getattr(record, table)[0]
    assert isinstance(part, Path)
    damage(part)
    before = bytes_of_logs_and_lake(workspace)
    told = f"{part}: is damaged.*run --partition 2026-10-01`, then erase"
    with pytest.raises(ConfigurationError, match=told):
        erase(workspace, raw=True)
    assert bytes_of_logs_and_lake(workspace) == before
    workspace.ingest(rejudge=True)
    assert part.is_file(), "that of the earlier judging"
    erase(workspace, raw=True)
    assert not part.exists()
    assert holders(workspace.settings.data_dir, GONE) == []


def bytes_of_logs_and_lake(workspace: Workspace) -> dict[Path, bytes]:
    folders = (workspace.settings.data_dir / "raw", workspace.settings.data_dir / "lake")
    files = (each for folder in folders for each in folder.rglob("*"))
    return {each: each.read_bytes() for each in files if each.is_file()}


def test_a_part_that_is_damaged_while_an_erasure_lies_interrupted_is_told_with_the_way_out(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write(b"".join(mixed()))
    (record,) = workspace.ingest()
    die_while_blanking(workspace, monkeypatch)
    part = workspace.settings.lake / record.event_parts[0]
    assert isinstance(part, Path)
    cut(part)
    told = f"{part}: is damaged.*remove it, `event-assets erase --resume`"
    with pytest.raises(ConfigurationError, match=told):
        search(workspace.settings, Asked((GONE,)))
    with pytest.raises(ConfigurationError, match=told):
        erase_from_lake(workspace.settings, None, blanks_raw=True)
    part.unlink()
    erase_from_lake(workspace.settings, None, blanks_raw=True)
    tables_are_clean(workspace.settings)
    workspace.ingest(rejudge=True)
    erase(workspace, raw=True)
    assert holders(workspace.settings.data_dir, GONE) == []
    kept = [*workspace.rows(), *workspace.rows("quarantine")]
    assert len(kept) == len([each for each in OTHERS if each.strip()])


def test_rows_of_a_part_that_is_lost_meanwhile_are_not_taken_for_erased(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write(b"".join(mixed()))
    (record,) = workspace.ingest()
    die_while_blanking(workspace, monkeypatch)
    (workspace.settings.lake / record.quarantine_parts[0]).unlink()
    erase(workspace, raw=True)
    (after,) = workspace.records()
    assert after.account_errors() != []
    (mended,) = workspace.ingest(rejudge=True)
    assert mended.account_errors() == []


def test_what_a_run_left_before_it_committed_anything_goes_as_well(workspace: Workspace) -> None:
    workspace.write(b"".join(mixed()), day=date(2026, 10, 2)).rename(workspace.root / "deleted")
    left = workspace.settings.lake / "events/client/2026-10-02"
    left.mkdir(parents=True)
    (left / ".half.parquet.tmp").write_bytes(GONE.encode())
    finished = next((workspace.settings.lake / "events").glob("*.parquet"))
    (left / "finished.parquet").write_bytes(finished.read_bytes())
    uploads = workspace.settings.uploads_dir
    (uploads / "client/2026-10-02").mkdir(parents=True)
    (uploads / "client/2026-10-02" / ".half.parquet.tmp").write_bytes(GONE.encode())
    (uploads / ".sessions.parquet.tmp").write_bytes(GONE.encode())
    workspace.write(b"".join(mixed()))
    workspace.ingest()
    erase(workspace, raw=True)
    assert holders(workspace.settings.data_dir, GONE) == []
    assert not any(left.iterdir())


def test_a_full_disk_ends_in_one_line_and_the_next_erasure_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.write(b"".join(mixed()))
    workspace.ingest()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    how: dict[str, Any] = {"raw": False, "is_dry": False}
    with monkeypatch.context() as patched:
        patched.setattr("event_assets.ingest.parts.put_in_place", full)
        with pytest.raises(DiskError, match="the disk is full"):
            erase_command(workspace.settings, Asked((GONE,)), resume=False, **how)
    lakes: list[list[str]] = []

    def built(settings: Settings) -> bool:
        lakes.append(holders(settings.lake, GONE))
        return True

    monkeypatch.setattr("event_assets.erase_command._build_tables", built)
    assert erase_command(workspace.settings, Asked(), resume=True, **how) == 0
    assert lakes == [[]]


def test_records_that_a_compaction_has_in_two_places_are_counted_once(workspace: Workspace) -> None:
    for number in range(2):
        workspace.write(b"".join(mixed()[number * 10 : number * 10 + 10]), f"{number}.jsonl")
        workspace.ingest()
    before = search(workspace.settings, Asked((GONE,)))
    compact_day(workspace.settings, "client", DAY)
    after = search(workspace.settings, Asked((GONE,)))
    assert (after.events, after.quarantined) == (before.events, before.quarantined)


def test_an_id_is_known_however_its_characters_are_escaped(workspace: Workspace) -> None:
    bad = line("buy", user_id=GONE, amount="much")
    workspace.write(bad.replace(b"gone-", b"gone\\u002d") + bad.replace(b"gone-", b"\\u0067one-"))
    workspace.ingest()
    assert len(workspace.rows("quarantine")) == 2
    erase(workspace)
    assert workspace.rows("quarantine") == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_an_id_is_known_in_a_file_of_utf_16(workspace: Workspace, encoding: str) -> None:
    for name, user in (("gone", GONE), ("other", GONE + "x")):
        text = "\N{BYTE ORDER MARK}" * (encoding == "utf-16-be") + line(user_id=user).decode()
        workspace.write(text.encode(encoding), f"{name}.jsonl")
    workspace.ingest()
    assert len(workspace.rows("quarantine")) == 2
    erase(workspace)
    assert [Path(row["file"]).stem for row in workspace.rows("quarantine")] == ["other"]


def test_what_was_read_only_to_build_the_tables_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.write(b"".join(mixed()))
    workspace.ingest()
    workspace.write(line(user_id=GONE, at=NOON + 99) + THEIRS[1], "landed.jsonl")
    workspace.settings.analytics.touch()

    def built(*_: Any) -> bool:
        workspace.ingest_pending()
        return True

    monkeypatch.setattr("event_assets.erase_command._build_tables", built)
    how: dict[str, Any] = {"raw": False, "resume": False, "is_dry": False}
    assert erase_command(workspace.settings, Asked((GONE,)), **how) == 1
    assert (
        "1 record of this person stood in files that were read only now" in capsys.readouterr().out
    )
    assert erase_command(workspace.settings, Asked((GONE,)), **how) == 0
    assert holders(workspace.settings.lake, GONE) == []


def test_an_erasure_of_another_process_waits_for_who_reads_files(workspace: Workspace) -> None:
    workspace.write(b"".join(mixed()))
    workspace.ingest()
    with no_erasure(workspace.settings):
        process = start_erase(workspace)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(4)
        assert len(workspace.rows()) + len(workspace.rows("quarantine")) == 19
        workspace.write(THEIRS[1], "b.jsonl")
        workspace.ingest()
    assert process.wait(60) == 0
    assert holders(workspace.settings.lake, GONE) == []
    assert [each.account_errors() for each in workspace.records()] == [[], []]


def test_an_erasure_and_a_reader_that_wait_too_long_say_for_whom(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.write(b"".join(mixed()))
    workspace.ingest()
    monkeypatch.setattr("event_assets.ingest.erasing.WAIT_SECONDS", 0.1)
    with no_erasure(workspace.settings):
        how: dict[str, Any] = {"raw": False, "resume": False, "is_dry": False}
        assert erase_command(workspace.settings, Asked((GONE,)), **how) == 1
    assert "erase when the run has ended" in capsys.readouterr().err
    assert read_unfinished(workspace.settings) is None
    with (
        nothing_but_erasure(workspace.settings),
        pytest.raises(LakeBusy, match="an erasure is going on"),
    ):
        workspace.ingest()


def start_erase(workspace: Workspace) -> subprocess.Popen[bytes]:
    settings = workspace.settings
    places = {
        "EVENT_ASSETS_DATA": str(settings.data_dir),
        "EVENT_ASSETS_PLAN": str(settings.plan_dir),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "event_assets", "erase", "--user", GONE, "--yes"],
        env={**os.environ, **places},
        stdout=subprocess.DEVNULL,
    )
