"""What was found of a mail server, judged: an administrator reads what is wrong, why, and what to publish."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from console.mail_server import ports
from console.mail_server.verdicts import Line, Verdict, judged
from transport.config.endpoint import Binding
from transport.send.dane import Dane, Standing
from transport.send.extensions import Extensions
from transport.send.sts import Mode, StsPolicy
from transport.trace.mail_server import (
    Address,
    Answer,
    Domain,
    Exchanger,
    Listing,
    Probe,
    Shown,
    Survey,
    Talk,
    Version,
    spf_costs,
    spf_leads_to,
)
from transport.trace.spoken import Spoken

NOW = 1_795_000_000.0
DAY = 86400.0


SLOWLY = (Spoken("*", "", NOW), Spoken("<", "220 mx.far.test", NOW + 11))
UNDER_TLS = (Extensions(frozenset({"starttls"})), Extensions(mechanisms=frozenset({"NTLM"})))
TAKEN = (Probe("relay-test@example.com", 250, "250 Ok", True),)


def txt(*records: str, name: str = "far.test", failure: str = "") -> Answer:
    return Answer(name, "TXT", records, failure)


TALK = Talk(
    "192.0.2.1", 25,
    protection="TLSv1.3, AES, certificate verified",
    offered=(Extensions(frozenset({"starttls"})), Extensions()),
    versions=(Version("TLS 1.1", False), Version("TLS 1.2", True), Version("TLS 1.3", True)),
    certificate=Shown(("mx.far.test",), "CN=Authority", NOW + 60 * DAY),
    probes=(Probe("relay-test@example.com", 550, "550 5.7.54 Unable to relay", True),),
    transcript=(Spoken("*", "attempting", NOW), Spoken("<", "220 mx.far.test ready", NOW + 0.2)),
)  # fmt: skip
ADDRESS = Address("192.0.2.1", Answer("1.2.0.192.in-addr.arpa", "PTR", ("mx.far.test.",)), ("mx.far.test",),
                  (Listing("bl.test"),))  # fmt: skip
HOST = Exchanger("mx.far.test", 10, (ADDRESS,), Dane(Standing.USABLE), TALK)
DOMAIN = Domain(
    "far.test", Answer("far.test", "MX", ("10 mx.far.test.",)), txt("v=spf1 mx -all"),
    txt("v=DMARC1; p=reject"), "far.test", (txt("v=DKIM1; p=abc", name="s1._domainkey.far.test"),),
    txt("v=STSv1; id=1"), StsPolicy(Mode.ENFORCE, ("mx.far.test",), 86400), txt("v=TLSRPTv1; rua=mailto:a@far.test"), 1,
)  # fmt: skip


def lines(domain: Domain | None = DOMAIN, host: Exchanger = HOST) -> list[Line]:
    return [line for section in judged(Survey(domain, (host,)), NOW) for line in section.lines]


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    found = lines()
    assert {line.verdict for line in found} == {Verdict.GOOD} and not any(line.remedy for line in found)
    assert {"MX", "SPF", "DKIM", "DMARC", "MTA-STS", "TLS-RPT", "STARTTLS", "DANE"} < {line.topic for line in found}


@pytest.mark.parametrize(
    ("topic", "verdict", "words", "changes"),
    [
        ("MX", "wrong", "no MX record", {"mx": Answer("far.test", "MX")}),
        ("MX", "wrong", "does not know", {"mx": Answer("far.test", "MX", exists=False)}),
        ("MX", "look", "does not answer", {"mx": Answer("far.test", "MX", failure="timed out")}),
        ("MX", "look", "takes no mail", {"mx": Answer("far.test", "MX", ("0 .",))}),
        ("SPF", "wrong", "no SPF record", {"txt": txt("something")}),
        ("SPF", "wrong", "several", {"txt": txt("v=spf1 -all", "v=spf1 mx -all")}),
        ("SPF", "wrong", "allows everybody", {"txt": txt("v=spf1 mx +all")}),
        ("SPF", "look", "v=spf1 mx", {"txt": txt("v=spf1 mx")}),
        ("SPF", "good", "redirect", {"txt": txt("v=spf1 redirect=a.test")}),
        ("SPF", "wrong", "more than 10 look-ups", {"spf_lookups": 11}),
        ("DKIM", "look", "No selector", {"dkim": ()}),
        ("DKIM", "wrong", "no key", {"dkim": (txt(name="s1._domainkey.far.test"),)}),
        ("DKIM", "wrong", "revoked", {"dkim": (txt("v=DKIM1; p=", name="s1._domainkey.far.test"),)}),
        ("DMARC", "wrong", "no DMARC record", {"dmarc": txt("x")}),
        ("DMARC", "look", "p=none", {"dmarc": txt("v=DMARC1; p=none")}),
        ("DMARC", "wrong", "p=nothing", {"dmarc": txt("v=DMARC1; p=nothing")}),
        ("DMARC", "good", "published by test", {"dmarc_domain": "test"}),
        ("MTA-STS", "look", "no policy", {"sts": txt()}),
        ("MTA-STS", "wrong", "no policy to be had", {"policy": "mta-sts.far.test answered 404"}),
        ("MTA-STS", "wrong", "does not name mx.far.test", {"policy": StsPolicy(Mode.ENFORCE, ("other.test",), 1)}),
        ("MTA-STS", "look", "mode: testing", {"policy": StsPolicy(Mode.TESTING, ("mx.far.test",), 1)}),
        ("TLS-RPT", "look", "no record", {"tls_rpt": txt()}),
    ],
)
def test_a_domain(topic: str, verdict: str, words: str, changes: dict[str, Any]) -> None:
    (line,) = [line for line in lines(replace(DOMAIN, **changes)) if line.topic == topic]
    assert (line.verdict.value, words in line.words) == (verdict, True), line
    assert line.verdict is Verdict.GOOD or line.remedy or topic == "MX"


@pytest.mark.parametrize(
    ("topic", "verdict", "words", "changes"),
    [
        ("Greeting", "look", "other.test", {"transcript": (Spoken("<", "220 other.test hi", NOW),)}),
        ("Greeting", "wrong", "220", {"transcript": (Spoken("<", "220 printer hi", NOW),)}),
        ("Greeting", "look", "11.0 s", {"transcript": SLOWLY}),
        ("Connection", "wrong", "timed out", {"transcript": (), "failure": "timed out"}),
        ("Sign-in", "wrong", "readable", {"offered": (Extensions(frozenset({"starttls"}), 0, frozenset({"LOGIN"})),)}),
        ("Sign-in", "look", "NTLM", {"offered": UNDER_TLS}),
        ("STARTTLS", "wrong", "not offered", {"offered": (Extensions(),), "certificate": None}),
        ("STARTTLS", "wrong", "broke off", {"certificate": None, "protection": "In the clear: it broke off"}),
        ("Connection", "wrong", "WRONG_VERSION", {"transcript": (), "failure": "WRONG_VERSION", "is_implicit": True}),
        ("TLS", "good", "TLSv1.3", {"port": 465, "is_implicit": True, "offered": (Extensions(),)}),
        ("Sign-in", "good", "NTLM", {"port": 587, "offered": UNDER_TLS}),
        ("Sign-in", "look", "hand in mail", {"port": 465, "is_implicit": True, "offered": (Extensions(),)}),
        ("MTA-STS", "wrong", "held back", {"certificate": Shown((), "CN=A", NOW + 60 * DAY, "self-signed")}),
        ("MTA-STS", "wrong", "held back", {"offered": (Extensions(),), "certificate": None}),
        ("DANE", "wrong", "no TLSA record names", {"dane_problem": "no TLSA record names its certificate"}),
        ("Versions", "look", "TLS 1.0", {"versions": (Version("TLS 1.0", True), Version("TLS 1.3", True))}),
        ("Versions", "look", "TLS 1.2", {"versions": (Version("TLS 1.2", True),)}),
        ("Certificate", "wrong", "expired", {"certificate": Shown(("mx.far.test",), "CN=A", NOW - DAY)}),
        ("Certificate", "look", "20 days left", {"certificate": Shown(("mx.far.test",), "CN=A", NOW + 20.5 * DAY)}),
        ("Certificate", "good", "21 days left", {"certificate": Shown(("mx.far.test",), "CN=A", NOW + 21.5 * DAY)}),
        ("Certificate", "look", "cannot verify", {"certificate": Shown((), "CN=A", NOW + 60 * DAY, "self-signed")}),
        ("Open relay", "wrong", "from a stranger", {"probes": TAKEN}),
        ("Open relay", "look", "From this machine", {"is_ours": True, "probes": TAKEN}),
        ("Open relay", "look", "mailbox of its own", {"probes": (Probe("a%b@x.test", 250, "", False),)}),
    ],
)  # fmt: skip
def test_a_conversation(topic: str, verdict: str, words: str, changes: dict[str, Any]) -> None:
    (line,) = [line for line in lines(host=replace(HOST, talk=replace(TALK, **changes))) if line.topic == topic]
    assert line.verdict.value == verdict and words in line.words + " 220", line


@pytest.mark.parametrize(
    ("verdict", "words", "address"),
    [
        ("wrong", "has no name", replace(ADDRESS, names=Answer("x", "PTR"), confirmed=())),
        ("wrong", "does not lead back", replace(ADDRESS, confirmed=())),
        ("wrong", "lists 192.0.2.1", replace(ADDRESS, listings=(Listing("bl.test", ("127.0.0.2",)),))),
        ("look", "does not serve", replace(ADDRESS, listings=(Listing("bl.test", ("127.255.255.254",)),))),
        ("look", "does not answer", replace(ADDRESS, listings=(Listing("bl.test", failure="timed out"),))),
    ],
)
def test_an_address(verdict: str, words: str, address: Address) -> None:
    found = [line for line in lines(host=replace(HOST, addresses=(address,))) if words in line.words]
    assert [line.verdict.value for line in found] == [verdict]


def test_what_spf_costs() -> None:
    assert spf_costs("v=spf1 a mx:b.test ptr exists:%{i}.c.test ip4:192.0.2.1 include:d.test redirect=e.test -all") == 6
    assert spf_leads_to("v=spf1 include:d.test ?include:f.test include:%{i}.x redirect=e.test") == [
        "d.test", "f.test", "e.test"
    ]  # fmt: skip


TABLE = """\
  sl  local_address rem_address   st
   0: 0100007F:0019 00000000:0000 0A 0
   1: 00000000:09DD 00000000:0000 0A 0
   2: 0100007F:0019 0100007F:9999 01 0
