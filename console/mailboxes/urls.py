from django.urls import include, path

from console.mailboxes.views import (
    AttachmentFile,
    MailboxPages,
    MessageFile,
    MessageHtml,
    MessagePage,
    MessagePages,
)

ONE = [
    path("open", MessagePage.as_view(), name="message"),
    path("html", MessageHtml.as_view(), name="message-html"),
    path("message.eml", MessageFile.as_view(), name="message-file"),
    path("attachments/<int:number>", AttachmentFile.as_view(), name="attachment"),
]

app_name = "mailboxes"
urlpatterns = [
    path("<str:domain>/<str:local>/messages/", include([*MessagePages.urls(), path("<str:pk>/", include(ONE))])),
    *MailboxPages.urls(),
]
