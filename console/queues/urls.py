from django.urls import path

from console.queues.asking import AskPage
from console.queues.connector_state import ConnectorState
from console.queues.following import OutcomePart
from console.queues.message_views import ExportedMessages, MessageFile, MessageHtml, MessagePage, MessagePages
from console.queues.views import QueuePages

app_name = "queues"
urlpatterns = [
    path("ask", AskPage.as_view(), name="ask"),
    path("connector", ConnectorState.as_view(), name="connector-state"),
    path("export", ExportedMessages.as_view(), name="export"),
    path("messages/<uuid:pk>/", MessagePage.as_view(), name="message"),
    path("messages/<uuid:pk>/html", MessageHtml.as_view(), name="message-html"),
    path("messages/<uuid:pk>/message.eml", MessageFile.as_view(), name="message-file"),
    path("outcome/<str:token>", OutcomePart.as_view(), name="outcome"),
    *MessagePages.urls("messages/"),
    *QueuePages.urls(),
]
