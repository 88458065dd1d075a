-- Whether a change of the certifier was put in force by two of its managers: what the triggers below and those of the
-- floors above ask before a control is weakened. Row policies hold in it: it sees the caller's certifier alone.
CREATE OR REPLACE FUNCTION organizations_by_two_managers(p_certifier uuid, p_change uuid, p_kind text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (
        SELECT 1 FROM organizations_guardedchange
         WHERE id = p_change AND certifier_id = p_certifier AND kind = p_kind AND state = 'confirmed'
           AND decided_by <> proposed_by)
$$;

-- A person of the certifier switches four eyes off, or changes the level of checks or the form of numbers, by a confirmed
-- change only; each confirmed change is used once.
CREATE OR REPLACE FUNCTION organizations_guard_rules() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    present jsonb;
    fallen boolean;
BEGIN
    IF portal_kind() <> 'staff' THEN
        RETURN NEW;
    END IF;
    SELECT s.values INTO present FROM organizations_certifiersettings s
     WHERE s.certifier_id = NEW.certifier_id ORDER BY s.version DESC LIMIT 1;
    present := coalesce(present, '{}'::jsonb);
    fallen := coalesce(present ->> 'four_eyes', 'true') = 'true' AND coalesce(NEW.values ->> 'four_eyes', 'true') = 'false'
        OR EXISTS (
            SELECT 1 FROM unnest(ARRAY['past_pvf_end_fails', 'overdue_actuals_fail', 'number_nop_mismatch_fails']) AS rule
             WHERE coalesce(present ->> rule, 'false') <> coalesce(NEW.values ->> rule, 'false'));
    IF fallen AND (
        NOT organizations_by_two_managers(NEW.certifier_id, NEW.guarded_change_id, 'rules')
        OR EXISTS (SELECT 1 FROM organizations_certifiersettings s
                    WHERE s.certifier_id = NEW.certifier_id AND s.guarded_change_id = NEW.guarded_change_id)) THEN
        RAISE EXCEPTION 'these rules are changed by two managers' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER organizations_certifiersettings_two_managers BEFORE INSERT ON organizations_certifiersettings
    FOR EACH ROW EXECUTE FUNCTION organizations_guard_rules();

-- A person proposes and decides in their own name.
CREATE OR REPLACE FUNCTION organizations_guard_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND (NEW.state <> 'waiting' OR NEW.decided_by IS NOT NULL
                              OR NEW.proposed_by IS DISTINCT FROM portal_user()))
        OR (TG_OP = 'UPDATE' AND (OLD.state <> 'waiting' AND NEW.state <> OLD.state
                                  OR NEW.decided_by IS DISTINCT FROM portal_user())) THEN
        RAISE EXCEPTION 'a change is proposed and decided by the person who acts' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER organizations_guardedchange_own_name BEFORE INSERT OR UPDATE ON organizations_guardedchange
    FOR EACH ROW EXECUTE FUNCTION organizations_guard_change();
