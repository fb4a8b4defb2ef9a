"""Plans from and for other tools: finds out the format, reads and writes the files."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

from event_assets.errors import ConfigurationError, shown_path
from event_assets.plan.drafting.drafts import composed, drafted
from event_assets.plan.drafting.trial import known_names, sound_events
from event_assets.plan.drafting.writing import NotAFileName, file_name, write_plan
from event_assets.plan.interchange import json_schemas, rudderstack, segment
from event_assets.plan.interchange.exchanged import Incoming, Outgoing
from event_assets.plan.loader import load_plan
from event_assets.yaml_files import did_you_mean, read_yaml

FORMATS: dict[str, ModuleType] = {
    "rudderstack": rudderstack,
    "segment": segment,
    "json-schema": json_schemas,
}  # sniffed in this order
_MAX_BYTES = 50 * 2**20
_SHOWN = 40  # lines of one list
_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Exchanged:
    """What a command did: lines for people, and the document that goes to standard output."""

    lines: list[str]
    document: str | None = None
    refused: int = 0  # events that could not be taken


def import_plan(
    path: Path, format_name: str | None, folder: Path, owner: str | None, sent_by: Sequence[str]
) -> Exchanged:
    """Write the events of another tool's plan that this plan lacks.

    Events that cannot be taken are told, and the others written. Raises ConfigurationError where
    the file cannot be read as that format, or its only event cannot be taken.
    """
    known = known_names(folder)
    files = _schema_files(path) if path.is_dir() else [path]
    incoming = Incoming(path)
    read_from: dict[str, Path] = {}
    for file in files:
        document = _document(file)
        module = _module(format_name or ("json-schema" if path.is_dir() else None), document, file)
        one = Incoming(file)
        module.read(document, one)
        for event in one.events:
            first = read_from.setdefault(event["event"], file)
            if first != file:
                raise ConfigurationError(
                    f"the event `{event['event']}` is in {shown_path(first)} too",
                    file=file,
                    remedy="keep one of them, or give it another `title`",
                )
        incoming.plan_name = one.plan_name
        incoming.events += one.events
        incoming.notes += one.notes
        incoming.refused += one.refused
    return _write(incoming, known, folder, owner, sent_by)


def export_plan(
    plan_folder: Path, format_name: str, out: Path | None, *, replace: bool
) -> Exchanged:
    """Write a plan in another tool's format, or give it as text where `out` is None.

    Raises ConfigurationError where a file is there already, unless `replace`.
    """
    if format_name not in FORMATS:
        raise _unknown_format(format_name)
    outgoing: Outgoing = FORMATS[format_name].written(load_plan(plan_folder))
    lost = [f"not held by {format_name}: {each}" for each in outgoing.lost]
    if format_name == "json-schema":
        if out is None:
            raise ConfigurationError(
                "json-schema writes a file an event", remedy="name a folder with --out"
            )
        contents = {out / name: _text(each) for name, each in outgoing.documents.items()}
        _write_files(contents, replace=replace)
        return Exchanged([f"wrote {len(contents):,} schemas into {shown_path(out)}", *lost])
    (document,) = outgoing.documents.values()
    if out is None:
        return Exchanged(lost, _text(document))
    if out.is_dir():
        raise ConfigurationError("is a folder", file=out, remedy=f"name a file, as {out}/plan.json")
    _write_files({out: _text(document)}, replace=replace)
    return Exchanged([f"wrote {shown_path(out)}", *lost])


def _write(
    incoming: Incoming,
    known: dict[str, str],
    folder: Path,
    owner: str | None,
    sent_by: Sequence[str],
) -> Exchanged:
    given = {"owner": owner, "sent_by": list(sent_by)}
    defaults = {key: each for key, each in given.items() if each}
    events: list[dict[str, Any]] = []
    lines: list[str] = []
    asked_of: dict[str, list[str]] = {}
    spelled = dict(known)
    for event in incoming.events:
        same = spelled.setdefault(composed(event["event"]), event["event"])
        if same != event["event"]:
            lines.append(
                f"not written: {event['event']}: `{same}` is there already, in other characters of "
                "unicode that look the same"
            )
        if same != event["event"] or same in known.values():
            continue
        try:
            file_name(event["event"])
        except NotAFileName as error:
            lines.append(
                f"not written, since no file can have its name: {event['event']!r}: {error}"
            )
            continue
        completed, asked_of[event["event"]] = drafted({**defaults, **event})
        events.append(completed)
    name = incoming.plan_name or folder.absolute().name
    sound, unsound = sound_events(events, folder=folder, name=name, file=incoming.file)
    refused = [*incoming.refused, *unsound]
    count = len(incoming.events) + len(incoming.refused)
    if count == 1 and refused:
        raise refused[0]
    if sound:
        write_plan(folder, name, sound)
    already = sum(event["event"] in known.values() for event in incoming.events)
    asked = Counter(key for event in sound for key in asked_of[event["event"]])
    number = len(incoming.refused) + len(events) - len(sound)
    return Exchanged(
        [
            f"read {count:,} events from {shown_path(incoming.file)}",
            *_shortened(incoming.notes),
            *lines,
            *(
                [f"{already:,} events are in the plan already, and left as they are"]
                if already
                else []
            ),
            *([f"not written, since {number:,} events cannot be taken:"] if refused else []),
            *_shortened([f"  {each}" for each in refused]),
            *_about_files(len(sound), asked, folder),
        ],
        refused=number,
    )


def _about_files(count: int, asked: Mapping[str, int], folder: Path) -> list[str]:
    if not count:
        return ["nothing to write"]
    lines = [f"wrote {count:,} events into {shown_path(folder / 'events')}"]
    if asked:
        shown = ", ".join(f"{key} of {number:,}" for key, number in asked.items())
        lines.append(f"drafts, since the file does not tell: {shown}; fill them in, and take")
        lines.append("`status: draft` out (--owner and --sent-by say it for all)")
    return lines


def _shortened(notes: list[str]) -> list[str]:
    more = [f"… and {len(notes) - _SHOWN:,} more like that"] if len(notes) > _SHOWN else []
    return [*notes[:_SHOWN], *more]


def _schema_files(folder: Path) -> list[Path]:
    files = sorted(each for each in folder.iterdir() if each.name.endswith(".json"))
    if not files:
        raise ConfigurationError("holds no .json files", file=folder, remedy="name another folder")
    return files


def _module(format_name: str | None, document: Any, file: Path) -> ModuleType:
    if format_name is not None:
        if format_name not in FORMATS:
            raise _unknown_format(format_name)
        return FORMATS[format_name]
    for module in FORMATS.values():
        knows: Callable[[Any], bool] = module.knows
        if knows(document):
            return module
    raise ConfigurationError(
        "has the shape of no known format",
        file=file,
        remedy=f"name it with --format: {', '.join(FORMATS)}",
    )


def _unknown_format(name: str) -> ConfigurationError:
    remedy = did_you_mean(name, FORMATS) or f"allowed: {', '.join(FORMATS)}"
    return ConfigurationError(f"unknown format `{name}`", remedy=remedy)


def _document(file: Path) -> Any:
    if file.suffix in _YAML:
        return read_yaml(file).data
    try:
        with file.open("rb") as opened:
            content = opened.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigurationError("there is no such file or folder", file=file) from None
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", file=file) from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"larger than {_MAX_BYTES:,} bytes", file=file, remedy="split it")
    try:
        return orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"not JSON: {error.msg}", file=file, line=error.lineno) from None


def _text(document: Any) -> str:
    # whole numbers of any size, which orjson has not
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _write_files(contents: dict[Path, str], *, replace: bool) -> None:
    for path in contents:
        if os.path.lexists(path) and not replace:
            raise ConfigurationError(
                "is there already", file=path, remedy="remove it, or write over it with --replace"
            )
    for path, text in contents.items():
        staging = path.with_name(f".{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            staging.write_text(text, encoding="utf-8")
            os.replace(staging, path)
        except OSError as error:
            with suppress(OSError):
                staging.unlink(missing_ok=True)
            raise ConfigurationError(f"cannot be written: {error.strerror}", file=path) from None
