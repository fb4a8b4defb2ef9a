"""A person who is erased is in no byte of the lake, comes in no more, and takes nobody along."""

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from backports import zstd
from ingest_workspace import NOON, Workspace, line, make_workspace

from event_assets.doctor import examine
from event_assets.erasure import Asked, Done, erase_from_lake, read_unfinished, search
from event_assets.errors import ConfigurationError
from event_assets.ingest.loads import every_generation
from event_assets.ingest.second_look import look_again
from tests.rounds import rounds

GONE = "gone-4711@example.com"
DEVICE = "device-of-gone"
CANARY = "Unmistakable Canary"
SHARED = "device-of-both"
ROUNDS = rounds(few=6, many=200)
HIDDEN = """\
sources:
  - {name: client, kind: client, path: "raw/client/{date}/*", hash: [user_id, anonymous_id]}
"""

THEIRS = [
    line(anonymous_id=DEVICE, properties={"note": CANARY}),
    line(user_id=GONE, anonymous_id=DEVICE, at=NOON + 1),
    line(user_id=GONE, anonymous_id=SHARED, at=NOON + 2),
    line("buy", user_id=GONE, properties={"amount": "much", "note": CANARY}),
    line("buy", anonymous_id=DEVICE, properties={"amount": -1}),
    line("odd", user_id=None, who={"deep": [GONE]}, at="never"),
    b'{"user_id": "' + GONE.encode() + b'", "note": "' + CANARY.encode() + b"\n",
    b'\xff {"user_id": "' + GONE.encode() + b'"}\n',
    line(user_id=GONE, event_id="theirs", at=NOON + 3),
    line(previous_id=DEVICE, user_id=GONE, at=NOON + 4),
]
OTHERS = [
    line(user_id="stays", anonymous_id="own", at=NOON + 5),
    line(user_id="stays", anonymous_id=SHARED, at=NOON + 6),
    line(anonymous_id=SHARED, at=NOON + 7),
    line(anonymous_id="nobody", at=NOON + 8),
    line("buy", user_id="stays", properties={"amount": "less"}),
    line("buy", user_id="stays", properties={"amount": 5, "note": "x"}),
    line("unknown", user_id=GONE + "x", at=NOON + 9),
    b"broken\n",
    b"\n",
    line(user_id="stays", event_id="stays", at=NOON + 10),
]


def mixed() -> list[bytes]:
    return [each for pair in zip(THEIRS, OTHERS, strict=True) for each in pair]


