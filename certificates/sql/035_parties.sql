-- What the row policies of certificates ask about parties. Functions, since their plans are then made once a session and not
-- with every statement; all run under the caller's own row policies.

-- The certificates that the actor was invited to, each by itself.
CREATE OR REPLACE FUNCTION portal_invited_to() RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT c.certificate_id FROM certificates_certificatecontact c WHERE c.user_id = portal_user());
END $$;

-- The importers, and the exporters, that delegate to the broker who acts on this day.
CREATE OR REPLACE FUNCTION portal_delegating_importers() RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT d.operation_id FROM organizations_delegation d WHERE d.broker_id = portal_broker()
                   AND d.operation_id IS NOT NULL AND d.revoked_at IS NULL
                   AND current_date BETWEEN d.valid_from AND d.valid_until);
END $$;
CREATE OR REPLACE FUNCTION portal_delegating_clients() RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT d.client_id FROM organizations_delegation d WHERE d.broker_id = portal_broker()
                   AND d.client_id IS NOT NULL AND d.revoked_at IS NULL
                   AND current_date BETWEEN d.valid_from AND d.valid_until);
END $$;

-- Whether the actor sees a certificate (of this certifier, where one is named).
CREATE OR REPLACE FUNCTION portal_sees_certificate(p_certificate uuid, p_certifier uuid DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM certificates_certificate c
                    WHERE c.id = p_certificate AND (p_certifier IS NULL OR c.certifier_id = p_certifier));
END $$;
REVOKE ALL ON FUNCTION portal_invited_to(), portal_delegating_importers(), portal_delegating_clients(),
    portal_sees_certificate(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_invited_to(), portal_delegating_importers(), portal_delegating_clients(),
    portal_sees_certificate(uuid, uuid) TO {app_role};
