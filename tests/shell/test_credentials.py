"""Who signs in, how often, and what is seen of it: against PostgreSQL, and over sockets with smtplib and swaks."""

from __future__ import annotations

import asyncio
import base64
import shutil
import smtplib
import socket
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import psycopg
import pytest
import spnego
from argon2 import PasswordHasher
from django.conf import settings
from spnego.channel_bindings import GssChannelBindings

from console.actors import SYSTEM
from console.directory import actions as directory
from console.users import actions
from console.users.models import User as Row
from tests.conftest import wait_for
from tests.receive.builders import connected
from tests.shell.certificates import SECRET, certificate
from tests.shell.channels import CASES
from tests.shell.running_transport import NAME, RunningTransport
from transport.config import bounds
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel
from transport.config.snapshot import Snapshot
from transport.receive.auth import NOT_AVAILABLE, NOT_BOUND, TOO_OFTEN, WRONG, Denied, logon_name, told
from transport.receive.outcome import AnswerToken, CheckPassword, Outcome
from transport.receive.session import User
from transport.shell.clients.reception import Reception
from transport.shell.clients.sign_in import proved
from transport.shell.people.backoff import FREE_NAMES, FREE_TRIES
from transport.shell.people.credentials import Credentials, Talk
from transport.shell.people.kerberos import Kerberos

PASSWORD = "winter-rain-on-tin"
NAME_OF_ANNA = "CONTOSO\\anna"


@pytest.fixture
def anna(database_url: str) -> Row:
    directory.add(SYSTEM, "anna@gatepost.test")
    group = actions.add_group(SYSTEM, "Scanners")
    return actions.add(SYSTEM, "CONTOSO", "anna", PASSWORD, "", ["anna@gatepost.test"], [group])


Check = Callable[..., Awaitable[User | Denied]]


def asking(url: str, run: Callable[[Check], Awaitable[Any]]) -> Any:
    """What `run` gives, which may `await check(name, password, source)`."""

    async def main() -> Any:
        async with aclosing(Credentials(url, settings.GATEPOST_SECRET_KEY.encode())) as credentials:

            async def check(name: str = "anna", password: str = PASSWORD, source: str = "192.0.2.1") -> User | Denied:
                return await credentials.check(CheckPassword(logon_name(name, "CONTOSO"), password), source)

            return await run(check)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "password", "right"),
    [
        ("anna", PASSWORD, True),
        ("contoso\\ANNA", PASSWORD, True),
        ("anna@contoso", PASSWORD, True),
        ("Anna@Gatepost.test", PASSWORD, True),
        ("anna", PASSWORD + " ", False),
        ("anna", "", False),
        ("OTHER\\anna", PASSWORD, False),
        ("nobody", PASSWORD, False),
        ("", PASSWORD, False),
        ("anna' or 1=1 --", PASSWORD, False),
    ],
)
def test_names_and_passwords(anna: Row, database_url: str, name: str, password: str, right: bool) -> None:
    answer = asking(database_url, lambda check: check(name, password))
    expected = User(NAME_OF_ANNA, ("Scanners",), frozenset({"anna@gatepost.test"}))
    assert answer == (expected if right else WRONG)


def test_a_changed_password_a_disabled_user_and_a_removed_one_count_at_once(anna: Row, database_url: str) -> None:
    async def run(check: Check) -> list[bool]:
        loop, found = asyncio.get_running_loop(), [isinstance(await check(), User)]
        for write in (
            lambda: actions.set_password(SYSTEM, anna, "another-long-one"),
            lambda: actions.set_password(SYSTEM, anna, PASSWORD),
            lambda: actions.set_enabled(SYSTEM, anna, False),
            lambda: actions.set_enabled(SYSTEM, anna, True),
            lambda: actions.remove(SYSTEM, anna),
        ):
            with ThreadPoolExecutor(1) as pool:
                await loop.run_in_executor(pool, _closing, write)
            found.append(isinstance(await check(), User))
        return found

    assert asking(database_url, run) == [True, False, True, False, True, False]


def _closing(write: Callable[[], None]) -> None:
    from django.db import connection

    try:
        write()
    finally:
        connection.close()


def test_without_a_domain_a_name_must_be_the_only_one(anna: Row, database_url: str) -> None:
    actions.add(SYSTEM, "FABRIKAM", "anna", "something-else-1")

    async def run(check: Check) -> list[User | Denied]:
        asked = CheckPassword(logon_name("anna", ""), PASSWORD)
        async with aclosing(Credentials(database_url, SECRET)) as credentials:
            return [await credentials.check(asked, "192.0.2.9"), await check("CONTOSO\\anna")]

    alone, named = asking(database_url, run)
    assert alone == WRONG and isinstance(named, User)


