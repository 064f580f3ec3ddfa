"""Cards get a life on record: applications, every event, appeals, notices, and the file of a resident."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.appeal import AppealLevel, AppealOutcome
from domain.card_event import CardEvent
from domain.file import FileKind
from domain.standing import ApplicationKind, ApplicationState, Role
from models.record import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


APPEND_ONLY = """
CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""

CARD_EVENT = """
CREATE TRIGGER card_event_append_only BEFORE UPDATE ON card_event
    FOR EACH ROW EXECUTE FUNCTION history_is_append_only()
"""

FILE_ENTRY = """
CREATE TRIGGER file_entry_append_only BEFORE UPDATE ON file_entry
    FOR EACH ROW EXECUTE FUNCTION history_is_append_only()
"""

OPEN_APPLICATION = """
CREATE UNIQUE INDEX card_application_open ON card_application (resident_id)
    WHERE state IN ('applied', 'under_assessment', 'assessed')
"""

OPEN_APPEAL = "CREATE UNIQUE INDEX card_appeal_open ON card_appeal (resident_id) WHERE decided_at IS NULL"

class Migration(migrations.Migration):
    dependencies = [('models', '0002_walls')]

    initial = False

    operations = [
        ops.CreateModel(
            name='CardApplication',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='card_applications', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(description='FIRST: first\nRENEWAL: renewal\nREASSESSMENT: reassessment', enum_type=ApplicationKind, max_length=20)),
                ('state', fields.CharEnumField(description='APPLIED: applied\nUNDER_ASSESSMENT: under_assessment\nASSESSED: assessed\nGRANTED: granted\nREJECTED: rejected\nCLOSED: closed', enum_type=ApplicationState, max_length=20)),
                ('findings', fields.CharField(null=True, max_length=40)),
                ('hospital', fields.CharField(null=True, max_length=80)),
                ('applied_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('assessed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'card_application', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'An application and what was found: `findings` is 1:2,4:3 for categories and grades, empty for no disability.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='CardAppeal',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='card_appeals', on_delete=OnDelete.CASCADE)),
                ('application', fields.ForeignKeyField('models.CardApplication', source_field='application_id', db_constraint=True, to_field='id', related_name='appeals', on_delete=OnDelete.CASCADE)),
                ('level', fields.CharEnumField(description='CITY: city\nPROVINCE: province', enum_type=AppealLevel, max_length=10)),
                ('filed_by', fields.ForeignKeyField('models.Account', source_field='filed_by_id', db_constraint=True, to_field='id', related_name='appeals_filed', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharEnumField(description='HOLDER: holder\nCOMMISSIONER: commissioner\nTOWN: town\nDISTRICT: district\nREGISTER: register', enum_type=Role, max_length=20)),
                ('reason_sealed', fields.BinaryField()),
                ('filed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('last_day', fields.DateField(null=True)),
                ('outcome', fields.CharEnumField(null=True, description='UPHELD: upheld\nCHANGED: changed', enum_type=AppealOutcome, max_length=10)),
                ('findings', fields.CharField(null=True, max_length=40)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'card_appeal', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'An appeal against an assessment; `last_day` is null where the calendar of the year was not announced yet.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='CardEventRecord',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='card_events', on_delete=OnDelete.CASCADE)),
                ('card', fields.ForeignKeyField('models.Card', source_field='card_id', null=True, db_constraint=True, to_field='id', related_name='events', on_delete=OnDelete.CASCADE)),
                ('application', fields.ForeignKeyField('models.CardApplication', source_field='application_id', null=True, db_constraint=True, to_field='id', related_name='events', on_delete=OnDelete.CASCADE)),
                ('event', fields.CharEnumField(description='APPLY: apply\nREFER: refer\nASSESS: assess\nREVISE: revise\nREJECT: reject\nISSUE: issue\nRENEW: renew\nREASSESS: reassess\nREPORT_LOST: report_lost\nREISSUE: reissue\nSUSPEND: suspend\nRESUME: resume\nMOVE_OUT: move_out\nCANCEL: cancel\nRECORD_DEATH: record_death\nRETRACT_DEATH: retract_death\nEXPIRE: expire', enum_type=CardEvent, max_length=20)),
                ('cause', fields.CharField(null=True, max_length=20)),
                ('day', fields.DateField(null=True)),
                ('reason_sealed', fields.BinaryField(null=True)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='card_events', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharEnumField(description='HOLDER: holder\nCOMMISSIONER: commissioner\nTOWN: town\nDISTRICT: district\nREGISTER: register', enum_type=Role, max_length=20)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('card_from', fields.CharField(null=True, max_length=20)),
                ('card_to', fields.CharField(null=True, max_length=20)),
                ('application_from', fields.CharField(null=True, max_length=20)),
                ('application_to', fields.CharField(null=True, max_length=20)),
            ],
            options={'table': 'card_event', 'app': 'models', 'indexes': [Index(fields=['resident_id', 'at'])], 'pk_attr': 'id', 'table_description': "One event of a card's life, never changed: who (null: the register itself), when, why, from which state to which."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='CardNotice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='card_notices', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=40)),
                ('detail_sealed', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('delivered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'card_notice', 'app': 'models', 'indexes': [Index(fields=['resident_id']), Index(fields=['delivered_at'])], 'pk_attr': 'id', 'table_description': 'What a resident is to be told of her card; whoever delivers it fills `delivered_at`. `detail_sealed` is JSON.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='FileEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='file_entries', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(description='SCREENING: screening\nREFERRAL: referral\nDIAGNOSIS: diagnosis\nREPORT: report\nASSESSMENT: assessment\nCARD: card\nSERVICE: service\nBENEFIT: benefit\nNOTE: note', enum_type=FileKind, max_length=20)),
                ('text_sealed', fields.BinaryField()),
                ('happened_on', fields.DateField()),
                ('written_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('author', fields.ForeignKeyField('models.Staff', source_field='author_id', null=True, db_constraint=True, to_field='id', related_name='file_entries', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'file_entry', 'app': 'models', 'indexes': [Index(fields=['resident_id', 'written_at'])], 'pk_attr': 'id', 'table_description': 'What a member of staff, or the register itself (null), wrote into the file of a resident; never changed.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='FileSight',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('entry_id', fields.UUIDField()),
                ('staff', fields.ForeignKeyField('models.Staff', source_field='staff_id', db_constraint=True, to_field='id', related_name='sights', on_delete=OnDelete.CASCADE)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'file_sight', 'app': 'models', 'unique_together': (('entry_id', 'staff_id'),), 'pk_attr': 'id', 'table_description': 'That a member of staff has seen an entry of a file, whatever table it is from, and when first.'},
            bases=['Record'],
        ),
        ops.AddField(
            model_name='Card',
            name='cause',
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name='Card',
            name='lost_reported_by',
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name='Card',
            name='moved_out_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Credential',
            name='suspended_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='Credential',
            index=Index(fields=['suspended_at']),
        ),
        ops.RunSQL([APPEND_ONLY, CARD_EVENT, FILE_ENTRY, OPEN_APPLICATION, OPEN_APPEAL]),
    ]
