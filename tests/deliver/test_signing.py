"""Mail that leaves is signed for the octets that go out, for who may write in the domain's name, and never kept so."""

import pytest

from console.dkim import actions
from console.dkim.models import DkimKey, State
from console.dkim.queries import text_of
from tests.deliver.conftest import HEADER
from tests.dkim_verifier import verdicts
from transport.deliver import signing
from transport.send.dkim import Algorithm

pytestmark = pytest.mark.django_db(transaction=True)
ANNA = b"From: Anna <anna@x.test>\r\nTo: bob@far.test\r\nSubject: Figures\r\nMessage-ID: <1@x.test>\r\n\r\n"


@pytest.fixture
def keys(configure):
    """Active ones of x.test: name → text of its record."""
    configure()
    made = [actions._make("x.test", algorithm) for algorithm in Algorithm]
    DkimKey.objects.update(state=State.ACTIVE)
    signing.SIGNERS.__init__()
    yield {key.record_name: text_of(key) for key in made}
    signing.SIGNERS.__init__()


def test_a_message_of_ours_leaves_with_both_signatures(keys, sent, sink, query):
    sent(content=ANNA + b"Hello\r\n.dot\r\n", vouched="domains")
    (arrived,) = sink.arrived
    assert verdicts(arrived.content, keys) == [True, True]
    assert arrived.content.endswith(ANNA + b"Hello\r\n.dot\r\n")


@pytest.mark.parametrize(
    ("vouched", "sender", "count"),
    [("", "anna@x.test", 0), ("sender", "eve@x.test", 0), ("sender", "anna@x.test", 2), ("domains", "", 2)],
)
def test_only_in_the_name_of_who_may_write_it(keys, sent, sink, vouched, sender, count):
    sent(content=ANNA + b"Hello\r\n", vouched=vouched, sender=sender)
    assert len(verdicts(sink.arrived[0].content, keys)) == count


def test_what_is_converted_for_the_next_hop_is_signed_as_it_goes_out(keys, sent, sink):
    sink.extensions = ("PIPELINING",)
    text = "Größe\r\n".encode() + b"x" * 2000 + b"\r\nbare\nline\r"
    mime = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    sent(content=mime + ANNA + text, vouched="domains", body_type="8BITMIME")
    (arrived,) = sink.arrived
    assert arrived.content.isascii()
    assert verdicts(arrived.content, keys) == [True, True]


def test_a_large_message_is_signed_piece_by_piece(keys, journal, forward, deliver, sink):
    journal.accept_large("bob@far.test", 3 << 20, vouched="domains")
    forward()
    deliver()
    assert verdicts(sink.arrived[0].content, keys) == []
    content = ANNA + b"0123456789\r\n" * 200_000
    journal.accept("bob@far.test", content=content, vouched="domains")
    forward()
    deliver()
    assert verdicts(sink.arrived[1].content, keys) == [True, True]


def test_a_second_attempt_signs_anew_and_once(keys, sent, deliver, sink, query):
    sink.behave = lambda line, n: "451 4.3.0 later" if line == "." and n == 1 else None
    sent(content=ANNA + b"Hello\r\n", vouched="domains")
    query("UPDATE queues_recipient SET due_at = now() RETURNING id")
    deliver()
    assert verdicts(sink.arrived[-1].content, keys) == [True, True]


def test_a_connector_that_signs_nothing(keys, configure, sent, sink):
    configure(dkim_signing_enabled=False)
    sent(content=ANNA + b"Hello\r\n", vouched="domains")
    assert sink.arrived[0].content == ANNA + b"Hello\r\n"


def test_a_key_that_cannot_be_opened_holds_the_mail_and_says_so(keys, sent, sink, query):
    DkimKey.objects.update(encrypted_key="gAAAAAB-damaged")
    sent(content=ANNA + b"Hello\r\n", vouched="domains")
    assert sink.arrived == []
    ((status, error),) = query("SELECT status, last_error FROM queues_recipient WHERE address = 'bob@far.test'")
    assert status == "ready" and "DKIM key" in error and "secret.key" in error


def test_the_size_that_is_announced_counts_the_signature(keys, sent, sink):
    sent(content=ANNA + b"Hello\r\n", vouched="domains")
    (arrived,) = sink.arrived
    assert f"SIZE={len(arrived.content)}" in arrived.mail


def test_a_report_of_ours_is_signed_for_the_domain_of_the_postmaster(keys, sent, sink, query):
    DkimKey.objects.update(domain="gatepost.test")
    records = {key.record_name: text_of(key) for key in DkimKey.objects.all()}
    sink.behave = lambda line, n: "550 5.1.1 unknown" if "bob@" in line else None
    sent("bob@far.test", sender="who@far.test", content=HEADER + b"Hello\r\n")
    assert [verdicts(one.content, records) for one in sink.arrived] == [[True, True]]
