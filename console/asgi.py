"""What uvicorn serves: `uvicorn console.asgi:application`."""

import os
import warnings

from django.core.asgi import get_asgi_application

from console.body_limit import BodyLimit
from console.head_limit import HeadLimit
from console.lifespan import Lifespan
from transport import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

# WhiteNoise hands out files by synchronous iterators: harmless for the small ones that we have.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

django = get_asgi_application()

from django.urls import get_resolver  # noqa: E402

from console.accounts.sessions import signed_in  # noqa: E402 (there are no models before)

# The garbage collector walks through what is loaded no more, which took longer than many a page.
_every_page = get_resolver().url_patterns
memory.settle()

application = Lifespan(HeadLimit(BodyLimit(django, signed_in)))
