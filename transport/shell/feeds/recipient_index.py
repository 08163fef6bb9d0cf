"""Which addresses exist, without asking anybody: 8 bytes of memory per address, about 2 µs per question.

Each address is a keyed 64-bit hash (BLAKE2b; the key is this transport's own, so that nobody can look for collisions).
The hashes lie in many short sorted arrays, chosen by the first 12 bits: a change moves a few hundred bytes.
"""

import hashlib
import secrets
import struct
import zlib
from array import array
from bisect import bisect_left

_SHARD_BITS = 12
_SHIFT = 64 - _SHARD_BITS
_HEADER = struct.Struct("<8s16sqQI")
_MAGIC = b"GPRECIP1"


class RecipientIndex:
    """The addresses of the directory as of `last_change`; None as an answer means that it was never loaded."""

    def __init__(self) -> None:
        self.clear()
        self.loaded = False

    def clear(self) -> None:
        """Forget every address, but go on answering as before whether anything was ever loaded."""
        self._key = secrets.token_bytes(16)
        self._shards = [array("Q") for _ in range(1 << _SHARD_BITS)]
        self.last_change = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def find(self, address: str) -> bool | None:
        """Whether the address (any case) exists; None when that cannot be told yet."""
        if not self.loaded:
            return None
        number = self._hash(address.lower())
        shard = self._shards[number >> _SHIFT]
        at = bisect_left(shard, number)
        return at < len(shard) and shard[at] == number

    def add(self, address: str) -> None:
        """Add a lower-case address; one that is there already changes nothing."""
        number = self._hash(address)
        shard = self._shards[number >> _SHIFT]
        at = bisect_left(shard, number)
        if at == len(shard) or shard[at] != number:
            shard.insert(at, number)
            self._count += 1

    def remove(self, address: str) -> None:
        """Remove a lower-case address, if it is there."""
        number = self._hash(address)
        shard = self._shards[number >> _SHIFT]
        at = bisect_left(shard, number)
        if at < len(shard) and shard[at] == number:
            shard.pop(at)
            self._count -= 1

    def _hash(self, address: str) -> int:
        digest = hashlib.blake2b(address.encode("utf-8", "surrogateescape"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big")

    def pack(self, last_change: int) -> bytes:
        """The whole index as a file's content; every change up to `last_change` is known to be in it."""
        lengths = array("I", map(len, self._shards)).tobytes()
        content = lengths + b"".join(shard.tobytes() for shard in self._shards)
        return _HEADER.pack(_MAGIC, self._key, last_change, self._count, zlib.crc32(content)) + content

    def unpack(self, data: bytes) -> None:
        """Take over what `pack` made. Raises ValueError when it is damaged."""
        if len(data) < _HEADER.size:
            raise ValueError("the recipient index is too short")
        magic, key, last_change, count, checksum = _HEADER.unpack_from(data)
        content = memoryview(data)[_HEADER.size :]
        if magic != _MAGIC or zlib.crc32(content) != checksum:
            raise ValueError("the recipient index is damaged")
        at = 4 << _SHARD_BITS
        shards = []
        for length in array("I", content[:at].tobytes()):
            shards.append(array("Q", content[at : at + 8 * length].tobytes()))
            at += 8 * length
        self._key, self._shards, self.last_change, self._count, self.loaded = key, shards, last_change, count, True
