from django.urls import path

from console.directory.views import DirectoryPages, Export, ImportPage, ImportProgress

app_name = "directory"
urlpatterns = [
    path("import", ImportPage.as_view(), name="import"),
    path("import/<int:pk>/", ImportProgress.as_view(), name="import-progress"),
    path("export.csv", Export.as_view(), name="export"),
    *DirectoryPages.urls(),
]
