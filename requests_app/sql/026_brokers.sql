-- What the row policies of requests ask for a broker. Functions, since their plans are then made once a session; the first two
-- run under the caller's own row policies, so a grant that has ended or holds no drafts opens nothing.
CREATE OR REPLACE FUNCTION portal_sees_request(p_request uuid, p_certifier uuid DEFAULT NULL, p_client uuid DEFAULT NULL)
RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM requests_app_request r
                    WHERE r.id = p_request AND (p_certifier IS NULL OR r.certifier_id = p_certifier)
                      AND (p_client IS NULL OR r.client_id = p_client));
END $$;
CREATE OR REPLACE FUNCTION portal_drafts_request(p_request uuid, p_certifier uuid, p_client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM requests_app_request r WHERE r.id = p_request AND r.certifier_id = p_certifier
                      AND r.client_id = p_client AND r.state = 'draft' AND r.submitted_at IS NULL);
END $$;
-- Whether a file is a document of a request that the caller sees.
CREATE OR REPLACE FUNCTION portal_sees_paper(p_file uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM requests_app_requestdocument d WHERE d.file_id = p_file);
END $$;

-- A certificate that is being replaced takes no shipments, whoever reports them: yes or no, for a broker who reports this
-- exporter's shipments and may not read the request itself.
CREATE OR REPLACE FUNCTION requests_app_replacement_open(p_certificate uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM requests_app_request r
                    WHERE r.replaces_certificate_id = p_certificate
                      AND r.state IN ('submitted', 'in_review', 'information_requested')
                      AND r.client_id = ANY (portal_delegated_clients('{shipments}')))
$$;

REVOKE ALL ON FUNCTION portal_sees_request(uuid, uuid, uuid), portal_drafts_request(uuid, uuid, uuid), portal_sees_paper(uuid),
    requests_app_replacement_open(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_sees_request(uuid, uuid, uuid), portal_drafts_request(uuid, uuid, uuid), portal_sees_paper(uuid),
    requests_app_replacement_open(uuid) TO {app_role};
