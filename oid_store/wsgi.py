"""WSGI entry: ``gunicorn -c deploy/oid_store_gunicorn.conf.py oid_store.wsgi``."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "oid_store.settings"

application = get_wsgi_application()

# Only now can models be imported.
import_module("oid_store.domain.startup").load_configured()
