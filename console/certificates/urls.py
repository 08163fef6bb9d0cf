from django.urls import path

from console.certificates.file_views import (
    AuthorityFile,
    ChainFile,
    ExportPage,
    ImportPage,
    NewPage,
    RequestFile,
    RequestPage,
    RequestRemoval,
)
from console.certificates.views import CertificatePages

app_name = "certificates"
urlpatterns = [
    path("new", NewPage.as_view(), name="new"),
    path("import", ImportPage.as_view(), name="import"),
    path("authority.crt", AuthorityFile.as_view(), name="authority"),
    path("requests/<int:pk>/", RequestPage.as_view(), name="request"),
    path("requests/<int:pk>/request.csr", RequestFile.as_view(), name="request-file"),
    path("requests/<int:pk>/remove", RequestRemoval.as_view(), name="request-remove"),
    path("<int:pk>/chain.pem", ChainFile.as_view(), name="chain"),
    path("<int:pk>/export", ExportPage.as_view(), name="export"),
    *CertificatePages.urls(),
]
