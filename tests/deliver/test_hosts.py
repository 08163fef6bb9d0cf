"""Hosts are tried in their order within one attempt (RFC 5321 §5.1): what one of them puts off, another may take."""

import threading

import pytest

from tests.deliver.content import until_the_dot
from tests.deliver.test_delivery import STATUS
from tests.dns_server import DnsServer
from transport.config.endpoint import Binding, IPRange
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import AddressFamily, ErrorPolicy

pytestmark = pytest.mark.django_db(transaction=True)
HOP = "SELECT last_error, retry_count FROM queues_nexthop"


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("connect", "421 4.3.2 not now"), ("connect", "554 5.7.1 go away"), ("connect", "drop"),
        ("ehlo", "421 4.7.0 too many connections from you"), ("ehlo", "drop"),
        ("MAIL", "421 4.3.2 shutting down"), ("MAIL", "450 4.2.0 later"), ("MAIL", "452 4.3.1 full"), ("MAIL", "drop"),
        ("RCPT", "450 4.2.0 greylisted"), ("RCPT", "421 4.4.2 no"), ("RCPT", "drop"), ("RCPT", "451 4.3.0 no look-up"),
        ("DATA", "451 4.3.0 no"), ("DATA", "421 no"), ("DATA", "drop"),
        (".", "451 4.3.0 later"), (".", "421 4.3.2 shutting down"), (".", "drop"), (".", "nonsense"),
    ],
)  # fmt: skip
def test_what_the_first_host_puts_off_the_second_one_takes(
    queued, deliver, configure, sink, sink_at, query, verb, answer
):
    first = sink_at("127.0.0.62")
    first.behave = lambda line, n: answer if line.lower().startswith(verb.lower()) else None
    configure(smart_hosts=("[127.0.0.62]", "[127.0.0.1]"))
    queued("bob@far.test", "eve@far.test")
    deliver()
    assert [row[1:] for row in query(STATUS)] == [("delivered", 1, "")] * 2
    assert sorted(one.recipients[0] for one in sink.arrived) == ["bob@far.test", "eve@far.test"]
    assert query("SELECT DISTINCT remote_host FROM queues_recipient") == [("[127.0.0.1]",)]


def test_a_host_refuses_for_good_and_no_other_one_is_asked(queued, deliver, configure, sink, sink_at, query):
    first = sink_at("127.0.0.62")
    first.behave = lambda line, n: "550 5.1.1 User unknown" if line.startswith("RCPT") else None
    configure(smart_hosts=("[127.0.0.62]", "[127.0.0.1]"))
    queued("bob@far.test")
    deliver()
    assert query(STATUS)[0][1:] == ("failed", 1, "550 5.1.1 User unknown")
    assert sink.connections == 0


@pytest.mark.parametrize(
    ("extensions", "message"),
    [
        (("SIZE 10",), {}),
        (("PIPELINING",), {"smtp_utf8": True, "sender": "jürgen@x.test"}),
        (("PIPELINING",), {"smtp_utf8": True, "content": "Subject: für\r\n\r\nx\r\n".encode()}),
        (("PIPELINING",), {"body_type": "BINARYMIME", "content": b"Subject: x\r\n\r\n\0\xff\r\n"}),
    ],
)
def test_what_is_unfit_for_the_first_host_the_second_one_takes(
    queued, deliver, configure, sink, sink_at, query, extensions, message
):
    sink.extensions = ("SIZE 20000000", "8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME")
    sink_at("127.0.0.62").extensions = extensions
    configure(smart_hosts=("[127.0.0.62]", "[127.0.0.1]"))
    queued("bob@far.test", **message)
    deliver()
    assert query(STATUS)[0][1:] == ("delivered", 1, "")
    assert len(sink.arrived) == 1


@pytest.mark.parametrize("dead", ["127.0.0.62", "127.0.0.1"], ids=["the first", "the last"])
def test_what_is_unfit_waits_while_another_host_is_away(queued, deliver, configure, sink, sink_at, query, dead):
    for one in (sink_at("127.0.0.62"), sink):
        one.extensions = ("SIZE 10",)
        if one.server_address[0] == dead:
            one.behave = lambda line, n: "drop"
    configure(smart_hosts=("[127.0.0.62]", "[127.0.0.1]"))
    queued("bob@far.test")
    deliver()
    ((_, status, attempts, error),) = query(STATUS)
    assert (status, attempts) == ("ready", 1)
    assert "Message size exceeds" in error and f"[{dead}]: the connection was closed" in error
    assert query(HOP) == [("", 0)], "other mail does not wait"