def test_a_hundred_wrong_tries_leave_another_source_of_the_same_user_unaffected(anna: Row, database_url: str) -> None:
    async def run(check: Check) -> None:
        tries = [await check(password=f"guess {number}", source="203.0.113.66") for number in range(50)]
        together = [check(password=f"more {number}", source="203.0.113.66") for number in range(50)]
        tries += await asyncio.gather(*together)
        assert tries.count(WRONG) == FREE_TRIES and tries.count(TOO_OFTEN) == 100 - FREE_TRIES
        assert await check(source="203.0.113.66") == TOO_OFTEN
        assert isinstance(await check(source="192.0.2.1"), User)
        assert isinstance(await check(source="203.0.113.67"), User)

    asking(database_url, run)


def test_writing_the_name_differently_gives_no_more_tries(anna: Row, database_url: str) -> None:
    async def run(check: Check) -> list[User | Denied]:
        names = ("anna", "CONTOSO\\anna", "anna@contoso", "anna@gatepost.test", "ANNA")
        return [await check(name, "guess") for name in names]

    assert asking(database_url, run) == [WRONG] * FREE_TRIES + [TOO_OFTEN] * (5 - FREE_TRIES)


def test_a_source_that_sprays_waits_with_every_name_and_nobody_elsewhere_does(anna: Row, database_url: str) -> None:
    async def run(check: Check) -> None:
        sprayer, office = "203.0.113.66", "192.0.2.1"
        tries = [await check(f"user{number}", "Summer2026!", sprayer) for number in range(30)]
        assert tries.count(WRONG) == FREE_NAMES and tries[FREE_NAMES:] == [TOO_OFTEN] * (30 - FREE_NAMES)
        assert await check(source=sprayer) == TOO_OFTEN
        assert isinstance(await check(source=office), User)

    asking(database_url, run)


def test_guesses_from_many_addresses_at_once_keep_nobody_elsewhere_out(anna: Row, database_url: str) -> None:
    """Twelve addresses with eight connections each, every try another name; meanwhile Anna, from six other places."""

    async def run(check: Check) -> list[User | Denied]:
        guesses = [check(f"name{n}-{m}", "wrong", f"198.51.100.{n}") for n in range(12) for m in range(8)]
        attack = asyncio.gather(*guesses)
        await asyncio.sleep(0)
        found = [await check(source=f"203.0.{n}.1") for n in range(6)]
        assert not attack.done(), "the guesses were over before Anna was served"
        attack.cancel()
        return found

    assert {type(answer) for answer in asking(database_url, run)} == {User}


def test_who_signed_in_from_a_source_before_does_not_wait_for_what_others_try_there(
    anna: Row, database_url: str
) -> None:
    async def run(check: Check) -> None:
        assert isinstance(await check(), User)
        for number in range(FREE_NAMES + 1):
            await check(f"user{number}", "Summer2026!")
        assert await check("bob", "guess") == TOO_OFTEN
        assert isinstance(await check(), User)

    asking(database_url, run)


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_the_tries_that_are_left_do_not_tell_who_exists(anna: Row, database_url: str, name: str) -> None:
    async def run(check: Check) -> list[User | Denied]:
        for _ in range(FREE_TRIES):
            await check(f"CONTOSO\\{name}", "guess")
        return [await check(f"ELSEWHERE\\{name}", "guess"), await check(f"{name}@elsewhere.test", "guess")]

    assert asking(database_url, run) == [TOO_OFTEN, TOO_OFTEN]


def test_whoever_guesses_waits_at_every_address_of_the_network(anna: Row, database_url: str) -> None:
    async def run(check: Check) -> list[User | Denied]:
        guesses = [await check("anna", "guess", f"2001:db8::{host:x}:1") for host in range(1, FREE_TRIES + 1)]
        assert guesses == FREE_TRIES * [WRONG]
        others = "2001:db8::ffff", "2001:db8:0:1::1"
        return [await check("anna", "guess", source) for source in others]

    assert asking(database_url, run) == [TOO_OFTEN, WRONG]


