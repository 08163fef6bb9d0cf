from django.urls import path

from console.tls.views import OutlookPage

app_name = "tls"
urlpatterns = [path("", OutlookPage.as_view(), name="outlook")]
