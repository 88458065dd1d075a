from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("certificates", "0004_party_findings")]

    operations = [
        migrations.AddField("signingkey", "warned_days", models.PositiveSmallIntegerField(null=True)),
    ]
