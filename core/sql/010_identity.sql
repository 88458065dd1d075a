-- Who acts, as row policies read it. An unset setting and an ended SET LOCAL ('') are both NULL: nothing is shown.
CREATE OR REPLACE FUNCTION portal_kind() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('portal.kind', true), ''), 'nobody') $$;
CREATE OR REPLACE FUNCTION portal_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.user_id', true), '')::uuid $$;
CREATE OR REPLACE FUNCTION portal_certifier() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.certifier_id', true), '')::uuid $$;
CREATE OR REPLACE FUNCTION portal_client() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.client_id', true), '')::uuid $$;
CREATE OR REPLACE FUNCTION portal_operation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.operation_id', true), '')::uuid $$;
CREATE OR REPLACE FUNCTION portal_broker() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('portal.broker_id', true), '')::uuid $$;

-- Append-only tables: refuses UPDATE, DELETE and TRUNCATE even of the owner, and of a role that was granted them by mistake.
CREATE OR REPLACE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

-- A text as an id; NULL for any other text.
CREATE OR REPLACE FUNCTION portal_as_uuid(p_text text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT CASE WHEN p_text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN p_text::uuid END $$;
