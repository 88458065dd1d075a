"""What the tables' definitions cannot say: append-only logs, an unlogged counter, the single head of the change log."""

import uuid

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION oid_store_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION oid_store_change_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The one thing that may be added to a change is its place in the log, once.
    IF TG_OP = 'UPDATE' AND OLD.position IS NULL AND NEW.position IS NOT NULL
       AND to_jsonb(NEW) - 'position' = to_jsonb(OLD) - 'position' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON oid_store_auditentry
    FOR EACH ROW EXECUTE FUNCTION oid_store_append_only();
CREATE TRIGGER append_only_call BEFORE UPDATE OR DELETE ON oid_store_call
    FOR EACH ROW EXECUTE FUNCTION oid_store_append_only();
CREATE TRIGGER change_guard BEFORE UPDATE OR DELETE ON oid_store_change
    FOR EACH ROW EXECUTE FUNCTION oid_store_change_guard();
"""
NO_GUARDS = """
DROP TRIGGER append_only ON oid_store_auditentry;
DROP TRIGGER append_only_call ON oid_store_call;
DROP TRIGGER change_guard ON oid_store_change;
DROP FUNCTION oid_store_append_only();
DROP FUNCTION oid_store_change_guard();
"""


def begin_log(apps, schema_editor):
    """Give this store's change log its identity."""
    apps.get_model("oid_store", "ChangeHead").objects.create(id=1, log_id=uuid.uuid4())


def forget_log(apps, schema_editor):
    """Undo ``begin_log``."""
    apps.get_model("oid_store", "ChangeHead").objects.all().delete()


class Migration(migrations.Migration):
    """Guards of the store's tables."""

    dependencies = [("oid_store", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY, NO_GUARDS),
        migrations.RunSQL(
            "ALTER TABLE oid_store_ratewindow SET UNLOGGED", "ALTER TABLE oid_store_ratewindow SET LOGGED"
        ),
        migrations.RunPython(begin_log, forget_log),
    ]
