-- What surrounds one request, each entry a row as JSON: read by the checks and by a certificate's snapshot in one call.
-- A function, since its plan is then made once a session. It runs under the reader's own row policies.
CREATE OR REPLACE FUNCTION requests_app_surroundings(
    p_request uuid, p_certifier uuid, p_client uuid, p_line uuid, p_importer text, p_handler text, p_hts text,
    p_was_submitted boolean
) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
          'certifier', (SELECT to_jsonb(x) FROM organizations_certifier x WHERE x.id = p_certifier),
          'rules', (SELECT jsonb_build_array(s."values") FROM organizations_certifiersettings s
                    WHERE s.certifier_id = p_certifier ORDER BY s.version DESC LIMIT 1),
          'letterhead', (SELECT to_jsonb(x) FROM organizations_letterhead x
                         WHERE x.certifier_id = p_certifier ORDER BY x.version DESC LIMIT 1),
          'client', (SELECT to_jsonb(x) FROM organizations_client x WHERE x.id = p_client),
          'operation', (SELECT to_jsonb(x) FROM organizations_operation x
                        WHERE x.id = (SELECT c.operation_id FROM organizations_client c WHERE c.id = p_client)),
          'importer', (SELECT to_jsonb(x) FROM organizations_operation x WHERE x.nop_id = p_importer),
          'directory', (SELECT max(d.as_of) FROM organizations_directoryimport d WHERE d.state = 'done' AND d."full"),
          'line', (SELECT to_jsonb(x) FROM pvf_pvfline x WHERE x.id = p_line),
          'pvf', (SELECT to_jsonb(x) FROM pvf_pvf x WHERE x.id = (SELECT l.pvf_id FROM pvf_pvfline l WHERE l.id = p_line)),
          'terms', (SELECT to_jsonb(x) FROM pvf_pvflineterms x JOIN pvf_pvfversion v ON v.id = x.version_id
                    WHERE x.line_id = p_line AND v.state = 'approved' ORDER BY x.id LIMIT 1),
          'held', CASE WHEN p_was_submitted THEN
                    (SELECT coalesce(sum(m.kg), 0) FROM pvf_movement m WHERE m.certifier_id = p_certifier
                      AND m.target_holder_id = p_request AND m.target_holder = 'request' AND m.target = 'reserved')
                  - (SELECT coalesce(sum(m.kg), 0) FROM pvf_movement m WHERE m.certifier_id = p_certifier
                      AND m.source_holder_id = p_request AND m.source_holder = 'request' AND m.source = 'reserved')
                  ELSE 0 END,
          'hts', (SELECT jsonb_build_object('code', to_jsonb(x), 'first', to_jsonb(f), 'last', to_jsonb(l), 'after',
                    (SELECT to_jsonb(n) FROM pvf_htsedition n WHERE n.position > l.position ORDER BY n.position LIMIT 1))
                  FROM pvf_htscode x LEFT JOIN pvf_htsedition f ON f.name = x.first_edition_id
                  LEFT JOIN pvf_htsedition l ON l.name = x.last_edition_id WHERE x.code = p_hts),
          'hts_siblings', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.code) FROM pvf_htscode x
                           WHERE x.code BETWEEN left(p_hts, 8) || '00' AND left(p_hts, 8) || '99'
                             AND left(x.code, 8) = left(p_hts, 8) AND x.certified_organic AND x.code <> p_hts),
          'lots', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.lot) FROM requests_app_requestlot x WHERE x.request_id = p_request),
          'containers', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.number) FROM requests_app_requestcontainer x
                         WHERE x.request_id = p_request),
          'invoices', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.number) FROM requests_app_requestinvoice x
                       WHERE x.request_id = p_request),
          'lots_elsewhere', EXISTS (SELECT 1 FROM requests_app_requestlot a JOIN requests_app_requestlot b
                                    ON b.certifier_id = p_certifier AND b.client_id = p_client AND b.lot = a.lot
                                    AND b.request_id <> p_request WHERE a.request_id = p_request),
          'documents', (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.added_at) FROM requests_app_requestdocument x
                        WHERE x.request_id = p_request AND x.removed_at IS NULL
                          AND EXISTS (SELECT 1 FROM core_storedfile f WHERE f.id = x.file_id AND f.scan IN ('none', 'clean'))),
          'suppliers', (SELECT jsonb_agg(to_jsonb(x)) FROM organizations_operation x WHERE x.nop_id = p_handler OR x.nop_id IN
                        (SELECT i.supplier_nop_id FROM requests_app_requestinvoice i WHERE i.request_id = p_request))
        )
    );
END $$;

REVOKE ALL ON FUNCTION requests_app_surroundings(uuid, uuid, uuid, uuid, text, text, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION requests_app_surroundings(uuid, uuid, uuid, uuid, text, text, text, boolean) TO {app_role};

-- The lock that every act on a request begins with: the operations it names FOR SHARE in the order of their keys (their
-- status cannot change under a decision), then the request FOR UPDATE. A request that is not the caller's to see is none.
CREATE OR REPLACE FUNCTION requests_app_lock(p_request uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    operations uuid[];
    request jsonb;
BEGIN
    SELECT array_agg(l.id) INTO operations FROM (
        SELECT o.id FROM organizations_operation o WHERE o.id IN (
            SELECT c.operation_id FROM requests_app_request r JOIN organizations_client c ON c.id = r.client_id
            WHERE r.id = p_request
            UNION ALL SELECT r.importer_id FROM requests_app_request r WHERE r.id = p_request
        ) ORDER BY o.id FOR SHARE
    ) l;
    SELECT to_jsonb(r) INTO request FROM requests_app_request r WHERE r.id = p_request FOR UPDATE;
    RETURN jsonb_build_object('operations', coalesce(to_jsonb(operations), '[]'), 'request', request);
END $$;

REVOKE ALL ON FUNCTION requests_app_lock(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION requests_app_lock(uuid) TO {app_role};
