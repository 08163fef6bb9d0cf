from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from console.processes import queries

FACTS = ("ok", "revision", "transports", "turns", "smtp", "problems", "missing")


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when everything that `manage.py status` asks for is in order, else 503; the facts as JSON either way."""
    health = queries.health()
    return JsonResponse({fact: getattr(health, fact) for fact in FACTS}, status=200 if health.ok else 503)
