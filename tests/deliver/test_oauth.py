"""Mail leaves through Microsoft 365 and Google with tokens: fetched once, kept encrypted, replaced in time."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import jwt
import msgspec
import psycopg
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import Group, User
from django.urls import reverse

from console.actors import Role
from console.credentials import actions as credentials
from tests.console.builders import ADMIN
from tests.deliver import fake_google, fake_microsoft365
from tests.deliver.fake_google import Google
from tests.deliver.fake_microsoft365 import Microsoft365
from tests.deliver.fake_provider import trusted
from tests.shell.certificates import SECRET, certificate
from tests.waiting import wait_for
from transport.config import bounds
from transport.config.credential import CredentialKind, Secrets
from transport.config.send_connector import SmartHostAuth
from transport.deliver import accounts, routing, token_endpoints, tokens
from transport.deliver.database import pool
from transport.deliver.queries import QUERIES
from transport.deliver.token_endpoints import Endpoints, NoToken
from transport.deliver.worker import LOCKS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:msal"),
]
HELD = "SELECT words, is_fault FROM queues_hold"


@pytest.fixture
def provider(tmp_path, monkeypatch, configure):
    """One of the fakes, trusted, as the smart host of the connector Out."""
    started = []

    def provider(kind, **changes):
        made = kind(tmp_path)
        started.append(made)
        monkeypatch.setattr(token_endpoints, "endpoints", Endpoints(made.url, f"{made.url}/token"))
        usual = {"smart_host_auth_mechanism": SmartHostAuth.OAuth, "authentication_credential": ("Cloud",)}
        configure(smart_hosts=("localhost",), port=made.port, **(usual | changes))
        return made

    monkeypatch.setattr(tokens, "_ASKING", {})
    with trusted(monkeypatch, tmp_path):
        yield provider
    for each in started:
        each.close()


@pytest.fixture
def admin(client):
    user = User.objects.create_user("anna")
    user.groups.add(Group.objects.get_or_create(name=Role.ORGANIZATION_MANAGEMENT)[0])
    client.force_login(user)
    return client


def microsoft(**changes: Any) -> Any:
    wanted = credentials.Wanted(
        user_name=fake_microsoft365.MAILBOX,
        tenant=fake_microsoft365.TENANT,
        client_id=fake_microsoft365.APPLICATION,
    )
    secrets = Secrets(**({"client_secret": fake_microsoft365.CLIENT_SECRET} | changes))
    return credentials.add(ADMIN, "Cloud", CredentialKind.Microsoft365, wanted, secrets)


def google(kind: CredentialKind, secrets: Secrets, client_id: str = "") -> Any:
    wanted = credentials.Wanted(user_name=fake_google.MAILBOX, client_id=client_id)
    return credentials.add(ADMIN, "Cloud", kind, wanted, secrets)


def of(**changes: Any) -> dict[str, Any]:
    return {"sender": fake_microsoft365.MAILBOX} | changes


def test_a_token_is_fetched_once_and_kept_encrypted(provider, queued, deliver, query):
    cloud = provider(Microsoft365)
    row = microsoft()
    for number in range(3):
        queued(f"u{number}@far.test", **of())
        deliver()
    assert len(cloud.messages) == 3 and cloud.refusals == []
    assert cloud.sign_ins == [f"XOAUTH2 {fake_microsoft365.MAILBOX} 235"] * 3
    (asked,) = cloud.asked
    assert asked["scope"] == "https://outlook.office365.com/.default" and asked["grant_type"] == "client_credentials"
    row.refresh_from_db()
    (token,) = cloud.grants
    assert token not in row.token and 2800 < (row.token_renew_at - row.token_expires_at).total_seconds() + 3600 < 2920


def test_a_certificate_proves_the_application_instead_of_a_secret(provider, queued, deliver):
    cloud = provider(Microsoft365)
    carried = certificate("app.test", key=rsa.generate_private_key(65537, 2048))
    cloud.certificate = carried.chain
    key = Fernet(SECRET).decrypt(carried.encrypted_key.encode()).decode()
    microsoft(client_secret="", certificate=carried.chain, key=key)
    queued("bob@far.test", **of())
    deliver()
    assert len(cloud.messages) == 1 and "client_secret" not in cloud.asked[0]


def test_google_takes_a_service_account_with_the_one_scope_that_sends_mail(provider, queued, deliver):
    cloud = provider(Google)
    google(CredentialKind.GoogleServiceAccount, Secrets(key_file=cloud.key_file))
    queued("bob@far.test")
    deliver()
    assert len(cloud.messages) == 1 and cloud.sign_ins == [f"OAUTHBEARER {fake_google.MAILBOX} 235"]
    said = jwt.decode(cloud.asked[0]["assertion"], options={"verify_signature": False})
    assert said["scope"] == "https://mail.google.com/" and said["sub"] == fake_google.MAILBOX


def test_google_takes_a_refresh_token(provider, queued, deliver):
    cloud = provider(Google)
    secrets = Secrets(client_secret=fake_google.CLIENT_SECRET, refresh_token=fake_google.REFRESH_TOKEN)
    google(CredentialKind.GoogleRefreshToken, secrets, fake_google.CLIENT)
    queued("bob@far.test")
    deliver()
    assert len(cloud.messages) == 1


@pytest.mark.parametrize(("mechanism", "answer"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
def test_a_refused_token_is_heard_to_the_end_and_a_fresh_one_is_tried_once(
    provider, queued, deliver, query, mechanism, answer
):
    cloud = provider(Google)
    cloud.mechanisms = (mechanism,)
    google(CredentialKind.GoogleServiceAccount, Secrets(key_file=cloud.key_file))
    queued("bob@far.test")
    deliver()
    for held in cloud.grants.values():
        held.works = False
    queued("bea@far.test")
    deliver()
    assert len(cloud.messages) == 2 and len(cloud.asked) == 2 and cloud.heard == [answer]
    cloud.sign_in = lambda *_: fake_google.BAD
    queued("ben@far.test")
    deliver()
    assert len(cloud.asked) == 3, "one fresh token, and no more"
    ((words, is_fault),) = query(HELD)
    assert "invalid_token, scope https://mail.google.com/" in words and is_fault
    assert query("SELECT status, attempts FROM queues_recipient WHERE address = 'ben@far.test'") == [("ready", 0)]


def test_a_token_of_the_first_endpoint_is_told_from_one_of_the_second(provider, queued, deliver, query):
    """What goes wrong with most set-ups that are found on the Internet: SMTP says 535 5.7.3."""
    cloud = provider(Microsoft365)
    cloud._granted = lambda works=True: Microsoft365._granted(cloud, works=False)
    microsoft()
    queued("bob@far.test", **of())
    deliver()
    ((words, _),) = query(HELD)
    assert "object id of the enterprise application" in words and not cloud.messages
    assert len(cloud.asked) == 1, "a token that was fetched for this is not replaced at once"


@pytest.mark.parametrize(
    "gate",
    [fake_microsoft365.OFF_FOR_TENANT, fake_microsoft365.OFF_FOR_MAILBOX, fake_microsoft365.SECURITY_DEFAULTS],
)
def test_each_gate_holds_the_connector_and_is_named(provider, queued, deliver, query, gate):
    cloud = provider(Microsoft365)
    cloud.gate = gate
    microsoft()
    queued("bob@far.test", **of())
    deliver()
    ((words, is_fault),) = query(HELD)
    assert is_fault and "535 5.7.139" in words and not cloud.messages
    assert query("SELECT status, attempts FROM queues_recipient") == [("ready", 0)]


def test_a_wrong_secret_is_said_in_the_words_of_entra(provider, queued, deliver, query):
    cloud = provider(Microsoft365)
    row = microsoft(client_secret="wrong")
    queued("bob@far.test", **of())
    deliver()
    ((words, is_fault),) = query(HELD)
    assert is_fault and "invalid_client: AADSTS7000215: Invalid client secret provided" in words
    row.refresh_from_db()
    assert "AADSTS7000215" in row.problem and not cloud.sign_ins


def endless(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"x" * 65536)


def dripping(connection: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection.sendall(b"H")
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (200, b"", "cannot be read"),
        (200, b"[1]", "cannot be read"),
        (200, b'{"access_token": "a", "expires_in": "soon"}', "cannot be read"),
        (200, json.dumps({"access_token": "a\r\nb", "expires_in": 60}).encode(), "no token that could be sent"),
        (200, json.dumps({"access_token": "a" * 20_000, "expires_in": 60}).encode(), "no token of up to"),
        (200, b"x" * 400_000, "too long"),
        (200, b"[" * 100_000, "cannot be read"),
        (500, b"oops", "answered 500"),
        (302, b"", "cannot be read"),
        (400, json.dumps({"error": "x", "error_description": "a\x07b" * 1000}).encode(), "x: a?b"),
    ],
)
def test_whatever_an_endpoint_says_is_a_state_in_words(provider, queued, deliver, query, status, content, words):
    cloud = provider(Microsoft365)
    cloud.answer_token = lambda: (status, content)
    microsoft()
    queued("bob@far.test", **of())
    deliver()
    ((said, _),) = query(HELD)
    assert words in said and said.isprintable() and len(said) < 500 and not cloud.sign_ins


@pytest.mark.parametrize("script", [endless, dripping])
def test_an_endpoint_that_drips_or_never_ends_takes_no_longer_than_its_bound(provider, monkeypatch, scripted, script):
    cloud = provider(Microsoft365)
    microsoft()
    short = msgspec.structs.replace(bounds.TOKEN_ANSWERS, octets=100_000, seconds=1.0)
    monkeypatch.setattr(bounds, "TOKEN_ANSWERS", short)

    def over_tls(connection):
        with suppress(OSError), cloud.context.wrap_socket(connection, server_side=True) as wrapped:
            script(wrapped)

    hop = scripted(over_tls)
    monkeypatch.setattr(token_endpoints, "endpoints", Endpoints(f"https://localhost:{hop.port}"))
    began = time.monotonic()
    with pytest.raises(NoToken, match="localhost: "):
        token_endpoints.grant(accounts.named("Cloud", pool()))
    assert time.monotonic() - began < 3


def test_a_new_token_is_asked_for_once_by_all_workers(provider, deliver):
    cloud = provider(Microsoft365)
    microsoft()
    account = accounts.named("Cloud", pool())
    with ThreadPoolExecutor(16) as many:
        found = set(many.map(lambda _: tokens.good(account, pool())[0], range(64)))
    assert len(found) == 1 and len(cloud.asked) == 1


def test_a_worker_that_dies_while_it_asks_for_a_token_holds_nobody_up(provider, database_url):
    """The lock is the dead one's transaction."""
    cloud = provider(Microsoft365)
    microsoft()
    account = accounts.named("Cloud", pool())
    dying = psycopg.connect(database_url)
    dying.execute(QUERIES["ask_for_token"], [LOCKS + 1, account.id])
    with ThreadPoolExecutor(1) as one:
        waiting = one.submit(tokens.good, account, pool())
        with psycopg.connect(database_url, autocommit=True) as watching:
            held_up = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
            wait_for(lambda: watching.execute(held_up).fetchone(), "nobody waits")
        assert not cloud.asked
        dying.close()
        assert waiting.result(10)[0] in cloud.grants


