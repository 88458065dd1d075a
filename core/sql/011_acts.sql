-- What may be put on record, as row policies ask for it. plpgsql: every act writes such a row, and its rule is planned once a
-- session. A loop works for others, so it may name them; what happens before anybody is known (sign-in) belongs to no
-- certifier; an importer, broker or invited contact writes about a certificate that they see.
CREATE OR REPLACE FUNCTION portal_own_act(p_certifier uuid, p_client uuid, p_actor uuid, p_object text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kind text := portal_kind();
BEGIN
    IF kind NOT IN ('nobody', 'check', 'loop') AND p_actor IS DISTINCT FROM portal_user() THEN
        RETURN false;
    END IF;
    IF p_certifier IS NULL OR kind = 'platform' THEN
        RETURN kind <> 'support';
    END IF;
    IF kind IN ('staff', 'loop', 'support') THEN
        RETURN p_certifier = portal_certifier();
    END IF;
    IF kind = 'exporter' THEN
        RETURN p_certifier = portal_certifier() AND p_client IS NOT DISTINCT FROM portal_client();
    END IF;
    -- a broker writes about a draft that it sees too, in the books of the exporter that it is for
    IF kind = 'broker' AND p_client IS NOT NULL
       AND portal_sees_request(portal_as_uuid(p_object), p_certifier, p_client) THEN
        RETURN true;
    END IF;
    RETURN kind IN ('importer', 'broker', 'person') AND portal_sees_certificate(portal_as_uuid(p_object), p_certifier);
END $$;

-- In whose name a notification may be sent: the same, without a person to name.
CREATE OR REPLACE FUNCTION portal_own_news(p_certifier uuid, p_object uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kind text := portal_kind();
BEGIN
    IF kind IN ('nobody', 'check', 'support') THEN
        RETURN false;
    END IF;
    IF p_certifier IS NULL OR kind = 'platform' THEN
        RETURN true;
    END IF;
    IF kind IN ('staff', 'loop', 'exporter') THEN
        RETURN p_certifier = portal_certifier();
    END IF;
    RETURN portal_sees_certificate(p_object, p_certifier);
END $$;
REVOKE ALL ON FUNCTION portal_own_act(uuid, uuid, uuid, text), portal_own_news(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_own_act(uuid, uuid, uuid, text), portal_own_news(uuid, uuid) TO {app_role};
