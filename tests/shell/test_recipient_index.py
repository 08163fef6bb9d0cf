import random

import pytest

from transport.shell.feeds.recipient_index import RecipientIndex


def index_of(*addresses: str) -> RecipientIndex:
    index = RecipientIndex()
    for address in addresses:
        index.add(address)
    index.loaded = True
    return index


def test_cannot_tell_before_it_was_loaded() -> None:
    index = RecipientIndex()
    index.add("a@x.test")
    assert index.find("a@x.test") is None


def test_finds_what_was_added_in_any_case() -> None:
    index = index_of("a@x.test", "b@x.test", "a@x.test")
    assert index.find("A@X.test") is True
    assert index.find("c@x.test") is False
    assert len(index) == 2


def test_like_a_set() -> None:
    index, model = index_of(), set[str]()
    chance = random.Random(1)
    for _ in range(20_000):
        address = f"{chance.randrange(3000)}@x.test"
        if chance.random() < 0.5:
            index.add(address)
            model.add(address)
        else:
            index.remove(address)
            model.discard(address)
    assert len(index) == len(model)
    assert all(index.find(f"{number}@x.test") is (f"{number}@x.test" in model) for number in range(3000))


def test_packs_and_unpacks() -> None:
    index, copy = index_of(*(f"{number}@x.test" for number in range(5000))), RecipientIndex()
    copy.unpack(index.pack(77))
    assert (len(copy), copy.last_change, copy.loaded) == (5000, 77, True)
    assert copy.find("4999@x.test") is True
    assert copy.find("5000@x.test") is False
    copy.add("new@x.test")
    assert copy.find("new@x.test") is True


@pytest.mark.parametrize("at", [0, 20, 60, 20_000])
def test_says_when_the_file_is_damaged(at: int) -> None:
    data = bytearray(index_of("a@x.test", "b@x.test").pack(1))
    if at < 9 or at > 44:
        data[min(at, len(data) - 1)] ^= 0xFF
    else:
        data = data[:at]
    copy = RecipientIndex()
    with pytest.raises(ValueError, match="recipient index"):
        copy.unpack(bytes(data))
    assert copy.find("a@x.test") is None
