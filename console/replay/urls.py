from django.urls import path

from console.replay.views import ReplayPage

app_name = "replay"
urlpatterns = [path("", ReplayPage.as_view(), name="page")]
