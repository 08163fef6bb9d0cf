from django.urls import path

from console.users.views import GroupPages, SetPassword, UserPages

app_name = "users"
urlpatterns = [
    path("users/<int:pk>/password", SetPassword.as_view(), name="password"),
    *UserPages.urls("users/"),
    *GroupPages.urls("groups/"),
]