def test_what_is_unfit_for_all_hosts_comes_back_and_what_one_put_off_waits(
    queued, deliver, configure, sink, sink_at, query
):
    first = sink_at("127.0.0.62")
    first.extensions = sink.extensions = ("SIZE 10",)
    configure(smart_hosts=("[127.0.0.62]", "[127.0.0.1]"))
    queued("bob@far.test")
    deliver()
    assert query(STATUS)[0][1] == "failed"
    first.extensions = ()
    first.behave = lambda line, n: "450 4.2.0 greylisted" if line.startswith("RCPT") else None
    queued("eve@far.test")
    deliver()
    assert query(STATUS)[1][1:] == ("ready", 1, "450 4.2.0 greylisted")


def test_only_those_recipients_go_on_that_were_put_off(journal, forward, deliver, configure, sink, sink_at, query):
    first = sink_at("127.0.0.62")
    first.behave = lambda line, n: (
        "450 4.2.0 busy" if "eve" in line else "550 5.1.1 unknown" if "nobody" in line else None
    )
    configure(smart_hosts=("[127.0.0.62]", "[127.0.0.1]"))
    journal.accept("bob@far.test", "eve@far.test", "nobody@far.test")
    forward()
    deliver()
    assert [one.recipients for one in first.arrived + sink.arrived] == [["bob@far.test"], ["eve@far.test"]]
    assert [row[:2] for row in query("SELECT address, remote_host FROM queues_recipient WHERE address LIKE '%far.test' "
                                     "ORDER BY id")] == [
        ("bob@far.test", "[127.0.0.62]"), ("eve@far.test", "[127.0.0.1]"), ("nobody@far.test", "[127.0.0.62]"),
    ]  # fmt: skip


def test_the_last_hosts_words_are_what_the_queue_shows(queued, deliver, configure, sink, sink_at, query):
    first = sink_at("127.0.0.62")
    first.behave = lambda line, n: "450 4.2.0 first" if line.startswith("RCPT") else None
    sink.behave = lambda line, n: "451 4.7.1 second" if line.startswith("RCPT") else None
    configure(smart_hosts=("[127.0.0.62]", "[127.0.0.1]"))
    queued("bob@far.test")
    deliver()
    assert query(STATUS)[0][1:] == ("ready", 1, "451 4.7.1 second")
    assert query(HOP) == [("", 0)]


@pytest.mark.parametrize(
    ("verb", "answer", "words"),
    [
        ("EHLO", "421 4.7.0 you are too busy", "421 4.7.0 you are too busy"),
        ("connect", "421 4.3.2 not now", "421 4.3.2 not now"),
        ("connect", "421-4.7.1 Service unavailable\r\n421 4.7.1 see https://x.test", "see https://x.test"),
        ("MAIL", "421 4.3.2 shutting down", "421 4.3.2 shutting down"),
        ("connect", "HTTP/1.1 400 Bad Request", "HTTP/1.1 400 Bad Request"),
    ],
)
def test_the_reason_is_kept_when_a_host_closes(queued, deliver, configure, sink, query, verb, answer, words):
    """A host that says why and hangs up before the next command."""

    def behave(line, n):
        return "drop" if sink.closed else None if not line.upper().startswith(verb.upper()) else close()

    def close():
        sink.closed = True
        return answer

    sink.closed = False
    sink.behave = behave
    configure()
    queued("bob@far.test")
    deliver()
    ((error, failures),) = query(HOP)
    assert words in error and "alternate host" in error
    assert failures == 1
    assert query(STATUS)[0][1] == "ready"


def test_a_host_that_closes_after_two_messages_costs_no_wait(queued, deliver, configure, sink, query):
    def behave(line, n):
        if line == "connect":
            sink.before = len(sink.arrived)
        full = line.startswith("MAIL") and len(sink.arrived) - sink.before >= 2
        return "421 4.7.0 too many messages in this connection" if full else None

    sink.behave = behave
    configure()
    queued(*(f"u{number}@far.test" for number in range(9)))
    deliver()
    assert [row[1:] for row in query(STATUS)] == [("delivered", 1, "")] * 9
    assert len(sink.arrived) == 9
    assert query(HOP) == [("", 0)]