def test_the_unknown_take_as_long_as_the_known(anna: Row, database_url: str) -> None:
    """Hashed as outside of tests."""
    Row.objects.update(password=PasswordHasher().hash(PASSWORD))

    async def run(check: Check) -> None:
        times: dict[str, list[float]] = {"anna": [], "nobody": []}
        for number in range(12):
            for name, taken in times.items():
                began = time.perf_counter()
                assert await check(name, "wrong", f"198.51.100.{number}") == WRONG
                taken.append(time.perf_counter() - began)
        known, unknown = (statistics.median(taken) for taken in times.values())
        assert 0.5 < known / unknown < 2

    asking(database_url, run)


def test_when_postgresql_is_away_nobody_is_told_that_a_password_is_wrong() -> None:
    answer = asking("postgresql://127.0.0.1:1/none", lambda check: check())
    assert answer == NOT_AVAILABLE


def test_a_connection_that_was_cut_is_made_anew(anna: Row, database_url: str) -> None:
    async def run(check: Check) -> list[bool]:
        first = isinstance(await check(), User)
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
            await other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where query like 'with named%%'"
                " or query like '%%users_user%%' and pid <> pg_backend_pid()"
            )
        return [first, isinstance(await check(), User)]

    assert asking(database_url, run) == [True, True]


# NTLM


async def answer_to(
    credentials: Credentials, token: bytes | None, source: str, talk: Talk, channel: bytes = b"", required: bool = False
) -> bytes | User | Denied | None:
    asked = AnswerToken("NTLM", token or b"", "CONTOSO", channel, required)
    return await credentials.answer(asked, source, talk, Kerberos(Snapshot(), SECRET))


