"""Wards may object to those who act for them."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.guardianship import ObjectionOutcome
from models.record import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

ONE_OPEN = "CREATE UNIQUE INDEX guardian_objection_open ON guardian_objection (guardian_id) WHERE decided_at IS NULL"

# An objection is seen by whoever sees the guardian.
WALL = (
    "CREATE POLICY reach ON guardian_objection USING (EXISTS (SELECT FROM guardian g WHERE g.id = guardian_id))",
    "ALTER TABLE guardian_objection ENABLE ROW LEVEL SECURITY",
)


class Migration(migrations.Migration):
    dependencies = [('models', '0012_guardianship')]

    initial = False

    operations = [
        ops.CreateModel(
            name='GuardianObjection',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('guardian', fields.ForeignKeyField('models.Guardian', source_field='guardian_id', db_constraint=True, to_field='id', related_name='objections', on_delete=OnDelete.CASCADE)),
                ('reason_sealed', fields.BinaryField()),
                ('filed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('outcome', fields.CharEnumField(null=True, description='KEEP: keep\nNARROW: narrow\nEND: end', enum_type=ObjectionOutcome, max_length=10)),
                ('decided_by', fields.ForeignKeyField('models.Staff', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='objections_decided', on_delete=OnDelete.CASCADE)),
                ('decision_sealed', fields.BinaryField(null=True)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guardian_objection', 'app': 'models', 'indexes': [Index(fields=['guardian_id'])], 'pk_attr': 'id', 'table_description': "An adult ward's objection to a guardian, never removed; both texts are sealed under the ward's data key."},
            bases=['Record'],
        ),
        ops.RunSQL([ONE_OPEN, *WALL]),
    ]
