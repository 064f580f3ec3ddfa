"""Files from other departments and data that went to them: batches, what they replaced, exports."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.record import new_id
from models.wall import wall
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

# What a batch replaced is seen by whoever sees the statement itself.
OF_FACTS = (
    "CREATE POLICY reach ON fact_replacement USING (EXISTS (SELECT FROM fact WHERE fact.id = fact_id))",
    "ALTER TABLE fact_replacement ENABLE ROW LEVEL SECURITY",
)


class Migration(migrations.Migration):
    dependencies = [('models', '0008_second_wall')]

    initial = False

    operations = [
        ops.CreateModel(
            name='DataExport',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('recipient', fields.CharField(max_length=60)),
                ('purpose', fields.CharField(max_length=200)),
                ('columns', fields.CharField(max_length=400)),
                ('actor', fields.CharField(max_length=60)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'data_export', 'app': 'models', 'pk_attr': 'id', 'table_description': 'Data that left the register: to whom, for what, which fields, and who gave it out.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='DataExportSubject',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('export', fields.ForeignKeyField('models.DataExport', source_field='export_id', db_constraint=True, to_field='id', related_name='subjects', on_delete=OnDelete.CASCADE)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='exports', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'data_export_subject', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'A resident whose data was in an export.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='ImportBatch',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('source', fields.CharField(max_length=40)),
                ('department', fields.CharField(max_length=40)),
                ('batch', fields.CharField(max_length=40)),
                ('content_hash', fields.BinaryField()),
                ('residents', fields.BinaryField()),
                ('result', fields.BinaryField()),
                ('actor', fields.CharField(max_length=60)),
                ('applied_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('undone_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'import_batch', 'app': 'models', 'unique_together': (('source', 'batch'),), 'pk_attr': 'id', 'table_description': "A file of another department that was applied; `batch` is the sender's name for it."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='FactReplacement',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('batch', fields.ForeignKeyField('models.ImportBatch', source_field='batch_id', db_constraint=True, to_field='id', related_name='replacements', on_delete=OnDelete.CASCADE)),
                ('fact', fields.ForeignKeyField('models.FactRecord', source_field='fact_id', db_constraint=True, to_field='id', related_name='replacements', on_delete=OnDelete.CASCADE)),
                ('valid_until', fields.DateField(null=True)),
            ],
            options={'table': 'fact_replacement', 'app': 'models', 'indexes': [Index(fields=['batch_id'])], 'pk_attr': 'id', 'table_description': 'The last day that a statement had before a batch ended it, so that undoing the batch can give it back.'},
            bases=['Record'],
        ),
        ops.AddField(
            model_name='FactRecord',
            name='batch',
            field=fields.ForeignKeyField('models.ImportBatch', source_field='batch_id', null=True, db_constraint=True, to_field='id', related_name='facts', on_delete=OnDelete.CASCADE),
        ),
        ops.RunSQL([*wall("data_export_subject", "resident_id"), *OF_FACTS]),
    ]
