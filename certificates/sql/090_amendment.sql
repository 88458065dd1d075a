-- An amendment is never changed: OID's confirmation is noted once, and nothing else.
CREATE OR REPLACE FUNCTION certificates_guard_amendment() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL
        AND to_jsonb(NEW) - 'confirmed_at' = to_jsonb(OLD) - 'confirmed_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER certificates_amendment_append_only BEFORE UPDATE OR DELETE ON certificates_amendment
    FOR EACH ROW EXECUTE FUNCTION certificates_guard_amendment();
