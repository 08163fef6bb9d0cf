from django.urls import path

from console.overview import views

app_name = "overview"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("first-steps/dismiss", views.DismissFirstSteps.as_view(), name="dismiss-first-steps"),
    path("revision-state", views.RevisionState.as_view(), name="revision-state"),
    path("help/", views.Help.as_view(), name="help"),
    path("help/<slug:name>", views.GuidePage.as_view(), name="guide"),
    path("search", views.Search.as_view(), name="search"),
]
