-- Whether the actor shares an organisation with a person: sees a membership of theirs. Whether the actor is or was a member of a
-- client. Functions, since their plans are then made once a session and not with every statement that names a person; both
-- run under the caller's own row policies.
CREATE OR REPLACE FUNCTION portal_knows(p_user uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM organizations_membership m WHERE m.user_id = p_user);
END $$;
CREATE OR REPLACE FUNCTION portal_is_of_client(p_client uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM organizations_membership m WHERE m.client_id = p_client AND m.user_id = portal_user());
END $$;
REVOKE ALL ON FUNCTION portal_knows(uuid), portal_is_of_client(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_knows(uuid), portal_is_of_client(uuid) TO {app_role};
