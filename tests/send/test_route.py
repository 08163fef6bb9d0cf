from hypothesis import given
from hypothesis import strategies as st

from transport.config.accepted_domain import AcceptedDomain, DeliverTo, DomainType
from transport.config.address_space import AddressSpace
from transport.config.domains import domain_of
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.send.route import (
    FORGOTTEN,
    MAILBOX,
    NO_CONNECTOR,
    UNREACHABLE,
    DeliveryType,
    Hop,
    Router,
    delivery_type,
)


def connector(name, *spaces, **changes):
    return SendConnector(name=name, address_spaces=tuple(AddressSpace(*space) for space in spaces), **changes)


def accepted(name, kind=DomainType.Authoritative, **changes):
    return AcceptedDomain(name=name, domain_name=name, domain_type=kind, **changes)


OURS = Snapshot(
    accepted_domains=(
        accepted("contoso.com", default=True),
        accepted("shared.contoso.com", DomainType.InternalRelay),
        accepted("branch.test", DomainType.ExternalRelay),
        accepted("*.lab.test"),
    ),
    send_connectors=(connector("Internet", ("*",)),),
)


def test_recipients_of_an_authoritative_domain_are_here():
    assert Router(OURS).hop("Someone@CONTOSO.com") == MAILBOX
    assert Router(OURS).hop("a@deep.lab.test") == MAILBOX
    assert Router(OURS).hop("postmaster") == MAILBOX


def test_other_domains_leave_by_mx():
    hop = Router(OURS).hop("a@Fabrikam.test")
    assert (hop.key, hop.delivery_type) == ("domain:Internet:fabrikam.test", "DnsConnectorDelivery")
    assert Router(OURS).hop("a@branch.test").key == "domain:Internet:branch.test"


def test_an_internal_relay_domain_keeps_those_it_knows_and_sends_the_rest_on():
    router = Router(OURS)
    assert router.needs_directory("a@shared.contoso.com")
    assert not router.needs_directory("a@contoso.com")
    assert router.hop("a@shared.contoso.com", listed=True) == MAILBOX
    assert router.hop("a@shared.contoso.com", listed=False).connector == "Internet"


def test_smart_hosts_make_one_queue_per_connector():
    snapshot = Snapshot(
        send_connectors=(connector("Hub", ("*",), dns_routing_enabled=False, smart_hosts=("mail.test", "[10.0.0.1]")),)
    )
    hop = Router(snapshot).hop("a@x.test")
    assert (hop.key, hop.domain, hop.delivery_type) == (
        "smarthost:Hub",
        "mail.test,[10.0.0.1]",
        "SmartHostConnectorDelivery",
    )


def test_without_a_connector_it_is_unreachable():
    assert Router(Snapshot()).hop("a@x.test") == UNREACHABLE


@given(st.text(max_size=60))
def test_every_address_has_a_next_hop(address):
    assert Router(OURS).hop(address).key


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,3}", fullmatch=True))
def test_a_more_specific_connector_is_never_beaten_by_a_cheaper_one(domain):
    router = Router(Snapshot(send_connectors=(connector("all", ("*", 1)), connector("here", (domain, 100)))))
    assert router.hop(f"x@{domain}").connector == "here"
    assert domain_of(f"x@{domain.upper()}.") == domain


def test_each_kind_says_whose_it_is():
    assert set(DeliveryType) - set(FORGOTTEN) == {DeliveryType.MAILBOX, DeliveryType.UNREACHABLE}
    assert [kind for kind in FORGOTTEN if not kind.is_remote] == [DeliveryType.UNDELIVERABLE, DeliveryType.UNDEFINED]
    assert [kind for kind in DeliveryType if kind.is_strangers_choice] == [DeliveryType.DNS]


def test_a_connector_says_of_which_kind_its_next_hops_are():
    connector = SendConnector(name="Out", dns_routing_enabled=False, smart_hosts=("mail.x.test",))
    assert delivery_type(connector) is DeliveryType.SMART_HOST
    assert delivery_type(SendConnector(name="Out", dns_routing_enabled=True)) is DeliveryType.DNS


def test_where_no_connector_leads_the_hop_says_why():
    hop = Router(Snapshot()).hop("bob@nowhere.test")
    assert (hop.key, hop.error) == ("unreachable", NO_CONNECTOR)


def test_a_domain_that_names_its_hosts_asks_no_send_connector():
    domains = (
        accepted("boxes.test", deliver_to=DeliverTo.Lmtp),
        accepted("shared.test", DomainType.InternalRelay, deliver_to=DeliverTo.Host),
        accepted("*.branch.test", DomainType.ExternalRelay, deliver_to=DeliverTo.Host),
    )
    router = Router(Snapshot(accepted_domains=domains))
    assert router.hop("a@boxes.test") == Hop("lmtp:boxes.test", DeliveryType.LMTP, "boxes.test")
    assert router.hop("a@shared.test", listed=True) == MAILBOX
    assert router.hop("a@shared.test", listed=False) == Hop("host:shared.test", DeliveryType.HOST, "shared.test")
    assert router.hop("a@one.branch.test").key == router.hop("a@two.branch.test").key == "host:*.branch.test"
