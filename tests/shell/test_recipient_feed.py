"""The index follows the directory, whatever order the changes are committed in."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg

from transport.shell import database
from transport.shell.feeds.recipient_feed import CHANNEL, RecipientFeed

WRITE = """
insert into directory_recipient (address, deleted) values (%s, %s)
on conflict (address) do update set deleted = excluded.deleted, change_number = nextval('directory_change_number')
"""


def write(url: str, *addresses: str, deleted: bool = False) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.cursor().executemany(WRITE, [(address, deleted) for address in addresses])
        connection.execute("notify gatepost_recipients")


def following(url: str, feed: RecipientFeed, check: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        task = asyncio.create_task(database.follow(url, CHANNEL, 0.1, feed.step))
        async with asyncio.timeout(10):
            await check()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def test_loads_all_and_follows_changes(database_url: str, tmp_path: Path) -> None:
    write(database_url, *(f"{number}@x.test" for number in range(5000)))
    feed = RecipientFeed(tmp_path / "recipients.index")

    async def check() -> None:
        await until(lambda: feed.index.find("4999@x.test") is True)
        await asyncio.to_thread(write, database_url, "new@x.test")
        await until(lambda: feed.index.find("new@x.test") is True)
        await asyncio.to_thread(write, database_url, "7@x.test", deleted=True)
        await until(lambda: feed.index.find("7@x.test") is False)
        assert len(feed.index) == 5000

    following(database_url, feed, check)


def test_an_empty_directory_is_an_answer(database_url: str, tmp_path: Path) -> None:
    feed = RecipientFeed(tmp_path / "recipients.index")
    following(database_url, feed, lambda: until(lambda: feed.index.find("a@x.test") is False))


def test_a_change_that_is_committed_late_is_not_missed(database_url: str, tmp_path: Path) -> None:
    """Its number is smaller than one that was seen before it."""
    feed = RecipientFeed(tmp_path / "recipients.index")
    with psycopg.connect(database_url) as slow:
        slow.execute(WRITE, ("slow@x.test", False))

        async def check() -> None:
            await asyncio.to_thread(write, database_url, "quick@x.test")
            await until(lambda: feed.index.find("quick@x.test") is True)
            assert feed.index.find("slow@x.test") is False
            await asyncio.to_thread(slow.commit)
            await until(lambda: feed.index.find("slow@x.test") is True)

        following(database_url, feed, check)


def test_starts_from_disk_without_the_database(database_url: str, tmp_path: Path) -> None:
    write(database_url, "a@x.test")
    feed = RecipientFeed(tmp_path / "recipients.index")
    following(database_url, feed, lambda: until(lambda: feed.index.find("a@x.test") is True))
    feed.save()
    again = RecipientFeed(tmp_path / "recipients.index")
    assert again.index.find("a@x.test") is True
    assert again.index.find("b@x.test") is False


def test_a_damaged_file_is_read_anew(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "recipients.index"
    path.write_bytes(b"rubbish")
    write(database_url, "a@x.test")
    feed = RecipientFeed(path)
    assert feed.index.find("a@x.test") is None
    following(database_url, feed, lambda: until(lambda: feed.index.find("a@x.test") is True))


def test_rows_that_vanish_without_a_change_are_noticed_at_the_next_start(database_url: str, tmp_path: Path) -> None:
    write(database_url, "a@x.test", "b@x.test")
    feed = RecipientFeed(tmp_path / "recipients.index")
    following(database_url, feed, lambda: until(lambda: feed.index.find("b@x.test") is True))
    feed.save()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("delete from directory_recipient where address = 'b@x.test'")
    again = RecipientFeed(tmp_path / "recipients.index")
    following(database_url, again, lambda: until(lambda: again.index.find("b@x.test") is False))
    assert again.index.find("a@x.test") is True
