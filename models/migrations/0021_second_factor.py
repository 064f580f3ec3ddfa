"""The second factor belongs to the account of whoever works: for the federation, at a desk or for an operator."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.record import new_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

# A secret is sealed to the id of its row, which therefore stays the id that it had among the staff.
MOVE = """
INSERT INTO second_factor (id, account_id, totp_sealed, totp_step, enrolment_hash, enrolment_expires_at)
SELECT id, account_id, totp_sealed, totp_step, enrolment_hash, enrolment_expires_at FROM staff
"""


class Migration(migrations.Migration):
    dependencies = [('models', '0020_settlement')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.OneToOneField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='second_factor', on_delete=OnDelete.CASCADE)),
                ('totp_sealed', fields.BinaryField(null=True)),
                ('totp_step', fields.BigIntField(db_default=0)),
                ('enrolment_hash', fields.BinaryField(null=True)),
                ('enrolment_expires_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'second_factor', 'app': 'models', 'pk_attr': 'id', 'table_description': 'The second factor of an account whose holder works: for the federation, at a desk or for an operator.'},
            bases=['Record'],
        ),
        ops.RunSQL([MOVE]),
        ops.AlterModelOptions(
            name='Session',
            options={'table': 'session', 'app': 'models', 'indexes': [Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': 'A family of refresh tokens that began with one sign-in; who works acts in it after her second factor.'},
        ),
        ops.RemoveField(model_name='Staff', name='totp_sealed'),
        ops.RemoveField(model_name='Staff', name='totp_step'),
        ops.RemoveField(model_name='Staff', name='enrolment_hash'),
        ops.RemoveField(model_name='Staff', name='enrolment_expires_at'),
    ]
