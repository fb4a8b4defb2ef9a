"""Requests to S3-compatible storage, each told in one line where it fails.

Where the storage is and who asks is what the AWS tools take it from: AWS_ENDPOINT_URL, AWS_PROFILE,
AWS_ACCESS_KEY_ID and the like, and the files in ~/.aws. Nothing of it is kept.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from event_assets.errors import StorageError
from event_assets.storage.paths import ObjectPath, Stat

READ_AT_ONCE = 8 * 2**20  # bytes of one request while an object is read from its start to its end
PUT_AT_ONCE = 16 * 2**20  # larger files are put in parts of this size, and seen when all are there


def look_at(path: ObjectPath) -> Stat | None:
    """How an object is; None where there is none."""
    with _told(path):
        try:
            return _stat(client().info(_name(path)))
        except FileNotFoundError as error:
            _check_bucket(path, error)
            return None


def listed(bucket: str, prefix: str, at_most: int | None = None) -> Iterator[ObjectPath]:
    """The objects whose keys begin with the prefix, in the order of their keys."""
    folder, _, rest = prefix.rstrip("/").rpartition("/")
    rest += "/" if prefix.endswith("/") else ""
    place = f"{bucket}/{folder}" if folder else bucket
    more = {} if at_most is None else {"max_items": at_most}
    with _told(ObjectPath(bucket, prefix)):
        found: dict[str, Any] = client().find(place, prefix=rest, detail=True, **more)
    for name in sorted(found):
        if not name.endswith("/"):  # what some tools put to stand for a folder
            yield ObjectPath(bucket, name[len(bucket) + 1 :], _stat(found[name]))


def get(path: ObjectPath) -> bytes:
    """The content of an object. Raises FileNotFoundError."""
    with _told(path):
        content: bytes = client().cat_file(_name(path))
        return content


def get_all(paths: Sequence[ObjectPath]) -> dict[ObjectPath, bytes]:
    """The contents of small objects, asked for many at a time; without those that are gone."""
    if not paths:
        return {}
    with _told(paths[0]):
        by_name: dict[str, ObjectPath] = {_name(path): path for path in paths}
        found: dict[str, Any] = client().cat([*by_name], recursive=True, on_error="return")
        contents: dict[ObjectPath, bytes] = {}
        for name, content in found.items():
            if isinstance(content, bytes):
                contents[by_name[name]] = content
            elif not isinstance(content, FileNotFoundError):
                raise content
        return contents


def open_object(path: ObjectPath) -> tuple[BinaryIO, Stat]:
    """An object for reading, and how it is. Raises FileNotFoundError.

    Each request asks for the content of that ETag: where the object was replaced meanwhile, reading
    fails.
    """
    with _told(path):
        file = client().open(_name(path), "rb", cache_type="none")
    raw: Any = _Reading(path, file)
    reader: Any = io.BufferedReader(raw, READ_AT_ONCE)
    return reader, _stat(file.details)


def put(path: ObjectPath, content: bytes) -> None:
    """Put an object whole, in place of one that is there."""
    with _told(path):
        client().pipe_file(_name(path), content)


def put_file(local: Path, path: ObjectPath) -> None:
    """Put a file's content as an object, seen whole once all of it is there."""
    with _told(path):
        client().put_file(str(local), _name(path), chunksize=PUT_AT_ONCE)


def remove(path: ObjectPath) -> None:
    """Remove an object if it is there."""
    with _told(path):
        client().rm_file(_name(path))


def check_access(path: ObjectPath) -> None:
    """Raise StorageError where the bucket is not there, not reached or not to be listed."""
    next(listed(path.bucket, path.key, at_most=1), None)


@cache
def client() -> Any:
    """The file system of s3fs, which is one of fsspec's."""
    try:
        s3fs: Any = import_module("s3fs")
    except ModuleNotFoundError:
        raise StorageError(
            "a path on S3 is configured and the package for it is not installed",
            remedy="pip install 'event-assets[s3]'",
        ) from None
    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


class _Reading(io.RawIOBase):
    """s3fs' file, with its failures in our words."""

    def __init__(self, path: ObjectPath, file: Any) -> None:
        self._path = path
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        position: int = self._file.seek(offset, whence)
        return position

    def tell(self) -> int:
        position: int = self._file.tell()
        return position

    def readall(self) -> bytes:
        with _told(self._path):
            content: bytes = self._file.read()
            return content

    def readinto(self, buffer: Any, /) -> int:
        with _told(self._path):
            content: bytes = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _name(path: ObjectPath) -> str:
    return f"{path.bucket}/{path.key}"


def _stat(info: dict[str, Any]) -> Stat:
    modified: datetime = info["LastModified"]
    return Stat(info["size"], int(modified.timestamp()) * 10**9, 0, info["ETag"].strip('"'))


def _check_bucket(path: ObjectPath, error: FileNotFoundError) -> None:
    if _code(error) == "NoSuchBucket":
        raise StorageError(
            f"there is no bucket `{path.bucket}`",
            remedy="create it, or correct its name; AWS_ENDPOINT_URL says where it is looked for",
        ) from None


def _code(error: BaseException) -> str:
    """The storage's own name of what went wrong."""
    response: Any = getattr(error.__cause__, "response", None) or {}
    code: str = response.get("Error", {}).get("Code", "")
    return code


@contextmanager
def _told(path: ObjectPath) -> Generator[None]:
    """Failures as StorageError; FileNotFoundError, where not the bucket is missing, stays."""
    try:
        yield
    except StorageError:
        raise
    except FileNotFoundError as error:
        _check_bucket(path, error)
        raise
    except Exception as error:
        told = _explained(path, error)
        if told is None:
            raise
        raise told from None


def _explained(path: ObjectPath, error: Exception) -> StorageError | None:
    aiohttp: Any = import_module("aiohttp")
    exceptions: Any = import_module("botocore.exceptions")
    expired: Any = import_module("s3fs.utils").FileExpired

    kinds: list[tuple[Any, Callable[[], StorageError]]] = [
        (expired, lambda: StorageError(f"{path} changed while it was read", remedy=_AGAIN)),
        (
            (
                exceptions.NoCredentialsError,
                exceptions.PartialCredentialsError,
                exceptions.CredentialRetrievalError,
                exceptions.ProfileNotFound,
                exceptions.TokenRetrievalError,
            ),
            lambda: StorageError(f"no credentials for {path} ({error})", remedy=_CREDENTIALS),
        ),
        (
            PermissionError,
            lambda: StorageError(
                f"access to {path} was refused ({_reason(error)})", remedy=_REFUSED
            ),
        ),
        (
            (exceptions.BotoCoreError, aiohttp.ClientError, OSError, TimeoutError),
            lambda: StorageError(f"{path} can't be reached ({_reason(error)})", remedy=_REACH),
        ),
    ]
    return next((told() for kind, told in kinds if isinstance(error, kind)), None)


_AGAIN = "run again"
_CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_REFUSED = "check the credentials, and that they may list, get, put and delete there"
_REACH = "check AWS_ENDPOINT_URL, AWS_DEFAULT_REGION and the network, then run again"


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
