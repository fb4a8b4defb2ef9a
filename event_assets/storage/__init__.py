"""Files of this machine or of a bucket (`s3://…`), by one set of functions.

`Path` stays what it is and costs what it did; `ObjectPath` has those of its methods that are needed
here. What differs in kind (how a file becomes visible at once, how many are read) are functions of
`files`. Only `objects` loads the client, and only when a URL is touched. May import `errors` alone.
"""

from event_assets.errors import StorageError
from event_assets.storage.files import (
    location,
    make_folder,
    open_with_stat,
    put_in_place,
    read_each,
    stat_of,
    write_whole,
)
from event_assets.storage.paths import AnyPath, ObjectPath, Stat, is_url

__all__ = [
    "AnyPath",
    "ObjectPath",
    "Stat",
    "StorageError",
    "is_url",
    "location",
    "make_folder",
    "open_with_stat",
    "put_in_place",
    "read_each",
    "stat_of",
    "write_whole",
]
