"""gunicorn for the portal: ``gunicorn -c deploy/gunicorn.conf.py certportal.wsgi``.

Threads, because a request mostly waits for PostgreSQL. The backlog holds a burst of a few hundred connections, which then
wait instead of being refused.
"""

import os
from typing import Any

bind = os.environ.get("PORTAL_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "8"))
backlog = int(os.environ.get("WEB_BACKLOG", "1024"))
worker_connections = int(os.environ.get("WEB_CONNECTIONS", "1000"))
timeout = int(os.environ.get("WEB_TIMEOUT", "60"))
graceful_timeout = 20
keepalive = 5
# a worker is replaced now and then, so that no slow leak of a library grows for months
max_requests = int(os.environ.get("WEB_MAX_REQUESTS", "10000"))
# what a worker writes besides the store's files (which say their permissions themselves) is nobody else's either
umask = 0o077
max_requests_jitter = max_requests // 10
# The proxy in front states the scheme and the client; only its addresses are believed.
forwarded_allow_ips = os.environ.get("WEB_PROXIES", "127.0.0.1")
accesslog = None
errorlog = "-"
# where a worker shows that it lives: in memory, since a busy disk would let it look dead
_memory = "/dev/shm"  # noqa: S108 - gunicorn makes its file there safely
worker_tmp_dir = _memory if os.path.isdir(_memory) else None
# Several servers of one machine would share the one control socket; nothing here uses it.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """What the server itself says of a request that broke goes out without codes and tokens."""
    from certportal.logs import WithoutSecrets  # noqa: PLC0415 - found only once the application is loaded

    worker.log.error_log.addFilter(WithoutSecrets())
