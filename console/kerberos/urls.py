from console.kerberos.views import KeytabPages

app_name = "kerberos"
urlpatterns = KeytabPages.urls()
