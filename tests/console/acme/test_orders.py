"""Certificates ordered from a real authority (pebble), whose questions the console's own view answers."""

from __future__ import annotations

import pytest
from cryptography import x509

from console.acme import actions
from console.acme.checks import Wanted, WantedAccount
from console.acme.models import LaidOut
from console.certificates import actions as certificates
from console.certificates.models import Certificate
from console.connectors import actions as connectors
from console.publishing import queries as publishing
from tests.console.acme.pebble import ROOT, needs_pebble
from tests.console.builders import ADMIN, receive_connector

pytestmark = [pytest.mark.django_db, needs_pebble]
NAMES = ["mail.contoso.test", "mx1.contoso.test"]


@pytest.fixture
def account(pebble):
    wanted = WantedAccount(directory=pebble.directory, contact="admin@contoso.test", trusted_root=ROOT)
    return actions.add_account(ADMIN, "Test authority", wanted, agreed=True)


def test_a_certificate_comes_by_http_01_and_connectors_show_it(account, order, console):
    certificates.make_self_signed(ADMIN, "Former", NAMES)
    connectors.create(ADMIN, receive_connector("Internet", fqdn="mail.contoso.test"))
    row = order(actions.add(ADMIN, "Mail", Wanted(names=NAMES, account=account)))
    assert row.problem == "", row.told
    made = Certificate.objects.get(name="Mail")
    assert set(made.names) == set(NAMES)
    assert x509.load_pem_x509_certificates(made.chain.encode())[0].issuer.rfc4514_string().startswith("CN=Pebble")
    assert {host.partition(":")[0] for host, _, status in console.asked if status == 200} == set(NAMES)
    newest = publishing.newest()
    assert (newest.author, newest.comment) == ("ACME", "Certificate Mail: ordered")
    assert not LaidOut.objects.exists()