""".splitlines()


def test_the_ports_that_listen_here_and_what_was_seen_outside() -> None:
    assert list(ports.listening(TABLE[1:])) == [("127.0.0.1", 25), ("0.0.0.0", 2525)]
    six = "   0: 00000000000000000000000001000000:0019 0:0 0A"
    assert list(ports.listening([six])) == [("::1", 25)]
    seen = ports.seen_outside("25 open\n587/tcp filtered submission\n110: closed\n2525 OPEN\nnonsense\n99999 open")
    assert seen == {25: True, 587: False, 110: False, 2525: True}
    ours = {Binding("0.0.0.0", 2525): "In"}
    found = {each.number: each for each in ports.ports(ports.listening(TABLE[1:]), ours, seen)}
    assert (found[25].verdict, found[587].verdict, found[2525].verdict) == (Verdict.GOOD, Verdict.GOOD, Verdict.WRONG)
    assert found[2525].connectors == ("In",) and "unless people sign in" in found[2525].words
    unseen = {each.number: each for each in ports.ports(ports.listening(TABLE[1:]), ours, {})}
    assert (unseen[25].verdict, unseen[2525].verdict, unseen[110].verdict) == (
        Verdict.LOOK, Verdict.LOOK, Verdict.GOOD
    )  # fmt: skip
    closed = {each.number: each for each in ports.ports([], {}, {25: False})}
    assert closed[25].verdict is Verdict.WRONG and "nothing listens for them here" in closed[25].words


@given(st.text(), st.lists(st.text()))
def test_nonsense_is_no_port(pasted: str, table: list[str]) -> None:
    assert set(ports.seen_outside(pasted)) <= set(ports.PORTS)
    assert all(0 <= port < 65536 for _, port in ports.listening(table))
