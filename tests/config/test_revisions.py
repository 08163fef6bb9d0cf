from transport.config import document
from transport.config.revisions import Row, readable
from transport.config.snapshot import Snapshot


def revision(number: int, checksum: str = "") -> Row:
    text = document.encode(Snapshot(revision=number))
    return number, text.decode(), checksum or document.checksum(text)


def test_the_newest_that_can_be_read_comes_first_and_what_is_damaged_is_said() -> None:
    told: list[tuple[int, str]] = []
    rows = [revision(4, "0" * 64), (3, "{", document.checksum(b"{")), revision(2), revision(1)]
    found = readable(rows, lambda number, error: told.append((number, str(error))))
    assert next(found).revision == 2
    assert [number for number, _ in told] == [4, 3] and "checksum" in told[0][1] and "cannot be read" in told[1][1]
    assert [one.revision for one in found] == [1]
