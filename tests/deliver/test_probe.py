"""A Send connector tried out: step by step, with delivery's own code, and never a message."""

from __future__ import annotations

import time

import pytest

from tests.deliver.test_sign_in import PASSWORD, USER, Guard, credential
from tests.deliver.tls_hop import AUTHORITY
from transport.config import bounds
from transport.config.endpoint import Binding, everyone
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SmartHostAuth
from transport.deliver import probe as probing
from transport.deliver.database import pool
from transport.deliver.probe import Stage, probe

__all__ = ["credential"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tried(configure, deliver):
    """What a test of the connector finds, as the configuration says."""

    def tried(recipient="bob@far.test", **changes):
        snapshot = configure(**changes)
        return probe(snapshot, snapshot.send_connectors[0], "anna@gatepost.test", recipient, "gw.test", pool)

    return tried


def stages(finding):
    return [(step.stage, step.is_good) for step in finding.steps]


def test_a_host_that_would_take_the_message(tried, sink):
    finding = tried()
    assert finding.is_good
    every = [Stage.LOOK_UP, Stage.CONNECTION, Stage.TLS, Stage.SENDER, Stage.RECIPIENT]
    assert stages(finding) == [(stage, True) for stage in every]
    said = [each.text for each in finding.transcript if each.event == ">"]
    assert said == ["EHLO gw.test", "MAIL FROM:<anna@gatepost.test>", "RCPT TO:<bob@far.test>", "RSET", "QUIT"]
    assert sink.arrived == [] and "DATA" not in sink.verbs


def test_a_host_without_tls_gets_a_remark_and_one_with_tls_none(tried, hop):
    (doubtful,) = [step for step in tried().steps if step.is_doubtful]
    assert doubtful.stage is Stage.TLS and doubtful.words.startswith("In the clear") and doubtful.advice
    taken = tried(port=hop(AUTHORITY.certificate("mx.far.test")).port)
    assert taken.is_good and not any(step.is_doubtful for step in taken.steps)


@pytest.mark.parametrize(
    ("verb", "reply", "stage"),
    [
        ("connect", "554 go away", Stage.GREETING),
        ("EHLO", "421 not now", Stage.GREETING),
        ("MAIL", "550 5.7.60 not as this sender", Stage.SENDER),
        ("RCPT", "550 5.1.1 nobody here", Stage.RECIPIENT),
    ],
)
def test_where_it_ends_and_what_to_do(tried, sink, verb, reply, stage):
    sink.behave = lambda line, n: reply if line == verb or line.startswith(f"{verb} ") else None
    finding = tried()
    last = finding.steps[-1]
    assert not finding.is_good and (last.stage, last.is_good) == (stage, False)
    assert reply.partition(" ")[2] in last.words and last.advice


def test_nobody_listens(tried):
    finding = tried(port=9)
    assert stages(finding) == [(Stage.LOOK_UP, True), (Stage.CONNECTION, False)]
    assert "refused" in finding.steps[-1].words


def test_tls_that_is_demanded_and_not_offered(tried):
    finding = tried(require_tls=True)
    assert stages(finding)[-1] == (Stage.TLS, False)
    assert "STARTTLS is not offered" in finding.steps[-1].words


def test_a_host_that_is_ourselves(tried, sink):
    here = ReceiveConnector(name="In", bindings=(Binding("127.0.0.1", sink.port),), remote_ip_ranges=everyone())
    finding = tried(receiving=(here,))
    assert stages(finding) == [(Stage.LOOK_UP, False)] and "this server itself" in finding.steps[0].advice


def test_a_name_that_nobody_knows(tried):
    finding = tried(smart_hosts=("nobody.invalid",))
    assert stages(finding) == [(Stage.LOOK_UP, False)]


@pytest.mark.parametrize(("mechanism", "works"), [("PLAIN", True), ("LOGIN", True), ("PLAIN", False)])
def test_a_sign_in_without_its_secret_on_the_page(tried, sink, credential, mechanism, works):
    guard = Guard(sink, mechanism)
    if not works:
        guard.judge = lambda good: f"535 5.7.8 no, {PASSWORD} is wrong"
    finding = tried(smart_host_auth_mechanism=SmartHostAuth.BasicAuth, authentication_credential=("Mailbox",))
    assert (Stage.SIGN_IN, works) in stages(finding)
    shown = "\n".join([each.text for each in finding.transcript] + [step.words for step in finding.steps])
    assert PASSWORD not in shown and guard.heard[-1].split()[-1] not in shown
    assert (f"AUTH {mechanism}" in shown and USER in shown) or not works


def test_a_host_that_never_answers_holds_nobody_longer_than_the_bound(tried, scripted, monkeypatch):
    monkeypatch.setattr(probing, "SECONDS", 1.5)
    began = time.monotonic()
    finding = tried(port=scripted(lambda peer: peer.recv(1)).port)
    assert time.monotonic() - began < 1.5 + 1 < (bounds.CONNECTOR_TEST.seconds or 0)
    assert not finding.is_good


def test_a_host_that_talks_without_end_fills_no_page(tried, sink):
    many = "\r\n".join(["250-x"] * 99 + ["250 x"])
    sink.behave = lambda line, n: many if line.startswith("EHLO") else None
    assert len(tried().transcript) <= (bounds.CONNECTOR_TEST.lines or 0)
