import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.endpoint import Binding, IPRange
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.send import hosts
from transport.send.hosts import Host, policy, sift


def nowhere(address):
    return False


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "10.1.2.3", "172.31.255.255", "192.168.0.1", "169.254.1.1", "100.64.0.1",
        "0.0.0.0", "0.1.2.3", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::",
        "2002:a00:1::1",
    ],
)  # fmt: skip
def test_it_is_inner_however_it_is_written(address):
    assert hosts.is_inner(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_the_internet_is_not(address):
    assert not hosts.is_inner(address)


@given(st.ip_addresses())
def test_every_address_is_the_one_or_the_other(address):
    assert hosts.is_inner(str(address)) in (True, False)


@pytest.mark.parametrize(
    ("domain", "address"),
    [
        ("[192.0.2.1]", "192.0.2.1"), ("[IPv6:2001:DB8::1]", "2001:db8::1"), ("[ipv6:::1]", "::1"), ("[::1]", "::1"),
        ("[mail.x.test]", None), ("[]", None), ("mail.x.test", None), ("[192.0.2]", None), ("[x:192.0.2.1]", None),
    ],
)  # fmt: skip
def test_an_address_instead_of_a_domain(domain, address):
    assert hosts.literal(domain) == address


def test_a_host_is_called_by_its_name_once():
    assert Host("mail.x.test", "192.0.2.1").label == "mail.x.test [192.0.2.1]"
    assert Host("[192.0.2.1]", "192.0.2.1").label == Host("192.0.2.1", "192.0.2.1").label == "[192.0.2.1]"


SNAPSHOT = Snapshot(
    receive_connectors=(
        ReceiveConnector(name="In", bindings=(Binding("192.0.2.9", 25), Binding("::", 25)), fqdn="mx.x.test"),
        ReceiveConnector(name="Off", bindings=(Binding("192.0.2.8", 25),), fqdn="off.x.test", enabled=False),
    ),
    send_connectors=(SendConnector(name="Out", fqdn="out.x.test"),),
)
ANYWHERE = (IPRange("0.0.0.0-255.255.255.255"), IPRange("::/0"))


@pytest.mark.parametrize("name", ["gw.x.test", "MX.x.test", "out.x.test"])
def test_our_names_are_ourselves(name):
    assert sift([name], [], policy(SNAPSHOT, "gw.x.test", 25, ANYWHERE), nowhere).ours


def test_other_names_ports_and_addresses_are_not():
    by = policy(SNAPSHOT, "gw.x.test", 25, ANYWHERE)
    others = [Host("a.test", "192.0.2.8"), Host("b.test", "2001:db8::1")]
    assert sift(["a.test", "b.test", "off.x.test"], others, by, nowhere).hosts == tuple(others)
    assert not sift(
        ["a.test"], [Host("a.test", "192.0.2.9")], policy(SNAPSHOT, "gw.x.test", 2525, ANYWHERE), nowhere
    ).ours


@pytest.mark.parametrize("address", ["192.0.2.9", "::ffff:192.0.2.9"])
def test_a_binding_is_ourselves(address):
    assert sift(["a.test"], [Host("a.test", address)], policy(SNAPSHOT, "gw.x.test", 25, ANYWHERE), nowhere).ours


def test_a_binding_to_all_addresses_is_every_one_of_this_machine():
    by = policy(SNAPSHOT, "gw.x.test", 25, ANYWHERE)
    assert sift(["a.test"], [Host("a.test", "2001:db8::7")], by, lambda address: address == "2001:db8::7").ours
    assert not sift(["a.test"], [Host("a.test", "192.0.2.7")], by, lambda address: True).ours, "bound for IPv6 only"


def test_the_name_of_nobody_is_not_ours():
    assert not sift(["localhost"], [], policy(Snapshot(), "localhost", 25, ANYWHERE), nowhere).ours


def test_own_addresses_are_inner_as_well():
    """A public address of this machine, where another service may listen."""
    sifted = sift(["a.test"], [Host("a.test", "8.8.8.8")], policy(SNAPSHOT, "gw.x.test", 26, ()), lambda address: True)
    assert (sifted.hosts, sifted.inner) == ((), ("8.8.8.8",))


def test_smart_hosts_may_be_anywhere_but_here():
    by = policy(SNAPSHOT, "gw.x.test", 25, None)
    assert sift(["gw.x.test"], [Host("gw.x.test", "10.0.0.1")], by, nowhere).hosts
    assert sift(["a.test"], [Host("a.test", "192.0.2.9")], by, nowhere).ours


def test_the_same_address_is_tried_once():
    twice = [Host("a.test", "8.8.8.8"), Host("a.test", "8.8.8.8")]
    assert len(sift(["a.test"], twice, policy(SNAPSHOT, "gw.x.test", 25, ()), nowhere).hosts) == 1


def test_mail_exchangers_come_by_preference_and_those_of_one_together():
    found = hosts.by_preference("x.test", [(20, "c.test."), (10, "a.test."), (20, "d.test."), (10, "b.test.")])
    assert found == [["a.test.", "b.test."], ["c.test.", "d.test."]]


def test_a_domain_without_any_is_its_own_and_a_null_mx_takes_no_mail():
    assert hosts.by_preference("x.test", []) == [["x.test"]]
    assert hosts.by_preference("x.test", [(0, ".")]) == []


def test_a_certificate_must_have_the_name_or_the_address_where_the_name_is_a_label():
    assert Host("mail.x.test", "192.0.2.1").tls_name == "mail.x.test"
    assert Host("[192.0.2.1]", "192.0.2.1").tls_name == "192.0.2.1"
    assert Host("Head office!", "fe80::1%eth0").tls_name == "fe80::1"
