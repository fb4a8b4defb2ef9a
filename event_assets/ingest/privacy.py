"""What never reaches the lake: the end of an IP address, and what a source drops, hashes, cuts."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import orjson

from event_assets.identity_key import identity_key
from event_assets.ingest.json_text import dumped, exact
from event_assets.ingest.malformed import Malformed
from event_assets.ingest.pseudonyms import Pseudonyms, as_text, is_pseudonym
from event_assets.sources import Source, folded

_KEPT_BITS = {4: 24, 6: 48}
_REMEMBERED = 20_000
_LONGEST_IP = 200  # a pseudonym is shorter; what is longer is no address and not remembered
_HOLDERS = ("properties", "metadata", "context")
_PARAMETER = re.compile(r"([?&;#])([^=&;#?\s]+)=[^&;#\s]*")


class IpTruncation:
    """Truncates addresses, and remembers those that it saw."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def __call__(self, ip: str) -> str | None:
        """The address with all but its first 24 (IPv4) or 48 (IPv6) bits zero.

        A pseudonym stays. None for what is neither: it could be personal data of another kind.
        """
        if ip in self._known:
            return self._known[ip]
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        truncated = ip if is_pseudonym(ip) else _truncate(ip)
        if len(ip) <= _LONGEST_IP:
            self._known[ip] = truncated
        return truncated


class _Action(NamedTuple):
    """What becomes of a value; of several that concern it the one with the lowest rank."""

    rank: int
    change: Callable[[Any], Any] | None = None  # None: the field is removed


_DROP = _Action(0)


class Privacy:
    """Takes out of a parsed line what its source must not store.

    A plain name means the fields so called at any depth; a dotted path those at its place, from
    the top of the line or of an item in a list there, or below `properties`, `metadata` and
    `context`; on its way it passes through lists. Names are compared by their letters and digits
    alone, so `userId` means `user_id` as well. Of an object or list every value in it is changed.

    Names are found too where a format hides them: in `{"key": …, "value": …}`, in texts that are
    JSON, in `data_base64`. What cannot be looked into there is removed.
    """

    def __init__(self, source: Source, key: str) -> None:
        self._pseudonyms = Pseudonyms(key)
        hashing = _Action(1, self._pseudonyms.of)
        self._names: dict[str, _Action] = {}
        self._paths: list[tuple[tuple[str, ...], _Action]] = []
        self._folded: dict[str, str] = {}
        self._query = frozenset(map(folded, source.drop_query))
        for name in source.drop:
            self._add(name, _DROP)
        for name in source.hash:
            self._add(name, hashing)
        for name, kept in source.truncate.items():
            self._add(name, _Action(2, _truncate_ip if kept == "ip" else _Beginning(kept)))
        self._paths.sort(key=lambda each: each[1].rank)

    def apply(self, line: Any) -> None:
        """Do so in place."""
        cuts: list[tuple[tuple[str, ...], _Action]] = []
        for path, action in self._paths:
            if action.rank <= 1:
                self._apply_at(line, path, action)
            else:
                cuts.append((path, action))
        if self._names or self._query:
            self._walk(line, None)
        # last, as a value that is hashed as well must not be hashed without its end
        for path, action in cuts:
            self._apply_at(line, path, action)

    def digest(self, line: bytes) -> bytes:
        """The keyed digest of a line without its end, in place of its SHA-256."""
        return self._pseudonyms.line_digest(line)

    def _add(self, name: str, action: _Action) -> None:
        if "." in name:
            self._paths.append((tuple(map(folded, name.split("."))), action))
        known = self._names.get(folded(name), action)
        if "." not in name:
            self._names[folded(name)] = min(known, action, key=lambda each: each.rank)

    def _fold(self, name: str) -> str:
        known = self._folded.get(name)
        if known is None:
            if len(self._folded) >= _REMEMBERED:
                self._folded.clear()
            known = self._folded[name] = folded(name)
        return known

    def _walk(self, top: Any, inherited: _Action | None) -> None:
        pending: list[tuple[Any, _Action | None]] = [(top, inherited)]
        while pending:
            holder, action = pending.pop()
            if holder.__class__ is dict:
                self._change_fields(holder, action, pending)
            elif holder.__class__ is list:
                for place, value in enumerate(holder):
                    if value.__class__ in (dict, list):
                        pending.append((value, action))
                    elif value is not None:
                        holder[place] = self._changed(value, action)

    def _change_fields(
        self,
        holder: dict[str, Any],
        inherited: _Action | None,
        pending: list[tuple[Any, _Action | None]],
    ) -> None:
        names, fold = self._names, self._fold
        called: Any = holder.get("key")
        named = names.get(fold(called)) if called.__class__ is str and "value" in holder else None
        for name, value in list(holder.items()):
            action = names.get(fold(name))
            if inherited is not None:
                action = _stronger(action, inherited)
            if named is not None and name == "value":
                action = _stronger(action, named)
            if action is not None and action.change is None:
                if named is not None and name == "value":
                    holder[name] = None
                else:
                    del holder[name]
            elif value.__class__ in (dict, list):
                pending.append((value, action))
            elif name == "data_base64" and action is None:
                holder[name] = self._inside_base64(value)
            elif value is not None:
                holder[name] = self._changed(value, action)

    def _changed(self, value: Any, action: _Action | None) -> Any:
        if action is not None and action.change is not None:
            return action.change(value)
        if value.__class__ is not str:
            return value
        if value[:1] in ("{", "[") and value[-1] in "}]":
            return self._inside_json(value)
        if self._query and "=" in value:
            return _PARAMETER.sub(self._without_value, value)
        return value

    def _inside_json(self, text: str) -> str | None:
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
        try:
            inner = exact(text.encode())
            before = dumped(inner, "text")
            self._walk(inner, None)
            after = dumped(inner, "text")
        except Malformed:
            return None
        return text if after == before else after

    def _inside_base64(self, value: Any) -> Any:
        try:
            inner = orjson.loads(base64.b64decode(value, validate=True))
        except (TypeError, ValueError):
            return None
        self._walk(inner, None)
        return base64.b64encode(orjson.dumps(inner)).decode()

    def _without_value(self, parameter: re.Match[str]) -> str:
        if folded(unquote_plus(parameter[2])) not in self._query:
            return parameter[0]
        return f"{parameter[1]}{parameter[2]}="

    def _apply_at(self, line: Any, path: tuple[str, ...], action: _Action) -> None:
        for top in _tops(line):
            for holder, name in self._found(top, path):
                if action.change is None:
                    del holder[name]
                elif holder[name].__class__ in (dict, list):
                    self._walk(holder[name], action)
                elif holder[name] is not None:
                    holder[name] = action.change(holder[name])

    def _found(self, top: Any, path: tuple[str, ...]) -> list[tuple[dict[str, Any], str]]:
        """The fields at a path below `top`, each as its holder and its name there."""
        whole = "".join(path)
        fold = self._fold
        found: list[tuple[dict[str, Any], str]] = []
        holders: list[Any] = [top]
        for depth, step in enumerate(path):
            is_last = depth == len(path) - 1
            following: list[Any] = []
            for holder in _objects(holders):
                for name, value in holder.items():
                    is_whole = not depth and "." in name and fold(name) == whole
                    if is_whole or (is_last and fold(name) == step):
                        found.append((holder, name))
                    elif fold(name) == step:
                        following.append(value)
            holders = following
        return found


