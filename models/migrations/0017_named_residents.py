"""Lets a transaction that serves several requests at once reach exactly the residents whom it names."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Beside an account with a day and "everybody", `sdc.reach` may now be "residents " and their ids.
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
    IF asked LIKE 'residents %' THEN
        RETURN string_to_array(substr(asked, 11), ',')::uuid[];
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

REACHED_AREA = """
CREATE OR REPLACE FUNCTION reached_area() RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    asked text := coalesce(current_setting('sdc.reach', true), '');
BEGIN
    IF asked = 'everybody' THEN
        RETURN '';
    END IF;
    IF asked = '' OR asked LIKE 'residents %' THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT s.town || CASE WHEN s.village = '' THEN '' ELSE '/' || s.village END FROM public.staff s
        WHERE s.account_id = left(asked, 36)::uuid AND s.role <> 'administrator'
        AND (s.left_on IS NULL OR s.left_on > substr(asked, 38)::date)
    );
END $$
"""


class Migration(migrations.Migration):
    """The policies call the functions by name, and stay."""

    dependencies = [('models', '0016_providers')]

    operations = [ops.RunSQL([REACHED, REACHED_AREA])]
