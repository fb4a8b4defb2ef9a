"""What never reaches the lake: the end of an IP address, and the fields a source drops."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from event_assets.ingest.json_text import children

_KEPT_BITS = {4: 24, 6: 48}
_REMEMBERED = 20_000


class IpTruncation:
    """Truncates addresses, and remembers those that it saw."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def __call__(self, ip: str) -> str | None:
        """The address with all but its first 24 (IPv4) or 48 (IPv6) bits zero.

        None for what is no address: it could be personal data of another kind.
        """
        if ip in self._known:
            return self._known[ip]
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        truncated = self._known[ip] = _truncate(ip)
        return truncated


class DroppedFields:
    """Removes the fields that a source never stores.

    A plain name is removed wherever it stands, at any depth; a dotted path at its place, from the
    top of the line or below `properties`, `metadata` and `context`.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name for name in names if "." not in name)
        self._paths = [tuple(name.split(".")) for name in names if "." in name]

    def remove_from(self, line: dict[str, Any]) -> None:
        """Remove them from a parsed line, in place."""
        tops = [line, *(line.get(name) for name in ("properties", "metadata", "context"))]
        for path in self._paths:
            for top in tops:
                _remove(top, path)
        pending: list[Any] = [line]
        while pending:
            each = pending.pop()
            if each.__class__ is dict:
                for name in self._names & each.keys():
                    del each[name]
            pending += (child for child in children(each) if child.__class__ in (dict, list))


def _remove(top: Any, path: tuple[str, ...]) -> None:
    if top.__class__ is dict:
        top.pop(".".join(path), None)
    for name in path[:-1]:
        if top.__class__ is not dict:
            return
        top = top.get(name)
    if top.__class__ is dict:
        top.pop(path[-1], None)


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
