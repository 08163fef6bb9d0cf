from console.credentials.views import CredentialPages

app_name = "credentials"
urlpatterns = CredentialPages.urls()
