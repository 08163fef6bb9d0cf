from django.contrib.auth.views import LogoutView
from django.urls import path

from console.accounts import views

app_name = "accounts"
urlpatterns = [
    path("account/sign-in", views.SignIn.as_view(), name="sign-in"),
    path("account/sign-out", LogoutView.as_view(), name="sign-out"),
    path("account/password", views.Password.as_view(), name="password"),
    path("account/preferences", views.PreferencesPage.as_view(), name="preferences"),
    path("account/theme", views.theme, name="theme"),
    path("administration/admin-roles/<int:pk>/password", views.SetPassword.as_view(), name="admin-password"),
    *views.AdministratorPages.urls("administration/admin-roles/"),
]
