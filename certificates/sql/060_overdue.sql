-- A client's certificates under which goods leave that end before a day and whose total nobody has declared, the first to end first.
-- A function, since its plan is then made once a session. It runs under the reader's own row policies.
CREATE OR REPLACE FUNCTION certificates_overdue(
    p_certifier uuid, p_client uuid, p_before date, p_except uuid, p_limit integer
) RETURNS TABLE (of_number text, of_end_date date, of_shipped_kg numeric, of_net_kg numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
        SELECT coalesce(c.number::text, c.snapshot ->> 'request_reference'), c.end_date, c.shipped_kg, c.net_kg FROM certificates_certificate c
         WHERE c.certifier_id = p_certifier AND c.client_id = p_client AND c.state IN ('issued', 'continuity') AND c.end_date < p_before
           AND c.total_declared_at IS NULL AND c.id IS DISTINCT FROM p_except
         ORDER BY c.end_date, c.id LIMIT p_limit;
END $$;
REVOKE ALL ON FUNCTION certificates_overdue(uuid, uuid, date, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificates_overdue(uuid, uuid, date, uuid, integer) TO {app_role};
