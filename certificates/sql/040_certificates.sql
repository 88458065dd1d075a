-- A document's file is seen by whoever sees the document's certificate (runs under the reader's own row security).
CREATE OR REPLACE FUNCTION portal_sees_document(p_file uuid) RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT EXISTS (SELECT 1 FROM public.certificates_certificatedocument d WHERE d.file_id = p_file)
              OR EXISTS (SELECT 1 FROM public.certificates_continuitydocument d WHERE d.file_id = p_file) $$;

-- What a certificate says never changes; a number, once given, stays; an exporter touches nothing but shipped kilograms.
CREATE OR REPLACE FUNCTION certificates_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.certifier_id, NEW.client_id, NEW.request_id, NEW.line_id, NEW.snapshot_sha256, NEW.check_code)
       IS DISTINCT FROM
       (OLD.id, OLD.certifier_id, OLD.client_id, OLD.request_id, OLD.line_id, OLD.snapshot_sha256, OLD.check_code)
       OR NEW.snapshot IS DISTINCT FROM OLD.snapshot THEN
        RAISE EXCEPTION 'the content of a certificate never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.number IS NOT NULL AND NEW.number IS DISTINCT FROM OLD.number THEN
        RAISE EXCEPTION 'a certificate keeps its number' USING ERRCODE = 'restrict_violation';
    END IF;
    IF portal_kind() = 'exporter' AND (to_jsonb(NEW) - '{shipped_kg,total_declared_at,ending_inventory_kg}'::text[])
       IS DISTINCT FROM (to_jsonb(OLD) - '{shipped_kg,total_declared_at,ending_inventory_kg}'::text[]) THEN
        RAISE EXCEPTION 'an exporter changes nothing of a certificate but what was shipped'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER certificates_guard BEFORE UPDATE ON certificates_certificate
    FOR EACH ROW EXECUTE FUNCTION certificates_guard();

CREATE OR REPLACE TRIGGER certificates_change_append_only BEFORE UPDATE OR DELETE ON certificates_certificatechange
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER certificates_change_append_only_whole BEFORE TRUNCATE ON certificates_certificatechange
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();

CREATE OR REPLACE TRIGGER certificates_receipt_append_only BEFORE UPDATE OR DELETE ON certificates_receipt
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER certificates_receipt_append_only_whole BEFORE TRUNCATE ON certificates_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();

CREATE OR REPLACE TRIGGER certificates_document_append_only BEFORE UPDATE OR DELETE ON certificates_certificatedocument
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER certificates_document_append_only_whole BEFORE TRUNCATE ON certificates_certificatedocument
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();

-- The public check: number and code, both right, or nothing. Returns only what the check page shows.
-- (Dropped first: the columns of an answer cannot be replaced.)
DROP FUNCTION IF EXISTS certificates_public_check(text, text);
CREATE FUNCTION certificates_public_check(p_number text, p_code text)
RETURNS TABLE (certificate_id uuid, certifier_id uuid, client_id uuid, number text, state text, snapshot jsonb,
               net_kg numeric, issued_at timestamptz, flagged_because text, replaced_by text, documents text[],
               amendments integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.id, c.certifier_id, c.client_id, c.number::text, c.state::text,
           -- as it reads today, with the weight that was certified at first beside net_kg, that of today
           coalesce((SELECT jsonb_set(a.snapshot, '{net_kg}', c.snapshot -> 'net_kg') FROM certificates_amendment a
                      WHERE a.certificate_id = c.id ORDER BY a.number DESC LIMIT 1), c.snapshot),
           c.net_kg, c.issued_at,
           c.flagged_because::text,
           (SELECT r.number::text FROM certificates_certificate r
             WHERE r.replaces_id = c.id AND r.issued_at IS NOT NULL ORDER BY r.issued_at DESC LIMIT 1),
           ARRAY(SELECT d.sha256::text FROM certificates_certificatedocument d
                  WHERE d.certificate_id = c.id ORDER BY d.version),
           (SELECT count(*)::integer FROM certificates_amendment a WHERE a.certificate_id = c.id)
    FROM certificates_certificate c
    WHERE c.number = p_number AND c.check_code = p_code
      AND c.state IN ('issued', 'closed', 'void', 'replaced')
$$;
REVOKE ALL ON FUNCTION certificates_public_check(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificates_public_check(text, text) TO {app_role};
