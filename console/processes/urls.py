from django.urls import path

from console.processes import views
from console.processes.node_views import NodePages

app_name = "processes"

urlpatterns = [path("healthz", views.healthz, name="healthz")]
nodes = (NodePages.urls(), "nodes")
