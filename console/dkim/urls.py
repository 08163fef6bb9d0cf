from django.urls import path

from console.dkim.views import KeyPages, NewKeys

app_name = "dkim"
urlpatterns = [path("new", NewKeys.as_view(), name="new"), *KeyPages.urls()]
