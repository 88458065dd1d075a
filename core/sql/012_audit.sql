-- The audit trail: nothing is removed, and nothing is changed but for what erasure takes away: the personal values beside a
-- row and the salt of their digests. The digests stay, so the chain still verifies.
CREATE OR REPLACE FUNCTION core_audit_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.ip = '' AND NEW.salt = '' AND NEW.personal = '{}'::jsonb
        AND to_jsonb(NEW) - ARRAY['ip', 'salt', 'personal'] = to_jsonb(OLD) - ARRAY['ip', 'salt', 'personal'] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER core_auditrow_append_only BEFORE UPDATE OR DELETE ON core_auditrow
    FOR EACH ROW EXECUTE FUNCTION core_audit_guard();
CREATE OR REPLACE TRIGGER core_auditrow_append_only_whole BEFORE TRUNCATE ON core_auditrow
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER core_auditseal_append_only_whole BEFORE TRUNCATE ON core_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER core_audithead_append_only_whole BEFORE TRUNCATE ON core_audithead
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER core_auditseal_append_only BEFORE UPDATE OR DELETE ON core_auditseal
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER core_audithead_append_only BEFORE UPDATE OR DELETE ON core_audithead
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();

-- Erasure of a person from the audit trail of every certifier: for the platform operator alone. Returns the rows it touched.
CREATE OR REPLACE FUNCTION core_erase_from_audit(p_user uuid, p_values text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    touched bigint;
BEGIN
    IF portal_kind() <> 'platform' THEN
        RAISE EXCEPTION 'only the platform operator erases a person' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE core_auditrow SET ip = '', salt = '', personal = '{}'::jsonb
     WHERE salt <> '' AND (actor_id = p_user OR EXISTS (
        SELECT 1 FROM jsonb_each_text(personal) AS one (path, value) WHERE one.value = ANY (p_values)));
    GET DIAGNOSTICS touched = ROW_COUNT;
    RETURN touched;
END $$;
REVOKE ALL ON FUNCTION core_erase_from_audit(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core_erase_from_audit(uuid, text[]) TO {app_role};
