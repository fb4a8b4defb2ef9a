"""Sources: the logs that are read, as sources.yaml declares them."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from event_assets.config_values import ConfigModel, invalid
from event_assets.json_values import is_object
from event_assets.path_patterns import PathPattern
from event_assets.storage import AnyPath
from event_assets.yaml_files import did_you_mean

_NO_PSEUDONYM = ("event_type", "client_ts", "sent_ts", "received_ts")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NO_LETTER = re.compile(r"[\W_]+")


def folded(name: str) -> str:
    """A field's name by its letters and digits alone: `userId` and `user_id` are one."""
    return _NO_LETTER.sub("", name).casefold() or name


def allowed_formats() -> tuple[str, ...]:
    """What `format` may be."""
    # ingest, where the formats are, reads sources itself
    from event_assets.ingest.formats import format_names

    return format_names()


class Source(ConfigModel):
    """One kind of log files, read alike.

    `mapping` says which of a log's fields is which of ours (docs/formats.md). Sessions are opened by
    the events of sources with `opens_sessions`, by default of clients and mobile apps.

    Of the fields in `drop`, `hash` and `truncate` (dotted paths) nothing, a pseudonym or the first
    characters are stored, in quarantine too; of URL parameters in `drop_query` the names.
    """

    name: str
    kind: Literal["client", "server", "mobile", "ad_report"]
    opens_sessions: bool
    path: str
    format: str = "auto"
    mapping: dict[str, Any] = Field(default_factory=dict)
    drop: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    truncate: dict[str, Annotated[int, Field(ge=1)] | Literal["ip"]] = Field(default_factory=dict)
    drop_query: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _default_opens_sessions(cls, values: Any) -> Any:
        if is_object(values) and "opens_sessions" not in values:
            return {**values, "opens_sessions": values.get("kind") in ("client", "mobile")}
        return values

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise invalid(
                f"`{name}` is no name for a source; use small letters, digits and `_`, "
                "beginning with a letter"
            )
        return name

    @field_validator("path")
    @classmethod
    def _check_path(cls, path: str) -> str:
        try:
            PathPattern.parse(path)
        except ValueError as error:
            raise invalid(str(error)) from None
        return path

    @field_validator("format")
    @classmethod
    def _check_format(cls, name: str) -> str:
        allowed = allowed_formats()
        if name in allowed:
            return name
        remedy = did_you_mean(name, allowed) or f"allowed: {', '.join(allowed)}"
        raise invalid(f"unknown format `{name}`; {remedy}")

    @field_validator("mapping")
    @classmethod
    def _check_mapping(cls, mapping: dict[str, Any]) -> dict[str, Any]:
        if mapping:
            _mapped_paths(mapping)
        return mapping

    @model_validator(mode="after")
    def _check_mapping_is_whole(self) -> Self:
        if self.kind == "ad_report" and self.format != "auto":
            raise invalid("ad reports have a format of their own; remove `format`")
        if self.mapping and self.format != "mapping":
            raise invalid("a mapping is there but not used; set `format: mapping`")
        if self.format == "mapping" and not self.mapping:
            raise invalid("`format: mapping` needs a `mapping` of fields")
        for field, path in _mapped_paths(self.mapping) if self.mapping else ():
            if path in self.drop:
                raise invalid(f"`{path}` is both dropped and mapped to `{field}`")
            if field in _NO_PSEUDONYM and path in (*self.hash, *self.truncate):
                raise invalid(f"`{path}` is mapped to `{field}`, which no pseudonym can be")
        return self

    @model_validator(mode="after")
    def _check_privacy(self) -> Self:
        for key in ("drop", "hash", "truncate", "drop_query"):
            for name in getattr(self, key):
                if not all(folded(part) for part in name.split(".")):
                    raise invalid(f"`{name}` in `{key}` is no name of a field")
        if self.kind == "ad_report" and (self.hash or self.truncate or self.drop_query):
            raise invalid("the columns of ad reports can't be hashed or truncated; use `drop`")
        return self

    @cached_property
    def pattern(self) -> PathPattern:
        """Where this source's files are."""
        return PathPattern.parse(self.path)

    def files(self, data_dir: Path, day: date | None = None) -> list[tuple[date, AnyPath]]:
        """(landing date, absolute path) of each of the source's files, in that order; of a day if given."""
        return self.pattern.files(data_dir, day)

    @property
    def is_private(self) -> bool:
        """Whether anything of what is sent must not be stored."""
        return bool(self.drop or self.altered)

    @property
    def altered(self) -> tuple[str, ...]:
        """What is stored otherwise than sent, a text for each: `hash:email`, `truncate:zip:2`."""
        return (
            *(f"hash:{name}" for name in sorted(self.hash)),
            *(f"truncate:{name}:{kept}" for name, kept in sorted(self.truncate.items())),
            *(f"drop_query:{name}" for name in sorted(self.drop_query)),
        )

    @cached_property
    def config_hash(self) -> str:
        """A hash of all that changes how the source's bytes are read."""
        # what reads the formats reads sources as well
        from event_assets.ingest.formats import mappings_of

        reading = [self.kind, self.format, sorted(self.mapping.items()), sorted(self.drop)]
        reading += [list(self.altered), mappings_of(self.format)]
        return hashlib.sha256(json.dumps(reading, sort_keys=True).encode()).hexdigest()[:16]


def _mapped_paths(mapping: dict[str, Any]) -> list[tuple[str, str]]:
    """Each field of ours with the paths that it is read from."""
    # what reads the formats reads sources as well
    from event_assets.ingest.formats.mapping import MappingReader
    from event_assets.ingest.formats.mapping_places import MappingMistake

    try:
        reader = MappingReader(mapping)
    except MappingMistake as mistake:
        raise invalid(mistake.message, mistake.at) from None
    return [(field, ".".join(path)) for field, path in reader.paths]


DEFAULT_SOURCES = (
    Source.model_validate({"name": "client", "kind": "client", "path": "raw/client/{date}/*"}),
    Source.model_validate({"name": "server", "kind": "server", "path": "raw/server/{date}/*"}),
    Source.model_validate({"name": "mobile", "kind": "mobile", "path": "raw/mobile/{date}/*"}),
    Source.model_validate(
        {"name": "ad_platforms", "kind": "ad_report", "path": "raw/ad_platforms/{date}/*.csv*"}
    ),
)
