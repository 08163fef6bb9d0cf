from django.urls import path

from console.tls.report_views import HandIn, ReportPages
from console.tls.views import OutlookPage

app_name = "tls"
urlpatterns = [path("", OutlookPage.as_view(), name="outlook")]
reports = ([path("new", HandIn.as_view(), name="new"), *ReportPages.urls()], "tls_reports")