def talking(url: str, *clients: tuple[str, str]) -> list[bytes | User | Denied | None]:
    """The last answer to each (name, password), as a client of NTLM speaks."""

    async def main() -> list[bytes | User | Denied | None]:
        found: list[bytes | User | Denied | None] = []
        async with aclosing(Credentials(url, settings.GATEPOST_SECRET_KEY.encode())) as credentials:
            for number, (name, password) in enumerate(clients):
                client = spnego.client(name, password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
                talk, source = Talk(), f"192.0.2.{number}"
                challenge = await answer_to(credentials, client.step(), source, talk)
                assert isinstance(challenge, bytes)
                found.append(await answer_to(credentials, client.step(challenge), source, talk))
        return found

    return asyncio.run(main())


def test_ntlm_only_for_users_who_may(anna: Row, database_url: str) -> None:
    assert talking(database_url, ("CONTOSO\\anna", PASSWORD)) == [WRONG]
    actions.set_password(SYSTEM, anna, PASSWORD, ntlm=True)
    names = ("CONTOSO\\anna", "contoso\\ANNA", "anna", "anna@contoso", "anna@gatepost.test")
    answers = talking(database_url, *((name, PASSWORD) for name in names))
    assert [isinstance(answer, User) and answer.name for answer in answers] == [NAME_OF_ANNA] * len(names)
    strangers = ("CONTOSO\\nobody", PASSWORD), ("OTHER\\anna", PASSWORD)
    wrong = talking(database_url, ("CONTOSO\\anna", "wrong"), *strangers)
    assert wrong == [WRONG] * 3
    actions.set_password(SYSTEM, anna, PASSWORD)
    assert talking(database_url, ("CONTOSO\\anna", PASSWORD)) == [WRONG]


def test_many_sign_in_with_ntlm_at_the_same_time(anna: Row, database_url: str) -> None:
    actions.set_password(SYSTEM, anna, PASSWORD, ntlm=True)
    bob = actions.add(SYSTEM, "CONTOSO", "bob", "tin-on-rain-winter", ntlm=True)

    async def one(credentials: Credentials, number: int, row: Row, password: str) -> tuple[str, object]:
        client = spnego.client(row.principal, password, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        talk, source = Talk(), f"192.0.2.{number}"
        challenge = await answer_to(credentials, client.step(), source, talk)
        assert isinstance(challenge, bytes)
        return row.principal, await answer_to(credentials, client.step(challenge), source, talk)

    async def main() -> list[tuple[str, object]]:
        people = [(anna, PASSWORD), (bob, "tin-on-rain-winter")] * 20
        async with aclosing(Credentials(database_url, settings.GATEPOST_SECRET_KEY.encode())) as credentials:
            return await asyncio.gather(*(one(credentials, number, *person) for number, person in enumerate(people)))

    for principal, answer in asyncio.run(main()):
        assert isinstance(answer, User) and answer.name == principal


@pytest.mark.parametrize(("known", "channel", "required", "expected"), CASES)
def test_a_sign_in_with_ntlm_is_bound_to_its_tls_connection(
    anna: Row, database_url: str, known: bytes, channel: bytes, required: bool, expected: bool
) -> None:
    actions.set_password(SYSTEM, anna, PASSWORD, ntlm=True)
    options, binding = spnego.NegotiateOptions.use_ntlm, GssChannelBindings(application_data=known) if known else None

    async def main() -> object:
        client = spnego.client(NAME_OF_ANNA, PASSWORD, protocol="ntlm", options=options, channel_bindings=binding)
        talk = Talk()
        async with aclosing(Credentials(database_url, settings.GATEPOST_SECRET_KEY.encode())) as credentials:
            challenge = await answer_to(credentials, client.step(), "192.0.2.1", talk, channel, required)
            assert isinstance(challenge, bytes)
            return await answer_to(credentials, client.step(challenge), "192.0.2.1", talk, channel, required)

    answer = asyncio.run(main())
    assert isinstance(answer, User) if expected else answer == NOT_BOUND


@pytest.mark.parametrize(
    "token",
    [
        b"", b"NTLMSSP\0", b"NTLMSSP\0\3\0\0\0", b"NTLMSSP\0\1\0\0\0", b"NTLMSSP\0\2\0\0\0" + b"\0" * 80,
        b"NTLMSSP\0\3\0\0\0" + b"\xff" * 80, b"x" * 100,
    ],
)  # fmt: skip
def test_what_is_no_ntlm_is_said_to_be_malformed(anna: Row, database_url: str, token: bytes) -> None:
    async def main() -> tuple[object, object]:
        client = spnego.client("a", "b", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        talk = Talk()
        async with aclosing(Credentials(database_url, SECRET)) as credentials:
            alone = await answer_to(credentials, token, "192.0.2.1", talk)
            await answer_to(credentials, client.step(), "192.0.2.1", talk)
            return alone, await answer_to(credentials, token, "192.0.2.1", talk)

    alone, answer = asyncio.run(main())
    assert alone is None or token.endswith(b"\1\0\0\0")
    assert answer is None or token.endswith(b"\1\0\0\0")


@pytest.mark.parametrize(
    ("name", "answer"), [("evil\n", None), ("x\0y", None), ("a:b", WRONG), ("ünder", WRONG), ("a/b", WRONG)]
)
def test_no_name_can_write_into_the_acceptors_file(
    anna: Row, database_url: str, name: str, answer: Denied | None
) -> None:
    assert talking(database_url, (name, PASSWORD)) == [answer]


# Over sockets


@pytest.fixture
def client_port(anna: Row, database_url: str) -> Iterator[RunningTransport]:
    """Basic authentication after TLS only, for users; everything is in the protocol log."""
    running = RunningTransport(database_url)
    running.variables["GATEPOST_SECRET_KEY"] = settings.GATEPOST_SECRET_KEY
    made = running.connector(
        auth_mechanism=frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth, AuthMechanism.BasicAuthRequireTLS}),
        permission_groups=frozenset({PermissionGroup.ExchangeUsers}),
        protocol_logging_level=ProtocolLoggingLevel.Verbose,
        default_logon_domain="CONTOSO",
        auth_tarpit_interval=0,
        tarpit_interval=0,
        max_logon_failures=0,
    )
    running.publish(made, certificates=(certificate(secret=settings.GATEPOST_SECRET_KEY.encode()),))
    running.start()
    yield running
    running.remove()


def written(running: RunningTransport) -> str:
    return "".join(path.read_text() for path in (running.home / "protocol-log" / NAME).glob("*.LOG"))


def test_smtplib_signs_in_over_starttls_and_relays(client_port: RunningTransport) -> None:
    with smtplib.SMTP("127.0.0.1", client_port.port, "laptop.test", timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        client.starttls()
        client.ehlo()
        assert client.esmtp_features["auth"].split() == ["LOGIN", "PLAIN"]
        with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
            client.login("anna", "wrong")
        assert wrong.value.args == (535, b"5.7.3 Authentication unsuccessful")
        client.login("anna", PASSWORD)
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("boss@gatepost.test", ["x@elsewhere.test"], b"Subject: x\r\n\r\n")
        client.rset()
        client.sendmail("anna@gatepost.test", ["x@elsewhere.test"], b"Subject: x\r\n\r\n")
    (record,) = client_port.records()
    assert record.envelope.principal == NAME_OF_ANNA
    assert b"with ESMTPSA id" in record.body


def test_no_secret_reaches_the_protocol_log(client_port: RunningTransport) -> None:
    client = client_port.greeted()
    assert client.say("STARTTLS").startswith("220 ")
    client.start_tls()
    client.say("EHLO again.test")
    secret, name = (base64.b64encode(text.encode()).decode() for text in (PASSWORD, "anna"))
    plain = base64.b64encode(f"\0anna\0{PASSWORD}".encode()).decode()
    assert client.say(f"AUTH CRAM-MD5 {plain}").startswith("504 ")
    assert client.say(f"AUTH PLAIN {plain}x").startswith("501 ")
    assert client.say("AUTH LOGIN").startswith("334 ")
    assert client.say(name).startswith("334 ")
    assert client.say(secret + "A" * 13_000).startswith("500 ")
    assert client.say("AUTH LOGIN").startswith("334 ")
    assert client.say(name).startswith("334 ")
    assert client.say(secret).startswith("235 ")
    client.say("QUIT")
    wait_for(lambda: "221 2.0.0" in written(client_port), "the log is not written")
    log = written(client_port)
    for hidden in (secret, plain, PASSWORD, name, "VXNlcm5hbWU6"):
        assert hidden not in log, hidden
    assert "<,<authentication response>," in log
    assert ">,334 <authentication response>," in log
    assert "*,CONTOSO\\anna,authenticated" in log
    assert "AUTH CRAM-MD5 <authentication response>" in log


def test_what_is_sent_behind_the_password_waits_for_the_answer(client_port: RunningTransport) -> None:
    client = client_port.greeted()
    client.say("STARTTLS")
    client.start_tls()
    client.say("EHLO again.test")
    plain = base64.b64encode(f"\0anna\0{PASSWORD}".encode()).decode()
    client.send(f"AUTH PLAIN {plain}\r\nMAIL FROM:<anna@gatepost.test>\r\nRCPT TO:<x@elsewhere.test>\r\n".encode())
    assert [client.reply()[:3] for _ in range(3)] == ["235", "250", "250"]


@pytest.fixture
def plain_port(anna: Row, database_url: str) -> Iterator[RunningTransport]:
    """Basic and Integrated authentication without TLS; a failure is held for a second, the second one closes."""
    running = RunningTransport(database_url)
    running.variables["GATEPOST_SECRET_KEY"] = settings.GATEPOST_SECRET_KEY
    made = running.connector(
        auth_mechanism=frozenset({AuthMechanism.BasicAuth, AuthMechanism.Integrated}),
        permission_groups=frozenset({PermissionGroup.ExchangeUsers}),
        auth_tarpit_interval=1,
        max_logon_failures=2,
    )
    running.publish(made)
    running.start()
    yield running
    running.remove()


@pytest.mark.parametrize("mechanism", ["LOGIN", "PLAIN"])
def test_swaks(plain_port: RunningTransport, mechanism: str) -> None:
    if shutil.which("swaks") is None:
        pytest.skip("swaks is not installed")
    command = ["swaks", "--server", f"127.0.0.1:{plain_port.port}", "--auth", mechanism]
    command += ["--auth-user", "anna@gatepost.test", "--auth-password", PASSWORD]
    command += ["--from", "anna@gatepost.test", "--to", "x@elsewhere.test"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("initial", [True, False])
def test_ntlm_over_a_socket(plain_port: RunningTransport, anna: Row, initial: bool) -> None:
    actions.set_password(SYSTEM, anna, PASSWORD, ntlm=True)
    ntlm = spnego.client(NAME_OF_ANNA, PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    client = plain_port.greeted()
    first = base64.b64encode(ntlm.step() or b"").decode()
    if not initial:
        assert client.say("AUTH NTLM") == "334 NTLM supported"
    challenge = client.say(f"AUTH NTLM {first}" if initial else first)
    assert challenge.startswith("334 "), plain_port.log
    last = base64.b64encode(ntlm.step(base64.b64decode(challenge[4:])) or b"").decode()
    assert client.say(last) == "235 2.7.0 Authentication successful"
    assert client.say("MAIL FROM:<anna@gatepost.test>").startswith("250 "), plain_port.log


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
def test_a_password_with_umlauts_is_right_in_the_encodings_that_clients_send(
    plain_port: RunningTransport, anna: Row, encoding: str
) -> None:
    actions.set_password(SYSTEM, anna, "Grüße an die Königin")
    client = plain_port.greeted()
    secret = "Grüße an die Königin".encode(encoding)
    assert client.say("AUTH PLAIN " + base64.b64encode(b"\0anna@gatepost.test\0" + secret).decode())[:3] == "235"
    client = plain_port.greeted()
    client.say("AUTH LOGIN")
    client.say(base64.b64encode(b"anna@gatepost.test").decode())
    assert client.say(base64.b64encode(secret).decode())[:3] == "235"
    client = plain_port.greeted()
    wrong = base64.b64encode(b"\0anna@gatepost.test\0" + secret + b"\x81\xff").decode()
    assert client.say(f"AUTH PLAIN {wrong}").startswith("535 ")


def test_a_failed_sign_in_is_held_back_and_the_last_one_closes(plain_port: RunningTransport) -> None:
    client = plain_port.greeted()
    plain = base64.b64encode(b"\0anna@gatepost.test\0wrong").decode()
    began = time.monotonic()
    assert client.say(f"AUTH PLAIN {plain}").startswith("535 ")
    assert time.monotonic() - began >= 1
    assert client.say(f"AUTH PLAIN {plain}").startswith("535 ")
    assert client.line().startswith("421 4.7.0") and client.line() == ""


def test_who_closes_its_side_behind_the_password_still_hears_the_answer(plain_port: RunningTransport) -> None:
    client = plain_port.greeted()
    plain = base64.b64encode(f"\0anna@gatepost.test\0{PASSWORD}".encode()).decode()
    client.send(f"AUTH PLAIN {plain}\r\n".encode())
    client.connection.shutdown(socket.SHUT_WR)
    assert client.reply() == "235 2.7.0 Authentication successful"
    assert client.line() == ""


def test_a_brute_force_over_sockets_locks_nobody_out(anna: Row, database_url: str) -> None:
    running = RunningTransport(database_url)
    basic = frozenset({AuthMechanism.BasicAuth})
    users = frozenset({PermissionGroup.ExchangeUsers})
    limits = {"auth_tarpit_interval": 0, "max_logon_failures": 0}
    try:
        running.publish(running.connector(auth_mechanism=basic, permission_groups=users, **limits))
        running.start()
        with smtplib.SMTP("127.0.0.1", running.port, timeout=10, source_address=("127.0.0.66", 0)) as guesser:
            guesser.ehlo()
            codes = []
            for number in range(100):
                guess = base64.b64encode(f"\0anna@gatepost.test\0guess {number}".encode()).decode()
                codes.append(guesser.docmd("AUTH", f"PLAIN {guess}")[0])
        assert codes.count(535) <= FREE_TRIES + 3 and set(codes) == {535, 454}
        with smtplib.SMTP("127.0.0.1", running.port, timeout=10) as client:
            assert client.login("anna@gatepost.test", PASSWORD)[0] == 235
    finally:
        running.remove()


@pytest.mark.parametrize("seconds", [0.1, 0.5])
def test_a_directory_that_never_answers_holds_a_sign_in_no_longer_than_its_bound(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(bounds, "SIGN_IN", msgspec.structs.replace(bounds.SIGN_IN, seconds=seconds))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        outcome, took = signing_in(f"postgresql://x:y@127.0.0.1:{silent.getsockname()[1]}/z")
    assert outcome.reply is not None and outcome.reply.code == 454 and outcome.decided_by == "sign_in_not_available"
    assert took >= seconds


def test_a_fault_of_ours_at_a_sign_in_is_told_in_words_and_ends_no_session(caplog: pytest.LogCaptureFixture) -> None:
    outcome, _ = signing_in("no address of a database")
    assert outcome.reply is not None and outcome.reply.code == 454
    assert "Traceback" not in caplog.text and "no sign-in" in caplog.text


def signing_in(url: str) -> tuple[Outcome, float]:
    """The outcome of a password, and how long it took."""

    async def main() -> tuple[Outcome, float]:
        loop = asyncio.get_running_loop()
        asked = CheckPassword(logon_name("anna", "CONTOSO"), PASSWORD)
        async with aclosing(Credentials(url, SECRET)) as credentials:
            reception = cast(Reception, SimpleNamespace(credentials=credentials, in_force=None))
            began = loop.time()
            session = connected()
            outcome = told(session, asked, await proved(reception, session, asked, Talk()))
            return outcome, loop.time() - began

    return asyncio.run(main())
