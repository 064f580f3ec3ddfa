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

# What was ever tapped, whether it is still at hand or in files; under the wall of whoever asks.
COUNTS = """
CREATE VIEW tap_day_count WITH (security_invoker = true) AS
SELECT device_id, (at AT TIME ZONE 'Asia/Shanghai')::date AS day, admission, device_admission,
       coalesce(kind, '') AS kind, overridden, count(*) AS taps, sum(companions) AS companions
FROM tap GROUP BY device_id, 2, admission, device_admission, coalesce(kind, ''), overridden
UNION ALL
SELECT device_id, day, admission, device_admission, kind, overridden, taps, companions FROM tap_archive_count
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

# One scan with what all gates know of its bearer, in one journey: it is written if things are as the caller assumed when
# she judged it, and otherwise she is told how they are. The locks end with the statement: of two gates that are shown
# one code at once, the second sees the first. As definer, because the policies of two tables would cost more than all
# of this; the role that may call it reaches everybody by the same right when it judges an upload.
ONLINE = """
CREATE FUNCTION record_online(
    device uuid, epoch_ bytea, sequence_ bigint, device_at_ timestamptz, at_ timestamptz, received_at_ timestamptz,
    resident uuid, admission_ text, reason_ text, device_admission_ text, device_reason_ text, companions_ smallint,
    overridden_ boolean, mark_ text, record_ bytea, kind_ text, presentation_ bytea, index_ int,
    day_start timestamptz, month_start timestamptz, assumed_shown boolean, assumed_rides int, assumed_month int,
    assumed_last timestamptz, assumed_status text,
    OUT kept bytea, OUT kept_admission text, OUT kept_reason text, OUT stored boolean, OUT shown boolean,
    OUT rides int, OUT month_rides int, OUT last_at timestamptz, OUT status text
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(device::text, 1));
    stored := false;
    SELECT t.record, t.admission, t.reason INTO kept, kept_admission, kept_reason
    FROM tap t WHERE t.device_id = device AND t.epoch = epoch_ AND t.sequence = sequence_;
    IF kept IS NOT NULL THEN
        RETURN;
    END IF;
    IF resident IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(resident::text, 2));
        SELECT coalesce(bool_or(t.presentation = presentation_), false), count(*) FILTER (WHERE t.at >= day_start),
               count(*) FILTER (WHERE t.at >= month_start), max(t.at)
        INTO shown, rides, month_rides, last_at
        FROM tap t
        WHERE t.resident_id = resident AND t.at > least(day_start - interval '1 day', month_start)
          AND t.device_at > least(day_start, month_start) - interval '8 days' AND t.device_at < day_start + interval '8 days'
          AND (t.admission <> 'refused' OR t.overridden);
    END IF;
    IF index_ IS NOT NULL THEN
        SELECT CASE WHEN c.revoked_at IS NOT NULL THEN 'invalid' WHEN c.suspended_at IS NOT NULL THEN 'suspended' END
        INTO status FROM credential c WHERE c.status_index = index_;
    END IF;
    IF (shown, rides, month_rides, last_at, status)
       IS NOT DISTINCT FROM (assumed_shown, assumed_rides, assumed_month, assumed_last, assumed_status)
    THEN
        INSERT INTO tap (device_id, epoch, sequence, device_at, at, received_at, resident_id, admission, reason,
                         device_admission, device_reason, companions, overridden, mark, record, kind, presentation)
        VALUES (device, epoch_, sequence_, device_at_, at_, received_at_, resident, admission_, reason_,
                device_admission_, device_reason_, companions_, overridden_, mark_, record_, kind_, presentation_);
        stored := true;
    END IF;
END $$
"""
ONLINE_CLOSED = "REVOKE ALL ON FUNCTION record_online FROM PUBLIC"

PARTS_WALLED = """
DO $$ DECLARE part regclass; BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'tap'::regclass LOOP
        EXECUTE 'ALTER TABLE ' || part || ' ENABLE ROW LEVEL SECURITY';
    END LOOP;
END $$
"""


class Migration(migrations.Migration):
    """Rows stay where they are; there is no way back but a restore."""

    dependencies = [("models", "0018_fleet")]

    operations = [
        ops.RunSQL(
            [
                *(TAP, CHAIN, FINDING, FINDING_LIST, FINDING_OF_RESIDENT, SEARCH, RECEIVED, ARCHIVE, ARCHIVED, COUNTS),
                *(PARTITIONS, PARTITIONS_CLOSED, ONLINE, ONLINE_CLOSED, PARTS_WALLED),
                *wall("tap_finding", "resident_id"),
            ]
        )
    ]
