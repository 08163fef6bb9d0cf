"""How often each key was counted since a moment: of one process here, of all on a node in `master/counts`."""

from typing import Protocol, Self

Tally = tuple[float, int]
"""A moment in seconds, and how often."""


class Tallies(Protocol):
    """`with` it, nobody else counts. To look only, nobody need be kept from it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...
    def get(self, key: str) -> Tally | None: ...
    def put(self, key: str, moment: float, times: int) -> None: ...
    def forget(self, key: str) -> None: ...


class OwnTallies:
    """Of this process: beyond `most` the key whose moment was set first is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tallies: dict[str, Tally] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def get(self, key: str) -> Tally | None:
        return self._tallies.get(key)

    def put(self, key: str, moment: float, times: int) -> None:
        before = self._tallies.get(key)
        if before is not None and before[0] != moment:
            del self._tallies[key]
        self._tallies[key] = moment, times
        if len(self._tallies) > self._most:
            del self._tallies[next(iter(self._tallies))]

    def forget(self, key: str) -> None:
        self._tallies.pop(key, None)