@pytest.mark.parametrize("farewell", [b"421 4.4.2 idle too long\r\n", b""])
def test_a_kept_connection_that_the_peer_closed_costs_nothing(
    queued, deliver, configure, scripted, query, monkeypatch, farewell
):
    """The peer ends it while it is idle; a message comes after that."""
    from transport.deliver import rounds

    closed = threading.Event()
    another = iter(["eve@far.test"])

    def talk(peer):
        take_one(peer)
        peer.sendall(farewell)
        peer.close()
        closed.set()

    def more(hop, seconds):
        if address := next(another, None):
            assert closed.wait(5)
            queued(address)
        return address is not None

    monkeypatch.setattr(rounds.SLOTS, "more", more)

    server = scripted(talk)
    configure(port=server.port)
    queued("bob@far.test")
    deliver()
    assert [row[1:] for row in query(STATUS)] == [("delivered", 1, "")] * 2
    assert server.connections == 2


def take_one(peer):
    """An SMTP server's side of one message."""
    file = peer.makefile("rb")
    peer.sendall(b"220 x\r\n")
    for line in file:
        verb = line[:4].upper()
        if verb == b"DATA":
            peer.sendall(b"354 go on\r\n")
            until_the_dot(file)
            peer.sendall(b"250 ok\r\n")
            return
        peer.sendall(b"250 ok\r\n")


def test_one_message_that_a_host_cannot_bear_does_not_hold_up_the_others(queued, deliver, configure, sink, query):
    sink.behave = lambda line, n: "drop" if line == "." and "poison" in sink.mail else None
    configure()
    queued("a@far.test", sender="poison@x.test")
    queued("b@far.test", "c@far.test")
    deliver()
    assert [row[1] for row in query(STATUS)] == ["ready", "delivered", "delivered"]
    assert query(STATUS)[0][3] == "451 4.4.2 Connection dropped: the connection was closed without a reply"


def test_a_reply_before_the_end_of_a_message_is_its_verdict(journal, forward, deliver, configure, scripted, query):
    def talk(peer):
        file = peer.makefile("rb")
        peer.sendall(b"220 x\r\n")
        for line in file:
            if line.startswith(b"DATA"):
                peer.sendall(b"354 go on\r\n")
                file.read(100_000)
                peer.sendall(b"552 5.3.4 too large for us\r\n")
                peer.shutdown(1)
                return
            peer.sendall(b"250 ok\r\n")

    server = scripted(talk)
    configure(port=server.port)
    journal.accept_large("bob@far.test", 20 << 20)
    forward()
    deliver()
    assert query(STATUS)[0][1:] == ("failed", 1, "552 5.3.4 too large for us")


def test_the_best_mail_exchanger_is_down_and_the_next_one_takes_it(queued, deliver, dns, sink, query):
    dns({("far.test", "MX"): ["10 a.far.test.", "20 b.far.test."], ("a.far.test", "A"): ["127.0.0.77"],
         ("b.far.test", "A"): ["127.0.0.1"]})  # fmt: skip
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert query("SELECT status, remote_host FROM queues_recipient") == [("delivered", "b.far.test [127.0.0.1]")]


def test_of_a_hundred_mail_exchangers_five_are_tried(queued, deliver, dns, scripted, sink, query):
    records = {("far.test", "MX"): [f"{number} m{number}.far.test." for number in range(1, 101)]}
    records |= {(f"m{number}.far.test", "A"): [f"127.0.1.{number}"] for number in range(1, 101)}
    every = [scripted(lambda peer: None, f"127.0.1.{number}", sink.port) for number in range(1, 101)]
    dns(records)
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert [each.connections for each in every] == [1] * 5 + [0] * 95
    assert query(HOP)[0][1] == 1


def test_of_a_hundred_addresses_of_one_host_five_are_tried(queued, deliver, dns, scripted, sink):
    every = [scripted(lambda peer: None, f"127.0.1.{number}", sink.port) for number in range(1, 101)]
    addresses = [f"127.0.1.{number}" for number in range(1, 101)]
    dns({("far.test", "MX"): ["10 a.far.test."], ("a.far.test", "A"): addresses})
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert sum(each.connections for each in every) == 5


def receiving(*bindings, fqdn="", enabled=True):
    return (ReceiveConnector(name="In", bindings=bindings, fqdn=fqdn, enabled=enabled),)


