"""Where every page lives. An app's own urls.py goes on from the prefix given here."""

from django.urls import include, path

from console.processes.urls import nodes
from console.tls.urls import reports
from console.tracking.explained_views import explain
from console.tracking.urls import events, open_sessions, refusals

urlpatterns = [
    path("", include("console.accounts.urls")),
    path("administration/change-history/", include("console.audit.urls")),
    path("administration/revisions/", include("console.publishing.urls")),
    path("administration/nodes/", include(nodes)),
    path("administration/backups/", include("console.backups.urls")),
    path("administration/drafts/", include("console.drafts.urls")),
    path("administration/show-commands/", include("console.commands.urls")),
    path("administration/import-from-exchange/", include("console.moving_in.urls")),
    path("administration/management-shell/", include("console.management_shell.urls")),
    path("mail-flow/", include("console.connectors.urls")),
    path("mail-flow/accepted-domains/", include("console.domains.urls")),
    path("mail-flow/credentials/", include("console.credentials.urls")),
    path("mail-flow/queues/", include("console.queues.urls")),
    path("mail-flow/tls/", include("console.tls.urls")),
    path("mail-flow/tls-reports/", include(reports)),
    path("mail-flow/transport/", include("console.transport_settings.urls")),
    path("mail-flow/system-messages/", include("console.system_messages.urls")),
    path("protection/", include("console.protection.urls")),
    path("mail-flow/dkim/", include("console.dkim.urls")),
    path("protection/certificates/acme/", include("console.acme.urls")),
    path("protection/certificates/", include("console.certificates.urls")),
    path("recipients/directory/", include("console.directory.urls")),
    path("recipients/", include("console.users.urls")),
    path("recipients/keytabs/", include("console.kerberos.urls")),
    path("recipients/mailboxes/", include("console.mailboxes.urls")),
    path("trace/protocol-log/", include("console.tracking.urls")),
    path("trace/messages/", include(events)),
    path("trace/open-sessions/", include(open_sessions)),
    path("trace/refusals/", include(refusals)),
    path("trace/what-if/", include("console.what_if.urls")),
    path("trace/replay/", include("console.replay.urls")),
    path("trace/relay-proof/", include("console.relay_proof.urls")),
    path("trace/mail-server/", include("console.mail_server.urls")),
    path("refused/", explain, name="refused"),
    path("refused/<path:reference>", explain, name="refused"),
    path("", include("console.processes.urls")),
    path("", include("console.overview.urls")),
]

handler400 = "console.overview.errors.bad_request"
handler403 = "console.overview.errors.forbidden"
handler404 = "console.overview.errors.not_found"
handler500 = "console.overview.errors.failed"
