"""Everything that services and bookings need: sites, resources, patterns, courses, waiting, attendance, notices."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.attendance import AttendanceMethod, ClaimState
from models.booking import BookingFlag, BookingState, SlotState
from models.notice import NoticeChannel, NoticeKind, NoticeState
from models.record import new_id
from models.service import ExceptionKind, ResourceKind, ServiceKind
from models.waitlist import OfferState, WaitlistState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

SERVICE = """
ALTER TABLE service
    ADD CONSTRAINT service_has_a_length CHECK (minutes > 0),
    ADD CONSTRAINT service_times_are_lengths CHECK (least(
        buffer_before_minutes, buffer_after_minutes, lead_minutes, horizon_days, cancel_minutes, grace_minutes,
        offer_minutes) >= 0)
"""

# A pattern that was replaced before it began ends the day before: nothing is deleted.
PATTERN = """
ALTER TABLE weekly_pattern
    ADD CONSTRAINT weekly_pattern_is_a_span CHECK (0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440),
    ADD CONSTRAINT weekly_pattern_has_places CHECK (capacity > 0),
    ADD CONSTRAINT weekly_pattern_is_valid_once CHECK (valid_until >= valid_from - 1),
    ADD CONSTRAINT weekly_pattern_has_a_day CHECK (weekday BETWEEN 1 AND 7)
"""

EXCEPTION = """
ALTER TABLE day_exception
    ADD CONSTRAINT day_exception_is_a_span CHECK (0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440),
    ADD CONSTRAINT day_exception_has_places CHECK ((kind = 'extra') = (capacity > 0))
"""

# Owned by the column, so that a dump carries both.
RESOURCE = """
CREATE SEQUENCE resource_number AS integer OWNED BY resource.number;
ALTER TABLE resource ALTER COLUMN number SET DEFAULT nextval('resource_number')
"""

PROVIDER_STAFF = "CREATE UNIQUE INDEX provider_staff_once ON provider_staff (account_id, provider_id) WHERE left_on IS NULL"

COURSE = "ALTER TABLE course ADD CONSTRAINT course_never_overbooked CHECK (taken BETWEEN 0 AND capacity)"

# Patterns of a service never overlap, so its start names a generated slot whichever pattern it came from.
SLOT = "CREATE UNIQUE INDEX slot_generated_once ON slot (service_id, starts_at) WHERE generated"

BOOKING = """
DROP INDEX booking_held_once;
CREATE UNIQUE INDEX booking_held_once ON booking (slot_id, resident_id) WHERE state <> 'cancelled';
CREATE INDEX booking_flagged ON booking (flagged_at) WHERE flag IS NOT NULL;
CREATE INDEX booking_requested ON booking (slot_id) WHERE state = 'requested';
ALTER TABLE booking
    ADD CONSTRAINT booking_cancelled_at_a_time CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
    ADD CONSTRAINT booking_flagged_at_a_time CHECK ((flag IS NULL) = (flagged_at IS NULL)),
    ADD CONSTRAINT booking_share_is_a_share CHECK (cost_share BETWEEN 0 AND 1),
    ADD CONSTRAINT booking_costs CHECK (price >= 0)
"""

ENROLMENT = "CREATE UNIQUE INDEX enrolment_held_once ON enrolment (course_id, resident_id) WHERE cancelled_at IS NULL"

# A resource's number as a range stands in for equality, which GiST lacks without btree_gist.
ALLOCATION = """
ALTER TABLE allocation
    ADD CONSTRAINT allocation_has_a_length CHECK (held_until > held_from),
    ADD CONSTRAINT allocation_never_held_twice EXCLUDE USING gist (
        int4range(resource_number, resource_number, '[]') WITH &&, tstzrange(held_from, held_until) WITH &&
    ) WHERE (released_at IS NULL)
