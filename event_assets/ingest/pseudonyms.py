"""Keyed digests: what can be compared but not guessed by who has the lake and not the key.

A plain SHA-256 hides nothing that has few possible values: whoever knows the rest of a line tries
all user ids until the digest fits. The key is the data directory's, see `identity_key`.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from typing import Any

_FORM = re.compile(r"h_[0-9a-f]{32}")
_SAYS_NOTHING = "0- \t"
_REMEMBERED = 20_000


class Pseudonyms:
    """Gives values the pseudonyms that one key makes of them.

    A pseudonym is `h_` and the first 32 hexadecimal digits of HMAC-SHA-256, with the 32 bytes of
    the key, over `value:` and the value as UTF-8. A number is taken as the text of its digits, so
    42, 42.0 and "42" are one; nothing else is made alike, neither case nor spaces.

    What says nothing stays as it is, as otherwise all who have no id would be one person: null,
    and a text that is empty, `null` or all zeros. So does what is a pseudonym already.
    """

    def __init__(self, key: str) -> None:
        self._key = bytes.fromhex(key)
        self._known: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        """The pseudonym of a text, a number or a truth value; what says nothing as it is."""
        text = as_text(value)
        if text is None or not text.strip(_SAYS_NOTHING) or text.lower() == "null":
            return value
        if _FORM.fullmatch(text):
            return value
        if text in self._known:
            return self._known[text]
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        message = b"value:" + text.encode(errors="surrogatepass")
        pseudonym = f"h_{hmac.digest(self._key, message, 'sha256').hex()[:32]}"
        self._known[text] = pseudonym
        return pseudonym

    def of_line(self, digest: bytes) -> bytes:
        """The keyed digest of a line, made from its SHA-256: 32 bytes."""
        return hmac.digest(self._key, b"line:" + digest, "sha256")

    def line_digest(self, line: bytes) -> bytes:
        """The keyed digest of a line without its end."""
        return self.of_line(sha256(line).digest())


def is_pseudonym(text: str) -> bool:
    """Whether a text has the form of a pseudonym."""
    return _FORM.fullmatch(text) is not None


def as_text(value: Any) -> str | None:
    """A text, number or truth value as text; None for null."""
    if value is None or value.__class__ is str:
        return value
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is float and value.is_integer():
        return str(int(value))
    return str(value)
