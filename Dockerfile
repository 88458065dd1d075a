# CertPortal: one image for web, workers, beat, migrations and the OID-style store.
# The steps are those of ./portal up: system libraries, locked packages, front-end files, static files.

FROM node:22-bookworm-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.12-slim-bookworm AS runtime
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    PORTAL_DATA_DIR=/data PORTAL_STATIC_ROOT=/app/staticfiles
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
        tesseract-ocr tesseract-ocr-spa \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin portal \
    && chmod 700 /data
WORKDIR /app
COPY requirements/ requirements/
RUN pip install --require-hashes -r requirements/runtime.txt
COPY --from=assets /app/node_modules node_modules/
COPY . .
RUN python -m certportal.launcher.messages locale/*/LC_MESSAGES/*.po
# collectstatic reads settings but needs no server: these values live in this one step only
RUN PORTAL_ENV=test PORTAL_MANIFEST_STATIC=1 SECRET_KEY=build FIELD_ENCRYPTION_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgresql://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1/0 \
    python manage.py collectstatic --noinput \
    && chmod -R a+rX staticfiles
USER portal
EXPOSE 8000
CMD ["gunicorn", "-c", "deploy/gunicorn.conf.py", "certportal.wsgi:application"]
