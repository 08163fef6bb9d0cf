from django.urls import path

from console.what_if.views import Unsaved, WhatIf

app_name = "what_if"
urlpatterns = [
    path("", WhatIf.as_view(), name="page"),
    path("unsaved", Unsaved.as_view(), name="unsaved"),
]
