-- The certifier's signing key that was in use at a moment. For the two functions of the public check alone, as their owner.
CREATE OR REPLACE FUNCTION certificates_key_at(p_certifier uuid, p_at timestamptz)
RETURNS TABLE (fingerprint_sha256 text, subject text)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT s.fingerprint_sha256::text, s.subject::text FROM certificates_signingkey s
     WHERE s.certifier_id = p_certifier AND s.added_at <= p_at AND (s.retired_at IS NULL OR s.retired_at > p_at)
     ORDER BY s.added_at DESC LIMIT 1
$$;
REVOKE ALL ON FUNCTION certificates_key_at(uuid, timestamptz) FROM PUBLIC;

-- The issued versions of a certificate for the public check, oldest first, each with the key in use when it was signed.
-- Asked by number and code like certificates_public_check, and as silent without both.
CREATE OR REPLACE FUNCTION certificates_public_versions(p_number text, p_code text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'version', d.version, 'sha256', d.sha256, 'made_at', d.made_at,
               'key_fingerprint', coalesce(k.fingerprint_sha256, ''), 'key_subject', coalesce(k.subject, '')
           ) ORDER BY d.version), '[]'::jsonb)
    FROM certificates_certificate c
    JOIN certificates_certificatedocument d ON d.certificate_id = c.id
    LEFT JOIN LATERAL certificates_key_at(c.certifier_id, d.made_at) k ON true
    WHERE c.number = p_number AND c.check_code = p_code
      AND c.state IN ('issued', 'closed', 'void', 'replaced')
$$;
REVOKE ALL ON FUNCTION certificates_public_versions(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificates_public_versions(text, text) TO {app_role};

-- Forgets questions at the public check; never one of the last thirty days, whatever is asked for.
CREATE OR REPLACE FUNCTION certificates_forget_lookups(p_before timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM certificates_certificatelookup
         WHERE asked_at < least(p_before, now() - interval '30 days') AND portal_kind() = 'loop' RETURNING 1
    ) SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION certificates_forget_lookups(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificates_forget_lookups(timestamptz) TO {app_role};
