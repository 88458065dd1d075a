-- The queue at a line's balance. A row that many wait for is fought over: each commit wakes all of them, and each follows
-- the row's versions to the newest. A lock with a queue of its own wakes one. Whoever locks a balance comes through here first,
-- in the order of the lines' keys; the row's lock, which protects the kilograms, is taken as ever.
CREATE OR REPLACE FUNCTION pvf_queue(p_line uuid) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('pvf_balance:' || p_line, 0));
END $$;

-- The volume ledger's one door. Kilograms move here and nowhere else: the application's role may not update a
-- kilogram, nor insert, update or delete a movement.
CREATE OR REPLACE FUNCTION pvf_move(
    p_id uuid, p_line uuid, p_source text, p_target text, p_kg numeric,
    p_source_holder text, p_source_holder_id uuid, p_target_holder text, p_target_holder_id uuid,
    p_cause text, p_reason text, p_key text, p_user uuid
) RETURNS TABLE (
    movement_id uuid, repeated boolean,
    available_after numeric, reserved_after numeric, certified_after numeric, shipped_after numeric
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    b pvf_balance%ROWTYPE;
    m pvf_movement%ROWTYPE;
    at timestamptz;
BEGIN
    -- The lock first: whoever waits here sees the balance and the earlier movement as they are afterwards.
    PERFORM pvf_queue(p_line);
    SELECT * INTO b FROM pvf_balance WHERE line_id = p_line FOR UPDATE;
    IF NOT FOUND OR NOT (CASE portal_kind()
            WHEN 'staff' THEN b.certifier_id IS NOT DISTINCT FROM portal_certifier()
            WHEN 'loop' THEN b.certifier_id IS NOT DISTINCT FROM portal_certifier()
            WHEN 'exporter' THEN b.certifier_id IS NOT DISTINCT FROM portal_certifier()
                AND b.client_id IS NOT DISTINCT FROM portal_client()
            WHEN 'broker' THEN b.client_id = ANY (portal_delegated_clients('{shipments}'))
            ELSE false END) THEN
        RAISE EXCEPTION 'no such PVF line for this identity' USING ERRCODE = 'PV404';
    END IF;
    IF (p_cause, p_source, p_target) NOT IN (
        ('authorise', 'outside', 'available'), ('top_up', 'outside', 'available'), ('reduce', 'available', 'outside'),
        ('submit', 'available', 'reserved'), ('quantity_changed', 'available', 'reserved'),
        ('quantity_changed', 'reserved', 'available'), ('withdraw', 'reserved', 'available'),
        ('reject', 'reserved', 'available'), ('lapse', 'reserved', 'available'), ('approve', 'reserved', 'certified'),
        ('back_to_review', 'certified', 'reserved'), ('shipment', 'certified', 'shipped'),
        ('shipment_corrected', 'shipped', 'certified'), ('close_out', 'certified', 'available'),
        ('amend_down', 'certified', 'available'), ('void', 'certified', 'available'),
        ('replace', 'certified', 'certified'), ('replace', 'certified', 'available'),
        ('process', 'available', 'outside'), ('process', 'outside', 'available'),
        ('carry_over', 'available', 'outside'), ('carry_over', 'outside', 'available')
    ) THEN
        RAISE EXCEPTION 'kilograms cannot move from % to % because of %', p_source, p_target, p_cause
            USING ERRCODE = 'PV422';
    END IF;
    -- An exporter submits, changes, withdraws and ships; everything else is the certifier's.
    IF portal_kind() = 'exporter'
       AND p_cause NOT IN ('submit', 'quantity_changed', 'withdraw', 'shipment', 'shipment_corrected') THEN
        RAISE EXCEPTION 'an exporter may not move kilograms because of %', p_cause USING ERRCODE = 'PV403';
    END IF;
    -- Its broker ships, where it was let to.
    IF portal_kind() = 'broker' AND p_cause NOT IN ('shipment', 'shipment_corrected') THEN
        RAISE EXCEPTION 'a broker may not move kilograms because of %', p_cause USING ERRCODE = 'PV403';
    END IF;

    SELECT * INTO m FROM pvf_movement WHERE certifier_id = b.certifier_id AND idempotency_key = p_key;
    IF FOUND THEN
        IF (m.line_id, m.source, m.target, m.kg, m.cause) IS DISTINCT FROM (p_line, p_source, p_target, p_kg, p_cause)
        THEN
            RAISE EXCEPTION 'movement % was made with other figures', p_key USING ERRCODE = 'PV409';
        END IF;
        RETURN QUERY SELECT m.id, true, m.available_after, m.reserved_after, m.certified_after, m.shipped_after;
        RETURN;
    END IF;

    b.available := b.available + CASE p_target WHEN 'available' THEN p_kg ELSE 0 END
                               - CASE p_source WHEN 'available' THEN p_kg ELSE 0 END;
    b.reserved := b.reserved + CASE p_target WHEN 'reserved' THEN p_kg ELSE 0 END
                             - CASE p_source WHEN 'reserved' THEN p_kg ELSE 0 END;
    b.certified := b.certified + CASE p_target WHEN 'certified' THEN p_kg ELSE 0 END
                               - CASE p_source WHEN 'certified' THEN p_kg ELSE 0 END;
    b.shipped := b.shipped + CASE p_target WHEN 'shipped' THEN p_kg ELSE 0 END
                           - CASE p_source WHEN 'shipped' THEN p_kg ELSE 0 END;
    -- The CHECK constraints of pvf_balance refuse a negative bucket.
    UPDATE pvf_balance SET available = b.available, reserved = b.reserved, certified = b.certified,
        shipped = b.shipped, last_sequence = b.last_sequence + 1 WHERE line_id = p_line;
    at := clock_timestamp();
    INSERT INTO pvf_movement (id, certifier_id, client_id, line_id, sequence, source, target, kg,
        source_holder, source_holder_id, target_holder, target_holder_id, cause, reason, idempotency_key,
        made_by, made_at, available_after, reserved_after, certified_after, shipped_after)
    VALUES (p_id, b.certifier_id, b.client_id, p_line, b.last_sequence + 1, p_source, p_target, p_kg,
        p_source_holder, p_source_holder_id, p_target_holder, p_target_holder_id, p_cause, p_reason, p_key,
        p_user, at, b.available, b.reserved, b.certified, b.shipped);
    RETURN QUERY SELECT p_id, false, b.available, b.reserved, b.certified, b.shipped;
END $$;

-- The same for a caller whose transaction goes on after a refusal: what the rules above or a constraint refused undoes
-- only itself and comes back as a row (``refused``: SQLSTATE, ``rule``: the constraint's name). Other errors stay errors.
CREATE OR REPLACE FUNCTION pvf_try_move(
    p_id uuid, p_line uuid, p_source text, p_target text, p_kg numeric,
    p_source_holder text, p_source_holder_id uuid, p_target_holder text, p_target_holder_id uuid,
    p_cause text, p_reason text, p_key text, p_user uuid
) RETURNS TABLE (
    refused text, rule text, movement_id uuid, repeated boolean,
    available_after numeric, reserved_after numeric, certified_after numeric, shipped_after numeric
) LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT NULL::text, NULL::text, m.movement_id, m.repeated, m.available_after, m.reserved_after,
        m.certified_after, m.shipped_after
    FROM pvf_move(p_id, p_line, p_source, p_target, p_kg, p_source_holder, p_source_holder_id, p_target_holder,
                  p_target_holder_id, p_cause, p_reason, p_key, p_user) m;
EXCEPTION
    WHEN integrity_constraint_violation OR SQLSTATE 'PV404' OR SQLSTATE 'PV403' OR SQLSTATE 'PV409' OR SQLSTATE 'PV422' THEN
        GET STACKED DIAGNOSTICS refused = RETURNED_SQLSTATE, rule = CONSTRAINT_NAME;
        RETURN NEXT;
END $$;

-- A balance row is opened with nothing in it, by staff, once a line.
CREATE OR REPLACE FUNCTION pvf_open_balance(p_line uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO pvf_balance (line_id, certifier_id, client_id, available, reserved, certified, shipped,
                             last_sequence, lock)
    SELECT id, certifier_id, client_id, 0, 0, 0, 0, 0, false FROM pvf_pvfline
    WHERE id = p_line AND certifier_id = portal_certifier() AND portal_kind() IN ('staff', 'loop')
    ON CONFLICT (line_id) DO NOTHING
$$;

REVOKE ALL ON FUNCTION pvf_queue(uuid), pvf_move(uuid, uuid, text, text, numeric, text, uuid, text, uuid, text, text, text, uuid),
    pvf_try_move(uuid, uuid, text, text, numeric, text, uuid, text, uuid, text, text, text, uuid),
    pvf_open_balance(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pvf_queue(uuid), pvf_move(uuid, uuid, text, text, numeric, text, uuid, text, uuid, text, text, text, uuid),
    pvf_try_move(uuid, uuid, text, text, numeric, text, uuid, text, uuid, text, text, text, uuid),
    pvf_open_balance(uuid) TO {app_role};

CREATE OR REPLACE TRIGGER pvf_movement_append_only BEFORE UPDATE OR DELETE ON pvf_movement
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE OR REPLACE TRIGGER pvf_movement_append_only_whole BEFORE TRUNCATE ON pvf_movement
    FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only();

-- The two locks of a decision, in their order; functions, since their plans are then made once a session. Both run under
-- the caller's own row policies.
CREATE OR REPLACE FUNCTION pvf_lock_line(p_line uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_id uuid;
BEGIN
    SELECT l.id INTO found_id FROM pvf_pvfline l WHERE l.id = p_line FOR SHARE;
    RETURN found_id;
END $$;

CREATE OR REPLACE FUNCTION pvf_lock_balances(p_lines uuid[]) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    line uuid;
BEGIN
    FOR line IN SELECT DISTINCT l FROM unnest(p_lines) l ORDER BY l LOOP
        PERFORM pvf_queue(line);
    END LOOP;
    RETURN QUERY SELECT to_jsonb(b) FROM pvf_balance b WHERE b.line_id = ANY(p_lines) ORDER BY b.line_id FOR UPDATE;
END $$;

-- What a request or certificate holds in a bucket: movements in, less movements out, each found by an index of its own.
CREATE OR REPLACE FUNCTION pvf_held(p_holder text, p_holder_id uuid, p_bucket text) RETURNS numeric
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(sum(m.kg), 0) FROM pvf_movement m WHERE m.certifier_id = portal_certifier()
              AND m.target_holder_id = p_holder_id AND m.target_holder = p_holder AND m.target = p_bucket)
         - (SELECT coalesce(sum(m.kg), 0) FROM pvf_movement m WHERE m.certifier_id = portal_certifier()
              AND m.source_holder_id = p_holder_id AND m.source_holder = p_holder AND m.source = p_bucket);
END $$;

REVOKE ALL ON FUNCTION pvf_lock_line(uuid), pvf_lock_balances(uuid[]), pvf_held(text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pvf_lock_line(uuid), pvf_lock_balances(uuid[]), pvf_held(text, uuid, text) TO {app_role};
