"""Readers of logs as they are often written: each loses or doubles lines when files move."""

import json
from pathlib import Path


class OffsetReader:
    """Remembers how far it read by path; a file that shrank is begun again. Any tail -F script."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: list[str] = []
        self._offsets: dict[Path, int] = {}

    def read(self) -> None:
        """Take what is new."""
        for path in sorted(each for each in self.folder.rglob("*") if each.is_file()):
            content = path.read_bytes()
            offset = self._offsets.get(path, 0)
            self._take(content[offset if offset <= len(content) else 0 :])
            self._offsets[path] = len(content)

    def _take(self, content: bytes) -> None:
        for line in content.splitlines():
            try:
                self.seen.append(json.loads(line)["user_id"])
            except (ValueError, TypeError):
                continue


class Mirror(OffsetReader):
    """Reads everything that is there now, each time. Any query over a glob."""

    def read(self) -> None:
        """Take it all."""
        self.seen.clear()
        self._offsets.clear()
        super().read()


class FingerprintReader(OffsetReader):
    """Knows a file by its first bytes, so that renaming does not matter. Many log shippers."""

    def read(self) -> None:
        """Take what is new."""
        for path in sorted(each for each in self.folder.rglob("*") if each.is_file()):
            content = path.read_bytes()
            name = Path(content[:60].hex())
            self._take(content[self._offsets.get(name, 0) :])
            self._offsets[name] = max(len(content), self._offsets.get(name, 0))