def privacy_of(source: Source, data_dir: Path) -> Privacy | None:
    """What a source asks for, with the data directory's key; None where it asks for nothing."""
    return Privacy(source, identity_key(data_dir)) if source.is_private else None


class _Beginning:
    """Keeps the first characters of a text or number; a pseudonym stays."""

    def __init__(self, characters: int) -> None:
        self._characters = characters

    def __call__(self, value: Any) -> Any:
        text = as_text(value)
        if text is None or is_pseudonym(text):
            return value
        return text[: self._characters]


def _truncate_ip(value: Any) -> Any:
    text = as_text(value)
    return text if text is None or is_pseudonym(text) else _truncate(text)


def _stronger(one: _Action | None, other: _Action) -> _Action:
    return other if one is None or other.rank < one.rank else one


def _tops(line: Any) -> Iterator[Any]:
    """The objects that a path may begin in."""
    for item in _objects([line]):
        lists = [value for value in item.values() if value.__class__ is list]
        for top in (item, *_objects(lists)):
            yield top
            yield from (top[name] for name in _HOLDERS if top.get(name).__class__ is dict)


def _objects(values: list[Any]) -> Iterator[dict[str, Any]]:
    """The objects among values and in lists of them."""
    for value in values:
        if value.__class__ is dict:
            yield value
        elif value.__class__ is list:
            yield from (each for each in value if each.__class__ is dict)


def _truncate(ip: str) -> str | None:
    try:
        address = ip_address(ip.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    dropped = address.max_prefixlen - _KEPT_BITS[address.version]
    kept = int(address) >> dropped << dropped
    return str(IPv4Address(kept) if address.version == 4 else IPv6Address(kept))
