from django.urls import path

from console.moving_in.views import HandIn, ObjectReport, Preview

app_name = "moving_in"
urlpatterns = [
    path("", HandIn.as_view(), name="hand-in"),
    path("preview/", Preview.as_view(), name="preview"),
    path("preview/<int:place>/", ObjectReport.as_view(), name="object"),
]
