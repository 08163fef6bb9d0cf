"""Questions to DNS: their answers, how long they are kept, and what happens when there are none."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import wait_for
from tests.dns_server import DnsServer
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import RunningTransport
from transport.config import bounds
from transport.config.connection_filter import ConnectionFilter, IPListProvider
from transport.config.endpoint import Binding
from transport.receive.facts import ClientName, ListsOf, NameOf, Question
from transport.shell.clients import dns_lookups
from transport.shell.clients.dns_circuit import ENOUGH, LEFT_OUT, Circuit
from transport.shell.clients.dns_lookups import DnsLookups

LISTED = {("7.2.0.192.bl.test", "A"): ["127.0.0.2", "127.0.0.4"]}
BOTH = ListsOf("192.0.2.7", ("bl.test", "other.test"))
BOTH_AND_DEAD = ListsOf("192.0.2.7", ("dead.test", "bl.test", "other.test"))
NAMED = NameOf("192.0.2.7")
POINTER = {("7.2.0.192.in-addr.arpa", "PTR"): ["mail.partner.example."]}
ADDRESS = {("mail.partner.example", "A"): ["192.0.2.1", "192.0.2.7"]}
Ask = Callable[[Question[Any]], Awaitable[Any]]


def run(server: DnsServer, talk: Callable[[Ask], Awaitable[None]], timeout: int = 1) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        lookups = DnsLookups(loop)
        settings = ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),), dns_timeout=timeout)

        async def ask(question: Question[Any]) -> Any:
            answer: asyncio.Future[Any] = loop.create_future()
            lookups.ask(question, settings, lambda asked, found: answer.set_result(found))
            return await answer

        await talk(ask)

    asyncio.run(main())


def test_lists_are_asked_once_while_the_answer_is_fresh() -> None:
    async def talk(ask: Ask) -> None:
        first, beside = await asyncio.gather(ask(BOTH), ask(BOTH))
        assert first == beside == await ask(BOTH)
        assert sorted(first["bl.test"]) == ["127.0.0.2", "127.0.0.4"] and first["other.test"] == ()

    with DnsServer(LISTED) as server:
        run(server, talk)
        assert set(server.asked.values()) == {1} and len(server.asked) == 2


def test_an_answer_is_forgotten_with_its_ttl() -> None:
    async def talk(ask: Ask) -> None:
        await ask(BOTH)
        await ask(BOTH)

    with DnsServer(LISTED, ttl=0) as server:
        run(server, talk)
        assert server.asked["7.2.0.192.bl.test", "A"] == 2


def test_a_list_that_is_slow_is_heard_while_the_time_out_lasts() -> None:
    """Half of it belongs to each server: an administrator who allows five seconds does not lose an answer of two."""

    async def talk(ask: Ask) -> None:
        assert (await ask(BOTH))["bl.test"]

    with DnsServer(LISTED, after=2.2) as server:
        run(server, talk, timeout=5)


def test_a_server_that_is_silent_means_not_listed_after_the_time_out() -> None:
    async def talk(ask: Ask) -> None:
        began = asyncio.get_running_loop().time()
        assert await ask(BOTH) == {"bl.test": (), "other.test": ()}
        assert 0.9 < asyncio.get_running_loop().time() - began < 1.8

    with DnsServer(silent=True) as server:
        run(server, talk)


@pytest.mark.parametrize(
    ("records", "name", "confirmed"),
    [
        (POINTER | ADDRESS, "mail.partner.example", True),
        (POINTER | {("mail.partner.example", "A"): ["192.0.2.1"]}, "mail.partner.example", False),
        (POINTER, "mail.partner.example", False),
        ({("7.2.0.192.in-addr.arpa", "PTR"): ["bad\\032name.example."]}, "", False),
        ({}, "", False),
    ],
)
def test_the_name_of_a_client(records: dict[tuple[str, str], list[str]], name: str, confirmed: bool) -> None:
    async def talk(ask: Ask) -> None:
        assert await ask(NAMED) == ClientName(name, confirmed)

    with DnsServer(records) as server:
        run(server, talk)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_lookups, "MOST_KEPT", 2)

    async def talk(ask: Ask) -> None:
        for host in (1, 2, 3, 1):
            await ask(ListsOf(f"192.0.2.{host}", ("bl.test",)))

    with DnsServer() as server:
        run(server, talk)
        assert server.asked["1.2.0.192.bl.test", "A"] == 2


def test_a_provider_that_is_silent_is_left_out_and_the_others_are_not(caplog: pytest.LogCaptureFixture) -> None:
    async def talk(ask: Ask) -> None:
        for host in range(ENOUGH):
            await ask(ListsOf(f"192.0.2.1{host}", ("dead.test", "bl.test")))
        while "dead.test does not answer" not in caplog.text:  # noqa: ASYNC110 (the resolver gives up a little later)
            await asyncio.sleep(0.01)
        answers = await ask(BOTH_AND_DEAD)
        assert answers["dead.test"] == answers["other.test"] == ()
        assert sorted(answers["bl.test"]) == ["127.0.0.2", "127.0.0.4"]

    with DnsServer(LISTED, silent_for="dead.test") as server:
        run(server, talk)
        assert sorted(name for name, _ in server.asked if name.endswith("dead.test")) == [
            f"1{host}.2.0.192.dead.test" for host in range(ENOUGH)
        ]


def test_the_circuit_opens_at_the_last_silence_and_closes_at_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    circuit = Circuit()
    for _ in range(ENOUGH - 1):
        circuit.failed("bl.test", 0.0)
    assert circuit.may_ask("bl.test", 0.0) and circuit.problems == []
    circuit.answered("bl.test")
    for _ in range(ENOUGH):
        assert circuit.may_ask("bl.test", 1.0)
        circuit.failed("bl.test", 1.0)
    assert not circuit.may_ask("bl.test", 0.9 + LEFT_OUT) and circuit.may_ask("other.test", 1.0)
    assert circuit.problems == ["The list provider bl.test does not answer: clients are not looked up there."]
    assert circuit.may_ask("bl.test", 1.0 + LEFT_OUT) and not circuit.may_ask("bl.test", 1.0 + LEFT_OUT)
    circuit.answered("bl.test")
    assert circuit.may_ask("bl.test", 1.0 + LEFT_OUT) and circuit.problems == []
    assert "bl.test answers again" in caplog.text


PROVIDER = IPListProvider(name="Blocker", lookup_domain="bl.test")


def test_rcpt_waits_for_the_look_up_and_what_was_pipelined_behind_it_comes_in_order(
    transport: RunningTransport,
) -> None:
    with DnsServer(silent=True) as server:
        settings = ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),), dns_timeout=1)
        transport.publish(connection_filter=settings, ip_list_providers=(PROVIDER,))
        transport.start()
        client = transport.greeted()
        client.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<bob@gatepost.test>\r\nNOOP\r\nDATA\r\n")
        assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        client.send(b"Subject: hello\r\n\r\n.\r\n")
        assert "Queued mail" in client.reply()
        client.close()


def test_a_client_that_sends_all_at_once_and_closes_its_side_is_answered(transport: RunningTransport) -> None:
    with DnsServer(silent=True) as server:
        settings = ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),), dns_timeout=1)
        transport.publish(connection_filter=settings, ip_list_providers=(PROVIDER,))
        transport.start()
        client = transport.greeted()
        client.send(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<bob@gatepost.test>\r\nQUIT\r\n")
        client.connection.shutdown(socket.SHUT_WR)
        assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "221", ""]
        client.close()


def test_a_dead_provider_is_a_problem_of_the_transport_and_delays_nobody_any_more(transport: RunningTransport) -> None:
    with DnsServer(silent=True) as server:
        settings = ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),), dns_timeout=1)
        transport.publish(connection_filter=settings, ip_list_providers=(PROVIDER,))
        transport.start()
        for number in range(ENOUGH):
            client = transport.client(f"127.0.0.{10 + number}")
            client.line()
            for command in ("EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<bob@gatepost.test>"):
                assert client.say(command)[:3] == "250"
            client.close()
        wait_for(lambda: "bl.test does not answer" in str(transport.facts()["problems"]), "nobody says it")
        asked = server.asked.total()
        client = transport.client("127.0.0.99")
        client.line()
        for command in ("EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<bob@gatepost.test>"):
            assert client.say(command)[:3] == "250"
        assert server.asked.total() == asked
        client.close()


def test_too_many_questions_count_as_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_lookups, "MOST_WAITING", 1)

    async def talk(ask: Ask) -> None:
        began = asyncio.get_running_loop().time()
        one, other = (asyncio.ensure_future(ask(ListsOf(f"192.0.2.{n}", ("bl.test",)))) for n in (1, 2))
        assert await other == {"bl.test": ()}
        assert asyncio.get_running_loop().time() - began < 0.5
        await one

    with DnsServer(silent=True) as server:
        run(server, talk)


def test_the_name_stands_in_the_received_header(transport: RunningTransport) -> None:
    records = {("1.0.0.127.in-addr.arpa", "PTR"): ["client.test."], ("client.test", "A"): ["127.0.0.1"]}
    with DnsServer(records) as server:
        servers = (Binding("127.0.0.1", server.port),)
        transport.publish(connection_filter=ConnectionFilter(dns_servers=servers, reverse_dns_lookup_enabled=True))
        transport.start()
        client = transport.greeted()
        assert "Queued mail" in client.message(b"Subject: hello\r\n\r\nbody")
        client.close()
        (record,) = transport.records()
        assert b"Received: from client.test (client.test [127.0.0.1]) by " in record.body


def test_of_many_records_ten_are_kept() -> None:
    most = bounds.DNS_ANSWER.lines or 0
    counts = most - 1, most, most + 1, 500
    names = {f"{number}.2.0.192.bl.test": count for number, count in enumerate(counts, 1)}
    records = {(name, "A"): [f"127.0.{each >> 8}.{each & 255}" for each in range(2, count + 2)]
               for name, count in names.items()}  # fmt: skip

    async def talk(ask: Ask) -> None:
        for name, count in names.items():
            number = name.partition(".")[0]
            answers = await ask(ListsOf(f"192.0.2.{number}", ("bl.test",)))
            assert len(answers["bl.test"]) == min(count, most)

    with DnsServer(records) as server:
        run(server, talk)


def test_what_does_not_fit_a_packet_is_not_asked_for_again_by_tcp() -> None:
    """By TCP a list could answer 4,000 addresses, and everybody would wait while they are read."""

    async def talk(ask: Ask) -> None:
        answers = await ask(ListsOf("192.0.2.7", ("bl.test",)))
        assert answers["bl.test"] == ("127.0.0.2",)

    with DnsServer({("7.2.0.192.bl.test", "A"): ["127.0.0.2"]}, truncated=True) as server:
        run(server, talk)
        assert server.asked["7.2.0.192.bl.test", "A"] == 1


def test_a_list_that_does_not_serve_us_is_said_to_the_administrator_until_it_does() -> None:
    circuit = Circuit()
    circuit.answered("bl.test", "127.255.255.254")
    (problem,) = circuit.problems
    assert problem.startswith("The list provider bl.test answers 127.255.255.254: ")
    circuit.answered("bl.test")
    assert circuit.problems == []


def test_a_list_that_does_not_serve_us_refuses_nobody_and_stands_in_healthz(transport: RunningTransport) -> None:
    with DnsServer({("1.0.0.127.bl.test", "A"): ["127.255.255.254"]}) as server:
        transport.publish(
            ip_list_providers=(IPListProvider(name="Blocker", lookup_domain="bl.test"),),
            connection_filter=ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),)),
        )
        transport.start()
        assert transport.greeted().message(b"Subject: x\r\n\r\nx").startswith("250 ")
        words = [problem["message"] for problem in transport.facts()["problems"]]
        assert [text for text in words if "bl.test answers 127.255.255.254" in text]


def test_an_answer_that_comes_during_a_handshake_is_heard(transport: RunningTransport) -> None:
    """Else everything that waits for it would wait for ever."""
    transport.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    with DnsServer(silent=True) as server:
        servers = (Binding("127.0.0.1", server.port),)
        settings = ConnectionFilter(dns_servers=servers, dns_timeout=1, reverse_dns_lookup_enabled=True)
        transport.publish(connection_filter=settings, certificates=(certificate(),))
        transport.start()
        client = transport.greeted()
        assert client.say("STARTTLS").startswith("220 ")
        wait_for(lambda: "DNS did not answer about 127.0.0.1" in transport.log, "DNS is waited for")
        client.start_tls()
        client.say("EHLO client.test")
        assert "Queued mail" in client.message(b"Subject: hello\r\n\r\nbody")
