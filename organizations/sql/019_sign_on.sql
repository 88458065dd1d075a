-- A person of the certifier sets its identity provider up, and changes it, by a confirmed change of two managers only, each
-- used once. One manager alone may stop it: nobody then comes in by it.
CREATE OR REPLACE FUNCTION organizations_guard_sign_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    used uuid;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.certifier_id <> OLD.certifier_id THEN
            RAISE EXCEPTION 'an identity provider stays with its certifier' USING ERRCODE = 'check_violation';
        END IF;
        used := OLD.guarded_change_id;
    END IF;
    IF portal_kind() <> 'staff' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.issuer, NEW.client_id, NEW.encrypted_secret, NEW.name, NEW.required, NEW.second_step)
            IS NOT DISTINCT FROM
            (OLD.issuer, OLD.client_id, OLD.encrypted_secret, OLD.name, OLD.required, OLD.second_step)
            AND (OLD.enabled OR NOT NEW.enabled) THEN
            RETURN NEW;
        END IF;
    END IF;
    -- a change that was decided before the one used last has been used, or overtaken
    IF NEW.guarded_change_id IS NOT DISTINCT FROM used
        OR NOT organizations_by_two_managers(NEW.certifier_id, NEW.guarded_change_id, 'sign_on')
        OR EXISTS (
            SELECT 1 FROM organizations_guardedchange last, organizations_guardedchange mine
             WHERE last.id = used AND mine.id = NEW.guarded_change_id AND mine.decided_at <= last.decided_at) THEN
        RAISE EXCEPTION 'single sign-on is changed by two managers' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER organizations_signonprovider_two_managers BEFORE INSERT OR UPDATE ON organizations_signonprovider
    FOR EACH ROW EXECUTE FUNCTION organizations_guard_sign_on();

-- A link is for a person with a live membership at the certifier, and keeps naming whom it named.
CREATE OR REPLACE FUNCTION organizations_guard_sign_on_link() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM organizations_membership m
         WHERE m.certifier_id = NEW.certifier_id AND m.user_id = NEW.user_id
           AND m.side = 'certifier' AND m.ended_at IS NULL) THEN
        RAISE EXCEPTION 'single sign-on is for people of the certifier' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER organizations_signonlink_own_people BEFORE INSERT ON organizations_signonlink
    FOR EACH ROW EXECUTE FUNCTION organizations_guard_sign_on_link();
