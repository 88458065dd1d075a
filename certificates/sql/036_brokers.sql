-- A broker that reports shipments changes what shipped, and nothing else of a certificate or of an earlier shipment. The
-- application says so too: this is the second net.
CREATE OR REPLACE FUNCTION certificates_broker_ships_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := CASE TG_TABLE_NAME
        WHEN 'certificates_certificate' THEN ARRAY['shipped_kg', 'total_declared_at', 'ending_inventory_kg']
        ELSE ARRAY['corrected_at', 'correction_reason'] END;
BEGIN
    IF portal_kind() = 'broker' AND to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'a broker reports shipments and changes nothing else' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER certificates_broker_ships_only BEFORE UPDATE ON certificates_certificate
    FOR EACH ROW EXECUTE FUNCTION certificates_broker_ships_only();
CREATE OR REPLACE TRIGGER certificates_broker_ships_only BEFORE UPDATE ON certificates_shipment
    FOR EACH ROW EXECUTE FUNCTION certificates_broker_ships_only();