"""

WAITLIST = """
ALTER TABLE waitlist_entry
    ADD CONSTRAINT waitlist_entry_waits_for_one_thing CHECK (num_nonnulls(slot_id, course_id) = 1),
    ADD CONSTRAINT waitlist_entry_ended_at_a_time CHECK ((state IN ('waiting', 'offered')) = (ended_at IS NULL));
CREATE UNIQUE INDEX waitlist_entry_slot_once ON waitlist_entry (slot_id, resident_id) WHERE state IN ('waiting', 'offered');
CREATE UNIQUE INDEX waitlist_entry_course_once ON waitlist_entry (course_id, resident_id) WHERE state IN ('waiting', 'offered');
CREATE INDEX waitlist_entry_slot_order ON waitlist_entry (slot_id, priority, joined_at, id) WHERE state = 'waiting';
CREATE INDEX waitlist_entry_course_order ON waitlist_entry (course_id, priority, joined_at, id) WHERE state = 'waiting'
"""

OFFER = """
ALTER TABLE offer
    ADD CONSTRAINT offer_has_a_length CHECK (expires_at > offered_at),
    ADD CONSTRAINT offer_ended_at_a_time CHECK ((state = 'open') = (ended_at IS NULL)),
    ADD CONSTRAINT offer_accepted_is_booked CHECK (state = 'accepted' OR booking_id IS NULL);
