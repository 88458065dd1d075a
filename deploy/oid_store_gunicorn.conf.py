"""gunicorn for the OID-style store: ``gunicorn -c deploy/oid_store_gunicorn.conf.py oid_store.wsgi``."""

import os

bind = os.environ.get("OID_STORE_BIND", "127.0.0.1:8100")
workers = int(os.environ.get("OID_STORE_WORKERS", "2"))
worker_class = "gthread"
# A thread waits while a latency is rehearsed; the database pool of a worker (OID_STORE_DATABASE_POOL) is smaller.
threads = int(os.environ.get("OID_STORE_THREADS", "16"))
timeout = 60
graceful_timeout = 10
keepalive = 5
accesslog = None
errorlog = "-"
# Several servers of one machine would share the one control socket; nothing here uses it.
control_socket_disable = True
