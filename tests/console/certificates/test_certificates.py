"""The self-signed certificate of a first start, and its renewal."""

from __future__ import annotations

import ssl
import tempfile

import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from console.audit.models import Entry
from console.certificates import actions
from console.certificates.models import Certificate
from console.connectors import actions as connectors
from console.publishing import queries
from tests.console.builders import ADMIN, HYGIENE, receive_connector

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _names(settings):
    settings.GATEPOST_NODE, settings.GATEPOST_DOMAIN = "mx1.contoso.com", "contoso.com"


def test_first_start_publishes_a_certificate_that_tls_can_use(settings):
    actions.first_start()
    actions.first_start()
    (published,) = queries.snapshot(queries.newest_with_document()).certificates
    leaf = x509.load_pem_x509_certificate(published.chain.encode())
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    assert "mx1.contoso.com" in published.names
    key = Fernet(settings.GATEPOST_SECRET_KEY).decrypt(published.encrypted_key.encode())
    with tempfile.NamedTemporaryFile() as file:
        file.write(published.chain.encode() + key)
        file.flush()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file.name)


def test_the_page_says_what_it_is_for_and_how_long_it_lasts(admin):
    actions.first_start()
    connectors.create(ADMIN, receive_connector("Internet"))
    page = admin.get(reverse("certificates:details", args=[Certificate.objects.get().pk])).text
    for words in ("mx1.contoso.com", "days left", "self-signed", "Internet"):
        assert words in page
    assert Certificate.objects.get().encrypted_key not in page


def test_renewal_replaces_it(admin):
    actions.first_start()
    old = Certificate.objects.get()
    admin.post(reverse("certificates:act"), {"verb": "renew", "pk": old.pk})
    new = Certificate.objects.get()
    assert (new.pk, new.names) == (old.pk, old.names)
    assert new.fingerprint != old.fingerprint
    assert queries.snapshot(queries.newest_with_document()).certificates[0].chain == new.chain
    assert Entry.objects.first().after["Thumbprint"] == new.fingerprint


def test_who_may_not_and_what_cannot(admin):
    actions.first_start()
    row = Certificate.objects.get()
    with pytest.raises(PermissionDenied):
        actions.renew_self_signed(HYGIENE, row.pk)
    Certificate.objects.update(self_signed=False)
    with pytest.raises(ValidationError, match="Only a self-signed"):
        actions.renew_self_signed(ADMIN, row.pk)
