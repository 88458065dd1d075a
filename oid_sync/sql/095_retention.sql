-- Takes old questions to OID and their answers away, word for word as they went over the wire: no grant deletes one. Never
-- one of the last ten years, whatever is asked for, of another certifier, or of a call that is not over.
CREATE OR REPLACE FUNCTION oid_sync_forget_exchanges(p_before timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM oid_sync_oidexchange e USING oid_sync_oidcall c
         WHERE c.id = e.call_id AND c.state IN ('done', 'cancelled') AND e.at < least(p_before, now() - interval '10 years')
           AND e.certifier_id = portal_certifier() AND portal_kind() = 'loop' RETURNING 1
    ) SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION oid_sync_forget_exchanges(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oid_sync_forget_exchanges(timestamptz) TO {app_role};
