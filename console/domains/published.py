"""What a revision holds of accepted domains."""

from console.domains import models
from console.publishing.published import Published
from transport.config.accepted_domain import AcceptedDomain

ACCEPTED_DOMAIN = Published(
    "Accepted domain", AcceptedDomain, models.AcceptedDomain, "accepted_domains", named_by="domain_name"
)
