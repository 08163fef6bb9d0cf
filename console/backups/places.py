"""Where scheduled backups lie: a directory of the machine, or a bucket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Protocol

from cryptography.fernet import InvalidToken

from console.backups.files import naming
from console.backups.models import Schedule
from console.backups.s3 import Bucket, NoBucket
from console.sealing import opened


class Place(Protocol):
    """Everything raises OSError."""

    def room(self, name: str) -> Path:
        """Where the file is to be written first; it is not there yet."""
        ...

    def keep(self, path: Path, name: str) -> None:
        """What was written there lies in the place from now on."""
        ...

    def file(self, name: str, octets: int) -> AbstractContextManager[BinaryIO]:
        """To be read; so many octets were kept. FileNotFoundError where it is not in the place."""
        ...

    def delete(self, name: str) -> None:
        """FileNotFoundError where it is not in the place."""
        ...


class Directory:
    def __init__(self, path: Path) -> None:
        self._path = path

    def room(self, name: str) -> Path:
        if not self._path.is_dir():
            raise NotADirectoryError(20, "There is no such directory", str(self._path))
        return self._path / name

    def keep(self, path: Path, name: str) -> None:
        """It is there already."""

    def file(self, name: str, octets: int) -> AbstractContextManager[BinaryIO]:
        return (self._path / name).open("rb")

    def delete(self, name: str) -> None:
        self.room(name).unlink()


class InBucket:
    """Written into the data directory first: a bucket wants to know the length of what comes."""

    def __init__(self, bucket: Bucket, scratch: Path) -> None:
        self._bucket, self._scratch = bucket, scratch

    def room(self, name: str) -> Path:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._scratch.iterdir():
            left.unlink()
        return self._scratch / name

    def keep(self, path: Path, name: str) -> None:
        try:
            self._bucket.put(path, name)
        finally:
            path.unlink()

    @contextmanager
    def file(self, name: str, octets: int) -> Iterator[BinaryIO]:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryFile(dir=self._scratch) as file:  # has no name: nothing is left where we are killed
            with naming(self._scratch):
                self._bucket.get(name, file, octets)
                file.seek(0)
            yield file

    def delete(self, name: str) -> None:
        self._bucket.delete(name)


def place_of(place: str, schedule: Schedule, home: Path) -> Directory | InBucket:
    """A directory, or a bucket with the keys of the schedule. Raises OSError."""
    if not is_bucket(place):
        return Directory(Path(place))
    try:
        secret = opened(schedule.encrypted).decode() if schedule.encrypted else ""
    except InvalidToken:
        told = "The secret key of the bucket cannot be decrypted: secret.key is not the one it was kept with."
        raise NoBucket(told) from None
    return InBucket(Bucket(place, schedule.access_key, secret), home / "state" / "outgoing-backup")


def is_bucket(place: str) -> bool:
    return place.startswith(("https://", "http://"))


def is_writable(path: str) -> bool:
    return os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK)
