"""Connection filter: lists with expiry, answers of providers, and what is asked at all."""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.receive.builders import connected, connector, policy, said
from transport.config.connection_filter import ConnectionFilter, IPList, IPListEntry, IPListProvider
from transport.config.permissions import ANONYMOUS, Grant, Right
from transport.receive import data, rcpt, verbs
from transport.receive.client_lists import IPLists, answer_to_listed
from transport.receive.dns import list_name, matching, no_listing
from transport.receive.facts import ClientName, ListsOf, NameOf
from transport.receive.outcome import Accept, Ask, Await
from transport.receive.session import answered

BLOCKER = IPListProvider(name="Blocker", lookup_domain="bl.test")
BLOCKERS, NAME = ListsOf("192.0.2.7", ("bl.test",)), NameOf("192.0.2.7")


def entry(text: str, until: int | None = None, ip_list: IPList = IPList.Block) -> IPListEntry:
    return IPListEntry(ip_range=text, expiration_time=until, ip_list=ip_list)


small = st.integers(0, 30)
Span = tuple[int, int, int | None]
spans = st.tuples(small, small, st.none() | st.integers(0, 5))


@given(st.lists(spans, max_size=8), small, st.integers(0, 6))
def test_look_up_agrees_with_trying_every_entry(found: list[Span], client: int, now: int) -> None:
    entries = [
        entry(f"{IPv4Address(min(low, high))}-{IPv4Address(max(low, high))}", until) for low, high, until in found
    ]
    held = IPLists(entries).find(IPList.Block, str(IPv4Address(client)), now)
    trying = [each for each in entries if each.bounds[1] <= client <= each.bounds[2] and each.applies(now)]
    assert (held is not None) is bool(trying)
    assert held is None or held in trying


def test_families_and_lists_are_kept_apart() -> None:
    lists = IPLists([entry("0.0.0.0/0"), entry("2001:db8::/32", ip_list=IPList.Allow)])
    assert lists.find(IPList.Block, "::ffff:192.0.2.7", 0.0) is not None
    assert lists.find(IPList.Block, "2001:db8::1", 0.0) is None
    assert lists.find(IPList.Allow, "2001:db8::1", 0.0) is not None


codes = st.integers(0, 255)


@given(st.lists(codes, max_size=3), codes)
def test_a_mask_counts_when_an_answer_has_one_of_its_bits(answers: list[int], mask: int) -> None:
    provider = IPListProvider(name="x", lookup_domain="y", any_match=False, bitmask_match=f"127.0.0.{mask}")
    found = tuple(f"127.0.0.{answer}" for answer in answers)
    assert bool(matching(provider, found)) is any(answer & mask for answer in answers)


@given(st.lists(codes, max_size=3), st.lists(codes, max_size=3))
def test_answers_count_one_by_one(answers: list[int], wanted: list[int]) -> None:
    listed = tuple(f"127.0.0.{code}" for code in wanted)
    provider = IPListProvider(name="x", lookup_domain="y", any_match=False, ip_addresses_match=listed)
    assert bool(matching(provider, tuple(f"127.0.0.{code}" for code in answers))) is bool(set(answers) & set(wanted))


@given(st.ip_addresses(v=4).map(str))
def test_what_is_no_loopback_address_never_counts(answer: str) -> None:
    assert not matching(BLOCKER, (answer,)) or answer.startswith("127.")


@pytest.mark.parametrize("ip_list", IPList)
@pytest.mark.parametrize(
    "answer", ["127.255.255.252", "127.255.255.254", "127.255.255.255", "127.0.0.1", "127.0.0.255", "203.0.113.7"]
)
def test_a_list_that_does_not_serve_us_lists_nobody_and_says_so(ip_list: IPList, answer: str) -> None:
    every = IPListProvider(name="x", ip_list=ip_list, lookup_domain="y")
    mask = IPListProvider(name="x", ip_list=ip_list, lookup_domain="y", any_match=False, bitmask_match="127.0.0.254")
    assert matching(every, (answer, "127.0.0.2")) == ("127.0.0.2",)
    assert not matching(mask, (answer,)) or answer == "127.0.0.255"
    assert no_listing(("127.0.0.2", answer)) == answer
    assert no_listing(("127.0.0.2",)) == no_listing(()) == ""


