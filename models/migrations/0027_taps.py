"""What taps need beyond being kept: how a code was shown, months made ahead, findings for people, and an archive."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from models.wall import wall

# `kind` is how the code was proven (pass, online, printed), `presentation` the first half of its identity: the same
# wherever it was read. Both are empty for what could not be verified, and for taps older than this migration.
TAP = "ALTER TABLE tap ADD COLUMN kind text, ADD COLUMN presentation bytea"

# How far the scans of a device hang together, and how far its clock was off when it last sent some.
CHAIN = """
ALTER TABLE scan_chain
    ADD COLUMN state text NOT NULL DEFAULT 'whole',
    ADD COLUMN head_sequence bigint NOT NULL DEFAULT 0,
    ADD COLUMN clock_offset interval NOT NULL DEFAULT '0'
"""

# For a person to judge: nobody is cut off by a row in here. `evidence` names taps by their key.
FINDING = """
CREATE TABLE tap_finding (
    id uuid PRIMARY KEY,
    resident_id uuid NOT NULL REFERENCES resident,
    kind text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    found_at timestamptz NOT NULL,
    evidence jsonb NOT NULL,
    same bytea NOT NULL UNIQUE,
    state text NOT NULL DEFAULT 'open',
    decided_at timestamptz,
    decided_by uuid REFERENCES staff,
    note_sealed bytea
)
"""
FINDING_LIST = "CREATE INDEX tap_finding_open ON tap_finding (state, last_at DESC, id DESC)"
FINDING_OF_RESIDENT = "CREATE INDEX tap_finding_of_resident ON tap_finding (resident_id)"

# How far the search for findings has come, in the order in which taps were received.
SEARCH = "CREATE TABLE tap_search (name text PRIMARY KEY, received_at timestamptz NOT NULL)"
RECEIVED = "CREATE INDEX tap_received ON tap USING brin (received_at)"

# A month that was written to a file and dropped, and what it counted.
ARCHIVE = """
CREATE TABLE tap_archive (
    month date PRIMARY KEY,
    taps bigint NOT NULL,
    file text NOT NULL,
    sha256 bytea NOT NULL,
    archived_at timestamptz NOT NULL
)
"""
ARCHIVED = """
CREATE TABLE tap_archive_count (
    month date NOT NULL REFERENCES tap_archive ON DELETE CASCADE,
    device_id uuid NOT NULL,
    day date NOT NULL,
    admission text NOT NULL,
    device_admission text NOT NULL,
    kind text NOT NULL,
    overridden boolean NOT NULL,
    taps bigint NOT NULL,
    companions bigint NOT NULL,
    PRIMARY KEY (month, device_id, day, admission, device_admission, kind, overridden)
)
"""

# One partition a month (UTC), closed to everybody who does not come through the table. As definer, because the server's
# role makes months ahead but owns none; a month of which a device far ahead of its time has already sent scans stays in
# the default partition.
PARTITIONS = """
CREATE FUNCTION make_tap_partitions(from_month date, months int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    made_month date;
    name text;
    made int := 0;
BEGIN
    FOR n IN 0 .. least(months, 60) - 1 LOOP
        made_month := (date_trunc('month', from_month::timestamp) + n * interval '1 month')::date;
        name := 'tap_' || to_char(made_month, 'YYYY_MM');
        IF to_regclass(name) IS NULL AND NOT EXISTS (SELECT FROM tap_archive a WHERE a.month = made_month) THEN
            BEGIN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF tap FOR VALUES FROM (%L) TO (%L)',
                    name, made_month || ' 00:00+00', (made_month + interval '1 month')::date || ' 00:00+00'
                );
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN NULL;
            END;
        END IF;
    END LOOP;
    RETURN made;
END $$
"""
# Functions are everybody's unless that is taken back.
PARTITIONS_CLOSED = "REVOKE ALL ON FUNCTION make_tap_partitions FROM PUBLIC"

PARTS_WALLED = """
DO $$ DECLARE part regclass; BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'tap'::regclass LOOP
        EXECUTE 'ALTER TABLE ' || part || ' ENABLE ROW LEVEL SECURITY';
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    """Rows stay where they are; there is no way back but a restore."""

    dependencies = [("models", "0008_second_wall")]

    operations = [
        ops.RunSQL(
            [
                *(TAP, CHAIN, FINDING, FINDING_LIST, FINDING_OF_RESIDENT, SEARCH, RECEIVED, ARCHIVE, ARCHIVED),
                *(PARTITIONS, PARTITIONS_CLOSED, PARTS_WALLED),
                *wall("tap_finding", "resident_id"),
            ]
        )
    ]
