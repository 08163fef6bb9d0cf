from console.domains.views import DomainPages

app_name = "domains"
urlpatterns = DomainPages.urls()
