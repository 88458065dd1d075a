from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("certificates", "0006_check_and_made_files")]

    operations = [
        migrations.AddField("signingkey", "warned_days", models.PositiveSmallIntegerField(null=True)),
    ]
