-- Whether the operator who acts has a support session at this certifier that is open at this moment. Runs under the
-- caller's own row policies, which show an operator their own sessions. plpgsql: its plan is made once a session.
CREATE OR REPLACE FUNCTION portal_support_is_open() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT 1 FROM organizations_supportsession s
         WHERE s.operator_id = portal_user() AND s.certifier_id = portal_certifier()
           AND s.ended_at IS NULL AND s.expires_at > clock_timestamp());
END $$;
REVOKE ALL ON FUNCTION portal_support_is_open() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_support_is_open() TO {app_role};

-- Nobody makes themselves a platform operator: only one who is one makes another.
CREATE OR REPLACE FUNCTION organizations_user_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_platform_operator AND NOT OLD.is_platform_operator AND portal_kind() <> 'platform' THEN
        RAISE EXCEPTION 'only a platform operator makes another' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER organizations_user_guard BEFORE UPDATE ON organizations_user
    FOR EACH ROW EXECUTE FUNCTION organizations_user_guard();
