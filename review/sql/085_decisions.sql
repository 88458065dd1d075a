-- An approval by a person rests on what others really said. With four eyes in force (the newest settings; on by default)
-- somebody else has recommended this version; and nobody approves what they set aside themselves.
CREATE OR REPLACE FUNCTION review_guard_decision() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT NEW.approved OR portal_kind() <> 'staff' THEN
        RETURN NEW;
    END IF;
    IF NEW.decided_by IS DISTINCT FROM portal_user() THEN
        RAISE EXCEPTION 'an approval is of the person who acts' USING ERRCODE = 'check_violation';
    END IF;
    IF NOT NEW.four_eyes AND coalesce((
        SELECT s.values ->> 'four_eyes' FROM organizations_certifiersettings s
         WHERE s.certifier_id = NEW.certifier_id ORDER BY s.version DESC LIMIT 1), 'true') = 'true' THEN
        RAISE EXCEPTION 'four eyes are in force' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.four_eyes AND NOT EXISTS (
        SELECT 1 FROM review_recommendation r
         WHERE r.request_id = NEW.request_id AND r.request_version = NEW.request_version AND r.approve
           AND r.made_by = NEW.recommended_by) THEN
        RAISE EXCEPTION 'nobody has recommended this version' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM review_checkoverride o
         WHERE o.request_id = NEW.request_id AND o.request_version = NEW.request_version
           AND o.made_by = NEW.decided_by
           AND jsonb_path_exists(NEW.findings, '$[*] ? (@.code == $code && exists(@.overridden))',
                                 jsonb_build_object('code', o.check_code))) THEN
        RAISE EXCEPTION 'a second person approves what somebody set aside' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER review_decision_second_person BEFORE INSERT ON review_decision
    FOR EACH ROW EXECUTE FUNCTION review_guard_decision();
