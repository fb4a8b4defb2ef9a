"""The collector's own visitor ids: a first-party cookie, or a digest that lives for a day."""

from __future__ import annotations

import hmac
import os
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from event_assets.capture.collector_config import Cookie
from event_assets.storage.files import make_folder

_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_.~-]{8,64}")
_DAY_SECONDS = 86_400


class CookieIds:
    """Ids in a cookie that the server sets, which browsers keep longer than one set by a script."""

    def __init__(self, cookie: Cookie) -> None:
        self._cookie = cookie
        self._pattern = re.compile(rf"(?:^|;)\s*{re.escape(cookie.name)}=([^;\s]*)")

    def known(self, header: str) -> str | None:
        """The id in a Cookie header; None where there is none, or none that we could have set."""
        match = self._pattern.search(header)
        return match[1] if match and _COOKIE_VALUE.fullmatch(match[1]) else None

    def new(self, session_id: str | None, *, is_kept: bool) -> str | None:
        """An id for a visitor who has none; the id of the tracker's session if it sends one.

        So the requests that a page makes before it has the cookie are one visitor's, and where no
        cookie is kept a session's are.
        """
        if session_id is not None and _COOKIE_VALUE.fullmatch(session_id):
            return session_id
        return str(uuid.uuid4()) if is_kept else None

    def header(self, visitor: str) -> bytes:
        """The Set-Cookie that keeps the id from now on."""
        cookie = self._cookie
        parts = [
            f"{cookie.name}={visitor}",
            "Path=/",
            f"Max-Age={cookie.days * _DAY_SECONDS}",
            f"SameSite={cookie.same_site.capitalize()}",
            "HttpOnly",
        ]
        if cookie.domain:
            parts.append(f"Domain={cookie.domain}")
        if cookie.secure or cookie.same_site == "none":
            parts.append("Secure")
        return "; ".join(parts).encode()


class DailyIds:
    """Digests of address, browser and site that nobody can join from one day to the next.

    Each UTC day has a random salt, in a file that the collectors of a data directory share and that
    is removed after the day. Without it a digest cannot be made again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""
        self._salt = b""

    def id_of(self, address: str, user_agent: str, site: str) -> str:
        """The id of a visitor today. Raises OSError where the salt cannot be kept."""
        today = datetime.now(UTC).date()
        if today.isoformat() != self._day:
            self._salt = self._salt_of(today.isoformat())
            self._day = today.isoformat()
            kept = {f"salt-{today - timedelta(days=ago)}" for ago in (-1, 0)}
            for path in self._folder.glob("salt-*"):
                if path.name not in kept:
                    path.unlink(missing_ok=True)
        text = "\0".join((address, user_agent, site)).encode(errors="replace")
        return f"d_{hmac.digest(self._salt, text, 'sha256').hex()[:32]}"

    def _salt_of(self, day: str) -> bytes:
        make_folder(self._folder)
        path = self._folder / f"salt-{day}"
        if not path.exists():
            aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(descriptor, secrets.token_bytes(32))
                os.fsync(descriptor)
                os.link(aside, path)
            except FileExistsError:
                pass  # another collector was first
            finally:
                os.close(descriptor)
                aside.unlink()
        return path.read_bytes()
