"""Referrals of residents from one provider to another."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.record import new_id
from models.referral import ReferralState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

REFERRAL = """
ALTER TABLE referral
    ADD CONSTRAINT referral_goes_elsewhere CHECK (from_provider_id <> to_provider_id),
    ADD CONSTRAINT referral_answered_at_a_time CHECK ((state = 'proposed') = (answered_at IS NULL));
CREATE UNIQUE INDEX referral_open_once ON referral (resident_id, from_provider_id, to_provider_id)
    WHERE state IN ('proposed', 'consented')
"""


class Migration(migrations.Migration):
    dependencies = [('models', '0004_services')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Referral',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='referrals', on_delete=OnDelete.CASCADE)),
                ('from_provider', fields.ForeignKeyField('models.Provider', source_field='from_provider_id', db_constraint=True, to_field='id', related_name='referrals_from', on_delete=OnDelete.CASCADE)),
                ('to_provider', fields.ForeignKeyField('models.Provider', source_field='to_provider_id', db_constraint=True, to_field='id', related_name='referrals_to', on_delete=OnDelete.CASCADE)),
                ('note_sealed', fields.BinaryField()),
                ('state', fields.CharEnumField(description='PROPOSED: proposed\nCONSENTED: consented\nREFUSED: refused\nWITHDRAWN: withdrawn', enum_type=ReferralState, max_length=10)),
                ('proposed_by', fields.ForeignKeyField('models.Account', source_field='proposed_by_id', db_constraint=True, to_field='id', related_name='referrals_made', on_delete=OnDelete.CASCADE)),
                ('proposed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('answered_by', fields.ForeignKeyField('models.Account', source_field='answered_by_id', null=True, db_constraint=True, to_field='id', related_name='referrals_answered', on_delete=OnDelete.CASCADE)),
                ('answered_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('valid_until', fields.DateField()),
            ],
            options={'table': 'referral', 'app': 'models', 'indexes': [Index(fields=['resident_id']), Index(fields=['to_provider_id'])], 'pk_attr': 'id', 'table_description': "A proposal to be served by another provider, until `valid_until`; the note is sealed under the resident's key."},
            bases=['Record'],
        ),
        ops.RunSQL(REFERRAL.split(";")),
    ]
