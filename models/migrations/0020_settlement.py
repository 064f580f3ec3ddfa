"""Settling with operators: signed statements, the scans each of them counts, and disputes of sides and of residents."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.record import new_id
from models.wall import wall

# Which scans a statement counts, as sequence numbers of a device's epoch: no scan is in two of them, because closing
# counts what none before holds; and whatever a transaction still hid from it, the next closing finds uncounted.
COUNTED = """
CREATE TABLE tap_counted (
    device_id uuid NOT NULL REFERENCES device,
    epoch bytea NOT NULL,
    statement_id uuid NOT NULL REFERENCES statement DEFERRABLE INITIALLY DEFERRED,
    sequences int8multirange NOT NULL,
    PRIMARY KEY (device_id, epoch, statement_id)
)
"""
COUNTED_OF_STATEMENT = "CREATE INDEX tap_counted_of_statement ON tap_counted (statement_id)"

OPEN_DISPUTE = "CREATE UNIQUE INDEX statement_dispute_open ON statement_dispute (line_id) WHERE settled_at IS NULL"
WAITING = "CREATE INDEX ride_dispute_waiting ON ride_dispute (opened_at, id) WHERE answered_at IS NULL"


class Migration(migrations.Migration):
    """Only adds."""

    dependencies = [("models", "0019_taps")]

    operations = [
        ops.CreateModel(
            name='RideDispute',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='ride_disputes', on_delete=OnDelete.CASCADE)),
                ('device', fields.ForeignKeyField('models.Device', source_field='device_id', db_constraint=True, to_field='id', related_name='ride_disputes', on_delete=OnDelete.CASCADE)),
                ('epoch', fields.BinaryField()),
                ('sequence', fields.BigIntField()),
                ('reason_sealed', fields.BinaryField()),
                ('opened_by', fields.ForeignKeyField('models.Account', source_field='opened_by_id', db_constraint=True, to_field='id', related_name='ride_disputes', on_delete=OnDelete.CASCADE)),
                ('opened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('upheld', fields.BooleanField(null=True)),
                ('answer_sealed', fields.BinaryField(null=True)),
                ('answered_by', fields.ForeignKeyField('models.Staff', source_field='answered_by_id', null=True, db_constraint=True, to_field='id', related_name='ride_disputes', on_delete=OnDelete.CASCADE)),
                ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'ride_dispute', 'app': 'models', 'unique_together': (('device_id', 'epoch', 'sequence'),), 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'Her words and the answer are sealed under her data key; the scan is named by its key in `tap`.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Statement',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('models.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='statements', on_delete=OnDelete.CASCADE)),
                ('month', fields.DateField()),
                ('closed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('closed_by', fields.CharField(max_length=60)),
                ('taps', fields.BigIntField()),
                ('signed', fields.BinaryField()),
                ('key_set', fields.BinaryField()),
            ],
            options={'table': 'statement', 'app': 'models', 'unique_together': (('operator_id', 'month'),), 'pk_attr': 'id', 'table_description': 'A closed month of an operator: `signed` and `key_set` are COSE bytes, which prove all that stands beside them.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='StatementLine',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('statement', fields.ForeignKeyField('models.Statement', source_field='statement_id', db_constraint=True, to_field='id', related_name='lines', on_delete=OnDelete.CASCADE)),
                ('number', fields.IntField()),
                ('line', fields.CharField(max_length=80)),
                ('day', fields.DateField()),
                ('verdict', fields.CharField(max_length=10)),
                ('evidence', fields.CharField(max_length=20)),
                ('rides', fields.BigIntField()),
            ],
            options={'table': 'statement_line', 'app': 'models', 'unique_together': (('statement_id', 'number'),), 'pk_attr': 'id', 'table_description': 'Rides on a line and a day, by class and strength of evidence; `number` counts from 1 in a statement.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='StatementDispute',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('line', fields.ForeignKeyField('models.StatementLine', source_field='line_id', db_constraint=True, to_field='id', related_name='disputes', on_delete=OnDelete.CASCADE)),
                ('side', fields.CharField(max_length=10)),
                ('claimed', fields.BigIntField()),
                ('reason', fields.CharField(max_length=500)),
                ('opened_by', fields.CharField(max_length=60)),
                ('opened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('offered', fields.BigIntField(null=True)),
                ('answer', fields.CharField(null=True, max_length=500)),
                ('answered_by', fields.CharField(null=True, max_length=60)),
                ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('agreed', fields.BigIntField(null=True)),
                ('settled_by', fields.CharField(null=True, max_length=60)),
                ('settled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'statement_dispute', 'app': 'models', 'indexes': [Index(fields=['line_id'])], 'pk_attr': 'id', 'table_description': 'What one side says of a line, what the other answers, and what both settle on, in rides.'},
            bases=['Record'],
        ),
        ops.RunSQL(
            [
                *(COUNTED, COUNTED_OF_STATEMENT, OPEN_DISPUTE, WAITING),
                *wall("ride_dispute", "resident_id"),
            ]
        ),
    ]
