"""Lets a transaction that serves several requests at once reach exactly the residents whom it names."""

from tortoise import migrations
from tortoise.migrations import operations as ops

# Beside an account with a day and "everybody", `sdc.reach` may now be "residents " and their ids. What the functions say
# of accounts changes with other migrations; so a line is put into whatever they say, and the policies never notice.
REACHED = """
DO $do$ BEGIN
    EXECUTE replace(
        pg_get_functiondef('reached()'::regprocedure),
        'account := left(asked, 36);',
        $line$IF asked LIKE 'residents %' THEN
        RETURN string_to_array(substr(asked, 11), ',')::uuid[];
    END IF;
    account := left(asked, 36);$line$
    );
END $do$
"""

REACHED_AREA = """
DO $do$ BEGIN
    EXECUTE replace(
        pg_get_functiondef('reached_area()'::regprocedure),
        $line$IF asked = '' THEN$line$,
        $line$IF asked = '' OR asked LIKE 'residents %' THEN$line$
    );
END $do$
"""


class Migration(migrations.Migration):
    """A later one that writes a function anew repeats its line; `tests/services/test_wall.py` tells who forgot."""

    dependencies = [("models", "0008_second_wall")]

    operations = [ops.RunSQL([REACHED, REACHED_AREA])]
