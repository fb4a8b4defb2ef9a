"""Personal data and secrets in every place of a line, in what can be read and what can't."""

import json
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.faults.fault import Fault, Measured
from tests.ingest.ingest_workspace import NOON, make_workspace

SOURCES = """\
sources:
  - name: client
    kind: client
    path: "raw/client/{date}/*"
    drop: [name, card]
    hash: [user_id, email]
    truncate: {client_ip: ip}
    drop_query: [token, email]
"""
LINES = 200


def _secrets(number: int) -> dict[str, str]:
    return {
        "email": f"anna{number}@example.com",
        "name": f"Unmistakable-{number}-Anna",
        "card": f"4111 1111 {number:04} 1111",
        "token": f"tok-{number}-secret",
        "client_ip": f"203.0.113.{number + 10}",
    }


def _line(rng: random.Random, number: int) -> bytes:
    """An event that holds all of them, or a line that is broken, rejected or somebody else's format."""
    secrets = _secrets(number)
    properties: dict[str, Any] = {name: secrets[name] for name in ("card", "client_ip", "email")}
    sent: dict[str, Any] = {
        "event_type": rng.choice(["view", "buy", "unknown"]),
        "timestamp": rng.choice([NOON + number, "then"]),
        "user_id": secrets["email"],
        "name": secrets["name"],
        "page_url": f"https://e.com/?a=1&token={secrets['token']}&email={secrets['email']}",
        "properties": rng.choice([properties, {"deep": [properties]}]),
    }
    text = json.dumps({"batch": [sent, sent]} if rng.random() < 0.1 else sent)
    if rng.random() < 0.2:
        text = text[: rng.randrange(10, len(text))]
    return text.encode() + b"\n"


def ours(folder: Path, rounds: int) -> Measured:
    """A round is a log of such lines; what counts as doubled is a secret in any file but the log."""
    measured = Measured()
    for number in range(rounds):
        rng = random.Random(number)
        workspace = make_workspace(folder / f"{number}")
        workspace.sources_yaml = SOURCES
        workspace.write(b"".join(_line(rng, each) for each in range(LINES)))
        (record,) = workspace.ingest()
        measured.expect(not record.account_errors(), "the account does not add up")
        measured.expect(record.quarantined > 0 < record.candidates, "nothing was tried")
        measured.doubled += _leaks(workspace.settings.data_dir / "lake")
        for part in (workspace.settings.data_dir / "lake" / "quarantine").rglob("*/*.parquet"):
            measured.expect(not part.stat().st_mode & 0o077, "others may read quarantine")
        measured.rounds += 1
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """Lines that can be read are stored as they are, the others in a log of errors."""
    measured = Measured(rounds)
    rng = random.Random(0)
    (folder / "all.log").write_bytes(b"".join(_line(rng, each) for each in range(LINES)))
    measured.doubled = _leaks(folder)
    return measured


def _leaks(folder: Path) -> int:
    """How many secrets are in the bytes of a folder's files, or in the values of Parquet files."""
    content = b""
    for path in folder.rglob("*"):
        if path.is_file():
            content += path.read_bytes()
            if path.suffix == ".parquet":
                content += json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
    secrets = [each for number in range(LINES) for each in _secrets(number).values()]
    return sum(each.encode() in content for each in secrets)


FAULTS = [
    Fault(
        17,
        "mails, cards, tokens and addresses in any place of a line",
        ours,
        naive,
        "stored as it is, what can't be read in a log",
        few=1,
        many=20,
    )
]
