from django.urls import path

from console.backups.views import BackupsPage, CheckNow, RunNow, SchedulePage

app_name = "backups"
urlpatterns = [
    path("", BackupsPage.as_view(), name="page"),
    path("schedule", SchedulePage.as_view(), name="schedule"),
    path("now", RunNow.as_view(), name="now"),
    path("<int:pk>/check", CheckNow.as_view(), name="check"),
]
