-- What an amendment says never changes.
CREATE OR REPLACE TRIGGER certificates_amendment_append_only BEFORE UPDATE OR DELETE ON certificates_amendment
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER certificates_amendment_append_only_whole BEFORE TRUNCATE ON certificates_amendment
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();

-- What a continuity document says never changes; once made, neither does its file.
CREATE OR REPLACE FUNCTION certificates_continuity_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.made_at IS NOT NULL THEN
            RAISE EXCEPTION 'a continuity document stays' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.certifier_id, NEW.client_id, NEW.certificate_id, NEW.outage_id, NEW.reference, NEW.check_code,
        NEW.coop_code, NEW.data_sha256)
       IS DISTINCT FROM
       (OLD.id, OLD.certifier_id, OLD.client_id, OLD.certificate_id, OLD.outage_id, OLD.reference, OLD.check_code,
        OLD.coop_code, OLD.data_sha256)
       OR NEW.data IS DISTINCT FROM OLD.data
       OR OLD.made_at IS NOT NULL AND (NEW.file_id, NEW.sha256, NEW.made_at)
          IS DISTINCT FROM (OLD.file_id, OLD.sha256, OLD.made_at) THEN
        RAISE EXCEPTION 'a continuity document never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER certificates_continuity_guard BEFORE UPDATE OR DELETE ON certificates_continuitydocument
    FOR EACH ROW EXECUTE FUNCTION certificates_continuity_guard();

-- The public check of a continuity document: reference and code, both right, or nothing. ``number``: that of the regular
-- certificate, once OID has given it.
DROP FUNCTION IF EXISTS certificates_continuity_check(text, text);
CREATE FUNCTION certificates_continuity_check(p_reference text, p_code text)
RETURNS TABLE (certificate_id uuid, certifier_id uuid, client_id uuid, reference text, coop_code text, state text,
               number text, data jsonb, net_kg numeric, made_at timestamptz, sha256 text, flagged_because text,
               unregistered_because text, key_fingerprint text, key_subject text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.id, c.certifier_id, c.client_id, d.reference::text, d.coop_code::text, c.state::text,
           -- the regular number once that certificate is released, not before
           CASE WHEN c.issued_at IS NOT NULL THEN c.number::text END, d.data,
           c.net_kg, d.made_at, d.sha256::text, c.flagged_because::text, d.unregistered_because::text,
           coalesce(k.fingerprint_sha256, ''), coalesce(k.subject, '')
    FROM certificates_continuitydocument d JOIN certificates_certificate c ON c.id = d.certificate_id
    LEFT JOIN LATERAL certificates_key_at(c.certifier_id, d.made_at) k ON true
    WHERE d.reference = p_reference AND d.check_code = p_code AND d.made_at IS NOT NULL
$$;
REVOKE ALL ON FUNCTION certificates_continuity_check(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificates_continuity_check(text, text) TO {app_role};
