from django.urls import path

from console.drafts.views import Activate, Compare, DraftPages, Leave, Use

app_name = "drafts"
urlpatterns = [
    path("leave/", Leave.as_view(), name="leave"),
    path("<int:pk>/use/", Use.as_view(), name="use"),
    path("<int:pk>/compare/", Compare.as_view(), name="compare"),
    path("<int:pk>/activate/", Activate.as_view(), name="activate"),
    *DraftPages.urls(),
]
