"""Operators' staff, lines, vehicles, venues and gates; where scanners stand and when they were stolen; tariffs by date."""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from models.record import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

# Four eyes, and what was published stays as it was.
TARIFF = """
ALTER TABLE tariff
    ADD CONSTRAINT tariff_published_by_somebody CHECK ((published_at IS NULL) = (published_by_id IS NULL)),
    ADD CONSTRAINT tariff_published_by_another CHECK (published_by_id <> drafted_by_id),
    ADD CONSTRAINT tariff_discarded_as_a_draft CHECK (published_at IS NULL OR discarded_at IS NULL);
CREATE UNIQUE INDEX tariff_one_a_day ON tariff (operator_id, effective) WHERE published_at IS NOT NULL
"""
FIXED_FUNCTION = """
CREATE FUNCTION tariff_is_fixed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a published tariff does not change'; END $$
"""
FIXED = """
CREATE TRIGGER tariff_fixed BEFORE UPDATE OR DELETE ON tariff
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION tariff_is_fixed()
"""
PLACEMENT = """
ALTER TABLE placement
    ADD CONSTRAINT placement_is_one_kind CHECK (
        (line_id IS NULL AND vehicle_id IS NULL) <> (venue_id IS NULL) AND (gate_id IS NULL OR venue_id IS NOT NULL));
CREATE UNIQUE INDEX placement_now ON placement (device_id) WHERE until IS NULL
"""
STAFF = "CREATE UNIQUE INDEX operator_staff_once ON operator_staff (operator_id, account_id) WHERE left_on IS NULL"
DEVICE = """
ALTER TABLE device ADD CONSTRAINT device_stolen_since CHECK ((stolen_at IS NULL) = (stolen_reported_at IS NULL))
"""


class Migration(migrations.Migration):
    dependencies = [('models', '0017_named_residents')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Line',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('models.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='lines', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=40)),
                ('area', fields.CharField(max_length=40)),
            ],
            options={'table': 'line', 'app': 'models', 'unique_together': (('operator_id', 'name'),), 'pk_attr': 'id', 'table_description': 'A bus line; `area` is the town in which it runs, empty for more than one.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='OperatorStaff',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('models.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='staff', on_delete=OnDelete.CASCADE)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='operators', on_delete=OnDelete.CASCADE)),
                ('appointed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('left_on', fields.DateField(null=True)),
            ],
            options={'table': 'operator_staff', 'app': 'models', 'indexes': [Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': "An account that works for an operator, until `left_on`; the federation's district staff appoint it."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='TariffVersion',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('models.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='tariffs', on_delete=OnDelete.CASCADE)),
                ('effective', fields.DateField()),
                ('content', fields.BinaryField()),
                ('drafted_by', fields.ForeignKeyField('models.Account', source_field='drafted_by_id', db_constraint=True, to_field='id', related_name='tariffs_drafted', on_delete=OnDelete.CASCADE)),
                ('drafted_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('published_by', fields.ForeignKeyField('models.Account', source_field='published_by_id', null=True, db_constraint=True, to_field='id', related_name='tariffs_published', on_delete=OnDelete.CASCADE)),
                ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('discarded_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'tariff', 'app': 'models', 'indexes': [Index(fields=['operator_id', 'effective'])], 'pk_attr': 'id', 'table_description': 'A tariff in the encoding of `card.tariff`: a draft until a second person publishes it, and fixed from then on.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Vehicle',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('models.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='vehicles', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=40)),
            ],
            options={'table': 'vehicle', 'app': 'models', 'unique_together': (('operator_id', 'name'),), 'pk_attr': 'id', 'table_description': 'A vehicle by its number plate.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Venue',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('models.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='venues', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=40)),
                ('area', fields.CharField(max_length=40)),
                ('address', fields.CharField(max_length=120)),
                ('step_free', fields.BooleanField(db_default=False)),
                ('hearing_loop', fields.BooleanField(db_default=False)),
                ('guide_dog_welcome', fields.BooleanField(db_default=False)),
                ('parking_bay', fields.BooleanField(db_default=False)),
                ('prices', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'venue', 'app': 'models', 'unique_together': (('operator_id', 'name'),), 'pk_attr': 'id', 'table_description': 'A park, museum or hall: what its public page says of it; `prices` are pairs of a title and yuan.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Gate',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('venue', fields.ForeignKeyField('models.Venue', source_field='venue_id', db_constraint=True, to_field='id', related_name='gates', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=40)),
            ],
            options={'table': 'gate', 'app': 'models', 'unique_together': (('venue_id', 'name'),), 'pk_attr': 'id', 'table_description': 'An entrance of a venue.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Placement',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('device', fields.ForeignKeyField('models.Device', source_field='device_id', db_constraint=True, to_field='id', related_name='placements', on_delete=OnDelete.CASCADE)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('line', fields.ForeignKeyField('models.Line', source_field='line_id', null=True, db_constraint=True, to_field='id', related_name='placements', on_delete=OnDelete.CASCADE)),
                ('vehicle', fields.ForeignKeyField('models.Vehicle', source_field='vehicle_id', null=True, db_constraint=True, to_field='id', related_name='placements', on_delete=OnDelete.CASCADE)),
                ('venue', fields.ForeignKeyField('models.Venue', source_field='venue_id', null=True, db_constraint=True, to_field='id', related_name='placements', on_delete=OnDelete.CASCADE)),
                ('gate', fields.ForeignKeyField('models.Gate', source_field='gate_id', null=True, db_constraint=True, to_field='id', related_name='placements', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'placement', 'app': 'models', 'indexes': [Index(fields=['device_id', 'since']), Index(fields=['venue_id'])], 'pk_attr': 'id', 'table_description': "Where a scanner stood from `since` until just before `until`: on a line or in a vehicle, or at a venue's gate."},
            bases=['Record'],
        ),
        ops.AddField(
            model_name='Device',
            name='name',
            field=fields.CharField(db_default='', max_length=40),
        ),
        ops.AddField(
            model_name='Device',
            name='replaces',
            field=fields.ForeignKeyField('models.Device', source_field='replaces_id', null=True, db_constraint=True, to_field='id', related_name='replaced_by', on_delete=OnDelete.CASCADE),
        ),
        ops.AddField(
            model_name='Device',
            name='stolen_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Device',
            name='stolen_reported_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Device',
            name='suspended_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterModelOptions(
            name='Operator',
            options={'table': 'operator', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A bus company or who runs venues; `tariff` (the encoding of `card.tariff`) holds until one is published.'},
        ),
        ops.AlterField(
            model_name='Operator',
            name='tariff',
            field=fields.BinaryField(null=True),
        ),
        ops.RunSQL([*TARIFF.split(";"), FIXED_FUNCTION, FIXED, *PLACEMENT.split(";"), STAFF, DEVICE]),
    ]
