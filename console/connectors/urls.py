from django.urls import path

from console.connectors.properties import Activity, Properties, first_tab
from console.connectors.views import OtherVersions, ReceivePages, SendPages
from console.connectors.wizard import Completion, Wizard

app_name = "connectors"
urlpatterns = [
    path("receive-connectors/new/", Wizard.as_view(), name="receive-wizard"),
    path("receive-connectors/new/<str:step>/", Wizard.as_view(), name="receive-wizard-step"),
    path("receive-connectors/defaults/", OtherVersions.as_view(), name="receive-defaults"),
    path("receive-connectors/<int:pk>/completion/", Completion.as_view(), name="receive-wizard-completion"),
    path("receive-connectors/<int:pk>/edit", first_tab, name="receive-edit"),
    path("receive-connectors/<int:pk>/activity/", Activity.as_view(), name="receive-activity"),
    path("receive-connectors/<int:pk>/<str:tab>/", Properties.as_view(), name="receive-properties"),
    *ReceivePages.urls("receive-connectors/"),
    *SendPages.urls("send-connectors/"),
]
