"""Host names as people write them in configuration, and as browsers send them."""

from __future__ import annotations

import unicodedata

from event_assets.config_values import invalid


def check_host(host: str) -> str:
    """The host in small letters, without the dot that a full name may end with."""
    if not host.strip(".") or any(each in host for each in "/:*@ "):
        raise invalid(f"`{host}` is no host name; write it as `shop.example.com`")
    return unicodedata.normalize("NFC", host.lower().rstrip("."))


def host_spellings(host: str) -> list[str]:
    """The host, and where it has letters beyond ASCII the Punycode that browsers send (RFC 3492)."""
    ascii_host = ".".join(_ascii_label(label) for label in host.split("."))
    return [host] if ascii_host == host else [host, ascii_host]


def _ascii_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
