"""What a plan is compared with: another folder, or the same folder at a git revision."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from event_assets.errors import ConfigurationError, shown_path

_DEFAULTS = ("origin/main", "origin/master", "HEAD~1")


@contextmanager
def base_folder(base: str, folder: Path) -> Generator[Path | None]:
    """The plan folder to compare with; None where the revision has none at that place.

    Raises ConfigurationError where there is neither such a folder nor such a revision.
    """
    is_revision = _revision(base, folder) is not None
    if (Path(base) / "plan.yaml").is_file() or (Path(base).is_dir() and not is_revision):
        yield Path(base)
        return
    commit = _commit(base, folder)
    with tempfile.TemporaryDirectory(prefix="event-assets-") as name:
        yield Path(name) if _write_files(commit, folder, Path(name)) else None


def default_base(folder: Path) -> str | None:
    """The main branch, or the commit before where that is the main branch already, if any."""
    head = _revision("HEAD", folder)
    for name in _DEFAULTS:
        if _revision(name, folder) not in (None, head):
            return name
    return None


def _commit(base: str, folder: Path) -> str:
    if _git(folder, "rev-parse", "--git-dir") is None:
        raise ConfigurationError(
            f"there is no folder `{base}`, and {shown_path(folder)} is in no git repository",
            remedy="name a folder with a plan to compare with",
        )
    commit = _revision(base, folder)
    if commit is None:
        raise ConfigurationError(
            f"there is neither a folder nor a git revision `{base}` here",
            remedy="name one such as `main`, `origin/main` or `HEAD~1`; a shallow clone has few",
        )
    return commit


def _revision(name: str, folder: Path) -> str | None:
    """The commit of a git revision, if there is one of this name."""
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    found = _git(folder, *words)
    return None if found is None else found.decode().split()[-1]


def _write_files(commit: str, folder: Path, target: Path) -> bool:
    """Write the files of a folder as they were; gives whether there were any."""
    listed = _git(folder, "ls-tree", "-r", "-z", commit, "--", ".") or b""
    blobs: dict[Path, bytes] = {}
    for entry in filter(None, listed.split(b"\0")):
        mode_type_id, _, name = entry.partition(b"\t")
        mode, _, blob = mode_type_id.split()
        if mode.startswith(b"100"):  # no links, no submodules
            blobs[target / PurePosixPath(os.fsdecode(name))] = blob
    contents = _git(
        folder, "cat-file", "--batch", given=b"".join(b + b"\n" for b in blobs.values())
    )
    if contents is None:
        return False
    at = 0
    for path in blobs:
        head, _, _ = contents[at : at + 100].partition(b"\n")
        begin = at + len(head) + 1
        at = begin + int(head.split()[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[begin:at])
        at += 1  # a line's end follows
    return bool(blobs)


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    """What git prints in a folder, or None where it fails or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], input=given, capture_output=True, check=False
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
