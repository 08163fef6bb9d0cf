from console.audit.views import ChangeHistory

app_name = "audit"
urlpatterns = ChangeHistory.urls()
