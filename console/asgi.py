"""What uvicorn serves: `uvicorn console.asgi:application`."""

import os
import warnings

from django.core.asgi import get_asgi_application

from console.body_limit import BodyLimit
from console.head_limit import HeadLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

# WhiteNoise hands out files by synchronous iterators: harmless for the small ones that we have.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

django = get_asgi_application()

from console.accounts.sessions import signed_in  # noqa: E402 (there are no models before)

application = HeadLimit(BodyLimit(django, signed_in))
