from django.urls import path

from console.protection.views import RecipientFilterPage, SenderFilterPage

app_name = "protection"
urlpatterns = [
    path("recipient-filter/", RecipientFilterPage.as_view(), name="recipient-filter"),
    path("sender-filter/", SenderFilterPage.as_view(), name="sender-filter"),
]
