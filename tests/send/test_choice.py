"""Which Send connector takes a message, and why this one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.address_space import AddressSpace
from transport.config.named_sender import NamedSender
from transport.config.permissions import ANONYMOUS, PARTNER_SERVERS, PRINCIPALS
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.send.address_spaces import AddressSpaces
from transport.send.choice import Choice, Mail, Why, choose, user_of
from transport.send.route import UNREACHABLE, DeliveryType, Router

MB = 1024 * 1024
ANNA = Mail("anna@contoso.com", "CONTOSO\\anna", 1000, "Default")


def connector(name: str, *spaces: str, **changes: object) -> SendConnector:
    found = tuple(AddressSpace(name, int(cost or 1)) for name, _, cost in (each.partition(";") for each in spaces))
    return SendConnector(name=name, address_spaces=found, **changes)  # type: ignore[arg-type]


def chosen(domain: str, *connectors: SendConnector, mail: Mail = ANNA, accepted: bool = False) -> Choice:
    spaces = AddressSpaces(connectors, NAMED)
    return choose(spaces.candidates(spaces.chain(domain, accepted)), mail)


def name_of(choice: Choice) -> str | None:
    return choice.connector.name if choice.connector else None


def test_the_most_specific_address_space_wins_then_cost_then_name() -> None:
    three = (
        connector("A", "*"),
        connector("B", "*.contoso.com"),
        connector("C", "marketing.contoso.com;50"),
    )
    assert [
        name_of(chosen(domain, *three))
        for domain in ("marketing.contoso.com", "sales.contoso.com", "contoso.com", "fabrikam.com", "notcontoso.com")
    ] == ["C", "B", "B", "A", "A"]
    assert name_of(chosen("x.test", connector("dear", "*;20"), connector("cheap", "*;5"))) == "cheap"
    assert name_of(chosen("x.test", connector("b", "*;5"), connector("A", "*;5"))) == "A"


def test_a_domain_alone_does_not_cover_its_subdomains_and_disabled_connectors_count_for_nothing() -> None:
    assert name_of(chosen("sub.contoso.com", connector("A", "contoso.com"))) is None
    assert name_of(chosen("contoso.com", connector("A", "*", enabled=False))) is None


def test_two_dashes_stand_for_all_accepted_domains() -> None:
    two = connector("Inbound", "--;50"), connector("Internet", "*")
    assert name_of(chosen("branch.test", *two, accepted=True)) == "Inbound"
    assert name_of(chosen("branch.test", *two)) == "Internet"
    named = connector("Branches", "*.branch.test;99")
    assert name_of(chosen("branch.test", *two, named, accepted=True)) == "Branches"


def test_a_message_too_large_for_the_best_connector_takes_the_next_one() -> None:
    best, next_one = connector("Best", "contoso.net", max_message_size=MB), connector("Internet", "*")
    choice = chosen("contoso.net", best, next_one, mail=ANNA._replace(size=MB + 1))
    assert name_of(choice) == "Internet"
    assert [(each.connector.name, each.why) for each in choice.passed] == [("Best", Why.TOO_LARGE)]
    assert choice.why == (
        "Internet: address space *, cost 1. Passed over: Best: the message is larger than its 1 MB (1,048,576 bytes)."
    )
    assert name_of(chosen("contoso.net", best, next_one, mail=ANNA._replace(size=MB))) == "Best"


def test_a_message_that_only_its_size_keeps_back_comes_back_at_once() -> None:
    snapshot = Snapshot(send_connectors=(connector("Internet", "*", max_message_size=MB),))
    router = Router(snapshot)
    hop = router.hop("bob@far.test", mail=router.address_spaces.essence(ANNA._replace(size=2 * MB)))
    assert (hop.delivery_type, hop.domain[:9]) == (DeliveryType.UNDELIVERABLE, "550 5.3.4")
    assert Router(Snapshot()).hop("bob@far.test", mail=ANNA) == UNREACHABLE


def test_a_connector_without_limit_takes_everything() -> None:
    assert name_of(chosen("x.test", connector("A", "*", max_message_size=None), mail=ANNA._replace(size=10**12))) == "A"


@pytest.mark.parametrize("senders", [("anna@contoso.com",), ("contoso.com",), ("@Contoso.com",)])
def test_a_senders_list_takes_only_them_and_never_the_null_sender(senders: tuple[str, ...]) -> None:
    two = connector("Newsletter", "*", senders=senders), connector("Usual", "*;99")
    assert name_of(chosen("x.test", *two)) == "Newsletter"
    assert name_of(chosen("x.test", *two, mail=ANNA._replace(sender="Anna@CONTOSO.com"))) == "Newsletter"
    assert name_of(chosen("x.test", *two, mail=ANNA._replace(sender="bob@fabrikam.com"))) == "Usual"
    assert name_of(chosen("x.test", *two, mail=ANNA._replace(sender=""))) == "Usual"
    assert name_of(chosen("x.test", two[0], mail=ANNA._replace(sender=""))) is None


def test_mail_of_one_receive_connector_may_have_a_way_out_of_its_own() -> None:
    two = connector("For devices", "*", source_receive_connectors=("Devices",)), connector("Usual", "*;99")
    assert name_of(chosen("x.test", *two, mail=ANNA._replace(connector="devices"))) == "For devices"
    assert name_of(chosen("x.test", *two, mail=ANNA._replace(connector="Default"))) == "Usual"
    assert name_of(chosen("x.test", *two, mail=ANNA._replace(connector=""))) == "Usual"


def test_who_is_rejected_takes_the_next_connector_and_comes_back_where_there_is_none() -> None:
    two = connector("Internet", "*", reject_messages_from=("staff",)), connector("Slow", "*;99")
    anna = Mail("anna@x.test", "D\\Anna")
    assert name_of(chosen("far.test", *two, mail=anna)) == "Slow"
    alone = chosen("far.test", two[0], mail=anna)
    assert alone.refusal == (
        '550 5.7.1 The Send connector "Internet" takes no messages from this sender (RejectMessagesFrom)'
    )
    assert name_of(chosen("far.test", two[0], mail=Mail("carl@x.test", "D\\carl"))) == "Internet"


def test_what_an_anonymous_client_writes_as_sender_closes_a_door_and_opens_none() -> None:
    closed = connector("Internet", "*", reject_messages_from=("eve@x.test",))
    assert name_of(chosen("far.test", closed, mail=Mail("Eve@X.test", ANONYMOUS))) is None
    only = connector("Internet", "*", accept_messages_from=("anna@x.test",))
    assert name_of(chosen("far.test", only, mail=Mail("anna@x.test", ANONYMOUS))) is None
    assert name_of(chosen("far.test", only, mail=Mail("anna@x.test", PARTNER_SERVERS))) is None
    assert name_of(chosen("far.test", only, mail=Mail("anna@x.test", "D\\carl"))) is None
    assert name_of(chosen("far.test", only, mail=Mail("other@x.test", "D\\anna"))) == "Internet"


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_whom_nobody_had_to_prove_is_no_user(principal: str) -> None:
    assert user_of(principal) == ""
    only = connector("Internet", "*", accept_messages_from=("staff",))
    assert name_of(chosen("far.test", only, mail=Mail("", principal))) == "Internet"
    assert name_of(chosen("far.test", only, mail=Mail("anna@x.test", principal))) is None


def test_reports_pass_and_a_user_gains_nothing_by_sending_without_a_sender() -> None:
    only = connector("Internet", "*", accept_messages_from=("staff",), reject_messages_from=("D\\bob",))
    assert name_of(chosen("far.test", only, mail=Mail(""))) == "Internet"
    assert name_of(chosen("far.test", only, mail=Mail("", "D\\bob"))) is None
    assert name_of(chosen("far.test", only, mail=Mail("", "D\\carl"))) is None
    assert name_of(chosen("far.test", only, mail=Mail("", "D\\anna"))) == "Internet"


def test_a_rejection_goes_before_an_acceptance() -> None:
    both = connector("Internet", "*", accept_messages_from=("staff",), reject_messages_from=("staff",))
    assert [each.why for each in chosen("far.test", both, mail=Mail("a@x.test", "D\\anna")).passed] == [Why.REJECTED]


DOMAINS = ("x.test", "a.x.test", "b.a.x.test", "other.test")
SPACES = st.sampled_from(("*", "--", *DOMAINS, *(f"*.{domain}" for domain in DOMAINS)))
CONNECTORS = st.lists(
    st.builds(
        SendConnector,
        name=st.sampled_from("AaBbCcDd"),
        enabled=st.sampled_from((True, True, False)),
        max_message_size=st.sampled_from((None, 0, 10, 20)),
        senders=st.sampled_from(((), (), ("x.test",), ("anna@x.test",), ("bob@y.test", "x.test"))),
        accept_messages_from=st.sampled_from(((), (), ("staff",), ("anna@x.test", "D\\bob"), ("empty",))),
        reject_messages_from=st.sampled_from(((), (), ("staff",), ("eve@x.test",), ("D\\Bob",))),
        source_receive_connectors=st.sampled_from(((), (), ("One",), ("One", "two"))),
        address_spaces=st.lists(st.builds(AddressSpace, SPACES, st.integers(1, 3)), max_size=3).map(tuple),
    ),
    max_size=5,
    unique_by=lambda each: each.name,
)
NAMED = (
    NamedSender("staff", ("d\\anna", "d\\bob"), ("anna@x.test",)), NamedSender("d\\bob", ("d\\bob",)),
    NamedSender("anna@x.test", ("d\\anna",)), NamedSender("eve@x.test"), NamedSender("empty"),
)  # fmt: skip
MAILS = st.builds(
    Mail,
    sender=st.sampled_from(("", "anna@x.test", "ANNA@x.test", "eve@x.test", "bob@y.test", "z@z.test", "bare")),
    principal=st.sampled_from((ANONYMOUS, "", "D\\anna", "d\\BOB", "D\\carl")),
    size=st.integers(0, 25),
    connector=st.sampled_from(("", "one", "Two", "Three")),
)


@given(CONNECTORS, MAILS, st.sampled_from(DOMAINS), st.booleans())
def test_the_order_of_the_connectors_does_not_matter(
    connectors: list[SendConnector], mail: Mail, domain: str, accepted: bool
) -> None:
    found = {chosen(domain, *each, mail=mail, accepted=accepted) for each in itertools.permutations(connectors)}
    assert len(found) == 1


@given(CONNECTORS, MAILS, st.sampled_from(DOMAINS), st.booleans())
def test_messages_that_are_alike_go_the_same_way(
    connectors: list[SendConnector], mail: Mail, domain: str, accepted: bool
) -> None:
    essence = AddressSpaces(connectors, NAMED).essence(mail)
    assert AddressSpaces(connectors, NAMED).essence(essence) == essence
    one, other = (chosen(domain, *connectors, mail=each, accepted=accepted) for each in (mail, essence))
    assert one == other


@given(CONNECTORS, MAILS, st.sampled_from(DOMAINS))
def test_who_takes_a_message_may_and_nobody_better_would(
    connectors: list[SendConnector], mail: Mail, domain: str
) -> None:
    """Said once more, as the reference says it, by looking at every connector."""

    def specificity(space: AddressSpace) -> int | None:
        name = space.domain
        if name.startswith("*."):
            return 2 * len(name) if f".{domain}".endswith(name[1:]) else None
        return {"*": 0, domain: 1000}.get(name)

    def permitted(each: SendConnector) -> bool:
        user = mail.principal.lower() if mail.principal not in PRINCIPALS else ""
        members = {one.name: one.principals for one in NAMED}
        accepted, rejected = (
            {user for name in names for user in members[name.lower()]}
            for names in (each.accept_messages_from, each.reject_messages_from)
        )
        if not user and not mail.sender:
            return True
        theirs = {one for one in NAMED if one.name in {name.lower() for name in each.reject_messages_from}}
        addresses = {address for one in theirs for address in one.addresses}
        if user in rejected or mail.sender.lower() in {*each.reject_messages_from, *addresses}:
            return False
        return not each.accept_messages_from or user in accepted

    names = {mail.sender.lower(), mail.sender.lower().rpartition("@")[2]} if mail.sender else set()
    ranked = [
        (-best, space.cost, each.name.lower(), each.name)
        for each in connectors
        for space in each.address_spaces
        if each.enabled and (best := specificity(space)) is not None
        if each.max_message_size is None or mail.size <= each.max_message_size
        if permitted(each)
        if not each.senders or names & set(each.senders)
        if not each.source_receive_connectors
        or mail.connector.lower() in [name.lower() for name in each.source_receive_connectors]
    ]
    assert name_of(chosen(domain, *connectors, mail=mail)) == (min(ranked)[-1] if ranked else None)


@given(CONNECTORS, MAILS, st.sampled_from(DOMAINS))
def test_every_connector_has_one_reason(connectors: list[SendConnector], mail: Mail, domain: str) -> None:
    router = Router(Snapshot(send_connectors=tuple(connectors), named_senders=NAMED))
    choice = router.choice(domain, mail)
    told = [each.connector.name for each in (*choice.passed, *router.behind(domain, choice))]
    assert sorted([*told, *filter(None, [name_of(choice)])]) == sorted(each.name for each in connectors)
    assert all(each.words for each in choice.passed) and choice.why.endswith(".")


def test_a_wildcard_stands_for_no_address_literal() -> None:
    assert name_of(chosen("[192.0.2.1]", connector("A", "*.1]"))) is None
    assert name_of(chosen("[192.0.2.1]", connector("A", "*"))) == "A"


def test_an_external_relay_domain_takes_the_connector_of_accepted_domains() -> None:
    snapshot = Snapshot(
        accepted_domains=(
            AcceptedDomain(name="b", domain_name="*.branch.test", domain_type=DomainType.ExternalRelay, default=True),
        ),
        send_connectors=(connector("Inbound", "--"), connector("Internet", "*")),
    )
    assert Router(snapshot).hop("a@one.branch.test").connector == "Inbound"
    assert Router(snapshot).hop("a@branch.test").connector == "Internet"
