from django.urls import path

from console.publishing.views import Compare, Restore, RevisionPages

app_name = "publishing"
urlpatterns = [
    path("compare/", Compare.as_view(), name="choose"),
    path("<int:before>/compare/<int:after>/", Compare.as_view(), name="compare"),
    path("<int:pk>/restore/", Restore.as_view(), name="restore"),
    *RevisionPages.urls(),
]
