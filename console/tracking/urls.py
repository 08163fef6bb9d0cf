from django.urls import path

from console.tracking.event_views import EventPages, EventsFile, LifePage, MessageOf
from console.tracking.open_views import EndSession, OpenSessionsPage
from console.tracking.refusal_views import RefusalList, RefusalPage, RefusalQuestion
from console.tracking.views import SessionFile, SessionPage, SessionPages, SessionsFile

app_name = "tracking"
urlpatterns = [
    path("sessions.csv", SessionsFile.as_view(), name="list-file"),
    *SessionPages.urls(),
    path("<str:pk>/conversation", SessionPage.as_view(), name="session"),
    path("<str:pk>/session.csv", SessionFile.as_view(), name="session-file"),
]
events = (
    [
        path("events.csv", EventsFile.as_view(), name="list-file"),
        path("of/<uuid:pk>/", LifePage.as_view(), name="message"),
        path("<int:pk>/message", MessageOf.as_view(), name="message-of"),
        *EventPages.urls(),
    ],
    "events",
)
open_sessions = (
    [
        path("", OpenSessionsPage.as_view(), name="list"),
        path("end", EndSession.as_view(), name="end"),
    ],
    "open_sessions",
)
refusals = (
    [
        path("", RefusalList.as_view(), name="list"),
        path("<slug:name>/", RefusalPage.as_view(), name="page"),
        path("<slug:name>/what-if", RefusalQuestion.as_view(), name="question"),
    ],
    "refusals",
)
