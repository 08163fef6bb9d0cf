from django.urls import path

from console.protection.connection_views import AllowListPages, BlockListPages, ConnectionFilterPage, ProviderPages
from console.protection.views import RecipientFilterPage, SenderFilterPage

app_name = "protection"
urlpatterns = [
    path("recipient-filter/", RecipientFilterPage.as_view(), name="recipient-filter"),
    path("sender-filter/", SenderFilterPage.as_view(), name="sender-filter"),
    path("connection-filter/", ConnectionFilterPage.as_view(), name="connection-filter"),
    *BlockListPages.urls("connection-filter/block-list/"),
    *AllowListPages.urls("connection-filter/allow-list/"),
    *ProviderPages.urls("connection-filter/providers/"),
]
