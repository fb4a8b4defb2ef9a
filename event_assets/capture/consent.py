"""What a visitor wants: Global Privacy Control, Do Not Track, consent; and events without their ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from event_assets.ingest.privacy import IpTruncation
from event_assets.json_values import is_object
from event_assets.sources import folded

SIGNALS = {"gpc": b"sec-gpc", "dnt": b"dnt"}

_ANALYTICS = frozenset(("analytics", "analyticsstorage", "statistics", "performance"))
_NO = ("denied", "no", "false", "0")
_YES = ("granted", "yes", "true", "1")
IP_NAMES = frozenset(("ip", "ip_address", "request_ip", "requestIp"))
_HOLDERS = ("properties", "context")
# ids of persons, devices and visits in all formats that ingest reads, by letters and digits alone
_IDS = frozenset(
    (
        "adid",
        "advertisingid",
        "aid",
        "anonymousid",
        "clientid",
        "deviceid",
        "distinctid",
        "domainsessionid",
        "domainuserid",
        "duid",
        "gasessionid",
        "groupid",
        "idfa",
        "idfv",
        "networkuserid",
        "nuid",
        "previousid",
        "pseudoid",
        "sessionhint",
        "sessionid",
        "sid",
        "tnuid",
        "uid",
        "userid",
        "userpseudoid",
        "visitorid",
    )
)


def signal(headers: Mapping[bytes, bytes], honoured: Collection[str]) -> str | None:
    """`gpc` or `dnt` where the browser says so and it is to be honoured."""
    return next((each for each in honoured if headers.get(SIGNALS[each]) == b"1"), None)


def consent_in(holder: Mapping[str, Any]) -> bool | None:
    """What an event or a batch says of consent to analytics; None where it says nothing.

    `consent` is true or false, `granted` or `denied`, or an object by purpose, at the top or in
    `context`; a consent platform's `categoryPreferences` is such an object.
    """
    said = holder.get("consent")
    if said is None:
        context = holder.get("context")
        said = context.get("consent") if is_object(context) else None
    return None if said is None else _is_given(said)


def _is_given(said: Any) -> bool | None:
    if isinstance(said, bool):
        return said
    if isinstance(said, str):
        text = said.strip().lower()
        return True if text in _YES else False if text in _NO else None
    if is_object(said):
        by_purpose = said
        inner = by_purpose.get("categoryPreferences")
        if is_object(inner):
            return _is_given(inner)
        for name, value in by_purpose.items():
            if folded(name) in _ANALYTICS:
                return _is_given(value)
    return None


def take_ids(event: dict[str, Any]) -> None:
    """Empty the ids of an event or a batch, wherever formats have them, in place.

    Traits, which describe a person, go altogether. An id is emptied rather than removed, as the
    formats are known by their fields; an empty id is none.
    """
    _empty(event)
    event.pop("traits", None)
    for holder in _HOLDERS:
        fields = event.get(holder)
        if is_object(fields):
            _empty(fields)
            fields.pop("traits", None)


def _empty(fields: dict[str, Any]) -> None:
    for name in fields:
        if folded(name) in _IDS:
            fields[name] = ""


class IpPolicy:
    """What is kept of addresses: the first 24 or 48 bits, or nothing."""

    def __init__(self, *, is_dropped: bool) -> None:
        self._truncated = IpTruncation()
        self._is_dropped = is_dropped

    def __call__(self, ip: str) -> str | None:
        """What is kept of one."""
        return None if self._is_dropped else self._truncated(ip)

    def apply(self, event: dict[str, Any]) -> None:
        """Shorten the addresses that an event or a batch carries itself, in place."""
        holders: list[Any] = [event, event.get("properties"), event.get("context")]
        for fields in holders:
            # without a call for each: few events carry one
            if fields.__class__ is dict and not IP_NAMES.isdisjoint(fields):
                self._shorten(fields)

    def _shorten(self, fields: dict[str, Any]) -> None:
        for name in IP_NAMES.intersection(fields):
            value = fields[name]
            if isinstance(value, str):  # anything else is no address, and malformed
                fields[name] = self(value)
