-- What the row policies of certificates ask about parties. Functions, since their plans are then made once a session and not
-- with every statement; all run under the caller's own row policies.

-- The certificates that the actor was invited to, each by itself.
CREATE OR REPLACE FUNCTION portal_invited_to() RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT c.certificate_id FROM certificates_certificatecontact c WHERE c.user_id = portal_user());
END $$;

-- Grants had no scopes once; what asked for them so is gone, and the policies that did are made anew after this.
DROP FUNCTION IF EXISTS portal_delegating_importers() CASCADE;
DROP FUNCTION IF EXISTS portal_delegating_clients() CASCADE;

-- Whether the actor sees a certificate (of this certifier, where one is named).
CREATE OR REPLACE FUNCTION portal_sees_certificate(p_certificate uuid, p_certifier uuid DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM certificates_certificate c
                    WHERE c.id = p_certificate AND (p_certifier IS NULL OR c.certifier_id = p_certifier));
END $$;
-- Whether a broker reports shipments of a certificate on these books.
CREATE OR REPLACE FUNCTION portal_ships_certificate(p_certificate uuid, p_certifier uuid, p_client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM certificates_certificate c
                    WHERE c.id = p_certificate AND c.certifier_id = p_certifier AND c.client_id = p_client
                      AND c.client_id = ANY (portal_delegated_clients('{shipments}')));
END $$;
REVOKE ALL ON FUNCTION portal_invited_to(), portal_sees_certificate(uuid, uuid),
    portal_ships_certificate(uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_invited_to(), portal_sees_certificate(uuid, uuid),
    portal_ships_certificate(uuid, uuid, uuid) TO {app_role};
