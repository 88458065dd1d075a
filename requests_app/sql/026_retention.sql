-- Takes a draft that was never submitted away, with all that hangs on it: no grant deletes a request. Never one that was
-- changed within five years, whatever is asked for, and never another certifier's. Returns the paths of files that no row
-- names any more; NULL where there is no such draft. What something else refers to raises foreign_key_violation.
CREATE OR REPLACE FUNCTION requests_app_forget_draft(p_request uuid, p_before timestamptz) RETURNS text[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    files uuid[];
    paths text[];
BEGIN
    PERFORM 1 FROM requests_app_request
      WHERE id = p_request AND portal_kind() = 'loop' AND certifier_id = portal_certifier() AND state = 'draft'
        AND submitted_at IS NULL AND decided_at IS NULL
        AND changed_at < least(p_before, now() - interval '5 years') FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(array_agg(file_id), '{}') INTO files FROM requests_app_requestdocument WHERE request_id = p_request;
    DELETE FROM requests_app_stafffindings s USING requests_app_checkrun r
     WHERE s.run_id = r.id AND r.request_id = p_request;
    DELETE FROM requests_app_checkrun WHERE request_id = p_request;
    DELETE FROM requests_app_requestlot WHERE request_id = p_request;
    DELETE FROM requests_app_requestcontainer WHERE request_id = p_request;
    DELETE FROM requests_app_requestinvoice WHERE request_id = p_request;
    DELETE FROM requests_app_requestdocument WHERE request_id = p_request;
    DELETE FROM requests_app_request WHERE id = p_request;
    WITH gone AS (DELETE FROM core_storedfile WHERE id = ANY (files) RETURNING path)
        SELECT coalesce(array_agg(DISTINCT path), '{}') INTO paths FROM gone;
    -- foreign keys are looked at now, not at the end of the transaction
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
    RETURN ARRAY(SELECT one FROM unnest(paths) AS one
                  WHERE NOT EXISTS (SELECT 1 FROM core_storedfile f WHERE f.path = one));
END $$;
REVOKE ALL ON FUNCTION requests_app_forget_draft(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION requests_app_forget_draft(uuid, timestamptz) TO {app_role};
