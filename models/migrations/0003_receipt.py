from tortoise import migrations
from tortoise.migrations import operations as ops
from models.record import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0002_walls')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Receipt',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='receipts', on_delete=OnDelete.CASCADE)),
                ('programme', fields.CharField(max_length=60)),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
                ('source', fields.CharField(max_length=40)),
            ],
            options={'table': 'receipt', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': "A resident receives a programme's benefits from a day on, until a last day or for as long as nobody says."},
            bases=['Record'],
        ),
    ]
