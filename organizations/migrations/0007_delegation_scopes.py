"""Grants say what they allow. Those there are keep what they have allowed so far."""

import django.contrib.postgres.fields
from django.db import migrations, models

import organizations.grant_scopes

# Until now a grant opened the certificates, and an importer's also the confirming of receipts.
BACKFILL = """
UPDATE organizations_delegation d SET
    scopes = CASE WHEN d.operation_id IS NULL THEN ARRAY['certificates'] ELSE ARRAY['certificates', 'receipts'] END,
    grantor_name = (
        SELECT o.name FROM organizations_operation o
        WHERE o.id = coalesce(d.operation_id, (SELECT c.operation_id FROM organizations_client c WHERE c.id = d.client_id)));
"""


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0006_people_trust'),
    ]

    operations = [
        migrations.AddField(
            model_name='delegation',
            name='grantor_name',
            field=models.CharField(blank=True, default='', max_length=300),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='delegation',
            name='scopes',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('certificates', 'see and download certificates'), ('receipts', 'confirm receipts of shipments'), ('drafts', 'prepare drafts of requests'), ('shipments', 'report shipments and totals')], max_length=20), default=organizations.grant_scopes.certificates_alone, size=None),
        ),
        migrations.AddField(
            model_name='delegation',
            name='last_used_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('scopes__contains', ['certificates']), models.Q(models.Q(('operation__isnull', False), ('scopes__contained_by', ['certificates', 'receipts'])), models.Q(('operation', None), ('scopes__contained_by', ['certificates', 'drafts', 'shipments'])), _connector='OR')), name='delegation_scopes_of_its_side'),
        ),
    ]
