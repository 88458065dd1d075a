#!/usr/bin/env bash
# Runs once, when the PostgreSQL volume is empty: the three roles and their databases.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=owner_password="$PORTAL_OWNER_PASSWORD" --set=app_password="$PORTAL_APP_PASSWORD" \
  --set=store_password="$OID_STORE_PASSWORD" <<'SQL'
CREATE ROLE certportal_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE certportal_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB PASSWORD :'app_password';
CREATE ROLE oid_store LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'store_password';
CREATE DATABASE certportal OWNER certportal_owner;
CREATE DATABASE oid_store OWNER oid_store;
REVOKE ALL ON DATABASE certportal, oid_store FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE certportal TO certportal_app;
SQL
