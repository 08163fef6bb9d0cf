"""Addresses of Redis."""

import pytest
from redis.connection import SSLConnection
from redis.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from transport.redis_address import Pool, RedisAddress

OF_SENTINELS = "rediss+sentinel://gw:p%40ss@s1,[2001:db8::7]:26380/mail/3?ssl_ca_certs=/ca.pem&sentinel_password=other"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("redis://redis.test", "redis://redis.test:6379/0"),
        ("redis://:p%40ss@[::1]:7000/4", "redis://:p%40ss@[::1]:7000/4"),
        ("unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2"),
        (OF_SENTINELS, "sentinel://gw:p%40ss@s1:26379/3;sentinel://gw:p%40ss@[2001:db8::7]:26380/3"),
    ],
)
def test_celery_is_told_the_same_server(address: str, url: str) -> None:
    assert RedisAddress.parse(address).broker.url == url


def test_celery_checks_the_certificate_whatever_the_address_says_of_it() -> None:
    assert RedisAddress.parse("redis://redis.test").broker.tls is None
    assert RedisAddress.parse("rediss://redis.test").broker.tls == {"ssl_cert_reqs": "required"}
    told = RedisAddress.parse("rediss://redis.test?ssl_ca_certs=/ca.pem").broker.tls
    assert told == {"ssl_cert_reqs": "required", "ssl_ca_certs": "/ca.pem"}


def test_master_and_sentinels_each_get_their_password_and_both_tls() -> None:
    pool = Pool.from_url(OF_SENTINELS, socket_timeout=2)
    assert isinstance(pool, SentinelConnectionPool) and pool.connection_class is SentinelManagedSSLConnection
    said = pool.connection_kwargs
    assert (said["username"], said["password"], said["db"], said["ssl_ca_certs"]) == ("gw", "p@ss", 3, "/ca.pem")
    for sentinel, (host, port) in zip(
        pool.sentinel_manager.sentinels, [("s1", 26379), ("2001:db8::7", 26380)], strict=True
    ):
        said = sentinel.connection_pool.connection_kwargs
        assert (said["host"], said["port"], said["password"], said["socket_timeout"]) == (host, port, "other", 2)
        assert sentinel.connection_pool.connection_class is SSLConnection and said["ssl_ca_certs"] == "/ca.pem"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("redis://:secret@a,b/0", "names several servers"),
        ("redis+cluster://:secret@a/0", "a Redis cluster cannot be used"),
        ("redis+sentinel://:secret@a,b", "cannot be read"),
        ("redis://:se/cret@a:1x/0", "cannot be read"),
        ("amqp://:secret@a", "cannot be read"),
        ("secret", "cannot be read"),
    ],
)
def test_one_that_cannot_be_used_is_refused_without_its_password(address: str, why: str) -> None:
    with pytest.raises(OSError, match=why) as refused:
        RedisAddress.parse(address)
    assert "cret" not in str(refused.value)
    assert refused.value.__suppress_context__ or not refused.value.__context__, "a traceback would show the address"
