from console.system_messages.views import SystemMessagePages

app_name = "system_messages"
urlpatterns = SystemMessagePages.urls()
