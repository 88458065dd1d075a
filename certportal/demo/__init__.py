"""The demo: invented certifiers, exporters, importers and a broker, with requests in every state.

Made by ``manage.py seed_demo`` through the same domain functions as the pages use. It refuses to exist with
``PORTAL_ENV=production``.
"""
