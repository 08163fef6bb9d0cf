"""Where every page lives. An app's own urls.py goes on from the prefix given here."""

from importlib.util import find_spec

from django.urls import include, path

PLACES = [
    ("", "console.accounts.urls"),
    ("administration/change-history/", "console.audit.urls"),
    ("administration/revisions/", "console.publishing.urls"),
    ("mail-flow/accepted-domains/", "console.domains.urls"),
    ("mail-flow/queues/", "console.queues.urls"),
    ("mail-flow/", "console.connectors.urls"),
    ("protection/certificates/", "console.certificates.urls"),
    ("protection/", "console.protection.urls"),
    ("recipients/directory/", "console.directory.urls"),
    ("recipients/mailboxes/", "console.mailboxes.urls"),
    ("trace/protocol-log/", "console.tracking.urls"),
    ("", "console.processes.urls"),
    ("", "console.overview.urls"),
]


def _present(module: str) -> bool:
    return find_spec(module.rsplit(".", 1)[0]) is not None and find_spec(module) is not None


urlpatterns = [path(prefix, include(module)) for prefix, module in PLACES if _present(module)]

handler400 = "console.overview.errors.bad_request"
handler403 = "console.overview.errors.forbidden"
handler404 = "console.overview.errors.not_found"
handler500 = "console.overview.errors.failed"
