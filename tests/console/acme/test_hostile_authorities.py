"""Authorities that are away, slow, endless, or say what makes no sense: the certificate that is there stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from acme.client import _renewal_info_path_component
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec.structs import replace

from console.acme import actions, dns_hooks, timing, work
from console.acme.checks import Wanted, WantedAccount
from console.acme.models import Account, LaidOut, ManagedCertificate
from console.acme.presets import DIRECTORIES
from console.certificates import actions as certificates
from console.certificates import keys
from console.certificates.models import Certificate
from tests.console.acme.fake_authority import FakeAuthority
from tests.console.acme.pebble import AUTHORITY, ROOT
from tests.console.builders import ADMIN
from transport.config import bounds

pytestmark = pytest.mark.django_db
NAMES = ["mail.contoso.test"]


@pytest.fixture
def authority(tmp_path):
    with FakeAuthority(tmp_path) as found:
        yield found


@pytest.fixture
def row(authority) -> ManagedCertificate:
    certificates.make_self_signed(ADMIN, "Mail", NAMES)
    wanted = WantedAccount(directory=f"{authority.url}/dir", trusted_root=ROOT)
    account = actions.add_account(ADMIN, "Test authority", wanted, agreed=True)
    return actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account))


def tried(row: ManagedCertificate) -> ManagedCertificate:
    """After one turn of the worker."""
    before = Certificate.objects.get(name="Mail").fingerprint
    work.go_on()
    row.refresh_from_db()
    assert Certificate.objects.get(name="Mail").fingerprint == before
    return row


def dripping(asked) -> None:
    asked.send_response(200)
    asked.end_headers()
    for _ in range(100):
        asked.wfile.write(b" ")
        asked.wfile.flush()
        time.sleep(0.05)


HOSTILE = {
    "no JSON": (lambda asked: asked.say(b"<html>"), "makes no sense"),
    "a list": (lambda asked: asked.say([]), "makes no sense"),
    "nothing in it": (lambda asked: asked.say({}), "makes no sense"),
    "deep": (lambda asked: asked.say(b"[" * 100_000), "makes no sense"),
    "huge": (lambda asked: asked.say(b" " * (bounds.ACME_ANSWER.octets + 1)), "too long"),
    "slow": (dripping, "took too long"),
    "elsewhere": (lambda asked: asked.say(b"", 302, Location="https://10.0.0.1/"), "sends elsewhere"),
    "an error": (lambda asked: asked.say(b"oops", 500), "makes no sense"),
    "another host": (
        lambda asked: asked.say(dict.fromkeys(("newNonce", "newAccount", "newOrder"), "https://10.0.0.1/x")),
        "names https://10.0.0.1/x, which is not on",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_makes_no_sense_is_told_and_tried_again_later(row, authority, what, monkeypatch):
    monkeypatch.setattr(bounds, "ACME_ANSWER", replace(bounds.ACME_ANSWER, seconds=1.0))
    authority.says["/dir"], words = HOSTILE[what]
    assert words in tried(row).problem
    assert row.failures == 1 and row.failed_since and row.told[-1][1] == row.problem
    assert row.next_step > datetime.now(UTC) + timedelta(minutes=4)
    asked = len(authority.asked)
    tried(row)
    assert len(authority.asked) == asked


def test_an_authority_that_is_away(row, authority):
    authority.__exit__()
    assert "gives no answer" in tried(row).problem


def test_one_whose_certificate_nobody_vouches_for(row):
    Account.objects.update(trusted_root="")
    assert "self" in tried(row).problem


def test_a_rate_limit_is_obeyed_also_by_who_is_in_a_hurry(row, authority):
    problem = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many accounts from this address"}
    authority.says["/account"] = lambda asked: asked.say(problem, 429, Retry_After="7200")
    assert "The authority says: too many accounts from this address" in tried(row).problem
    assert row.next_step > datetime.now(UTC) + timedelta(minutes=115)
    with pytest.raises(Exception, match="wants to hear nothing before"):
        actions.renew(ADMIN, row)


def test_an_order_that_comes_to_no_end_is_given_up(row, authority):
    account = Account.objects.get()
    Account.objects.update(url=f"{authority.url}/account/1")
    order = {"status": "processing", "authorizations": [], "finalize": f"{authority.url}/f"}
    authority.says["/orders"] = lambda asked: asked.say(order, 201, Location=f"{authority.url}/orders/1")
    authority.says["/orders/1"] = lambda asked: asked.say(order)
    assert tried(row).is_under_way and not row.problem
    actions.renew(ADMIN, row)
    actions.renew(ADMIN, tried(row))
    assert tried(row).is_under_way and authority.asked.count("/orders") == 1
    began = datetime.now(UTC) - timedelta(seconds=bounds.ACME_ORDER.seconds + 1)
    ManagedCertificate.objects.update(began_at=began, next_step=began)
    assert "came to no end within an hour" in tried(row).problem
    assert not row.is_under_way and account.name in str(row.account)


@pytest.fixture
def ordered(row, authority) -> dict[str, object]:
    """The order that the authority has taken; a test says how far it is."""
    Account.objects.update(url=f"{authority.url}/account/1")
    found = {"status": "pending", "authorizations": [f"{authority.url}/proof"], "finalize": f"{authority.url}/f"}
    authority.says["/orders"] = lambda asked: asked.say(found, 201, Location=f"{authority.url}/orders/1")
    authority.says["/orders/1"] = lambda asked: asked.say(found)
    return found


@pytest.mark.parametrize(
    ("host", "token", "words"),
    [
        ("www.fabrikam.test", "a" * 43, "a proof of www.fabrikam.test, which was not asked for"),
        ("mail.contoso.test\x00$(reboot)", "a" * 43, "which was not asked for"),
        (NAMES[0], "../../../etc/passwd", "makes no sense"),
        (NAMES[0], "a" * 200_000, "token is none"),
    ],
)
def test_nothing_is_laid_out_but_a_proof_of_what_was_asked_for(row, authority, ordered, host, token, words):
    challenge = {"type": "http-01", "url": f"{authority.url}/c", "status": "pending", "token": token}
    proof = {"identifier": {"type": "dns", "value": host}, "status": "pending", "challenges": [challenge]}
    authority.says["/proof"] = lambda asked: asked.say(proof)
    assert words in tried(row).problem and row.problem.isprintable()
    assert not LaidOut.objects.exists()


TERMS = {
    "type": "urn:ietf:params:acme:error:userActionRequired", "detail": "The terms have changed",
    "instance": "https://ca.example/terms/2",
}  # fmt: skip


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ({"type": "urn:ietf:params:acme:error:badNonce", "detail": "another one"}, "says: another one"),
        ({"type": "urn:ietf:params:acme:error:unauthorized", "detail": "\x1b[2J\x00<b>off</b>"}, "<b>off</b>"),
        ({"type": "urn:ietf:params:acme:error:unauthorized", "detail": "x" * 100_000}, "xxx"),
        (TERMS, "says: The terms have changed Open https://ca.example/terms/2"),
        (TERMS | {"instance": "javascript:x"}, "says: The terms have changed"),
        (TERMS | {"instance": ["https://"]}, "says: The terms have changed"),
    ],
)
def test_what_it_says_of_a_failure_is_bounded_and_printable(row, authority, ordered, problem, words):
    authority.says["/orders"] = lambda asked: asked.say(problem, 400)
    assert words in tried(row).problem
    assert row.problem.isprintable() and len(row.problem) < 700 and len(authority.asked) < 50


def test_a_limit_of_which_it_does_not_say_how_long_it_lasts(row, authority, ordered):
    limited = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many"}
    authority.says["/orders"] = lambda asked: asked.say(limited, 429)
    assert tried(row).waits_until > datetime.now(UTC) + timedelta(minutes=55)
    actions.change(ADMIN, row, Wanted(names=[*NAMES, "mx1.contoso.test"], account=row.account))
    asked = len(authority.asked)
    assert tried(row).waits_until and len(authority.asked) == asked


def issued(key, *names: str, days: tuple[int, int] = (-1, 1), usage: Any = None, above: int = 0) -> str:
    """A chain of the tests' root, which so many certificates that belong to nothing precede."""
    carried = AUTHORITY.signed(key or keys.make(keys.P256), names, days, usage)
    return certificates.make_self_signed(ADMIN, "Other", NAMES).chain * above + carried


