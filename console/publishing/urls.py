from django.urls import path

from console.publishing.views import Compare, EndTrial, Restore, RevisionPages

app_name = "publishing"
urlpatterns = [
    path("compare/", Compare.as_view(), name="choose"),
    path("<int:before>/compare/<int:after>/", Compare.as_view(), name="compare"),
    path("<int:pk>/restore/", Restore.as_view(), name="restore"),
    path("trial/confirm/", EndTrial.as_view(), {"how": "confirm"}, name="confirm"),
    path("trial/go-back/", EndTrial.as_view(), {"how": "go-back"}, name="go-back"),
    *RevisionPages.urls(),
]