CREATE UNIQUE INDEX offer_open_once ON offer (entry_id) WHERE state = 'open';
CREATE INDEX offer_running_out ON offer (expires_at) WHERE state = 'open'
"""

NOTICE = """
ALTER TABLE notice ADD CONSTRAINT notice_is_about_one_thing CHECK (num_nonnulls(booking_id, offer_id) = 1);
CREATE UNIQUE INDEX notice_of_booking_once ON notice (booking_id, kind, revision) WHERE booking_id IS NOT NULL;
CREATE UNIQUE INDEX notice_of_offer_once ON notice (offer_id, kind) WHERE offer_id IS NOT NULL;
CREATE INDEX notice_due ON notice (due_at) WHERE state IN ('due', 'sending');
ALTER TABLE notice_consent ADD CONSTRAINT notice_consent_is_a_count CHECK (remaining >= 0)
"""

FEED = "ALTER TABLE calendar_feed ADD CONSTRAINT calendar_feed_is_of_one CHECK (num_nonnulls(resident_id, provider_id) = 1)"

WALLS = [
    *(SERVICE, PATTERN, EXCEPTION, RESOURCE, PROVIDER_STAFF, COURSE, SLOT, BOOKING, ENROLMENT, ALLOCATION),
    *(WAITLIST, OFFER, NOTICE, FEED),
]


class Migration(migrations.Migration):
    dependencies = [('models', '0003_receipt')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Attendance',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('booking', fields.OneToOneField('models.Booking', source_field='booking_id', db_constraint=True, to_field='id', related_name='attendance', on_delete=OnDelete.CASCADE)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='attendances', on_delete=OnDelete.CASCADE)),
                ('method', fields.CharEnumField(description='CODE: code\nDESK: desk\nGRACE_OVER: grace_over', enum_type=AttendanceMethod, max_length=10)),
                ('recorded_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('recorded_by', fields.ForeignKeyField('models.Account', source_field='recorded_by_id', null=True, db_constraint=True, to_field='id', related_name='attendances', on_delete=OnDelete.CASCADE)),
                ('appeal_sealed', fields.BinaryField(null=True)),
                ('appealed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('appeal_decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('appeal_upheld', fields.BooleanField(null=True)),
            ],
            options={'table': 'attendance', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': "How a booking became attended or missed; an appeal against a miss is sealed under the resident's data key."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('token_hash', fields.BinaryField()),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', null=True, db_constraint=True, to_field='id', related_name='feeds', on_delete=OnDelete.CASCADE)),
                ('provider', fields.ForeignKeyField('models.Provider', source_field='provider_id', null=True, db_constraint=True, to_field='id', related_name='feeds', on_delete=OnDelete.CASCADE)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'calendar_feed', 'app': 'models', 'unique_together': (('token_hash',),), 'indexes': [Index(fields=['resident_id']), Index(fields=['provider_id'])], 'pk_attr': 'id', 'table_description': 'An address at which the calendar of a resident or of a provider can be read, known only by its hash.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Claim',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('booking', fields.OneToOneField('models.Booking', source_field='booking_id', db_constraint=True, to_field='id', related_name='claim', on_delete=OnDelete.CASCADE)),
                ('provider', fields.ForeignKeyField('models.Provider', source_field='provider_id', db_constraint=True, to_field='id', related_name='claims', on_delete=OnDelete.CASCADE)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='claims', on_delete=OnDelete.CASCADE)),
                ('programme', fields.CharField(max_length=60)),
                ('session_on', fields.DateField()),
                ('amount', fields.DecimalField(max_digits=8, decimal_places=2)),
                ('state', fields.CharEnumField(description='OPEN: open\nPAID: paid\nREFUSED: refused', enum_type=ClaimState, max_length=10)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('settled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'claim', 'app': 'models', 'indexes': [Index(fields=['provider_id', 'session_on'])], 'pk_attr': 'id', 'table_description': 'What a programme owes a provider for one attended session: `amount` yuan, the quoted price times its share.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Course',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('service', fields.ForeignKeyField('models.Service', source_field='service_id', db_constraint=True, to_field='id', related_name='courses', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=80)),
                ('capacity', fields.IntField()),
                ('taken', fields.IntField(db_default=0)),
            ],
            options={'table': 'course', 'app': 'models', 'indexes': [Index(fields=['service_id'])], 'pk_attr': 'id', 'table_description': 'A series of sessions that is booked as one; its sessions are slots, each with a place for everybody in it.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='DayException',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('service', fields.ForeignKeyField('models.Service', source_field='service_id', db_constraint=True, to_field='id', related_name='exceptions', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('kind', fields.CharEnumField(description='CLOSED: closed\nEXTRA: extra', enum_type=ExceptionKind, max_length=10)),
                ('from_minute', fields.SmallIntField()),
                ('until_minute', fields.SmallIntField()),
                ('capacity', fields.IntField(db_default=0)),
                ('reason', fields.CharField(max_length=80)),
            ],
            options={'table': 'day_exception', 'app': 'models', 'indexes': [Index(fields=['service_id', 'day'])], 'pk_attr': 'id', 'table_description': 'A day on which a service differs from its week: closed for a while, or open in addition.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Enrolment',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('course', fields.ForeignKeyField('models.Course', source_field='course_id', db_constraint=True, to_field='id', related_name='enrolments', on_delete=OnDelete.CASCADE)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='enrolments', on_delete=OnDelete.CASCADE)),
                ('enrolled_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('cancelled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'enrolment', 'app': 'models', 'indexes': [Index(fields=['resident_id']), Index(fields=['course_id'])], 'pk_attr': 'id', 'table_description': "A resident's place in a course; it has a booking for each session, and ends with all that are yet to come."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='NoticeConsent',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='consents', on_delete=OnDelete.CASCADE)),
                ('template', fields.CharField(max_length=64)),
                ('remaining', fields.IntField()),
            ],
            options={'table': 'notice_consent', 'app': 'models', 'unique_together': (('account_id', 'template'),), 'pk_attr': 'id', 'table_description': 'How many more messages of a WeChat template an account has agreed to.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='ProviderStaff',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('provider', fields.ForeignKeyField('models.Provider', source_field='provider_id', db_constraint=True, to_field='id', related_name='staff', on_delete=OnDelete.CASCADE)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='desks', on_delete=OnDelete.CASCADE)),
                ('left_on', fields.DateField(null=True)),
            ],
            options={'table': 'provider_staff', 'app': 'models', 'indexes': [Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': "An account that works at a provider's desk, until `left_on`."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Resource',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('provider', fields.ForeignKeyField('models.Provider', source_field='provider_id', db_constraint=True, to_field='id', related_name='resources', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(description='STAFF: staff\nROOM: room\nINTERPRETER: interpreter', enum_type=ResourceKind, max_length=20)),
                ('name', fields.CharField(max_length=80)),
                ('number', fields.IntField()),
                ('retired_on', fields.DateField(null=True)),
            ],
            options={'table': 'resource', 'app': 'models', 'unique_together': (('number',),), 'pk_attr': 'id', 'table_description': 'A person or room that one session at a time may hold; `number` is how the exclusion of overlaps knows it.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Allocation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('slot', fields.ForeignKeyField('models.Slot', source_field='slot_id', db_constraint=True, to_field='id', related_name='allocations', on_delete=OnDelete.CASCADE)),
                ('booking', fields.ForeignKeyField('models.Booking', source_field='booking_id', null=True, db_constraint=True, to_field='id', related_name='allocations', on_delete=OnDelete.CASCADE)),
                ('resource', fields.ForeignKeyField('models.Resource', source_field='resource_id', db_constraint=True, to_field='id', related_name='allocations', on_delete=OnDelete.CASCADE)),
                ('resource_number', fields.IntField()),
                ('held_from', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('held_until', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('released_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'allocation', 'app': 'models', 'indexes': [Index(fields=['slot_id']), Index(fields=['booking_id'])], 'pk_attr': 'id', 'table_description': 'A resource held from `held_from` to `held_until`, buffers included, until it is released.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='ServicePrice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('service', fields.ForeignKeyField('models.Service', source_field='service_id', db_constraint=True, to_field='id', related_name='prices', on_delete=OnDelete.CASCADE)),
                ('valid_from', fields.DateField()),
                ('price', fields.DecimalField(max_digits=8, decimal_places=2)),
            ],
            options={'table': 'service_price', 'app': 'models', 'unique_together': (('service_id', 'valid_from'),), 'pk_attr': 'id', 'table_description': 'What one session of a service costs, in yuan, from a day on; free of charge before the first.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='ServiceResource',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('service', fields.ForeignKeyField('models.Service', source_field='service_id', db_constraint=True, to_field='id', related_name='resources', on_delete=OnDelete.CASCADE)),
                ('resource', fields.ForeignKeyField('models.Resource', source_field='resource_id', db_constraint=True, to_field='id', related_name='services', on_delete=OnDelete.CASCADE)),
                ('on_request', fields.BooleanField(db_default=False)),
            ],
            options={'table': 'service_resource', 'app': 'models', 'unique_together': (('service_id', 'resource_id'),), 'pk_attr': 'id', 'table_description': 'A resource that a service may use: each of its sessions holds one of every kind listed for it.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Site',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('provider', fields.ForeignKeyField('models.Provider', source_field='provider_id', db_constraint=True, to_field='id', related_name='sites', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=80)),
                ('address', fields.CharField(max_length=120)),
                ('town', fields.CharField(max_length=40)),
                ('step_free', fields.BooleanField(db_default=False)),
                ('hearing_loop', fields.BooleanField(db_default=False)),
                ('guide_dog_welcome', fields.BooleanField(db_default=False)),
                ('parking_bay', fields.BooleanField(db_default=False)),
            ],
            options={'table': 'site', 'app': 'models', 'pk_attr': 'id', 'table_description': 'Where a provider serves, and what makes the place usable; `town` is empty for the whole district.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='WaitlistEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('slot', fields.ForeignKeyField('models.Slot', source_field='slot_id', null=True, db_constraint=True, to_field='id', related_name='waiting', on_delete=OnDelete.CASCADE)),
                ('course', fields.ForeignKeyField('models.Course', source_field='course_id', null=True, db_constraint=True, to_field='id', related_name='waiting', on_delete=OnDelete.CASCADE)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='wishes', on_delete=OnDelete.CASCADE)),
                ('state', fields.CharEnumField(description='WAITING: waiting\nOFFERED: offered\nPLACED: placed\nLEFT: left\nLAPSED: lapsed', enum_type=WaitlistState, max_length=10)),
                ('priority', fields.SmallIntField()),
                ('joined_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'waitlist_entry', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'A wish for a place in a full slot or course, one of the two; by `priority`, lowest first, then first come.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Offer',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('entry', fields.ForeignKeyField('models.WaitlistEntry', source_field='entry_id', db_constraint=True, to_field='id', related_name='offers', on_delete=OnDelete.CASCADE)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='offers', on_delete=OnDelete.CASCADE)),
                ('booking', fields.ForeignKeyField('models.Booking', source_field='booking_id', null=True, db_constraint=True, to_field='id', related_name='offers', on_delete=OnDelete.CASCADE)),
                ('state', fields.CharEnumField(description='OPEN: open\nACCEPTED: accepted\nDECLINED: declined\nEXPIRED: expired', enum_type=OfferState, max_length=10)),
                ('offered_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'offer', 'app': 'models', 'indexes': [Index(fields=['resident_id']), Index(fields=['entry_id'])], 'pk_attr': 'id', 'table_description': "A freed place held for one who waits until `expires_at`; meanwhile `taken` counts it."},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='Notice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('resident', fields.ForeignKeyField('models.Resident', source_field='resident_id', db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.CASCADE)),
                ('booking', fields.ForeignKeyField('models.Booking', source_field='booking_id', null=True, db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.CASCADE)),
                ('offer', fields.ForeignKeyField('models.Offer', source_field='offer_id', null=True, db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(description='REMINDER: reminder\nCONFIRMED: confirmed\nCHANGED: changed\nCANCELLED: cancelled\nOFFERED: offered', enum_type=NoticeKind, max_length=10)),
                ('revision', fields.IntField(db_default=0)),
                ('state', fields.CharEnumField(description='DUE: due\nSENDING: sending\nSENT: sent\nREFUSED: refused\nUNKNOWN: unknown\nVOID: void', enum_type=NoticeState, max_length=10)),
                ('channel', fields.CharEnumField(null=True, description='WECHAT: wechat\nSMS: sms', enum_type=NoticeChannel, max_length=10)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('sent_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('refusal', fields.CharField(null=True, max_length=20)),
            ],
            options={'table': 'notice', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'One message about a booking at a revision of it, or about an offer; made in the transaction that it tells of.'},
            bases=['Record'],
        ),
        ops.CreateModel(
            name='WeeklyPattern',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('service', fields.ForeignKeyField('models.Service', source_field='service_id', db_constraint=True, to_field='id', related_name='patterns', on_delete=OnDelete.CASCADE)),
                ('weekday', fields.SmallIntField()),
                ('from_minute', fields.SmallIntField()),
                ('until_minute', fields.SmallIntField()),
                ('capacity', fields.IntField()),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
                ('on_holidays', fields.BooleanField(db_default=False)),
                ('on_makeup_days', fields.BooleanField(db_default=False)),
            ],
            options={'table': 'weekly_pattern', 'app': 'models', 'indexes': [Index(fields=['service_id'])], 'pk_attr': 'id', 'table_description': 'When a service is open every week: ISO weekday, minutes of the local day, both validity days included.'},
            bases=['Record'],
        ),
        ops.AlterField(
            model_name='Booking',
            name='state',
            field=fields.CharEnumField(description='REQUESTED: requested\nBOOKED: booked\nCANCELLED: cancelled\nATTENDED: attended\nMISSED: missed\nEXCUSED: excused', enum_type=BookingState, max_length=10),
        ),
        ops.AddField(
            model_name='Booking',
            name='confirmed_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Booking',
            name='cost_share',
            field=fields.DecimalField(null=True, max_digits=4, decimal_places=3),
        ),
        ops.AddField(
            model_name='Booking',
            name='enrolment',
            field=fields.ForeignKeyField('models.Enrolment', source_field='enrolment_id', null=True, db_constraint=True, to_field='id', related_name='bookings', on_delete=OnDelete.CASCADE),
        ),
        ops.AddField(
            model_name='Booking',
            name='flag',
            field=fields.CharEnumField(null=True, description='SLOT_CHANGED: slot_changed\nINELIGIBLE: ineligible\nCARD_NOT_USABLE: card_not_usable', enum_type=BookingFlag, max_length=20),
        ),
        ops.AddField(
            model_name='Booking',
            name='flagged_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Booking',
            name='price',
            field=fields.DecimalField(db_default=0, max_digits=8, decimal_places=2),
        ),
        ops.AddField(
            model_name='Booking',
            name='programme',
            field=fields.CharField(db_default='', max_length=60),
        ),
        ops.AddField(
            model_name='Booking',
            name='revision',
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name='Booking',
            name='rule_effective',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Booking',
            name='to_bring',
            field=fields.TextField(db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Booking',
            name='verdict',
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddIndex(
            model_name='Booking',
            index=Index(fields=['enrolment_id']),
        ),
        ops.AlterModelOptions(
            name='Service',
            options={'table': 'service', 'app': 'models', 'indexes': [Index(fields=['provider_id'])], 'pk_attr': 'id', 'table_description': 'What a provider offers; `programme` names the entitlement that pays for it, empty where none does.'},
        ),
        ops.AddField(
            model_name='Service',
            name='buffer_after_minutes',
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name='Service',
            name='buffer_before_minutes',
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name='Service',
            name='documents',
            field=fields.TextField(db_default='', unique=False),
        ),
        ops.AddField(
            model_name='Service',
            name='grace_minutes',
            field=fields.IntField(db_default=15),
        ),
        ops.AddField(
            model_name='Service',
            name='horizon_days',
            field=fields.IntField(db_default=42),
        ),
        ops.AddField(
            model_name='Service',
            name='kind',
            field=fields.CharEnumField(description='REHAB_TRAINING: rehab_training\nDAY_CARE: day_care\nSIGN_INTERPRETING: sign_interpreting\nLEGAL_AID: legal_aid\nDEVICE_FITTING: device_fitting\nHOME_ASSESSMENT: home_assessment\nVOCATIONAL_COURSE: vocational_course\nCULTURE_SPORT: culture_sport\nVOLUNTEER_VISIT: volunteer_visit', db_default='rehab_training', enum_type=ServiceKind, max_length=20),
        ),
        ops.AddField(
            model_name='Service',
            name='lead_minutes',
            field=fields.IntField(db_default=0),
        ),
        ops.AddField(
            model_name='Service',
            name='minutes',
            field=fields.IntField(db_default=60),
        ),
        ops.AddField(
            model_name='Service',
            name='needs_confirmation',
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name='Service',
            name='offer_minutes',
            field=fields.IntField(db_default=120),
        ),
        ops.AddField(
            model_name='Service',
            name='only_entitled',
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name='Service',
            name='retired_on',
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name='Service',
            name='site',
            field=fields.ForeignKeyField('models.Site', source_field='site_id', null=True, db_constraint=True, to_field='id', related_name='services', on_delete=OnDelete.CASCADE),
        ),
        ops.AddIndex(
            model_name='Service',
            index=Index(fields=['provider_id']),
        ),
        ops.AddField(
            model_name='Slot',
            name='course',
            field=fields.ForeignKeyField('models.Course', source_field='course_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE),
        ),
        ops.AddField(
            model_name='Slot',
            name='generated',
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name='Slot',
            name='state',
            field=fields.CharEnumField(description='OPEN: open\nWITHDRAWN: withdrawn\nFLAGGED: flagged', db_default='open', enum_type=SlotState, max_length=10),
        ),
        ops.AddIndex(
            model_name='Slot',
            index=Index(fields=['starts_at', 'id']),
        ),
        ops.AddIndex(
            model_name='Slot',
            index=Index(fields=['course_id']),
        ),
        ops.RunSQL([statement for wall in WALLS for statement in wall.split(";")]),
    ]
