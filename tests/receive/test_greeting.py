"""The first line: Exchange's form, the FQDN, the banner that overrides both."""

from tests.receive.builders import connector
from transport.receive.greeting import greeting

FIFTH_OF_AUGUST = 1470439481


def test_exchanges_form_without_a_leading_zero_in_the_day() -> None:
    reply = greeting(connector(fqdn="mail1.fabrikam.com"), "server", FIFTH_OF_AUGUST)
    assert reply.text == "220 mail1.fabrikam.com Microsoft ESMTP MAIL Service ready at Fri, 5 Aug 2016 23:24:41 +0000"


def test_the_servers_name_stands_in_for_an_empty_fqdn() -> None:
    assert greeting(connector(), "gateway.test", 0).text.startswith("220 gateway.test Microsoft ESMTP")


def test_a_banner_overrides_the_fqdn() -> None:
    assert greeting(connector(fqdn="mx.contoso.com", banner="220 Mail Server"), "s", 0).text == "220 Mail Server"
