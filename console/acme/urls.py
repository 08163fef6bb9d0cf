from console.acme.views import AccountPages, ManagedPages

app_name = "acme"
urlpatterns = [*AccountPages.urls("accounts/"), *ManagedPages.urls()]
