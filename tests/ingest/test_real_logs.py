"""The logs of a real music site, where they are at hand: nothing about them was made for us."""

import json
import shutil
from collections import Counter
from datetime import date

from ingest_workspace import Workspace

from tests.needs import MUSIC_SITE_LOGS, needs_music_site_logs

SOURCES = """\
sources:
  - name: site
    kind: server
    path: raw/site/{date}.jsonl
    format: mapping
    mapping: {event_type: page, client_ts: ts, user_id: userId, session_hint: sessionId}
    drop: [firstName, lastName, location]
"""

pytestmark = needs_music_site_logs


def test_every_line_of_a_months_real_logs_is_an_event_without_personal_fields(
    workspace: Workspace,
) -> None:
    workspace.sources_yaml = SOURCES
    shutil.copytree(MUSIC_SITE_LOGS, workspace.root / "data" / "raw" / "site")
    workspace.ingest_pending()
    sent = [
        json.loads(text)
        for path in sorted(MUSIC_SITE_LOGS.glob("*.jsonl"))
        for text in path.read_text().splitlines()
    ]
    records, rows = workspace.records(), workspace.rows()
    assert sum(record.lines for record in records) == len(rows) == len(sent) == 8056
    assert all(record.account_errors() == [] for record in records)
    assert sum(record.quarantined + record.blank for record in records) == 0
    assert Counter(row["event_type"] for row in rows) == Counter(each["page"] for each in sent)
    assert sum(row["user_id"] is None for row in rows) == 286
    assert len({row["event_id"] for row in rows}) == 8056
    assert [row["landing_date"] for row in rows][::8055] == [date(2018, 11, 1), date(2018, 11, 30)]
    assert workspace.pending() == {}
    kept = {name for row in rows for name in json.loads(row["properties"])}
    assert not kept & {"firstName", "lastName", "location"}
    assert {"artist", "song", "length", "gender"} <= kept
