-- An exporter proposes; what is in force is the certifier's. The application says so too: this is the second net.
CREATE OR REPLACE FUNCTION pvf_exporter_proposes_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF portal_kind() IS DISTINCT FROM 'exporter' THEN
        RETURN NEW;
    END IF;
    IF TG_TABLE_NAME = 'pvf_pvf' THEN
        IF TG_OP = 'INSERT' AND NEW.state = 'draft' OR TG_OP = 'UPDATE' AND OLD.state = 'draft' AND NEW.state = 'draft' THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'UPDATE' AND to_jsonb(NEW) = to_jsonb(OLD) THEN
            RETURN NEW;
        END IF;
    ELSIF TG_TABLE_NAME = 'pvf_pvfversion' THEN
        IF TG_OP = 'INSERT' AND NEW.state = 'proposed'
           OR TG_OP = 'UPDATE' AND OLD.state = 'proposed' AND NEW.state IN ('proposed', 'superseded') THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'INSERT'
        AND EXISTS (SELECT 1 FROM public.pvf_pvfversion v WHERE v.id = NEW.version_id AND v.state = 'proposed') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'an exporter proposes a PVF and puts none in force' USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER pvf_exporter_proposes_only BEFORE INSERT OR UPDATE ON pvf_pvf
    FOR EACH ROW EXECUTE FUNCTION pvf_exporter_proposes_only();
CREATE OR REPLACE TRIGGER pvf_exporter_proposes_only BEFORE INSERT OR UPDATE ON pvf_pvfversion
    FOR EACH ROW EXECUTE FUNCTION pvf_exporter_proposes_only();
CREATE OR REPLACE TRIGGER pvf_exporter_proposes_only BEFORE INSERT OR UPDATE ON pvf_pvflineterms
    FOR EACH ROW EXECUTE FUNCTION pvf_exporter_proposes_only();
