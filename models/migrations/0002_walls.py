"""What Tortoise cannot say: partial indexes, checks, the append-only audit log, and taps in monthly partitions."""

from tortoise import migrations
from tortoise.migrations import operations as ops

CARD = """
CREATE UNIQUE INDEX card_in_force ON card (resident_id) WHERE state IN ('active', 'suspended', 'lost')
"""

SLOT = """
ALTER TABLE slot
    ADD CONSTRAINT slot_never_overbooked CHECK (taken BETWEEN 0 AND capacity),
    ADD CONSTRAINT slot_has_a_length CHECK (ends_at > starts_at)
"""

BOOKING = """
CREATE UNIQUE INDEX booking_held_once ON booking (slot_id, resident_id) WHERE state = 'booked'
"""

AUDIT_FUNCTION = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""

AUDIT_ROWS = """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
"""

AUDIT_TABLE = """
CREATE TRIGGER audit_not_truncated BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
"""

# Keyed by the device's own time, so that a row never moves between months when its clock turns out to be wrong.
TAP = """
CREATE TABLE tap (
    device_id uuid NOT NULL,
    epoch bytea NOT NULL,
    sequence bigint NOT NULL,
    device_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    resident_id uuid,
    admission text NOT NULL,
    reason text,
    device_admission text NOT NULL,
    device_reason text,
    companions smallint NOT NULL,
    overridden boolean NOT NULL,
    mark text,
    record bytea NOT NULL,
    PRIMARY KEY (device_id, epoch, sequence, device_at)
) PARTITION BY RANGE (device_at)
"""

TAP_DEFAULT = "CREATE TABLE tap_default PARTITION OF tap DEFAULT"

TAP_OF_RESIDENT = "CREATE INDEX tap_of_resident ON tap (resident_id, at)"

# The second, different content that came under a key which was taken already: evidence, never counted.
TAP_CONFLICT = """
CREATE TABLE tap_conflict (
    device_id uuid NOT NULL,
    epoch bytea NOT NULL,
    sequence bigint NOT NULL,
    record bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, epoch, sequence, record)
)
"""

# How far a device's scans are known without a gap, and the newest head that it signed over them.
SCAN_CHAIN = """
CREATE TABLE scan_chain (
    device_id uuid NOT NULL REFERENCES device,
    epoch bytea NOT NULL,
    sequence bigint NOT NULL,
    hash bytea NOT NULL,
    head bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, epoch)
)
"""


class Migration(migrations.Migration):
    """Runs after the tables exist; there is no way back but a restore."""

    dependencies = [("models", "0001_initial")]

    operations = [
        ops.RunSQL(
            [CARD, SLOT, BOOKING, AUDIT_FUNCTION, AUDIT_ROWS, AUDIT_TABLE, TAP, TAP_DEFAULT, TAP_OF_RESIDENT, TAP_CONFLICT, SCAN_CHAIN]
        )
    ]
