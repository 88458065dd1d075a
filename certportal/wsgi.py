"""The web application. It refuses to start with a database role that row-level security does not bind."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
application = get_wsgi_application()

from core.role_guard import require_restricted_role  # noqa: E402  (needs the applications loaded)

require_restricted_role()
