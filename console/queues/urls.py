from django.urls import path

from console.queues.message_views import MessageFile, MessagePage, MessagePages, RemoveMessages
from console.queues.views import QueuePages

app_name = "queues"
urlpatterns = [
    path("remove-messages", RemoveMessages.as_view(), name="remove-messages"),
    path("messages/<uuid:pk>/", MessagePage.as_view(), name="message"),
    path("messages/<uuid:pk>/message.eml", MessageFile.as_view(), name="message-file"),
    *MessagePages.urls("messages/"),
    *QueuePages.urls(),
]