def test_while_a_token_is_good_a_silent_endpoint_stops_nothing(provider, queued, deliver, query):
    cloud = provider(Microsoft365)
    row = microsoft()
    queued("bob@far.test", **of())
    deliver()
    query("UPDATE credentials_credential SET token_renew_at = now() RETURNING 1")
    cloud.answer_token = lambda: (503, b"")
    queued("bea@far.test", **of())
    deliver()
    assert len(cloud.messages) == 2 and len(cloud.asked) >= 2
    row.refresh_from_db()
    assert "answered 503" in row.problem
    cloud.answer_token = None
    tokens._ASKING.clear()
    queued("ben@far.test", **of())
    deliver()
    row.refresh_from_db()
    assert len(cloud.messages) == 3 and not row.problem and len(cloud.grants) == 2


def test_a_new_secret_forgets_the_old_ones_token(provider, queued, deliver):
    cloud = provider(Microsoft365)
    row = microsoft()
    queued("bob@far.test", **of())
    deliver()
    wanted = credentials.Wanted(user_name=row.user_name, tenant=row.tenant, client_id=row.client_id)
    credentials.change(ADMIN, row, wanted, Secrets(client_secret=fake_microsoft365.CLIENT_SECRET))
    queued("bea@far.test", **of())
    deliver()
    assert len(cloud.messages) == 2 and len(cloud.grants) == 2