def test_an_answer_that_an_administrator_has_named_counts() -> None:
    named = IPListProvider(name="x", lookup_domain="y", any_match=False, ip_addresses_match=("127.0.0.1",))
    assert matching(named, ("127.0.0.1",)) == ("127.0.0.1",)


def test_the_name_that_is_asked_for() -> None:
    assert list_name("192.0.2.7", "bl.test") == "7.2.0.192.bl.test"
    assert list_name("::ffff:192.0.2.7", "bl.test") == "7.2.0.192.bl.test"
    assert list_name("2001:db8::1", "bl.test") == "1." + "0." * 23 + "8.b.d.0.1.0.0.2.bl.test"


def test_a_placeholder_is_filled_in_and_stays_ascii() -> None:
    provider = IPListProvider(name="Übel", lookup_domain="bl.test", rejection_response="%0 %1 %2 100%")
    told = answer_to_listed(provider, "192.0.2.7")
    assert told.text == "550 5.7.1 192.0.2.7 ?bel bl.test 100%"
    long = msgspec.structs.replace(provider, rejection_response="%0" * 120)
    assert len(answer_to_listed(long, "2001:db8::1").wire) <= 512


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({}, ()),
        ({"ip_list_providers": (BLOCKER,)}, (Ask(BLOCKERS),)),
        ({"ip_list_providers": (BLOCKER,), "ip_list_entries": (entry("192.0.2.7"),)}, ()),
        (
            {
                "ip_list_providers": (BLOCKER,),
                "connection_filter": ConnectionFilter(ip_block_list_providers_enabled=False),
            },
            (),
        ),
        (
            {"connection_filter": ConnectionFilter(reverse_dns_lookup_enabled=True)},
            (Ask(NAME),),
        ),
    ],
)
def test_what_is_asked_and_when(values: dict[str, object], asked: tuple[Ask, ...]) -> None:
    greeted = verbs.respond(connected(policy(**values)), b"HELO x", 0.0)  # type: ignore[arg-type]
    assert greeted.actions == asked
    assert verbs.respond(greeted.session, b"HELO x", 0.0).actions == ()


def test_a_recipient_waits_for_the_answer_and_nothing_else_does() -> None:
    session = said(connected(policy(ip_list_providers=(BLOCKER,))), "HELO x", "MAIL FROM:<a@b.example>")
    waiting = rcpt.rcpt(session, "TO:<postmaster@contoso.com>", 0.0)
    assert waiting.reply is None and waiting.actions == (Await(),)
    for answers, code in (({"bl.test": ()}, 250), ({"bl.test": ("127.0.0.2",)}, 550)):
        told = answered(session, {BLOCKERS: answers})
        answer = rcpt.rcpt(told, "TO:<postmaster@contoso.com>", 0.0).reply
        assert answer is not None and answer.code == code


def test_the_right_to_bypass_anti_spam_skips_it_all() -> None:
    bypass = connector(grants=(Grant(ANONYMOUS, Right.BYPASS_ANTI_SPAM.value),))
    prepared = policy(bypass, ip_list_providers=(BLOCKER,), ip_list_entries=(entry("0.0.0.0/0"),))
    greeted = verbs.respond(connected(prepared), b"HELO x", 0.0)
    assert greeted.actions == ()
    session = said(greeted.session, "MAIL FROM:<a@b.example>", "RCPT TO:<nobody@contoso.com>")
    assert session.recipient_count == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (ClientName("mail.b.example", confirmed=True), "(mail.b.example [192.0.2.7])"),
        (ClientName("x.isp.example", confirmed=True), "(x.isp.example [192.0.2.7] RDNS differs)"),
        (ClientName("mail.b.example"), "(mail.b.example [192.0.2.7] RDNS not confirmed)"),
        (ClientName(), "([192.0.2.7] RDNS failed)"),
    ],
)
def test_the_result_of_the_reverse_lookup_is_written_into_the_message(name: ClientName, words: str) -> None:
    prepared = policy(connection_filter=ConnectionFilter(reverse_dns_lookup_enabled=True))
    session = said(connected(prepared), "HELO Mail.b.example", "MAIL FROM:<a@b.example>")
    session = answered(said(session, "RCPT TO:<postmaster@contoso.com>"), {NAME: name})
    accept = data.received(session, data.MailData(9, b"Subject: x\r\n"), "0" * 32, 0.0).actions[0]
    assert isinstance(accept, Accept) and f"from Mail.b.example {words} by".encode() in accept.trace
