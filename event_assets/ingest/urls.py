"""What a page's URL says about the campaign: UTM fields and click ids."""

from __future__ import annotations

from urllib.parse import unquote_plus

UTM_FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
# In order of precedence; gad_source names no click but tells that an ad led here.
CLICK_ID_TYPES = (
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "fbclid",
    "msclkid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "yclid",
    "sccid",
    "rdt_cid",
    "rtd_cid",
    "ko_click_id",
    "epik",
    "ysclid",
    "igshid",
    "srsltid",
    "gad_source",
)
Campaign = tuple[str | None, ...]

_WANTED = frozenset(UTM_FIELDS + CLICK_ID_TYPES)
_NOTHING: Campaign = (None,) * (len(UTM_FIELDS) + 2)
_REMEMBERED = 20_000
_LONGEST = 2_000  # of a query that is worth remembering


class CampaignReader:
    """Reads campaigns from URLs and remembers the query strings that it saw."""

    def __init__(self) -> None:
        self._known: dict[str, Campaign] = {}

    def read(self, url: str) -> Campaign:
        """The six UTM fields, click id and click id type of a URL, each None where not there.

        The query begins at the first `?`, also behind a `#`, where single-page apps put it. Of a
        parameter given twice the first value with text counts.
        """
        query = url.partition("?")[2]
        campaign = self._known.get(query)
        if campaign is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            campaign = _parse(query)
            if len(query) <= _LONGEST:
                self._known[query] = campaign
        return campaign


def _parse(query: str) -> Campaign:
    found: dict[str, str] = {}
    for parameter in query.partition("#")[0].split("&"):
        name, _, value = parameter.partition("=")
        name = name.lower()
        if name in _WANTED and value and name not in found:
            found[name] = unquote_plus(value)
    if not found:
        return _NOTHING
    click_id_type = next((name for name in CLICK_ID_TYPES if name in found), None)
    click_id = None if click_id_type is None else found[click_id_type]
    return (*map(found.get, UTM_FIELDS), click_id, click_id_type)
