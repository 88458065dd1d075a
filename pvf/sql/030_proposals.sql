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
        IF NEW.in_force_from IS NULL AND (TG_OP = 'INSERT' AND NEW.state IN ('draft', 'proposed')
           OR TG_OP = 'UPDATE' AND OLD.state IN ('draft', 'proposed')
              AND NEW.state IN ('draft', 'proposed', 'superseded', 'withdrawn')) THEN
            RETURN NEW;
        END IF;
    ELSIF TG_TABLE_NAME = 'pvf_processingreport' THEN
        IF TG_OP = 'INSERT' AND NEW.state = 'reported'
           OR TG_OP = 'UPDATE' AND OLD.state = 'reported' AND NEW.state IN ('reported', 'withdrawn') THEN
            RETURN NEW;
        END IF;
    ELSIF TG_TABLE_NAME = 'pvf_carryover' THEN
        IF NEW.decided_kg IS NULL
           AND EXISTS (SELECT 1 FROM public.pvf_pvfversion v WHERE v.id = NEW.version_id
                       AND (v.state = 'draft' OR TG_OP = 'INSERT' AND v.state = 'proposed')) THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'INSERT' AND EXISTS (
            SELECT 1 FROM public.pvf_pvfversion v WHERE v.id = NEW.version_id AND v.state IN ('draft', 'proposed')) THEN
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' AND EXISTS (
            SELECT 1 FROM public.pvf_pvfversion v WHERE v.id = NEW.version_id AND v.state = 'draft') THEN
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
CREATE OR REPLACE TRIGGER pvf_exporter_proposes_only BEFORE INSERT OR UPDATE ON pvf_processingreport
    FOR EACH ROW EXECUTE FUNCTION pvf_exporter_proposes_only();
CREATE OR REPLACE TRIGGER pvf_exporter_proposes_only BEFORE INSERT OR UPDATE ON pvf_carryover
    FOR EACH ROW EXECUTE FUNCTION pvf_exporter_proposes_only();

-- Only a draft forgets: what was once proposed stays on record, whoever asks.
CREATE OR REPLACE FUNCTION pvf_only_a_draft_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.pvf_pvfversion v WHERE v.id = OLD.version_id AND v.state = 'draft') THEN
        RAISE EXCEPTION 'what was proposed is kept: only a draft loses its rows' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER pvf_only_a_draft_forgets BEFORE DELETE ON pvf_pvflineterms
    FOR EACH ROW EXECUTE FUNCTION pvf_only_a_draft_forgets();
CREATE OR REPLACE TRIGGER pvf_only_a_draft_forgets BEFORE DELETE ON pvf_carryover
    FOR EACH ROW EXECUTE FUNCTION pvf_only_a_draft_forgets();
