from django.urls import path

from console.queues.views import MessageFile, MessagePage, MessagePages, QueuePages, RemoveMessages

app_name = "queues"
urlpatterns = [
    path("remove-messages", RemoveMessages.as_view(), name="remove-messages"),
    path("messages/<uuid:pk>/", MessagePage.as_view(), name="message"),
    path("messages/<uuid:pk>/message.eml", MessageFile.as_view(), name="message-file"),
    *MessagePages.urls("messages/"),
    *QueuePages.urls(),
]
