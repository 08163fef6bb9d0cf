from django.urls import path

from console.connectors.properties import first_tab
from console.connectors.providers import ProviderPage, Providers
from console.connectors.receive_properties import Activity, ReceiveProperties
from console.connectors.receive_wizard import ReceiveBegin, ReceiveCompletion, ReceiveWizard
from console.connectors.send_properties import SendProperties
from console.connectors.send_route import SendRoute
from console.connectors.send_test import SendTest
from console.connectors.send_wizard import SendBegin, SendCompletion, SendWizard
from console.connectors.views import OtherVersions, ReceivePages, SendPages

app_name = "connectors"
urlpatterns = [
    path("receive-connectors/new/", ReceiveBegin.as_view(), name="receive-wizard"),
    path("receive-connectors/new/<slug:draft>/<slug:step>/", ReceiveWizard.as_view(), name="receive-wizard-step"),
    path("receive-connectors/defaults/", OtherVersions.as_view(), name="receive-defaults"),
    path("receive-connectors/<int:pk>/completion/", ReceiveCompletion.as_view(), name="receive-wizard-completion"),
    path("receive-connectors/<int:pk>/edit", first_tab("receive-"), name="receive-edit"),
    path("receive-connectors/<int:pk>/activity/", Activity.as_view(), name="receive-activity"),
    path("receive-connectors/<int:pk>/<str:tab>/", ReceiveProperties.as_view(), name="receive-properties"),
    path("send-connectors/providers/", Providers.as_view(), name="send-providers"),
    path("send-connectors/providers/<str:provider>/", ProviderPage.as_view(), name="send-provider"),
    path("send-connectors/route/", SendRoute.as_view(), name="send-route"),
    path("send-connectors/new/", SendBegin.as_view(), name="send-wizard"),
    path("send-connectors/new/<slug:draft>/<slug:step>/", SendWizard.as_view(), name="send-wizard-step"),
    path("send-connectors/<int:pk>/completion/", SendCompletion.as_view(), name="send-wizard-completion"),
    path("send-connectors/<int:pk>/edit", first_tab("send-"), name="send-edit"),
    path("send-connectors/<int:pk>/test/", SendTest.as_view(), name="send-test"),
    path("send-connectors/<int:pk>/<str:tab>/", SendProperties.as_view(), name="send-properties"),
    *ReceivePages.urls("receive-connectors/"),
    *SendPages.urls("send-connectors/"),
]
