-- A person of the certifier puts a key in the place of another one by a confirmed change of two managers only.
CREATE OR REPLACE FUNCTION certificates_guard_signing_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF portal_kind() = 'staff'
        AND EXISTS (SELECT 1 FROM certificates_signingkey k WHERE k.certifier_id = NEW.certifier_id)
        AND (NOT organizations_by_two_managers(NEW.certifier_id, NEW.guarded_change_id, 'signing_key')
             OR EXISTS (SELECT 1 FROM certificates_signingkey k WHERE k.certifier_id = NEW.certifier_id
                                                                  AND k.guarded_change_id = NEW.guarded_change_id)) THEN
        RAISE EXCEPTION 'the signing key is changed by two managers' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER certificates_signingkey_two_managers BEFORE INSERT ON certificates_signingkey
    FOR EACH ROW EXECUTE FUNCTION certificates_guard_signing_key();
