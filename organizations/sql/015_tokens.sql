-- Who a live API token belongs to: asked before anybody is known, answers nothing else. Notes the day of use.
CREATE OR REPLACE FUNCTION organizations_token_owner(p_hash text) RETURNS TABLE (user_id uuid, membership_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_id uuid;
    last_used timestamptz;
BEGIN
    SELECT t.id, t.user_id, t.membership_id, t.last_used_at
      INTO found_id, user_id, membership_id, last_used
      FROM organizations_apitoken t
      JOIN organizations_membership m ON m.id = t.membership_id AND m.ended_at IS NULL
      JOIN organizations_user u ON u.id = t.user_id AND u.is_active
     WHERE t.token_sha256 = p_hash AND t.revoked_at IS NULL AND t.expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- Written at most once an hour: a busy key must not make a hot row.
    IF last_used IS NULL OR last_used < clock_timestamp() - interval '1 hour' THEN
        UPDATE organizations_apitoken SET last_used_at = clock_timestamp() WHERE id = found_id;
    END IF;
    RETURN NEXT;
END $$;

-- A live invitation by the hash of its token: which one it is and where it leads, nothing else of it.
DROP FUNCTION IF EXISTS organizations_invitation_by_token(text);
CREATE FUNCTION organizations_invitation_by_token(p_hash text)
RETURNS TABLE (id uuid, side text, certifier_id uuid, client_id uuid, operation_id uuid, broker_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT i.id, i.side::text, i.certifier_id, i.client_id, i.operation_id, i.broker_id FROM organizations_invitation i
    WHERE i.token_sha256 = p_hash AND i.accepted_at IS NULL AND i.revoked_at IS NULL
      AND i.expires_at > clock_timestamp()
$$;
REVOKE ALL ON FUNCTION organizations_token_owner(text), organizations_invitation_by_token(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organizations_token_owner(text), organizations_invitation_by_token(text) TO {app_role};
