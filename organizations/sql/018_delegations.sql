-- What a broker may do today, as row policies ask it. Functions, since their plans are then made once a session and not with
-- every statement; they answer for the broker who acts and for nobody else. A grant counts from its first day to its last, in
-- UTC whatever the session's time zone is: the application's clock means the same day (organizations/delegated.py).
CREATE OR REPLACE FUNCTION portal_today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT (statement_timestamp() AT TIME ZONE 'UTC')::date $$;

-- The importers, and the exporters, whose grant holds one of the scopes.
CREATE OR REPLACE FUNCTION portal_delegated_importers(p_scopes text[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT d.operation_id FROM organizations_delegation d
                  WHERE portal_kind() = 'broker' AND d.broker_id = portal_broker() AND d.operation_id IS NOT NULL
                    AND d.revoked_at IS NULL AND d.scopes::text[] && p_scopes
                    AND portal_today() BETWEEN d.valid_from AND d.valid_until);
END $$;
CREATE OR REPLACE FUNCTION portal_delegated_clients(p_scopes text[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT d.client_id FROM organizations_delegation d
                  WHERE portal_kind() = 'broker' AND d.broker_id = portal_broker() AND d.client_id IS NOT NULL
                    AND d.revoked_at IS NULL AND d.scopes::text[] && p_scopes
                    AND portal_today() BETWEEN d.valid_from AND d.valid_until);
END $$;
-- The certifiers of those exporters: their rules and printed head are part of what a draft is checked against.
CREATE OR REPLACE FUNCTION portal_delegated_certifiers(p_scopes text[]) RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT d.certifier_id FROM organizations_delegation d
                  WHERE portal_kind() = 'broker' AND d.broker_id = portal_broker() AND d.client_id IS NOT NULL
                    AND d.revoked_at IS NULL AND d.scopes::text[] && p_scopes
                    AND portal_today() BETWEEN d.valid_from AND d.valid_until);
END $$;
-- Grants of the broker who acts were used: the moment, at most once an hour, and nothing else of them.
CREATE OR REPLACE FUNCTION organizations_grants_used(p_grants uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE organizations_delegation SET last_used_at = clock_timestamp()
     WHERE id = ANY(p_grants) AND portal_kind() = 'broker' AND broker_id = portal_broker() AND revoked_at IS NULL
       AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 hour')
$$;

-- What brokers did to a request or certificate, with the names of person and broker: to its certifier, to its exporter, to the
-- importer for its own broker's receipts, and to the broker for its own people. Policies hide a broker's people from all others.
CREATE OR REPLACE FUNCTION organizations_acts_of_brokers(p_certifier uuid, p_object text)
RETURNS TABLE (row_id uuid, act text, at timestamptz, person text, broker text, on_behalf_of text, part text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT a.id, a.act::text, a.at, u.name::text, b.name::text, a.on_behalf_of::text, coalesce(a.after ->> 'shipment', '')
      FROM core_auditrow a
      JOIN organizations_user u ON u.id = a.actor_id
      JOIN LATERAL (SELECT m.broker_id FROM organizations_membership m
                     WHERE m.user_id = a.actor_id AND m.side = 'broker' AND m.broker_id IS NOT NULL
                       AND EXISTS (SELECT 1 FROM organizations_delegation d WHERE d.broker_id = m.broker_id
                                      AND (d.client_id = a.client_id OR d.grantor_name = a.on_behalf_of))
                     ORDER BY m.ended_at IS NOT NULL, m.created_at LIMIT 1) w ON true
      JOIN organizations_broker b ON b.id = w.broker_id
     WHERE a.certifier_id = p_certifier AND a.object_id = p_object AND a.actor_kind = 'broker' AND a.on_behalf_of <> ''
       AND CASE portal_kind()
             WHEN 'staff' THEN a.certifier_id = portal_certifier()
             WHEN 'loop' THEN a.certifier_id = portal_certifier()
             WHEN 'support' THEN a.certifier_id = portal_certifier() AND EXISTS (
                 SELECT 1 FROM organizations_supportsession s WHERE s.operator_id = portal_user()
                    AND s.certifier_id = portal_certifier() AND s.ended_at IS NULL AND s.expires_at > clock_timestamp())
             WHEN 'exporter' THEN a.certifier_id = portal_certifier() AND a.client_id = portal_client()
             WHEN 'importer' THEN a.act = 'certificate.received' AND EXISTS (
                 SELECT 1 FROM organizations_delegation d
                  WHERE d.broker_id = w.broker_id AND d.operation_id = portal_operation())
             WHEN 'broker' THEN w.broker_id = portal_broker()
             ELSE false END
     ORDER BY a.at, a.id LIMIT 200
$$;

REVOKE ALL ON FUNCTION portal_today(), portal_delegated_importers(text[]), portal_delegated_clients(text[]),
    portal_delegated_certifiers(text[]), organizations_grants_used(uuid[]),
    organizations_acts_of_brokers(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_today(), portal_delegated_importers(text[]), portal_delegated_clients(text[]),
    portal_delegated_certifiers(text[]), organizations_grants_used(uuid[]),
    organizations_acts_of_brokers(uuid, text) TO {app_role};
