"""What is asked of a server that keeps our mail, when, and what its answers mean."""

import pytest

from transport.config.accepted_domain import AcceptedDomain
from transport.config.address_space import AddressSpace
from transport.config.delivery_host import DeliveryHost
from transport.config.rules import send_problems
from transport.config.send_connector import RequestMail, SendConnector
from transport.config.snapshot import Snapshot
from transport.send import pulling
from transport.send.pulling import Heard

MONDAY, SATURDAY = 0, 5 * 1440


def asking(*times, **changes):
    usual = {"dns_routing_enabled": False, "smart_hosts": ("isp.test",), "request_mail": RequestMail.Etrn}
    return SendConnector(name="ISP", address_spaces=(AddressSpace("*"),), request_mail_times=times, **(usual | changes))


@pytest.mark.parametrize(
    ("minute", "due"),
    [(MONDAY + 479, False), (MONDAY + 480, True), (MONDAY + 1079, True), (MONDAY + 1080, False),
     (SATURDAY + 22 * 60 + 15, True), (SATURDAY + 22 * 60 + 30, False)],
)  # fmt: skip
def test_the_timetable_says_when(minute, due):
    assert pulling.is_due(asking("Mon-Fri 08:00-18:00", "Sat 22:15"), minute) is due


def test_what_is_disabled_or_asks_for_nothing_is_never_due():
    assert not pulling.is_due(asking("Mon 00:00", enabled=False), 0)
    assert not pulling.is_due(asking("Mon 00:00", request_mail=RequestMail.None_), 0)
    assert not pulling.is_due(asking(), 0)


def test_a_different_server_goes_before_the_smart_hosts():
    assert pulling.servers(asking()) == [DeliveryHost("isp.test")]
    assert pulling.servers(asking(request_mail_server="[10.1.2.3]:2525")) == [DeliveryHost("[10.1.2.3]", 2525)]


def test_without_domains_all_accepted_ones_are_asked_for_as_etrn_names_them():
    names = {"contoso.com": False, "*.lab.test": False, "wide.test": True, "*": False}
    accepted = tuple(
        AcceptedDomain(name=each, domain_name=each, match_subdomains=below) for each, below in names.items()
    )
    snapshot = Snapshot(accepted_domains=accepted)
    assert pulling.domains(asking(), snapshot) == ["contoso.com", "@lab.test", "@wide.test"]
    assert pulling.domains(asking(request_mail_domains=("@x.test",)), snapshot) == ["@x.test"]


@pytest.mark.parametrize(
    ("code", "text", "words", "refused"),
    [
        (250, "Queuing started", "x.test: mail is on its way (250 Queuing started)", False),
        (251, "OK, no messages", "x.test: no mail waits", False),
        (252, "pending", "x.test: mail is on its way (252 pending)", False),
        (253, "OK, 4 pending", "x.test: mail is on its way (253 OK, 4 pending)", False),
        (458, "Unable", "x.test: the server cannot send it now (458 Unable)", False),
        (459, "Not you", "x.test: refused (459 Not you)", True),
        (500, "What?", "x.test: refused (500 What?)", True),
    ],
)
def test_what_an_answer_means(code, text, words, refused):
    assert pulling.meaning("x.test", code, text) == Heard(words, refused)


def test_of_many_domains_the_refused_ones_are_told_first_and_the_rest_counted():
    found = [pulling.meaning(f"d{number}.test", 251, "") for number in range(12)]
    heard = pulling.together([*found, pulling.meaning("x.test", 459, "No")])
    assert heard.words.startswith("x.test: refused (459 No); d0.test") and heard.words.endswith("; and 3 more")
    assert heard.is_refused


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"smart_hosts": (), "dns_routing_enabled": True}, "request_mail_server"),
        ({"request_mail_server": "a b"}, "request_mail_server"),
        ({"request_mail_server": "/run/lmtp"}, "request_mail_server"),
        ({"request_mail_domains": ("@contoso.com", "@@x")}, "request_mail_domains"),
        ({"request_mail_domains": ("#queue",)}, "request_mail_domains"),
    ],
)
def test_what_cannot_be_asked_is_pointed_out(changes, field):
    assert [problem.field for problem in send_problems(asking(**changes), ())] == [field]
    assert not send_problems(asking(request_mail_domains=("@contoso.com",)), ())


@pytest.mark.parametrize(
    ("changes", "wanted", "command"),
    [
        ({"request_mail": RequestMail.Turn}, ["a.test"], "TURN"),
        ({"request_mail": RequestMail.Atrn}, [], "ATRN"),
        ({"request_mail": RequestMail.Atrn}, ["a.test", "@b.test"], "ATRN a.test,b.test"),
    ],
)
def test_what_turns_the_connection_round(changes, wanted, command):
    assert pulling.turning(asking(**changes), wanted) == command


@pytest.mark.parametrize(
    ("code", "heard"),
    [
        (453, Heard("no mail waits")),
        (451, Heard("the server cannot hand it over now (451 x)")),
        (450, Heard("refused (450 x)", is_refused=True)),
        (502, Heard("refused (502 x)", is_refused=True)),
    ],
)
def test_what_an_answer_means_that_does_not(code, heard):
    assert pulling.refused(code, "x") == heard


def test_what_comes_over_our_connection_needs_a_receive_connector():
    turning = asking(request_mail=RequestMail.Atrn)
    assert [problem.field for problem in send_problems(turning, ())] == ["request_mail_receive_connector"]
    assert not send_problems(asking(request_mail=RequestMail.Atrn, request_mail_receive_connector="Pulled"), ())
