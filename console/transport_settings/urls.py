from django.urls import path

from console.transport_settings.views import LimitsPage, OrganizationPage

app_name = "transport_settings"
urlpatterns = [
    path("", LimitsPage.as_view(), name="limits"),
    path("organization/", OrganizationPage.as_view(), name="organization"),
]
