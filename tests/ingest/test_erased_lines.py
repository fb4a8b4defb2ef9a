"""What was erased stays away, however it is delivered again, and the account says so."""

import gzip
import json

import pytest
from ingest_workspace import NOON, Workspace

from event_assets.errors import ConfigurationError
from event_assets.identity_key import identity_key
from event_assets.ingest.pseudonyms import Pseudonyms

GONE = b'{"event_type": "view", "timestamp": %d, "user_id": "gone"}' % NOON
STAYS = b'{"event_type": "view", "timestamp": %d, "user_id": "stays"}' % NOON
BROKEN = b'{"user_id": "gone'
REFUSED = b'{"event_type": "buy", "timestamp": %d, "user_id": "gone"}' % NOON
PRIVATE = """\
sources:
  - {name: client, kind: client, path: "raw/client/{date}/*", hash: [user_id]}
"""


def erase(workspace: Workspace, *lines: bytes) -> None:
    key = identity_key(workspace.settings.data_dir)
    digests = {Pseudonyms(key).line_digest(line).hex(): None for line in lines}
    folder = workspace.settings.erasures_dir
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.json").write_text(json.dumps({"lines": digests}))


@pytest.mark.parametrize("sources", [None, PRIVATE], ids=["plain", "hashed"])
def test_lines_that_were_erased_do_not_come_back_in_any_form(
    workspace: Workspace, sources: str | None
) -> None:
    workspace.sources_yaml = sources
    erase(workspace, GONE, BROKEN, REFUSED)
    workspace.write(b"\n".join([GONE, STAYS, BROKEN, REFUSED, GONE]) + b"\n")
    workspace.write(b"\xef\xbb\xbf" + b"\r\n".join([REFUSED, BROKEN, GONE]), "b.jsonl")
    workspace.write(gzip.compress(GONE), "c.jsonl.gz")
    records = sorted(workspace.ingest(), key=lambda each: each.file)
    assert [each.erased for each in records] == [4, 3, 1]
    assert [each.unreadable for each in records] == [1, 1, 0]
    assert [each.account_errors() for each in records] == [[], [], []]
    assert [each.violations for each in records] == [{}, {}, {}]
    assert len(workspace.rows()) == 1
    assert workspace.rows("quarantine") == []


def test_without_a_readable_list_nothing_is_read(workspace: Workspace) -> None:
    erase(workspace, GONE)
    (workspace.settings.erasures_dir / "b.json").write_text("{}")
    workspace.write(GONE)
    with pytest.raises(ConfigurationError, match="no list of erased lines"):
        workspace.ingest()
