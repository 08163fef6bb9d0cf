"""What a revision holds of accepted domains."""

from django.utils.translation import gettext_lazy as _

from console.domains import models
from console.publishing.published import Page, Published
from transport.config.accepted_domain import AcceptedDomain

# A row of the table is a paragraph, whatever its length.
# fmt: off

ACCEPTED_DOMAIN = Published(
    "Accepted domain", AcceptedDomain, models.AcceptedDomain, "accepted_domains",
    (Page(_("Accepted domains"), "domains:list"),), named_by="domain_name", search=("name", "domain_name"),
    note="domain_type",
)