def test_a_token_that_comes_for_an_old_secret_is_not_kept(provider, query):
    """The secret is replaced while the endpoint thinks."""
    cloud = provider(Microsoft365)
    row = microsoft()
    asked, go_on = threading.Event(), threading.Event()

    def slow(path, wanted):
        asked.set()
        go_on.wait(10)
        return Microsoft365.grant(cloud, path, wanted)

    cloud.grant = slow
    account = accounts.named("Cloud", pool())
    with ThreadPoolExecutor(1) as one:
        waiting = one.submit(tokens.good, account, pool())
        assert asked.wait(10)
        wanted = credentials.Wanted(user_name=row.user_name, tenant=row.tenant, client_id=row.client_id)
        credentials.change(ADMIN, row, wanted, Secrets(client_secret="another"))
        go_on.set()
        assert waiting.result(10)
    assert query("SELECT token FROM credentials_credential") == [("",)]


def test_a_person_signs_in_once_with_a_code_and_the_mailbox_sends_from_then_on(provider, queued, deliver, query, admin):
    cloud = provider(Microsoft365)
    wanted = credentials.Wanted(
        user_name=fake_microsoft365.MAILBOX, tenant=fake_microsoft365.TENANT, client_id=fake_microsoft365.APPLICATION
    )
    row = credentials.add(ADMIN, "Cloud", CredentialKind.Microsoft365Person, wanted, Secrets())
    queued("bob@far.test", **of())
    deliver()
    ((words, is_fault),) = query(HELD)
    assert is_fault and "nobody has signed in for it yet" in words
    url = reverse("credentials:sign-in", args=[row.pk])
    page = admin.get(url)
    assert "A1B2C3D4" in page.text and "https://microsoft.com/devicelogin" in page.text
    assert "device-code" not in page.text and "device-code" not in str(dict(admin.session))
    assert "Nobody has signed in with this code yet" in admin.post(url).text
    cloud.person = "signed in"
    assert "Signed in: mail can leave" in admin.post(url, follow=True).text
    routing.reroute()
    deliver()
    assert len(cloud.messages) == 1 and query(HELD) == [], "nobody has to lift what rests"
    query("UPDATE credentials_credential SET token_renew_at = now() RETURNING 1")
    queued("bea@far.test", **of())
    deliver()
    assert len(cloud.messages) == 2 and cloud.refreshed == 3
    account = accounts.named("Cloud", pool())
    assert account.secrets.refresh_token == "refresh-3", "each answer brings the next one"