SELF = {
    ("far.test", "MX"): ["10 dead.far.test.", "20 us.far.test.", "20 same.far.test.", "30 worse.far.test."],
    ("dead.far.test", "A"): ["127.0.0.77"],
    ("us.far.test", "A"): ["127.0.0.5"],
    ("same.far.test", "A"): ["127.0.0.1"],
    ("worse.far.test", "A"): ["127.0.0.1"],
}


@pytest.mark.parametrize(
    "make",
    [
        lambda port: {"receiving": receiving(Binding("127.0.0.5", port))},
        lambda port: {"receiving": receiving(Binding("192.0.2.1", 25), fqdn="us.far.test")},
        lambda port: {"receiving": receiving(Binding("192.0.2.1", 25), fqdn="US.far.test")},
        lambda port: {"fqdn": "us.far.test"},
    ],
)
def test_as_second_mail_exchanger_we_wait_for_the_first(queued, deliver, dns, sink, query, make):
    dns(SELF, **make(sink.port))
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert sink.connections == 0, "neither we, nor our equals, nor those that are worse"
    assert query("SELECT status FROM queues_recipient") == [("ready",)]
    assert "dead.far.test: Connection refused" in query(HOP)[0][0]


@pytest.mark.parametrize("address", ["127.0.0.5", "0.0.0.0"])
@pytest.mark.parametrize(
    "records",
    [
        {("far.test", "MX"): ["10 us.far.test."], ("us.far.test", "A"): ["127.0.0.5"]},
        {("far.test", "MX"): ["0 .", "10 us.far.test."], ("us.far.test", "A"): ["127.0.0.5"]},
        {("far.test", "A"): ["127.0.0.5"]},
        {("far.test", "MX"): ["10 gw.test."]},
    ],
)
def test_mail_that_would_come_back_to_us_is_returned_at_once(queued, deliver, dns, sink, query, records, address):
    dns(records, receiving=receiving(Binding(address, sink.port)))
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert query("SELECT status, last_error FROM queues_recipient WHERE address LIKE '%far.test'") == [
        ("failed", "550 5.4.6 mail for far.test loops back to myself")
    ]
    assert sink.connections == 0


def test_a_disabled_connector_is_nobody(queued, deliver, dns, sink, query):
    dns({("far.test", "A"): ["127.0.0.1"]}, receiving=receiving(Binding("127.0.0.1", sink.port), enabled=False))
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert len(sink.arrived) == 1


def test_a_smart_host_that_is_ourselves_is_left_out(queued, deliver, configure, sink, sink_at, query):
    other = sink_at("127.0.0.62")
    here = receiving(Binding("127.0.0.1", sink.port))
    configure(smart_hosts=("[127.0.0.1]", "[127.0.0.62]"), receiving=here)
    queued("bob@far.test")
    deliver()
    assert (len(sink.arrived), len(other.arrived)) == (0, 1)
    configure(smart_hosts=("[127.0.0.1]",), receiving=here)
    queued("eve@far.test")
    deliver()
    assert query(STATUS)[1][3] == "550 5.4.6 mail for [127.0.0.1] loops back to myself"


@pytest.mark.parametrize(
    ("records", "status"), [({("far.test", "MX"): ["0 ."]}, "5.1.10"), ({("other.test", "A"): ["127.0.0.1"]}, "5.4.4")]
)
def test_a_domain_that_takes_no_mail_is_told_at_once(queued, deliver, dns, query, records, status):
    dns(records)
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    ((error,),) = query("SELECT last_error FROM queues_recipient WHERE address LIKE '%far.test'")
    assert error.startswith(f"550 {status} ")


def test_the_dns_servers_of_the_setting_are_asked(queued, deliver, dns, sink):
    server = dns({("far.test", "MX"): ["10 a.far.test."], ("a.far.test", "A"): ["127.0.0.1"]})
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert len(sink.arrived) == 1
    assert {("far.test", "MX"), ("a.far.test", "A")} <= set(server.asked)


def test_a_smart_host_without_an_address_is_waited_for_beside_ourselves(queued, deliver, configure, sink, query):
    configure(smart_hosts=("[127.0.0.1]", "away.invalid"), receiving=receiving(Binding("127.0.0.1", sink.port)))
    queued("bob@far.test")
    deliver()
    assert query(STATUS)[0][1] == "ready"
    assert "no address found" in query(HOP)[0][0]


