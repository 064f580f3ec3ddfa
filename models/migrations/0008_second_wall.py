"""The second wall: PostgreSQL itself shows the server's role only the residents whom the asking account may reach."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.record import new_id
from models.wall import wall

# `sdc.reach` is set for each statement or transaction (`services.database`): an account and the day, or "everybody".
# Without it nobody is reached. As definer, because whom an account reaches stands in tables behind the wall itself.
REACHED = """
CREATE FUNCTION reached() RETURNS uuid[] LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
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
        SELECT g.ward_id FROM public.guardian g WHERE g.account_id = account
            AND g.valid_from <= today AND (g.valid_until IS NULL OR g.valid_until >= today)
    );
END $$
"""

# The town of a member of staff, empty for the whole district; null for everybody else.
REACHED_AREA = """
CREATE FUNCTION reached_area() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
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
        SELECT s.town FROM public.staff s WHERE s.account_id = left(asked, 36)::uuid
            AND (s.left_on IS NULL OR s.left_on > substr(asked, 38)::date)
    );
END $$
"""

LIVES_IN_REACHED_AREA = """
CREATE FUNCTION lives_in_reached_area(resident uuid) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    area text := public.reached_area();
BEGIN
    RETURN area IS NOT NULL AND EXISTS (SELECT FROM public.resident r WHERE r.id = resident AND r.town = area);
END $$
"""

RESIDENT = """
CREATE POLICY reach ON resident
    USING (id = ANY ((SELECT reached())::uuid[]) OR (SELECT reached_area()) IN ('', town))
"""
RESIDENT_WALL = "ALTER TABLE resident ENABLE ROW LEVEL SECURITY"


OF_RESIDENTS = (
    *("card", "fact", "receipt", "booking", "enrolment", "waitlist_entry", "offer", "notice", "calendar_feed"),
    *("attendance", "claim", "credential", "tap", "card_application", "card_event", "card_appeal", "card_notice"),
    *("file_entry", "reveal", "referral"),
)

# A provider's own calendar names no resident.
FEED_OF_PROVIDER = "CREATE POLICY of_provider ON calendar_feed USING (resident_id IS NULL)"


class Migration(migrations.Migration):
    """Policies hold the server's role alone: the owner migrates, loads and saves past them."""

    dependencies = [("models", "0007_lifecycle")]

    operations = [
        ops.CreateModel(
            name='Reveal',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='reveals', on_delete=OnDelete.CASCADE)),
                ('staff', fields.ForeignKeyField('models.Staff', source_field='staff_id', db_constraint=True, to_field='id', related_name='reveals', on_delete=OnDelete.CASCADE)),
                ('field', fields.CharField(max_length=20)),
                ('reason', fields.CharField(max_length=20)),
                ('note_sealed', fields.BinaryField()),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'reveal', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'A full value that a member of staff was shown; her words are sealed with the resident, and erased with her.'},
            bases=['Record'],
        ),
        ops.AddIndex(model_name='AuditEntry', index=Index(fields=['subject', 'at'])),
        ops.AddField(model_name='Resident', name='deceased_on', field=fields.DateField(null=True)),
        ops.AddField(
            model_name='Resident',
            name='erased_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(
            [
                *(REACHED, REACHED_AREA, LIVES_IN_REACHED_AREA, RESIDENT, RESIDENT_WALL),
                *wall("guardian", "ward_id"),
                *(statement for table in OF_RESIDENTS for statement in wall(table, "resident_id")),
                FEED_OF_PROVIDER,
            ]
        ),
    ]