@pytest.mark.parametrize(
    ("person", "words"),
    [("authorization_declined", "authorization_declined: AADSTS70016"), ("expired_token", "expired_token: AADSTS")],
)
def test_a_code_that_comes_to_nothing_is_said(provider, admin, person, words):
    cloud = provider(Microsoft365)
    wanted = credentials.Wanted(
        user_name=fake_microsoft365.MAILBOX, tenant=fake_microsoft365.TENANT, client_id=fake_microsoft365.APPLICATION
    )
    row = credentials.add(ADMIN, "Cloud", CredentialKind.Microsoft365Person, wanted, Secrets())
    url = reverse("credentials:sign-in", args=[row.pk])
    admin.get(url)
    cloud.person = person
    page = admin.post(url)
    assert "The sign-in came to nothing" in page.text and words in page.text and "A1B2C3D4" not in page.text
    cloud.answer_token = lambda: (200, b'{"user_code": 1}')
    page = admin.get(url)
    assert "Microsoft gives no code" in page.text and "I have signed in" not in page.text


def test_no_token_is_sent_in_the_clear(provider, queued, deliver, query):
    """STARTTLS is stripped on the way, or the server has lost its certificate."""
    cloud = provider(Microsoft365)
    cloud.offers_tls, cloud.needs_tls = False, False
    microsoft()
    queued("bob@far.test", **of())
    deliver()
    assert not cloud.sign_ins and not cloud.messages
    ((error,),) = query("SELECT last_error FROM queues_nexthop WHERE key = 'smarthost:Out'")
    assert "A token is sent over TLS only, and the connection is not encrypted" in error
