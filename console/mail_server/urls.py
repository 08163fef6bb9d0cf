from django.urls import path

from console.mail_server.views import Delivery, Ports, Test

app_name = "mail_server"
urlpatterns = [
    path("", Test.as_view(), name="test"),
    path("ports", Ports.as_view(), name="ports"),
    path("delivery", Delivery.as_view(), name="delivery"),
]
