from django.urls import path

from console.relay_proof.views import AuditorsPage, ProofPage

app_name = "relay_proof"
urlpatterns = [
    path("", ProofPage.as_view(), name="page"),
    path("<int:revision>/download", AuditorsPage.as_view(), name="download"),
]
