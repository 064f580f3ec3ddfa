"""Staff get villages, a second factor, and roles that two administrators grant."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.standing import Role
from models.record import new_id
from models.session import StaffRole
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

# Written also by statements that know nothing of them.
DEFAULTS = "ALTER TABLE staff ALTER COLUMN village SET DEFAULT '', ALTER COLUMN totp_step SET DEFAULT 0"

# The area of a member of staff as "town" or "town/village", empty for the whole district; null for everybody else.
# Whoever looks after staff accounts reaches no resident.
REACHED_AREA = """
CREATE OR REPLACE FUNCTION reached_area() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    asked text := coalesce(current_setting('sdc.reach', true), '');
BEGIN
    IF asked = 'everybody' THEN
        RETURN '';
    END IF;
    IF asked = '' THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT s.town || CASE WHEN s.village = '' THEN '' ELSE '/' || s.village END FROM public.staff s
        WHERE s.account_id = left(asked, 36)::uuid AND s.role <> 'administrator'
        AND (s.left_on IS NULL OR s.left_on > substr(asked, 38)::date)
    );
END $$
"""

LIVES_IN_REACHED_AREA = """
CREATE OR REPLACE FUNCTION lives_in_reached_area(resident uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    area text := public.reached_area();
BEGIN
    RETURN area IS NOT NULL AND EXISTS (
        SELECT FROM public.resident r WHERE r.id = resident AND area IN (r.town, r.town || '/' || r.village)
    );
END $$
"""

RESIDENT = """
ALTER POLICY reach ON resident
    USING (id = ANY ((SELECT reached())::uuid[])
           OR (SELECT reached_area()) IN ('', town, town || '/' || village))
"""


class Migration(migrations.Migration):
    dependencies = [('models', '0009_exchange')]

    initial = False

    operations = [
        ops.CreateModel(
            name='StaffGrant',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='grants', on_delete=OnDelete.CASCADE)),
                ('role', fields.CharEnumField(description='COMMISSIONER: commissioner\nCLERK: clerk\nADMINISTRATOR: administrator', enum_type=StaffRole, max_length=20)),
                ('organisation', fields.CharField(max_length=80)),
                ('town', fields.CharField(default='', max_length=40)),
                ('village', fields.CharField(default='', max_length=40)),
                ('proposed_by', fields.ForeignKeyField('models.Staff', source_field='proposed_by_id', db_constraint=True, to_field='id', related_name='proposals', on_delete=OnDelete.CASCADE)),
                ('proposed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('confirmed_by', fields.ForeignKeyField('models.Staff', source_field='confirmed_by_id', null=True, db_constraint=True, to_field='id', related_name='confirmations', on_delete=OnDelete.CASCADE)),
                ('confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'staff_grant', 'app': 'models', 'indexes': [Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': 'A role that one administrator proposes for an account, and that another puts into force.'},
            bases=['Record'],
        ),
        ops.AlterField(
            model_name='CardAppeal',
            name='role',
            field=fields.CharEnumField(description='HOLDER: holder\nCOMMISSIONER: commissioner\nTOWN: town\nDISTRICT: district\nADMINISTRATOR: administrator\nREGISTER: register', enum_type=Role, max_length=20),
        ),
        ops.AlterField(
            model_name='CardEventRecord',
            name='role',
            field=fields.CharEnumField(description='HOLDER: holder\nCOMMISSIONER: commissioner\nTOWN: town\nDISTRICT: district\nADMINISTRATOR: administrator\nREGISTER: register', enum_type=Role, max_length=20),
        ),
        ops.AlterModelOptions(
            name='Session',
            options={'table': 'session', 'app': 'models', 'indexes': [Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': 'A family of refresh tokens that began with one sign-in; staff act in it after their second factor.'},
        ),
        ops.AddField(
            model_name='Session',
            name='second_factor_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AlterModelOptions(
            name='Staff',
            options={'table': 'staff', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A member of staff and the area she works for (`village` empty: the town, `town` empty too: the district).'},
        ),
        ops.AlterField(
            model_name='Staff',
            name='role',
            field=fields.CharEnumField(description='COMMISSIONER: commissioner\nCLERK: clerk\nADMINISTRATOR: administrator', enum_type=StaffRole, max_length=20),
        ),
        ops.AddField(
            model_name='Staff',
            name='enrolment_expires_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Staff',
            name='enrolment_hash',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Staff',
            name='totp_sealed',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Staff',
            name='totp_step',
            field=fields.BigIntField(default=0),
        ),
        ops.AddField(
            model_name='Staff',
            name='village',
            field=fields.CharField(default='', max_length=40),
        ),
        ops.RunSQL([DEFAULTS, REACHED_AREA, LIVES_IN_REACHED_AREA, RESIDENT]),
    ]
