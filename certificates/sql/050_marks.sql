-- Whether other certifiers' live certificates carry one of these marks: "seen elsewhere" and no more, to staff alone.
CREATE OR REPLACE FUNCTION certificates_seen_elsewhere(p_marks text[], p_since timestamptz) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT portal_kind() IN ('staff', 'loop') AND portal_certifier() IS NOT NULL AND EXISTS (
        SELECT 1 FROM certificates_goodsmark m
          JOIN certificates_certificate c ON c.id = m.certificate_id
         WHERE m.mark = ANY(p_marks) AND m.made_at >= p_since AND m.certifier_id <> portal_certifier()
           AND c.state NOT IN ('abandoned', 'void', 'replaced'))
$$;
REVOKE ALL ON FUNCTION certificates_seen_elsewhere(text[], timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificates_seen_elsewhere(text[], timestamptz) TO {app_role};
