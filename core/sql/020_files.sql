-- A stored file never changes. What the virus scanner says of it is written once, by the loop that asks the scanner.
CREATE OR REPLACE FUNCTION core_storedfile_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF portal_kind() <> 'loop' OR OLD.scan <> 'waiting' OR NEW.scan NOT IN ('clean', 'infected') THEN
        RAISE EXCEPTION 'only the scanner says what a file is, and only once' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(NEW) - '{scan,scan_note,scanned_at}'::text[]) IS DISTINCT FROM
       (to_jsonb(OLD) - '{scan,scan_note,scanned_at}'::text[]) THEN
        RAISE EXCEPTION 'a stored file never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER core_storedfile_guard BEFORE UPDATE ON core_storedfile
    FOR EACH ROW EXECUTE FUNCTION core_storedfile_guard();
