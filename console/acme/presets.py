"""Authorities that speak ACME, by their directories."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# fmt: off
DIRECTORIES = (
    ("https://acme-v02.api.letsencrypt.org/directory", _("Let’s Encrypt")),
    ("https://acme-staging-v02.api.letsencrypt.org/directory", _("Let’s Encrypt (staging: trusted by nobody)")),
    ("https://acme.zerossl.com/v2/DV90", "ZeroSSL"),
)
# fmt: on
NAMES = dict(DIRECTORIES)
