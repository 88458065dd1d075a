"""The project: settings, URLs, Celery, the API router and the Python side of `./portal`."""