CHAINS = {
    "another key": (lambda key: issued(None, *NAMES), "does not belong to this certificate"),
    "another name": (lambda key: issued(key, "www.fabrikam.test"), "lacks names that were asked for"),
    "over": (lambda key: issued(key, *NAMES, days=(-9, -1)), "expired on"),
    "not begun": (lambda key: issued(key, *NAMES, days=(1, 9)), "a clock is wrong, there or here"),
    "for clients": (lambda key: issued(key, *NAMES, usage=ExtendedKeyUsageOID.CLIENT_AUTH), "not issued for servers"),
    "none": (lambda key: "-----BEGIN CERTIFICATE-----", "no certificate in it"),
}


@pytest.mark.parametrize("what", CHAINS)
def test_a_certificate_that_does_not_fit_is_not_used_nor_ordered_again_today(row, authority, ordered, what):
    chain, words = CHAINS[what]
    assert tried(row).is_under_way
    ordered |= {"status": "valid", "certificate": f"{authority.url}/certificate"}
    content = chain(keys.decrypt(row.encrypted_key)).encode()
    authority.says["/certificate"] = lambda asked: asked.say(content)
    ManagedCertificate.objects.update(next_step=datetime.now(UTC))
    assert words in tried(row).problem
    assert row.next_step > datetime.now(UTC) + timedelta(hours=23)


