from django.urls import path

from console.protection.views import RecipientFilterPage

app_name = "protection"
urlpatterns = [path("recipient-filter/", RecipientFilterPage.as_view(), name="recipient-filter")]
