"""What of an erasure is still to be done, on disk: it is ended by the next, whatever happens."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from event_assets.errors import ConfigurationError
from event_assets.ingest.erasures import UNFINISHED
from event_assets.settings import Settings
from event_assets.storage import write_whole


class Stage(StrEnum):
    """What is being done."""

    LAKE = "lake"
    TABLES = "tables"


class Blanks(BaseModel):
    """Lines of one raw file that are being blanked.

    `lines` are their offsets and lengths, `sha256` that of each range of the file's load records
    after it, by `from-to`; all of the content after decompression. `is_read_whole`: the file was
    no longer than what had been read of it.
    """

    model_config = ConfigDict(frozen=True)

    lines: tuple[tuple[int, int], ...]
    sha256: dict[str, str]
    is_read_whole: bool


class Unfinished(BaseModel):
    """An erasure under way. Holds no id and no line."""

    model_config = ConfigDict(frozen=True)

    stage: Stage
    blanks_raw: bool
    files: dict[str, Blanks] = {}


def read_unfinished(settings: Settings) -> Unfinished | None:
    """The erasure under way, or None."""
    path = _path(settings)
    if not path.is_file():
        return None
    try:
        return Unfinished.model_validate_json(path.read_bytes())
    except ValidationError:
        raise ConfigurationError(
            "does not tell what is still to be erased",
            file=path,
            remedy="restore it; an erasure was interrupted",
        ) from None


def write_unfinished(settings: Settings, unfinished: Unfinished) -> None:
    """Remember it."""
    write_whole(_path(settings), unfinished.model_dump_json(indent=1).encode() + b"\n")


def end_unfinished(settings: Settings) -> None:
    """Forget it: all is done."""
    _path(settings).unlink(missing_ok=True)


def _path(settings: Settings) -> Path:
    return settings.erasing_dir / UNFINISHED
