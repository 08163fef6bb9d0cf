from console.dkim.views import KeyPages

app_name = "dkim"
urlpatterns = KeyPages.urls()