def test_they_know_smart_hosts_too(queued, deliver, configure, sink):
    with DnsServer({("smart.test", "A"): ["127.0.0.1"]}) as server:
        at = (Binding("127.0.0.1", server.port),)
        configure(smart_hosts=("smart.test",), dns_servers=at, use_external_dns_servers_enabled=True)
        queued("bob@far.test")
        deliver()
    assert len(sink.arrived) == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.5", "172.16.1.1", "192.168.5.77", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"],
)
def test_an_mx_record_leads_to_no_inner_address(queued, deliver, dns, sink, query, address):
    dns({("far.test", "MX"): ["10 a.far.test."], ("a.far.test", "A"): [address]}, ranges=())
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert sink.connections == 0
    assert query("SELECT status FROM queues_recipient") == [("ready",)]
    assert query(HOP) == [(f"451 4.4.4 far.test leads to {address}, which no range of the Send connector allows", 1)]


def test_a_listed_inner_address_is_allowed_and_others_beside_it_are_not(queued, deliver, dns, sink, sink_at):
    other = sink_at("127.0.0.62")
    dns({("far.test", "A"): ["127.0.0.62", "127.0.0.1"]}, ranges=(IPRange("127.0.0.62"),))
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert (len(other.arrived), sink.connections) == (1, 0)


@pytest.mark.parametrize("domain", ["[127.0.0.1]", "[IPv6:::ffff:127.0.0.1]", "[198.51.100.7]", "[no address]"])
def test_an_address_instead_of_a_domain_is_refused_unless_listed(queued, deliver, dns, sink, query, domain):
    dns({}, ranges=())
    queued(f"bob@{domain}")
    deliver(f"domain:Out:{domain.lower()}")
    assert sink.connections == 0
    assert query("SELECT left(last_error, 9) FROM queues_recipient WHERE address LIKE 'bob%'") == [("550 5.1.2",)]


def test_an_address_that_is_listed_gets_its_mail(queued, deliver, dns, sink):
    dns({})
    queued("bob@[127.0.0.1]")
    deliver("domain:Out:[127.0.0.1]")
    assert len(sink.arrived) == 1


def test_without_the_external_ones_the_systems_name_servers_are_asked(queued, deliver, configure, sink, query):
    with DnsServer({("smart.test", "A"): ["127.0.0.1"]}) as server:
        configure(smart_hosts=("smart.test",), dns_servers=(Binding("127.0.0.1", server.port),))
        queued("bob@far.test")
        deliver()
        assert not server.asked and not sink.arrived
    assert "no address found for the hosts of smart.test" in query(HOP)[0][0]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"address_family": AddressFamily.PreferIPv4}, ["A", "AAAA"]),
        ({"address_family": AddressFamily.PreferIPv6}, ["AAAA", "A"]),
        ({"address_family": AddressFamily.IPv4Only}, ["A"]),
        ({"address_family": AddressFamily.IPv6Only}, ["AAAA"]),
        ({"source_ip_address": "127.0.0.1"}, ["A"]),
        ({"source_ip_address": "::1"}, ["AAAA"]),
        ({"source_ip_address": "0.0.0.0"}, ["A", "AAAA"]),
    ],
)
def test_a_family_of_addresses_goes_first_or_alone(queued, deliver, dns, sink, changes, kinds):
    records = {("far.test", "MX"): ["0 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"]}
    asked = dns(records, **changes)
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert [kind for name, kind in asked.asked if name == "mx.far.test"] == kinds
    assert len(sink.arrived) == ("A" in kinds)


def test_mail_leaves_from_the_address_that_the_connector_says(queued, deliver, configure, scripted):
    seen = []
    server = scripted(lambda peer: seen.append(peer.getpeername()[0]))
    configure(port=server.port, source_ip_address="127.0.0.77")
    queued("bob@far.test")
    deliver()
    assert seen == ["127.0.0.77"]


def test_an_address_that_is_not_ours_is_said(queued, deliver, configure, sink, query):
    configure(source_ip_address="192.0.2.77")
    queued("bob@far.test")
    deliver()
    assert not sink.arrived and "assign requested address" in query(HOP)[0][0]


def test_a_domain_that_does_not_exist_is_tried_again_where_the_connector_says_so(queued, deliver, dns, query):
    dns({}, error_policies=frozenset({ErrorPolicy.DowngradeDnsFailures}))
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert query("SELECT status FROM queues_recipient") == [("ready",)]
    assert "nonexistent domain" in query(HOP)[0][0]
