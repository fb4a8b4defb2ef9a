"""From a reading to the canonical event: ids, texts, times, campaign and address settled."""

from __future__ import annotations

from datetime import date
from typing import Any

from event_assets.ingest.clock import YEAR_2000, corrected, latest_plausible, micros
from event_assets.ingest.formats.reading import READ_FIELDS, TIMES, Reading
from event_assets.ingest.malformed import Malformed
from event_assets.ingest.privacy import IpTruncation
from event_assets.ingest.urls import UTM_FIELDS, CampaignReader
from event_assets.ingest.values import identifier, text

_CLIENT, _SENT, _RECEIVED = (READ_FIELDS.index(field) for field in TIMES)
_PAGE_URL, _IP = READ_FIELDS.index("page_url"), READ_FIELDS.index("ip")
_CAMPAIGN = slice(READ_FIELDS.index(UTM_FIELDS[0]), READ_FIELDS.index("click_id_type") + 1)
_NOTHING_SENT = [None] * (_CAMPAIGN.stop - _CAMPAIGN.start)
_NOTHING_SAID = ("", "null")
_BEGINS_NOTHING, _ENDS_NOTHING = "0- \tnN", "0- \tlL"  # of ids, see `identifier`
IP_NAMES = frozenset(("ip", "ip_address"))
_CLICK_ID, _CLICK_ID_TYPE = READ_FIELDS.index("click_id"), READ_FIELDS.index("click_id_type")

EVENT_TYPE = READ_FIELDS.index("event_type")
EVENT_VERSION = READ_FIELDS.index("event_version")


class Canon:
    """Settles readings of one landing date."""

    def __init__(self, landing_date: date) -> None:
        self._latest_plausible = latest_plausible(landing_date)
        self._campaigns = CampaignReader()
        self._truncated_ip = IpTruncation()

    def settle(self, reading: Reading) -> tuple[int, str]:
        """Put canonical values in place of those sent; returns event_ts and its quality.

        Raises Malformed without a name, without a readable time, or for a value of a type that
        its field cannot have.
        """
        values, _, _, _, _, is_sent_per_attempt, ids, texts = reading
        event_type = values[EVENT_TYPE]
        if event_type.__class__ is not str or not event_type.strip():
            raise Malformed("is missing or no text", "event_type")
        for place in ids:
            value = values[place]
            # few texts say nothing, and all of those begin and end so: looking closer takes time
            if value is not None and (
                value.__class__ is not str
                or (value[:1] in _BEGINS_NOTHING and value[-1:] in _ENDS_NOTHING)
            ):
                values[place] = identifier(value, READ_FIELDS[place])
        for place in texts:
            value = values[place]
            if value is not None and value.__class__ is not str:
                values[place] = text(value, READ_FIELDS[place])
        page_url = values[_PAGE_URL]
        if values[_CAMPAIGN] != _NOTHING_SENT:
            values[_CAMPAIGN] = [
                None if each in _NOTHING_SAID else each for each in values[_CAMPAIGN]
            ]
        if page_url is not None and "?" in page_url:
            self._read_campaign(values, page_url)
        if values[_IP] is not None:
            values[_IP] = self._truncated_ip(values[_IP])
        event_ts = values[_CLIENT] = micros(values[_CLIENT])
        quality = "log"
        if values[_RECEIVED] is not None or values[_SENT] is not None:
            sent = values[_SENT] = micros(values[_SENT])
            received = values[_RECEIVED] = micros(values[_RECEIVED])
            event_ts, quality = corrected(
                event_ts, sent, received, is_sent_per_attempt=is_sent_per_attempt
            )
        if event_ts is None:
            raise Malformed("has no readable time")
        if not YEAR_2000 <= event_ts <= self._latest_plausible:
            return event_ts, "implausible"
        return event_ts, quality

    def without_whole_ips(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Properties or context with the addresses in them truncated like the event's own."""
        if IP_NAMES.isdisjoint(fields):
            return fields
        for name in IP_NAMES:
            if fields.get(name).__class__ is str:
                fields = {**fields, name: self._truncated_ip(fields[name])}
        return fields

    def _read_campaign(self, values: list[Any], page_url: str) -> None:
        campaign = self._campaigns.read(page_url)
        if values[_CAMPAIGN] == _NOTHING_SENT:
            values[_CAMPAIGN] = campaign
            return
        is_click_sent = values[_CLICK_ID] is not None
        for index, value in enumerate(campaign, start=_CAMPAIGN.start):
            if value is None or values[index] is not None:
                continue
            if not (is_click_sent and index in (_CLICK_ID, _CLICK_ID_TYPE)):
                values[index] = value
