"""The key of the pseudonyms: who has the tables and not the key learns no id."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from event_assets.errors import ConfigurationError


def identity_key(data_dir: Path) -> str:
    """The data directory's key, 64 hexadecimal digits, made at first need.

    The file is readable by its owner alone and is never replaced: with another key every visitor
    would be a new one. Raises ConfigurationError where the file holds no key.
    """
    path = data_dir / "identity.key"
    if not path.exists():
        _create(path)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch("[0-9a-f]{64}", key):
        raise ConfigurationError(
            "not a key of 64 hexadecimal digits",
            file=path,
            remedy="restore it from a backup; a new one makes every visitor a new one",
        )
    return key


def _create(path: Path) -> None:
    """Put a whole key in place, or leave the one that another process was first to put there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(whole, path)
    except FileExistsError:
        pass
    finally:
        whole.unlink(missing_ok=True)
