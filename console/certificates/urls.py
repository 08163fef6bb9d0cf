from console.certificates.views import CertificatePages

app_name = "certificates"
urlpatterns = CertificatePages.urls()