def test_only_the_chain_of_what_it_sends_is_shown(row, authority, ordered):
    work.go_on()
    row.refresh_from_db()
    ordered |= {"status": "valid", "certificate": f"{authority.url}/certificate"}
    content = "\x00 junk" + issued(keys.decrypt(row.encrypted_key), *NAMES, above=12)
    authority.says["/certificate"] = lambda asked: asked.say(content.encode())
    ManagedCertificate.objects.update(next_step=datetime.now(UTC))
    work.go_on()
    row.refresh_from_db()
    shown = Certificate.objects.get(name="Mail")
    assert row.problem == "" and not shown.self_signed
    assert shown.chain.count("BEGIN") == 2 and shown.chain.startswith("-----BEGIN CERTIFICATE-----")


def test_the_order_says_which_certificate_it_replaces_unless_that_is_refused(authority):
    """ARI, RFC 9773 §5: an authority knows then that the former needs no more reminders, and counts no limit."""
    held = certificates.issue(ADMIN, "Mail", NAMES)
    there = WantedAccount(directory=f"{authority.url}/dir", trusted_root=ROOT)
    account = actions.add_account(ADMIN, "Test authority", there, agreed=True)
    row = actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account))
    Account.objects.update(url=f"{authority.url}/account/1")
    asked_for: list[str | None] = []

    def orders(asked) -> None:
        asked_for.append(asked.payload.get("replaces"))
        known = {"type": "urn:ietf:params:acme:error:alreadyReplaced", "detail": "it has one"}
        if asked_for[-1]:
            asked.say(known, 409)
        else:
            asked.say(order, 201, Location=f"{authority.url}/orders/1")

    authority.directory["renewalInfo"] = f"{authority.url}/ari"
    order = {"status": "processing", "authorizations": [], "finalize": f"{authority.url}/f"}
    authority.says |= {"/orders": orders, "/orders/1": lambda asked: asked.say(order)}
    tried(row)
    leaf = x509.load_pem_x509_certificates(held.chain.encode())[0]
    assert asked_for == [_renewal_info_path_component(leaf), None] and row.order_url


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("999999999999999999999", 7 * 86400),
        ("Mon, 30 Nov 2026 08:01:00 GMT", 60),
        ("Mon, 30 Nov 99999999999 08:01:00 GMT", None),
        ("Sun, 29 Nov 2026 08:00:00 GMT", 0),
        ("-30", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_whatever_it_says(header, seconds):
    found = timing.wait(header, datetime(2026, 11, 30, 8, 0, tzinfo=UTC))
    assert found == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize("days", [6, 47, 90, 398])
def test_every_life_is_renewed_when_a_third_is_left(days):
    start = datetime(2026, 11, 30, tzinfo=UTC)
    end = start + timedelta(days=days)
    assert timing.renewal(start, end, None) == end - timedelta(days=days) / 3
    assert timing.renewal(start, end, end) == end - timedelta(days=days) / 4
    assert timing.renewal(start, end, start) == start
    waits = [timing.back_off(failures) for failures in range(1, 100)]
    assert waits == sorted(waits) and waits[0] == timedelta(minutes=5) and waits[-1] == timedelta(hours=6)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may write dns-hooks.toml")
def test_only_hooks_that_root_wrote_are_run(tmp_path, monkeypatch):
    monkeypatch.setenv("GATEPOST_HOOKS", str(tmp_path))
    assert "There is no" in dns_hooks.add("contoso", "_acme-challenge.contoso.test", "x")
    file, out = tmp_path / dns_hooks.FILE, tmp_path / "out"
    script = f'add = ["/bin/sh", "-c", "echo $ACME_RECORD $ACME_VALUE >> {out}; echo no; exit 3"]'
    file.write_text(f"[contoso]\n{script}\n")
    assert dns_hooks.add("contoso", "_acme-challenge.contoso.test", "-x") == "/bin/sh ended with 3: no"
    assert out.read_text() == "_acme-challenge.contoso.test -x\n"
    assert dns_hooks.take_away("contoso", "_acme-challenge.contoso.test", "-x") == ""
    assert "has no hook" in dns_hooks.add("other", "_acme-challenge.contoso.test", "x")
    file.write_text("#" * (bounds.DNS_HOOK.octets + 1))
    assert "is larger than" in dns_hooks.add("contoso", "_acme-challenge.contoso.test", "x")
    file.chmod(0o666)
    assert "must belong to root" in dns_hooks.add("contoso", "_acme-challenge.contoso.test", "x")


def test_the_directories_of_known_authorities_are_https():
    assert all(url.startswith("https://") for url, _ in DIRECTORIES)


def test_nobody_loads_the_libraries_who_speaks_with_no_authority():
    """Start and memory of console, workers and transports stay as they are."""
    code = "import console.asgi, console.acme.tasks, sys; print(*({'acme', 'josepy', 'requests'} & {*sys.modules}))"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_an_authority_says_when_it_wants_a_renewal(authority):
    """ARI: an hour later it is asked again, as it says, and only then."""
    held = certificates.issue(ADMIN, "Mail", NAMES)
    there = WantedAccount(directory=f"{authority.url}/dir", trusted_root=ROOT)
    account = actions.add_account(ADMIN, "Test authority", there, agreed=True)
    row = actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account))
    ManagedCertificate.objects.update(renew_at=None)
    window = [(held.not_after - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (400, 399)]
    says = {"suggestedWindow": dict(zip(("start", "end"), window, strict=True))}
    path = f"/ari/{_renewal_info_path_component(x509.load_pem_x509_certificates(held.chain.encode())[0])}"
    authority.directory["renewalInfo"] = f"{authority.url}/ari"
    authority.says[path] = lambda asked: asked.say(says, Retry_After="3600")
    assert not tried(row).problem and authority.asked[-1] == path
    assert held.not_after - timedelta(days=400) <= row.renew_at <= held.not_after - timedelta(days=399)
    assert timedelta(minutes=59) < row.ask_at - datetime.now(UTC) <= timedelta(hours=1)
    assert not row.is_under_way and row.next_step > datetime.now(UTC)
