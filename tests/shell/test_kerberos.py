"""Signing in with Kerberos: a real KDC, real tickets, RFC 4752 as MIT's library speaks it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from console.actors import SYSTEM
from console.directory import actions as directory
from console.users import actions
from console.users.models import User as Row
from tests.receive.builders import connector
from tests.shell.certificates import certificate
from tests.shell.channels import CASES
from tests.shell.kdc import REALM, SERVICE, Kdc, missing
from tests.shell.running_transport import Client, RunningTransport
from transport.config.keytab import Keytab, keys
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism, ExtendedProtectionPolicy
from transport.config.snapshot import Snapshot
from transport.receive.auth import NO_TICKET, NOT_AVAILABLE, NOT_BOUND, Denied
from transport.receive.outcome import AnswerToken
from transport.receive.session import User
from transport.shell.people.credentials import Credentials, Talk
from transport.shell.people.kerberos import KERBEROS, SPNEGO, Kerberos, gssapi

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
OFFERING: dict[str, Any] = {
    "auth_mechanism": frozenset({AuthMechanism.Tls, AuthMechanism.Integrated}),
    "permission_groups": frozenset({PermissionGroup.ExchangeUsers}),
    "enable_auth_gssapi": True,
    "auth_tarpit_interval": 0,
}
ALONE = b"\x01\x00\x00\x00"
Answer = bytes | User | Denied | None


@pytest.fixture(scope="module")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    made = Kdc(tmp_path_factory.mktemp("kdc"))
    made.add("anna", "bob", "ghost", "anna/admin")
    before = os.environ.get("KRB5_CONFIG")
    os.environ["KRB5_CONFIG"] = made.variables["KRB5_CONFIG"]
    yield made
    made.stop()
    os.environ.pop("KRB5_CONFIG")
    if before is not None:
        os.environ["KRB5_CONFIG"] = before


@pytest.fixture
def anna(database_url: str) -> Row:
    directory.add(SYSTEM, "anna@gatepost.test")
    actions.add(SYSTEM, "EX", "bob", "tin-on-rain-winter")
    return actions.add(SYSTEM, "EX", "anna", "winter-rain-on-tin", "", ["anna@gatepost.test"])


def carried(content: bytes, secret: str = settings.GATEPOST_SECRET_KEY, name: str = "mail") -> Keytab:
    return Keytab(name=name, keys=tuple(keys(content)), encrypted=Fernet(secret).encrypt(content).decode())


def offer(*keytabs: Keytab, **values: Any) -> Kerberos:
    made = connector(**{**OFFERING, **values})
    return Kerberos(Snapshot(receive_connectors=(made,), keytabs=keytabs), settings.GATEPOST_SECRET_KEY.encode())


class Ticketed:
    """A client with a ticket. `chosen` is its answer about layers, which it may follow with whom it wants to be."""

    def __init__(self, kdc: Kdc, who: str = "anna", mechanism: str = KERBEROS, channel: bytes = b"") -> None:
        store = {"client_keytab": str(kdc.keytab_file(who)), "ccache": f"FILE:{kdc.folder / who.replace('/', '_')}.cc"}
        name = gssapi.Name(f"{who}@{REALM}", gssapi.NameType.kerberos_principal)
        self._context = gssapi.SecurityContext(
            name=gssapi.Name(SERVICE.replace("/", "@"), gssapi.NameType.hostbased_service),
            creds=gssapi.Credentials(name=name, usage="initiate", store=store),
            usage="initiate",
            mech=gssapi.OID.from_int_seq(mechanism),
            channel_bindings=gssapi.raw.ChannelBindings(application_data=channel) if channel else None,
        )
        self.chosen = ALONE

    def step(self, challenge: bytes | None = None) -> bytes:
        if self._context.complete:
            assert self._context.unwrap(challenge).message == ALONE
            return bytes(self._context.wrap(self.chosen, False).message)
        return bytes(self._context.step(challenge) or b"")


def signing_in(url: str, kerberos: Kerberos, client: Ticketed, channel: bytes = b"", required: bool = False) -> Answer:
    """What the client hears in the end."""

    async def main() -> Answer:
        message, talk = client.step(), Talk()
        async with aclosing(Credentials(url, settings.GATEPOST_SECRET_KEY.encode())) as credentials:
            while True:
                asked = AnswerToken("GSSAPI", message, "EX", channel, required)
                answer = await credentials.answer(asked, "192.0.2.1", talk, kerberos)
                if not isinstance(answer, bytes):
                    return answer
                message = client.step(answer)

    return asyncio.run(main())


@pytest.mark.parametrize("mechanism", [KERBEROS, SPNEGO], ids=["Kerberos", "SPNEGO, as Windows does"])
def test_a_ticket_is_enough_to_be_the_user_of_that_name(kdc: Kdc, anna: Row, database_url: str, mechanism: str) -> None:
    answer = signing_in(database_url, offer(carried(kdc.keytab())), Ticketed(kdc, "anna", mechanism))
    assert answer == User("EX\\anna", (), frozenset({"anna@gatepost.test"}))


def test_the_realm_is_the_domain_where_there_is_such_a_user(kdc: Kdc, anna: Row, database_url: str) -> None:
    actions.add(SYSTEM, REALM.lower(), "Anna", "another-long-one")
    answer = signing_in(database_url, offer(carried(kdc.keytab())), Ticketed(kdc))
    assert isinstance(answer, User) and answer.name == "ex.test\\Anna"


@pytest.mark.parametrize("who", ["ghost", "anna/admin"])
def test_who_is_no_user_here_does_not_sign_in(kdc: Kdc, anna: Row, database_url: str, who: str) -> None:
    assert signing_in(database_url, offer(carried(kdc.keytab())), Ticketed(kdc, who)) == NO_TICKET


def test_who_is_disabled_does_not_sign_in(kdc: Kdc, anna: Row, database_url: str) -> None:
    actions.set_enabled(SYSTEM, anna, False)
    assert signing_in(database_url, offer(carried(kdc.keytab())), Ticketed(kdc)) == NO_TICKET


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("anna", True), ("anna@EX.TEST", True), ("ex\\ANNA", True), ("anna@gatepost.test", True), ("bob", False),
        ("x", False),
    ],
)  # fmt: skip
def test_a_client_may_name_itself_but_nobody_else(
    kdc: Kdc, anna: Row, database_url: str, wanted: str, allowed: bool
) -> None:
    client = Ticketed(kdc)
    client.chosen = ALONE + wanted.encode()
    answer = signing_in(database_url, offer(carried(kdc.keytab())), client)
    assert isinstance(answer, User) if allowed else answer == NO_TICKET


@pytest.mark.parametrize(
    "chosen", [b"\x02\x00\x10\x00", b"\x04\x00\x10\x00", b"\x00\x00\x00\x00", b"\x01", ALONE + b"\xff", ALONE + b"a\0b"]
)
def test_a_security_layer_or_nonsense_instead_is_malformed(
    kdc: Kdc, anna: Row, database_url: str, chosen: bytes
) -> None:
    client = Ticketed(kdc)
    client.chosen = chosen
    assert signing_in(database_url, offer(carried(kdc.keytab())), client) is None


def test_a_ticket_for_other_keys_is_refused_and_the_log_says_why(
    kdc: Kdc, anna: Row, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    kdc.add("smtp/other.ex.test")
    assert signing_in(database_url, offer(carried(kdc.keytab("smtp/other.ex.test"))), Ticketed(kdc)) == NO_TICKET
    assert "no sign-in with Kerberos from 192.0.2.1" in caplog.text and SERVICE in caplog.text


def test_keys_of_several_files_count_together(kdc: Kdc, anna: Row, database_url: str) -> None:
    kdc.add("smtp/second.ex.test")
    both = carried(kdc.keytab("smtp/second.ex.test"), name="second"), carried(kdc.keytab())
    assert isinstance(signing_in(database_url, offer(*both), Ticketed(kdc)), User)


def test_a_ticket_that_was_overheard_does_not_count_again(kdc: Kdc, anna: Row, database_url: str) -> None:
    kerberos, client = offer(carried(kdc.keytab())), Ticketed(kdc)
    token = client.step()

    async def main() -> list[Answer]:
        asked = AnswerToken("GSSAPI", token, "EX")
        async with aclosing(Credentials(database_url, settings.GATEPOST_SECRET_KEY.encode())) as credentials:
            return [await credentials.answer(asked, "192.0.2.1", Talk(), kerberos) for _ in range(2)]

    first, again = asyncio.run(main())
    assert isinstance(first, bytes) and again == NO_TICKET


@pytest.mark.parametrize(("client", "server", "required", "expected"), CASES)
@pytest.mark.parametrize("mechanism", [KERBEROS, SPNEGO], ids=["Kerberos", "SPNEGO"])
def test_a_sign_in_is_bound_to_its_tls_connection(
    kdc: Kdc, anna: Row, database_url: str, mechanism: str, client: bytes, server: bytes, required: bool, expected: bool
) -> None:
    ticketed = Ticketed(kdc, "anna", mechanism, client)
    answer = signing_in(database_url, offer(carried(kdc.keytab())), ticketed, server, required)
    assert isinstance(answer, User) if expected else answer == NOT_BOUND


@pytest.mark.parametrize(
    "token", [b"", b"\x60", b"\x60\x10" + b"z" * 16, b"NTLMSSP\0\1\0\0\0" + b"\0" * 40, b"x" * 9000]
)
def test_what_is_no_kerberos_is_malformed(kdc: Kdc, database_url: str, token: bytes) -> None:
    async def main() -> Answer:
        asked = AnswerToken("GSSAPI", token, "EX")
        async with aclosing(Credentials(database_url, settings.GATEPOST_SECRET_KEY.encode())) as credentials:
            return await credentials.answer(asked, "192.0.2.1", Talk(), offer(carried(kdc.keytab())))

    assert asyncio.run(main()) is None


@pytest.mark.parametrize(
    ("keytabs", "said"),
    [
        (lambda kdc: [], "There is no keytab"),
        (lambda kdc: [carried(kdc.keytab(), Fernet.generate_key().decode())], "cannot be decrypted"),
    ],
)
def test_without_usable_keys_kerberos_is_not_offered_and_it_says_why(
    kdc: Kdc, database_url: str, keytabs: Callable[[Kdc], list[Keytab]], said: str
) -> None:
    kerberos = offer(*keytabs(kdc))
    assert kerberos.acceptor is None and said in kerberos.problem
    assert signing_in(database_url, kerberos, Ticketed(kdc)) == NOT_AVAILABLE
    assert offer(enable_auth_gssapi=False).problem == ""
    assert offer(auth_mechanism=frozenset({AuthMechanism.BasicAuth})).problem == ""


# Over sockets


@pytest.fixture
def port(kdc: Kdc, anna: Row, database_url: str) -> Iterator[RunningTransport]:
    """Kerberos and NTLM, extended protection where the client knows it; no krb5.conf is needed."""
    running = RunningTransport(database_url)
    running.variables |= {"GATEPOST_SECRET_KEY": settings.GATEPOST_SECRET_KEY, "KRB5_CONFIG": "/dev/null"}
    made = running.connector(**OFFERING, extended_protection_policy=ExtendedProtectionPolicy.Allow)
    own = certificate(secret=settings.GATEPOST_SECRET_KEY.encode())
    running.publish(made, certificates=(own,), keytabs=(carried(kdc.keytab()),))
    running.start()
    yield running
    running.remove()


def exchange(client: Client, ticketed: Ticketed, initial: bool = True) -> str:
    first = base64.b64encode(ticketed.step()).decode()
    if not initial:
        assert client.say("AUTH GSSAPI") == "334 "
    reply = client.say(f"AUTH GSSAPI {first}" if initial else first)
    while reply.startswith("334 "):
        reply = client.say(base64.b64encode(ticketed.step(base64.b64decode(reply[4:]))).decode())
    return reply


@pytest.mark.parametrize("initial", [True, False])
def test_kerberos_over_a_socket(kdc: Kdc, port: RunningTransport, initial: bool) -> None:
    client = port.client()
    client.line()
    client.send(b"EHLO client.test\r\n")
    assert "250-AUTH GSSAPI NTLM" in list(iter(client.line, "250 SMTPUTF8")), port.log
    assert exchange(client, Ticketed(kdc), initial) == "235 2.7.0 Authentication successful"
    assert client.say("MAIL FROM:<anna@gatepost.test>").startswith("250 ")
    client.close()


def test_what_was_given_up_does_not_spoil_the_next_try(kdc: Kdc, port: RunningTransport) -> None:
    client = port.greeted()
    assert client.say(f"AUTH GSSAPI {base64.b64encode(Ticketed(kdc).step()).decode()}").startswith("334 Y")
    assert client.say("*").startswith("501 ")
    assert exchange(client, Ticketed(kdc)).startswith("235 ")
    client.close()


def test_on_tls_a_ticket_for_another_connection_is_refused(kdc: Kdc, port: RunningTransport, tmp_path: Path) -> None:
    answers = {}
    for binding in ("none", "right", "wrong"):
        client = port.greeted()
        client.say("STARTTLS")
        client.start_tls()
        client.say("EHLO client.test")
        shown = client.connection.getpeercert(binary_form=True)  # type: ignore[attr-defined]
        bindings = {"none": b"", "right": end_point(shown), "wrong": end_point(shown + b"x")}
        answers[binding] = exchange(client, Ticketed(kdc, channel=bindings[binding]))[:3]
        client.close()
    assert answers == {"none": "235", "right": "235", "wrong": "535"}, port.log


def end_point(shown: bytes) -> bytes:
    return b"tls-server-end-point:" + hashlib.sha256(shown).digest()
