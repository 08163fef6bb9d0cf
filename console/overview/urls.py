from django.urls import path

from console.overview import views

app_name = "overview"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("first-steps/dismiss", views.DismissFirstSteps.as_view(), name="dismiss-first-steps"),
    path("revision-state", views.RevisionState.as_view(), name="revision-state"),
    path("search", views.Search.as_view(), name="search"),
]
