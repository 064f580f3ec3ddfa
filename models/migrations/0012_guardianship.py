"""Guardians get a list of acts and a ground, so that a minor's guardianship can end by itself."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.guardianship import Ground
from tortoise import fields

# Who was a minor when the guardian was proven has her as a minor, and comes of age; who was not, has her for a reason.
MOVE = """
UPDATE guardian g SET
    acts = CASE g.scope WHEN 'full' THEN 'view,book,ride_code,apply' ELSE 'view' END,
    ground = CASE WHEN r.birth_date + interval '18 years' > g.valid_from THEN 'minor' ELSE 'adult' END
FROM resident r WHERE r.id = g.ward_id
"""

# What a guardian reaches ends with her guardianship, also where it ended by a decision or by the ward's birthday.
REACHED = """
CREATE OR REPLACE FUNCTION reached() RETURNS uuid[] LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    asked text := coalesce(current_setting('sdc.reach', true), '');
    account uuid;
    today date;
BEGIN
    IF asked IN ('', 'everybody') THEN
        RETURN '{}';
    END IF;
    account := left(asked, 36);
    today := substr(asked, 38);
    RETURN ARRAY(
        SELECT a.resident_id FROM public.account a WHERE a.id = account AND a.resident_id IS NOT NULL
        UNION ALL
        SELECT g.ward_id FROM public.guardian g JOIN public.resident r ON r.id = g.ward_id
            WHERE g.account_id = account AND g.ended_on IS NULL
            AND g.valid_from <= today AND (g.valid_until IS NULL OR g.valid_until >= today)
            AND (g.ground = 'adult' OR r.birth_date + interval '18 years' > today)
    );
END $$
"""


class Migration(migrations.Migration):
    dependencies = [('models', '0011_printed')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Guardian',
            name='acts',
            field=fields.CharField(null=True, max_length=40),
        ),
        ops.AddField(
            model_name='Guardian',
            name='ground',
            field=fields.CharEnumField(null=True, description='MINOR: minor\nADULT: adult', enum_type=Ground, max_length=10),
        ),
        ops.AddField(
            model_name='Guardian',
            name='told_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Guardian',
            name='ended_on',
            field=fields.DateField(null=True),
        ),
        ops.RunSQL([MOVE]),
        ops.AlterField(
            model_name='Guardian',
            name='acts',
            field=fields.CharField(max_length=40),
        ),
        ops.AlterField(
            model_name='Guardian',
            name='ground',
            field=fields.CharEnumField(description='MINOR: minor\nADULT: adult', enum_type=Ground, max_length=10),
        ),
        ops.RemoveField(model_name='Guardian', name='scope'),
        ops.RunSQL([REACHED]),
    ]
