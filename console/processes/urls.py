from django.urls import path

from console.processes import views

app_name = "processes"

urlpatterns = [path("healthz", views.healthz, name="healthz")]
