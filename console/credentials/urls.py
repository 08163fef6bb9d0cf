from django.urls import path

from console.credentials.views import CredentialPages, SignIn

app_name = "credentials"
urlpatterns = [path("<int:pk>/sign-in", SignIn.as_view(), name="sign-in"), *CredentialPages.urls()]