def erase(workspace: Workspace, *, raw: bool = False, asked: Asked | None = None) -> Done:
    settings = workspace.settings
    return erase_from_lake(settings, search(settings, asked or Asked((GONE,))), blanks_raw=raw)


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """All bytes, and the values of Parquet files, that are compressed in them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".parquet":
                rows = pq.read_table(path).to_pylist()
                content += json.dumps(rows, default=str, ensure_ascii=False).encode()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
            yield path, content


def holders(folder: Path, *texts: str) -> list[str]:
    return [
        f"{path.relative_to(folder)}: {text}"
        for path, content in contents(folder)
        for text in texts
        if text.encode() in content.replace((GONE + "x").encode(), b"")
    ]


PROVENANCE = {"load_id", "generation", "file", "line", "byte_offset", "landing_date"}


def facts(workspace: Workspace, table: str = "events") -> list[str]:
    """The rows without where they came from."""
    return sorted(
        json.dumps({name: row[name] for name in row if name not in PROVENANCE}, default=str)
        for row in workspace.rows(table)
    )


def accounts(workspace: Workspace) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for record in workspace.records():
        assert record.account_errors() == []
        for name in ("candidates", "quarantined", "flagged", "noise", "unplanned"):
            sums[name] = sums.get(name, 0) + getattr(record, name)
        for name, count in {**record.violations, **record.formats}.items():
            sums[name] = sums.get(name, 0) + count
    return {name: count for name, count in sums.items() if count}


@pytest.fixture
def never_had(tmp_path: Path) -> Workspace:
    """What is in the lake where the person was never there."""
    other = make_workspace(tmp_path / "never")
    other.write(b"".join(OTHERS))
    other.ingest()
    return other


@pytest.mark.parametrize("raw", [False, True], ids=["lake", "raw"])
@pytest.mark.parametrize("hides", [False, True], ids=["plain", "hashed"])
def test_nothing_of_the_person_is_left_and_all_of_others(
    workspace: Workspace, never_had: Workspace, raw: bool, hides: bool
) -> None:
    if hides:
        workspace.sources_yaml = never_had.sources_yaml = HIDDEN
        shutil.copy(workspace.root / "data/identity.key", never_had.root / "data") if (
            workspace.root / "data/identity.key"
        ).is_file() else None
    content = mixed()
    workspace.write(b"".join(content[:7]))
    workspace.ingest()
    workspace.ingest(rejudge=True)
    workspace.write(b"\xef\xbb\xbf" + b"".join(content[7:14]).replace(b"\n", b"\r\n"), "b.jsonl")
    workspace.write(gzip.compress(b"".join(content[14:])), "c.jsonl.gz")
    workspace.ingest()
    before = len(workspace.rows()) + len(workspace.rows("quarantine"))
    assert hides or holders(workspace.settings.lake, GONE, DEVICE, CANARY)
    done = erase(workspace, raw=raw)
    # what can't be read is withheld where ids are hashed, so that nobody knows whose it is
    withheld = 2 if hides else 0
    assert holders(workspace.settings.lake, GONE, DEVICE, CANARY) == []
    assert done.raw_lines == (len(THEIRS) - withheld if raw else 0)
    if raw and not hides:
        assert holders(workspace.settings.data_dir, GONE, DEVICE, CANARY) == []
    after = len(workspace.rows()) + len(workspace.rows("quarantine"))
    assert before - after == len(THEIRS) - withheld
    if not hides:
        assert facts(workspace) == facts(never_had)
        assert facts(workspace, "quarantine") == facts(never_had, "quarantine")
        assert accounts(workspace) == accounts(never_had)
    generations = list(every_generation(workspace.settings.loads_dir))
    assert len(generations) == len(workspace.records())
    assert not hides or not read_ids(workspace) & pseudonyms(workspace)


def read_ids(workspace: Workspace) -> set[str]:
    return {row[name] for row in workspace.rows() for name in ("user_id", "anonymous_id")} - {None}


def pseudonyms(workspace: Workspace) -> set[str]:
    from event_assets.identity_key import identity_key
    from event_assets.ingest.pseudonyms import Pseudonyms

    made = Pseudonyms(identity_key(workspace.settings.data_dir))
    return {made.of(GONE), made.of(DEVICE)}


def test_a_replay_of_the_raw_files_brings_nothing_back(
    workspace: Workspace, never_had: Workspace
) -> None:
    workspace.write(b"".join(mixed()))
    workspace.ingest()
    erase(workspace)
    expected = facts(workspace), facts(workspace, "quarantine")
    assert workspace.pending() == {}
    workspace.ingest(rejudge=True)
    assert (facts(workspace), facts(workspace, "quarantine")) == expected
    workspace.write(b"".join(reversed(mixed())), "other.jsonl")
    workspace.write(
        gzip.compress(b"".join(THEIRS).replace(b"\n", b"\r\n")), "x.gz", source="server"
    )
    workspace.ingest_pending()
    assert holders(workspace.settings.lake, GONE, DEVICE, CANARY) == []
    assert accounts(workspace)["candidates"] == 2 * accounts(never_had)["candidates"]
    assert {each.file: each.erased for each in workspace.records()} == {
        "raw/client/2026-10-01/a.jsonl": len(THEIRS),
        "raw/client/2026-10-01/other.jsonl": len(THEIRS),
        "raw/server/2026-10-01/x.gz": len(THEIRS),
    }


def test_what_the_person_sends_later_comes_in(workspace: Workspace) -> None:
    path = workspace.write(b"".join(mixed()))
    workspace.ingest()
    erase(workspace)
    with path.open("ab") as file:
        file.write(line(user_id=GONE, at=NOON + 100))
    workspace.ingest()
    assert [row["user_id"] for row in workspace.rows() if row["user_id"] == GONE] == [GONE]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_blanked_lines_move_nothing_and_are_no_change_of_the_file(
    workspace: Workspace, name: str
) -> None:
    packed = {".gz": gzip.compress, ".zst": zstd.compress}
    unpacked = {".gz": gzip.decompress, ".zst": zstd.decompress}
    compressed = packed.get(Path(name).suffix, bytes)
    path = workspace.write(compressed(b"".join(mixed()[:9])), name)
    workspace.ingest()
    path.write_bytes(compressed(b"".join(mixed())))
    path.chmod(0o640)
    workspace.ingest()
    assert len(workspace.records()) == 2

    def places() -> dict[str, tuple[int, int]]:
        rows = {row["event_id"]: (row["line"], 0) for row in workspace.rows()}
        for row in workspace.rows("quarantine"):
            rows[row["raw"]] = (row["line"], row["byte_offset"])
        return rows

    before = places()
    erase(workspace, raw=True)
    after = places()
    assert {each: before[each] for each in after} == after
    content = unpacked.get(path.suffix, bytes)(path.read_bytes())
    assert len(content) == len(b"".join(mixed()))
    assert [each for each in content.split(b"\n") if each.strip()] == [
        each.rstrip(b"\n") for each in OTHERS if each.strip()
    ]
    assert path.stat().st_mode & 0o777 == 0o640
    assert workspace.pending() == workspace.pending(verify=True) == {}
    assert not any(record.changed_prefix for record in workspace.records())
    expected = facts(workspace), facts(workspace, "quarantine")
    workspace.ingest(rejudge=True)
    assert (facts(workspace), facts(workspace, "quarantine")) == expected
    assert [each.erased for each in workspace.records()] == [0, 0]
    grown = b"".join(mixed()) + line(user_id="later")
    path.write_bytes(compressed(content + grown[len(content) :]))
    workspace.ingest()
    assert len(workspace.rows()) == len(expected[0]) + 1
    assert [each.revision for each in workspace.records()] == [0, 0, 0]


def test_raw_files_can_be_blanked_by_a_later_erasure(workspace: Workspace) -> None:
    workspace.write(b"".join(mixed()))
    workspace.ingest()
    erase(workspace)
    done = erase(workspace, raw=True)
    assert done.raw_lines == len(THEIRS)
    assert holders(workspace.settings.data_dir, GONE, DEVICE, CANARY) == []
    assert workspace.pending(verify=True) == {}


def test_a_raw_file_that_somebody_changed_is_left_and_named(workspace: Workspace) -> None:
    path = workspace.write(b"".join(mixed()))
    workspace.ingest()
    path.write_bytes(b"".join(OTHERS + THEIRS))
    done = erase(workspace, raw=True)
    assert done.raw_lines == 0
    assert done.not_blanked == [f"{path}: was changed after it was read"]
    assert path.read_bytes() == b"".join(OTHERS + THEIRS)


def test_what_is_no_file_of_lines_is_left_and_named(workspace: Workspace) -> None:
    array = workspace.write(b"[" + b",\n".join([THEIRS[1], OTHERS[0]]) + b"]", "a.json")
    whole = gzip.compress(b"".join(mixed()) * 50)
    cut = workspace.write(whole[:-9], "cut.jsonl.gz")
    workspace.ingest()
    done = erase(workspace, raw=True)
    assert holders(workspace.settings.lake, GONE, DEVICE, CANARY) == []
    assert [told.partition(": ")[0] for told in done.not_blanked] == [str(array), str(cut)]
    assert cut.read_bytes() == whole[:-9]


def test_on_a_shared_device_only_the_events_with_the_id_are_theirs(workspace: Workspace) -> None:
    workspace.write(b"".join(OTHERS[:4]) + line(user_id=GONE, anonymous_id=SHARED))
    workspace.ingest()
    found = search(workspace.settings, Asked((GONE,)))
    assert (found.events, len(found.person.shared), len(found.person.devices)) == (1, 1, 0)
    found = search(workspace.settings, Asked((), (SHARED,)))
    assert found.events == 1  # the one without a user id
    found = search(workspace.settings, Asked((), ("own",)))
    assert found.events == 2  # one user's device is that user's, who was on the shared one as well
    assert search(workspace.settings, Asked(("nobody else",))).lines == {}


def test_a_person_is_found_over_any_number_of_hops(workspace: Workspace) -> None:
    hops = [
        line(user_id="a", anonymous_id="phone", at=NOON),
        line(user_id="a", anonymous_id="laptop", at=NOON + 1),
        line(user_id="b", anonymous_id="tablet", at=NOON + 2),
        line(user_id="b", previous_id="a", at=NOON + 3),
        line(anonymous_id="tv", previous_id="tablet", at=NOON + 4),
        line(anonymous_id="tv", at=NOON + 5),
        line(user_id="c", anonymous_id="other", at=NOON + 6),
    ]
    workspace.write(b"".join(hops))
    workspace.ingest()
    for asked in (Asked(("a",)), Asked(("b",)), Asked((), ("tv",)), Asked((), ("phone",))):
        found = search(workspace.settings, asked)
        assert found.events == 6
        assert found.person.user_ids >= {"a", "b"}
        assert found.person.devices >= {"phone", "laptop", "tablet", "tv"}
        assert "c" not in found.person.user_ids


@pytest.mark.parametrize("raw", [False, True], ids=["lake", "raw"])
def test_an_erasure_that_dies_anywhere_is_ended_by_the_next(
    tmp_path: Path, raw: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = make_workspace(tmp_path / "start")
    content = mixed()
    start.write(b"".join(content[:7]))
    start.ingest()
    start.write(gzip.compress(b"".join(content[7:])), "b.jsonl.gz")
    start.write(b"".join(content), source="server")
    start.ingest()
    start.ingest("server")

    def copy(name: str) -> Workspace:
        shutil.copytree(tmp_path / "start", tmp_path / name, copy_function=shutil.copy2)
        copied = Workspace(tmp_path / name)
        copied.ingest_pending()  # the files have other inodes
        return copied

    class Died(Exception):
        pass

    calls = 0

    def dying_at(limit: int) -> None:
        nonlocal calls
        calls = 0
        monkeypatch.undo()
        for name in ("rename", "replace", "pwrite", "unlink", "fsync"):
            real = getattr(os, name)

            def counted(*arguments: Any, real: Any = real, **named: Any) -> Any:
                nonlocal calls
                calls += 1
                if calls == limit:
                    raise Died
                return real(*arguments, **named)

            monkeypatch.setattr(os, name, counted)

    whole = copy("whole")
    dying_at(-1)
    erase(whole, raw=raw)
    total, expected = calls, (facts(whole), facts(whole, "quarantine"), accounts(whole))
    assert total > 20
    step = max(1, total // ROUNDS)
    for limit in range(1, total + 1, step):
        one = copy(f"died-{limit}")
        dying_at(limit)
        with pytest.raises(Died):
            erase(one, raw=raw)
        monkeypatch.undo()
        unfinished = read_unfinished(one.settings)
        if unfinished is not None:
            assert any("an erasure was interrupted" in each.text for each in examine(one.settings))
        if unfinished is not None and unfinished.stage == "lake":
            with pytest.raises(ConfigurationError, match="an erasure was interrupted"):
                one.ingest()
        erase_from_lake(one.settings, search(one.settings, Asked((GONE,))), blanks_raw=raw)
        assert (facts(one), facts(one, "quarantine"), accounts(one)) == expected, limit
        assert holders(one.settings.lake, GONE, DEVICE, CANARY) == [], limit
        if raw:
            assert holders(one.settings.data_dir, GONE, DEVICE, CANARY) == [], limit
        one.settings.erasing_dir.joinpath(".unfinished.json").unlink()
        assert one.pending(verify=True) == {}, limit
        shutil.rmtree(one.root)


def test_nothing_is_judged_otherwise_by_being_written_again(workspace: Workspace) -> None:
    workspace.write(b"".join(mixed()))
    (record,) = workspace.ingest()
    erase(workspace)
    (after,) = workspace.records()
    same = ("plan_hash", "config_hash", "lines", "blank", "unreadable", "records", "sha256", "stat")
    assert [getattr(after, each) for each in same] == [getattr(record, each) for each in same]
    assert (after.generation, after.erased) == (record.generation + 1, len(THEIRS))
    settings = workspace.settings
    looked = [
        look_again(settings, workspace.plan, each, [after]) for each in settings.config.sources
    ]
    assert not any(looked)
