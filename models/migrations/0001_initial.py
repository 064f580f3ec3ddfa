from enum import StrEnum

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.booking import BookingState
from models.credential import DeviceKind
from models.record import new_id
from models.session import StaffRole
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


# As it was then; since 0012 the acts are listed instead.
class GuardianScope(StrEnum):
    VIEW = "view"
    FULL = "full"


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Attempt',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('action', fields.CharField(max_length=40)),
                ('subject', fields.BinaryField()),
                ('day', fields.DateField()),
                ('count', fields.IntField()),
            ],
            options={'table': 'attempt', 'app': 'models', 'unique_together': (('action', 'subject', 'day'),), 'pk_attr': 'id', 'table_description': 'How often something was tried on a day by one subject (a keyed hash), over all processes.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='AuditEntry',
            fields=[
                ('sequence', fields.BigIntField(primary_key=True, generated=False)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('actor', fields.CharField(max_length=60)),
                ('action', fields.CharField(max_length=40)),
                ('subject', fields.CharField(max_length=60)),
                ('detail', fields.CharField(max_length=200)),
                ('previous', fields.BinaryField()),
                ('hash', fields.BinaryField()),
            ],
            options={'table': 'audit', 'app': 'models', 'pk_attr': 'sequence', 'table_description': 'Who did what to whom, when and why; never a name, number or token in `detail`.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Operator',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=80)),
                ('tariff', fields.BinaryField()),
            ],
            options={'table': 'operator', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A bus company or a venue, with the tariff its devices apply (the encoding of `card.tariff`).'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Device',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('models.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='devices', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(description='BUS: bus\nVENUE: venue', enum_type=DeviceKind, max_length=10)),
                ('place', fields.CharField(max_length=80)),
                ('code_hash', fields.BinaryField(null=True)),
                ('code_expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('public_key', fields.BinaryField(null=True)),
                ('enrolled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('retired_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'device', 'app': 'models', 'unique_together': (('code_hash',),), 'indexes': [Index(fields=['operator_id'])], 'pk_attr': 'id', 'table_description': 'A scanner; before it is enrolled it has a code, afterwards a key.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Provider',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=80)),
                ('address', fields.CharField(max_length=120)),
            ],
            options={'table': 'provider', 'app': 'models', 'pk_attr': 'id', 'table_description': 'An organisation that serves residents, at an address.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Resident',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('data_key', fields.BinaryField()),
                ('data_key_version', fields.SmallIntField()),
                ('name_sealed', fields.BinaryField()),
                ('name_index', fields.BinaryField()),
                ('id_number_sealed', fields.BinaryField()),
                ('id_number_index', fields.BinaryField()),
                ('phone_sealed', fields.BinaryField(null=True)),
                ('phone_index', fields.BinaryField(null=True)),
                ('address_sealed', fields.BinaryField()),
                ('birth_date', fields.DateField()),
                ('town', fields.CharField(max_length=40)),
                ('village', fields.CharField(max_length=40)),
            ],
            options={'table': 'resident', 'app': 'models', 'indexes': [Index(fields=['id_number_index']), Index(fields=['phone_index']), Index(fields=['town', 'village'])], 'pk_attr': 'id', 'table_description': 'A person in the register; `data_key`, wrapped by the master key `data_key_version`, opens the `*_sealed` columns.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('openid_index', fields.BinaryField()),
                ('resident', fields.OneToOneField('models.Resident', source_field='resident_id', null=True, db_constraint=True, to_field='id', related_name='account', on_delete=OnDelete.CASCADE)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account', 'app': 'models', 'unique_together': (('openid_index',),), 'pk_attr': 'id', 'table_description': 'A WeChat account; the openid is kept only as a blind index.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Card',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='cards', on_delete=OnDelete.CASCADE)),
                ('number_sealed', fields.BinaryField()),
                ('number_index', fields.BinaryField()),
                ('category', fields.SmallIntField()),
                ('categories', fields.CharField(max_length=6)),
                ('grade', fields.SmallIntField()),
                ('state', fields.CharField(max_length=20)),
                ('issued_on', fields.DateField()),
                ('valid_until', fields.DateField()),
            ],
            options={'table': 'card', 'app': 'models', 'unique_together': (('number_index',),), 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': "A smart disability card; a reissue is a new row, and at most one of a resident's cards is in force."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Credential',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='credentials', on_delete=OnDelete.CASCADE)),
                ('holder_key', fields.BinaryField()),
                ('status_index', fields.IntField(unique=True)),
                ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'credential', 'app': 'models', 'indexes': [Index(fields=['resident_id']), Index(fields=['revoked_at'])], 'pk_attr': 'id', 'table_description': 'One line of passes for one holder key; its place in the status list stays the same over renewals.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='FactRecord',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='facts', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=60)),
                ('source', fields.CharField(max_length=40)),
                ('value_sealed', fields.BinaryField()),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
                ('recorded_on', fields.DateField()),
            ],
            options={'table': 'fact', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'One statement of a department about a resident, valid for a period; the value is sealed JSON.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Guardian',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('ward', fields.ForeignKeyField('models.Resident', source_field='ward_id', db_constraint=True, to_field='id', related_name='guardians', on_delete=OnDelete.CASCADE)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='guardianships', on_delete=OnDelete.CASCADE)),
                ('name_sealed', fields.BinaryField()),
                ('name_index', fields.BinaryField()),
                ('phone_sealed', fields.BinaryField()),
                ('phone_index', fields.BinaryField()),
                ('relation', fields.CharField(max_length=20)),
                ('scope', fields.CharEnumField(description='VIEW: view\nFULL: full', enum_type=GuardianScope, max_length=10)),
                ('proven_by', fields.CharField(max_length=80)),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
            ],
            options={'table': 'guardian', 'app': 'models', 'indexes': [Index(fields=['ward_id']), Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': "A person proven to act for a ward; names and phone are sealed under the ward's data key."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='keys', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=64)),
                ('request_hash', fields.BinaryField()),
                ('answer', fields.CharField(null=True, max_length=120)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'idempotency_key', 'app': 'models', 'unique_together': (('account_id', 'key'),), 'pk_attr': 'id', 'table_description': 'The first answer to a request that a network may repeat.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Service',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('provider', fields.ForeignKeyField('models.Provider', source_field='provider_id', db_constraint=True, to_field='id', related_name='services', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=80)),
                ('programme', fields.CharField(max_length=60)),
                ('cancel_minutes', fields.IntField()),
            ],
            options={'table': 'service', 'app': 'models', 'pk_attr': 'id', 'table_description': 'What a provider offers; `programme` names the entitlement that pays for it.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('started_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'session', 'app': 'models', 'indexes': [Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': 'A family of refresh tokens that began with one sign-in.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='RefreshToken',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('session', fields.ForeignKeyField('models.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='tokens', on_delete=OnDelete.CASCADE)),
                ('token_hash', fields.BinaryField()),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('used_key', fields.CharField(null=True, max_length=64)),
                ('successor_sealed', fields.BinaryField(null=True)),
            ],
            options={'table': 'refresh_token', 'app': 'models', 'unique_together': (('token_hash',),), 'indexes': [Index(fields=['session_id'])], 'pk_attr': 'id', 'table_description': 'One refresh token, kept as a hash; once used it names the answer a retry may have again for a few seconds.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Slot',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('service', fields.ForeignKeyField('models.Service', source_field='service_id', db_constraint=True, to_field='id', related_name='slots', on_delete=OnDelete.CASCADE)),
                ('starts_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('capacity', fields.IntField()),
                ('taken', fields.IntField(default=0)),
            ],
            options={'table': 'slot', 'app': 'models', 'indexes': [Index(fields=['service_id', 'starts_at', 'id'])], 'pk_attr': 'id', 'table_description': 'A time at which a service has `capacity` places, of which `taken` are held; the database refuses more.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Booking',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('slot', fields.ForeignKeyField('models.Slot', source_field='slot_id', db_constraint=True, to_field='id', related_name='bookings', on_delete=OnDelete.CASCADE)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='bookings', on_delete=OnDelete.CASCADE)),
                ('state', fields.CharEnumField(description='BOOKED: booked\nCANCELLED: cancelled', enum_type=BookingState, max_length=10)),
                ('starts_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('booked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('cancelled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'booking', 'app': 'models', 'indexes': [Index(fields=['resident_id', 'starts_at']), Index(fields=['slot_id'])], 'pk_attr': 'id', 'table_description': "A resident's place in a slot; the slot's times are copied so that overlaps are found without a join."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Staff',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.OneToOneField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='staff', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharEnumField(description='COMMISSIONER: commissioner\nCLERK: clerk', enum_type=StaffRole, max_length=20)),
                ('organisation', fields.CharField(max_length=80)),
                ('town', fields.CharField(default='', max_length=40)),
                ('left_on', fields.DateField(null=True)),
            ],
            options={'table': 'staff', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A member of staff and the area she works for (`town` empty: the whole district).'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='BindingCode',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='codes', on_delete=OnDelete.CASCADE)),
                ('issued_by', fields.ForeignKeyField('models.Staff', source_field='issued_by_id', db_constraint=True, to_field='id', related_name='codes', on_delete=OnDelete.CASCADE)),
                ('code_hash', fields.BinaryField()),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'binding_code', 'app': 'models', 'indexes': [Index(fields=['resident_id', 'code_hash'])], 'pk_attr': 'id', 'table_description': "A clerk's one-time code that ties an account to a resident who cannot prove the register's phone."},
            bases=['Record'],
        ),
    ]
