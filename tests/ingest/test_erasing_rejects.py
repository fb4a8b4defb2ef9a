"""Events that the collector did not take go as well when their person is erased."""

import json
from pathlib import Path
from typing import Any

import pytest
from ingest_workspace import NOON, Workspace, line, make_workspace

from event_assets.erase_command import erase
from event_assets.erasure import Asked, blank_rejected, erase_from_lake, search
from tests.capture.asgi import collecting

GONE = "gone-4711@example.com"
DEVICE = "device-of-gone"
THEIRS: list[Any] = [
    {"event_type": 5, "user_id": GONE},
    {"event_type": 6, "anonymous_id": DEVICE},  # only the lake knows whose it is
    {"event_type": "view", "properties": [], "previous_id": GONE},
    {"no": "event", "who": {"deep": [GONE]}},
]
OTHERS: list[Any] = [
    {"event_type": 5, "user_id": "stays"},
    {"event_type": 5, "user_id": f"{GONE}x"},
    {"event_type": 5, "user_id": "stays", "friend": GONE},
    7,
]
BROKEN = f'{{"user_id": "{GONE}", "broken'.encode()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return make_workspace(tmp_path)


def _known(workspace: Workspace) -> None:
    workspace.write(line(user_id=GONE, anonymous_id=DEVICE, at=NOON))
    workspace.ingest()


def _rejects(workspace: Workspace) -> bytes:
    return b"".join(
        path.read_bytes() for path in sorted((workspace.root / "data/rejects").rglob("*.jsonl*"))
    )


def _left(workspace: Workspace) -> list[Any]:
    return [
        json.loads(json.loads(each)["raw"])
        for each in _rejects(workspace).split(b"\n")
        if each.strip()
    ]


def test_what_was_rejected_of_a_person_is_blanked_and_nothing_else(workspace: Workspace) -> None:
    _known(workspace)
    with collecting(workspace) as client:
        assert client.post(
            [each for two in zip(THEIRS, OTHERS, strict=True) for each in two]
        ).counts == (0, 8)
        assert client.post(BROKEN).status == 400
    before = _rejects(workspace)
    found = search(workspace.settings, Asked((GONE,)))
    assert sum(map(len, found.rejected.values())) == 5
    erase_from_lake(workspace.settings, found, blanks_raw=False)
    assert _left(workspace) == OTHERS
    assert len(_rejects(workspace)) == len(before), "other lines have moved"
    assert not search(workspace.settings, Asked((GONE,))).rejected


def test_a_collector_that_is_writing_loses_nothing(workspace: Workspace) -> None:
    _known(workspace)
    with collecting(workspace) as client:
        client.post([THEIRS[0], OTHERS[0]])
        found = search(workspace.settings, Asked((GONE,)))
        (path,) = found.rejected
        assert path.name.endswith(".open")
        blank_rejected(found.rejected)
        client.post([OTHERS[3]])
    assert _left(workspace) == [OTHERS[0], OTHERS[3]]


def test_a_file_that_is_sealed_or_removed_meanwhile_is_found_again_or_gone(
    workspace: Workspace,
) -> None:
    _known(workspace)
    with collecting(workspace) as client:
        client.post([THEIRS[0]])
        found = search(workspace.settings, Asked((GONE,)))
    blank_rejected(found.rejected)
    assert _left(workspace) == []
    for path in (workspace.root / "data/rejects").rglob("*.jsonl"):
        path.unlink()
    blank_rejected(found.rejected)


def test_a_line_that_a_crash_cut_short_is_looked_at_as_it_is(workspace: Workspace) -> None:
    folder = workspace.root / "data/rejects/client/2026-10-01"
    folder.mkdir(parents=True)
    (folder / "rejects-1.jsonl").write_bytes(
        b'{"received_at": 1, "raw": "{\\"user_id\\": \\"' + GONE.encode() + b'\\", '
    )
    _known(workspace)
    erase_from_lake(
        workspace.settings, search(workspace.settings, Asked((GONE,))), blanks_raw=False
    )
    assert not _rejects(workspace).strip()


def test_the_command_tells_and_erases_what_the_collector_alone_has(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    with collecting(workspace) as client:
        client.post([THEIRS[0], OTHERS[0]])
    workspace.write(line(user_id="stays", at=NOON))
    workspace.ingest()
    asked = Asked((GONE,))
    assert erase(workspace.settings, asked, raw=False, resume=False, is_dry=True) == 0
    assert "1 event that the collector did not take, in rejects/" in capsys.readouterr().out
    assert GONE.encode() in _rejects(workspace)
    assert erase(workspace.settings, asked, raw=False, resume=False, is_dry=False) == 0
    assert _left(workspace) == [OTHERS[0]]
    assert erase(workspace.settings, asked, raw=False, resume=False, is_dry=False) == 0
    assert "nothing is to be erased" in capsys.readouterr().out
