-- A person of the certifier changes its connector or its key at OID by a confirmed change of two managers only.
CREATE OR REPLACE FUNCTION oid_sync_guard_connection() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF portal_kind() = 'staff'
        AND (NEW.connector <> OLD.connector OR NEW.encrypted_key <> OLD.encrypted_key)
        AND (NEW.guarded_change_id IS NOT DISTINCT FROM OLD.guarded_change_id
             OR NOT organizations_by_two_managers(NEW.certifier_id, NEW.guarded_change_id, 'connection')) THEN
        RAISE EXCEPTION 'the connection to OID is changed by two managers' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER oid_sync_oidconnection_two_managers BEFORE UPDATE ON oid_sync_oidconnection
    FOR EACH ROW EXECUTE FUNCTION oid_sync_guard_connection();
