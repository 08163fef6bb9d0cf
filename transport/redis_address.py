"""REDIS_URL, read in one place for all who speak to Redis: with asyncio, without, and by way of Celery.

    redis://[user:password@]host[:port][/database][?options]            one server; rediss:// with TLS
    unix:///path/of/its/socket[?db=database]
    redis+sentinel://[user:password@]host[:port],host…/name[/database][?options]
                          the master that these Sentinels know by the name; rediss+sentinel:// all of it with TLS

Options are those of redis-py, of which Celery is told those of TLS (`ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`,
`ssl_cert_reqs`, `ssl_check_hostname`). `sentinel_username` and `sentinel_password` are for the Sentinels.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

PORT = 26379
"""Of a Sentinel."""
SCHEMES = ("redis", "rediss", "unix")
BY_SENTINELS = "+sentinel"
SEVERAL = (
    "REDIS_URL names several servers: of Redis with Sentinel write redis+sentinel://host,host,host/name; a Redis "
    "cluster cannot be used"
)
UNREADABLE = (
    "REDIS_URL cannot be read: write redis://host:port/0, rediss:// for TLS, unix:///path, or "
    "redis+sentinel://host,host,host/name, and special characters of a password as %40 and so on"
)
Options = dict[str, Any]


class Broker(NamedTuple):
    """Celery's form: `broker_url`, `broker_use_ssl`, and of `broker_transport_options` those that the address makes."""

    url: str
    tls: Options | None
    options: Options


class RedisAddress(NamedTuple):
    """`url` as redis-py reads it, of `master` with any host. `sentinels` know the master; `sign_in`: to them."""

    url: str
    sentinels: tuple[tuple[str, int], ...] = ()
    master: str = ""
    sign_in: Options = {}

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises OSError with a text that has nothing of the address, and so no password."""
        scheme, _, rest = url.partition("://")
        authority = rest.partition("/")[0].rpartition("@")[2]
        if "cluster" in scheme or (scheme in ("redis", "rediss") and "," in authority):
            raise OSError(SEVERAL)
        try:
            found = cls._of_sentinels(scheme, rest) if scheme.endswith(BY_SENTINELS) else cls(url)
            parse_url(found.url)
            urlsplit(found.url).port  # noqa: B018  # it raises
        except ValueError:
            raise OSError(UNREADABLE) from None
        return found

    @classmethod
    def _of_sentinels(cls, scheme: str, rest: str) -> Self:
        place, _, query = rest.partition("?")
        authority, _, path = place.partition("/")
        credentials, at, hosts = authority.rpartition("@")
        master, _, database = path.partition("/")
        if not master:
            raise ValueError("no name")
        options = dict(parse_qsl(query))
        names = {"sentinel_username": "username", "sentinel_password": "password"}
        sign_in = {names[name]: options.pop(name) for name in names & options.keys()}
        scheme = scheme.removesuffix(BY_SENTINELS)
        url = f"{scheme}://{credentials}{at}master/{int(database or 0)}?{urlencode(options)}"
        return cls(url, tuple(map(_host, hosts.split(","))), master, sign_in)

    @property
    def broker(self) -> Broker:
        said = parse_url(self.url)
        scheme, database = urlsplit(self.url).scheme, said.get("db", 0)
        # Celery would check no certificate where nothing is said (kombu, `Connection._init_params`).
        tls = {"ssl_cert_reqs": "required"} | _beginning(said, "ssl_") if scheme == "rediss" else None
        if scheme == "unix":
            return Broker(f"redis+socket://{said['path']}?virtual_host={database}", tls, {})
        user = ":".join(quote(said.get(name) or "", safe="") for name in ("username", "password")).removesuffix(":")
        user += "@" if user else ""
        if not self.sentinels:
            host, port = said.get("host", "localhost"), said.get("port", 6379)
            return Broker(f"{scheme}://{user}{_bracketed(host)}:{port}/{database}", tls, {})
        urls = (f"sentinel://{user}{_bracketed(host)}:{port}/{database}" for host, port in self.sentinels)
        return Broker(";".join(urls), tls, {"master_name": self.master, "sentinel_kwargs": self._to_sentinels({})})

    def _to_sentinels(self, more: Options) -> Options:
        """Arguments of connections to them; `more`: of those to the master. For one that is away there are others: it
        is not tried again, as redis-py does for seconds.
        """
        said = parse_url(self.url) | more
        tls = {"ssl": True} if self.url.startswith("rediss:") else {}
        at_once = {"retry": Retry(NoBackoff(), 0)}
        return _beginning(said, "ssl_") | _beginning(said, "socket_") | tls | self.sign_in | at_once

    def _to_master(self, more: Options) -> Options:
        said = {name: value for name, value in parse_url(self.url).items() if name not in ("host", "connection_class")}
        return said | ({"ssl": True} if self.url.startswith("rediss:") else {}) | more


class Pool:
    """Where a class of redis-py's connection pools is wanted."""

    @staticmethod
    def from_url(url: str, **more: Any) -> redis.ConnectionPool:
        """`more`: arguments of its connections."""
        address = RedisAddress.parse(url)
        if not address.sentinels:
            return redis.ConnectionPool.from_url(address.url, **more)
        watch = redis.sentinel.Sentinel(address.sentinels, sentinel_kwargs=address._to_sentinels(more))
        return redis.sentinel.SentinelConnectionPool(address.master, watch, **address._to_master(more))


def client(url: str, **more: Any) -> redis.Redis:
    """`more`: arguments of its connections, such as `socket_timeout` in seconds."""
    return redis.Redis.from_pool(Pool.from_url(url, **more))


def async_client(url: str, **more: Any) -> redis.asyncio.Redis:
    """As `client`."""
    address = RedisAddress.parse(url)
    if not address.sentinels:
        return redis.asyncio.Redis.from_url(address.url, **more)
    watch = redis.asyncio.sentinel.Sentinel(address.sentinels, sentinel_kwargs=address._to_sentinels(more))
    pool = redis.asyncio.sentinel.SentinelConnectionPool(address.master, watch, **address._to_master(more))
    return redis.asyncio.Redis.from_pool(pool)


def _host(text: str) -> tuple[str, int]:
    place = urlsplit(f"//{text}")
    if not place.hostname:
        raise ValueError("no host")
    return place.hostname, place.port or PORT


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _beginning(options: Options, start: str) -> Options:
    return {name: value for name, value in options.items() if name.startswith(start)}
