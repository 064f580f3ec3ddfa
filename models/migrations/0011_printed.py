"""A line of credentials may be a code on paper, which has no key."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0010_staff')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='Credential',
            options={'table': 'credential', 'app': 'models', 'indexes': [Index(fields=['resident_id']), Index(fields=['revoked_at']), Index(fields=['suspended_at'])], 'pk_attr': 'id', 'table_description': 'One line of passes for one holder key, or a printed code, which has none; its place in the status list stays.'},
        ),
        ops.AlterField(
            model_name='Credential',
            name='holder_key',
            field=fields.BinaryField(null=True),
        ),
    ]
