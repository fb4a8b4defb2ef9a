"""Writes plan files as people of this house write them, and never over a file that is there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from event_assets.errors import ConfigurationError, shown_path
from event_assets.json_values import is_object
from event_assets.plan.drafting.yaml_text import block
from event_assets.yaml_files import MAX_BYTES

MODELINE = "# yaml-language-server: $schema=../schema/event.schema.json"
SUFFIX = ".yaml"

_EVENT_KEYS = (
    "event",
    "description",
    "purpose",
    "owner",
    "sent_by",
    "status",
    "since",
    "review_by",
    "versions",
    "groups",
    "role",
    "conversion",
    "refund_of",
    "policy",
    "deprecated",
    "used_by",
    "rules",
    "properties",
    "earlier",
)
_PROPERTY_KEYS = ("type", "required", "sensitivity")
_LAST_PROPERTY_KEYS = ("description", "items", "properties")
_DAYS = ("since", "review_by", "until")
_MAX_NAME = 255  # bytes of a file name, on every file system in use


class NotAFileName(ValueError):
    """An event's name that cannot be the name of its file, and why."""


def file_name(event: str, suffix: str = SUFFIX) -> str:
    """The name of an event's file. Raises NotAFileName with the reason."""
    if not event.strip():
        raise NotAFileName("it is empty")
    if "/" in event or "\0" in event:
        raise NotAFileName("it holds a `/`" if "/" in event else "it holds a NUL")
    if event.startswith("."):
        raise NotAFileName("it begins with a dot, as hidden files do")
    if not event.isprintable():
        raise NotAFileName("it holds a character that cannot be seen")
    if len(event.encode() + suffix.encode()) > _MAX_NAME:
        raise NotAFileName(f"it is longer than {_MAX_NAME - len(suffix)} bytes")
    return event + suffix


def event_text(event: Mapping[str, Any]) -> str:
    """The text of an event's file, from what is to stand in it, key by key.

    Keys come in the order of the house; a property takes one line where that fits. Raises
    ValueError for a number that YAML cannot hold.
    """
    written = _with_days(_ordered(dict(event), _EVENT_KEYS, ()))
    properties = _properties(written.pop("properties", None))
    earlier = written.pop("earlier", None)
    lines = [MODELINE, *block(written)]
    if properties:
        lines += ["properties:", *block(properties, 2, aligned=True)]
    if earlier:
        lines += block({"earlier": [_shape(each) for each in earlier]})
    return "\n".join(lines) + "\n"


def write_event(folder: Path, event: Mapping[str, Any]) -> Path:
    """Write an event's file into a plan folder, whole or not at all.

    Raises ConfigurationError where it is there already or its name cannot be that of a file.
    """
    path = folder / "events" / _checked_file_name(event["event"])
    _make_folder(path.parent)
    _write_new(path, _checked_text(event, path))
    return path


def write_plan(folder: Path, name: str, events: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write a plan folder that appears as a whole, or add events to one; gives what was written.

    Raises ConfigurationError, before anything is written, where an event's file is there already,
    or where the folder holds something else than a plan.
    """
    texts = {_checked_file_name(each["event"]): each for each in events}
    paths = [folder / "events" / each for each in texts]
    contents = {
        path: _checked_text(event, path) for path, event in zip(paths, texts.values(), strict=True)
    }
    if (folder / "plan.yaml").is_file():
        for path in paths:
            _check_is_new(path)
        _make_folder(folder / "events")
        for path, text in contents.items():
            _write_new(path, text)
        return paths
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{shown_path(folder)} is there already and holds no plan",
            remedy="name another folder, or one with a plan.yaml",
        )
    plan = folder / "plan.yaml"
    _write_folder(folder, {plan: "\n".join(block({"name": name, "version": 1})) + "\n", **contents})
    return [plan, *paths]


def _write_folder(folder: Path, contents: Mapping[Path, str]) -> None:
    parent = folder.absolute().parent
    _make_folder(parent)
    try:
        staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
    except OSError as error:
        raise _not_written(folder, error) from None
    try:
        (staging / "events").mkdir()
        for path, text in contents.items():
            (staging / path.relative_to(folder)).write_text(text, encoding="utf-8")
        staging.chmod(0o777 & ~_umask())
        _put(staging, folder)
    except OSError as error:
        raise _not_written(folder, error) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _put(staging: Path, folder: Path) -> None:
    """Let the folder appear; an empty one gives way, one that was filled meanwhile does not."""
    if not folder.is_dir() or not folder.samefile(Path.cwd()):
        os.replace(staging, folder)
        return
    # a shell that stands in the folder would be left in one that is gone
    os.rename(staging / "events", folder / "events")
    for path in staging.iterdir():
        os.link(path, folder / path.name)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from None


def _write_new(path: Path, text: str) -> None:
    """Let a file appear whole, unless one of that name is there."""
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise _not_written(path, error) from None
    staging = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        staging.chmod(0o666 & ~_umask())
        os.link(staging, path)  # a link, unlike a rename, never replaces
    except FileExistsError:
        _check_is_new(path)
    except OSError as error:
        raise _not_written(path, error) from None
    finally:
        staging.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _not_written(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"cannot be written: {error.strerror}", file=path, remedy="name another folder"
    )


def _check_is_new(path: Path) -> None:
    if os.path.lexists(path):
        raise ConfigurationError(
            "is there already", file=path, remedy="edit it, or remove it to write it anew"
        )


def _checked_file_name(event: str) -> str:
    try:
        return file_name(event)
    except NotAFileName as error:
        raise ConfigurationError(
            f"the event's name `{event[:80]!s}` cannot be that of a file: {error}",
            remedy="give the event another name",
        ) from None


def _checked_text(event: Mapping[str, Any], path: Path) -> str:
    try:
        text = event_text(event)
    except ValueError as error:
        raise ConfigurationError(f"cannot be written: {error}", file=path) from None
    if len(text.encode()) > MAX_BYTES:
        raise ConfigurationError(
            f"would be larger than {MAX_BYTES:,} bytes", file=path, remedy="plan fewer properties"
        )
    return text


def _shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    ordered = _with_days(_ordered(dict(shape), _EVENT_KEYS, ()))
    properties = _properties(ordered.pop("properties", None))
    return {**ordered, "properties": properties} if properties else ordered


def _properties(properties: Any) -> dict[str, Any]:
    if not is_object(properties):
        return {}
    return {
        name: _ordered(each, _PROPERTY_KEYS, _LAST_PROPERTY_KEYS) if is_object(each) else each
        for name, each in properties.items()
    }


def _ordered(
    written: dict[str, Any], first: tuple[str, ...], last: tuple[str, ...]
) -> dict[str, Any]:
    middle = [key for key in written if key not in first and key not in last]
    keys = [*first, *middle, *last]
    return {key: written[key] for key in keys if key in written}


def _with_days(written: dict[str, Any]) -> dict[str, Any]:
    """Days as dates, which stand without quotes."""
    days = {
        key: date.fromisoformat(each)
        for key, each in written.items()
        if key in _DAYS and isinstance(each, str)
    }
    return {**written, **days}
