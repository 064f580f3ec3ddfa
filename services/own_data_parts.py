"""What a resident's own data consists of: each part with its rows, and how their sealed columns are opened."""

from collections.abc import Mapping

from services.vault import Sealed

# Each part of the answer: its rows, and what their sealed columns are sealed as.
PARTS: Mapping[str, tuple[str, Mapping[str, Sealed]]] = {
    "cards": (
        """
        SELECT number_sealed, category, categories, grade, state, issued_on, valid_until, cause, moved_out_on
        FROM card WHERE resident_id = $1 ORDER BY issued_on, id
        """,
        {"number": Sealed.CARD_NUMBER},
    ),
    "applications": (
        """
        SELECT kind, state, findings, hospital, applied_at, assessed_at, closed_at FROM card_application
        WHERE resident_id = $1 ORDER BY applied_at, id
        """,
        {},
    ),
    "cardEvents": (
        """
        SELECT event, cause, day, reason_sealed, role, at, card_from, card_to, application_from, application_to
        FROM card_event WHERE resident_id = $1 ORDER BY at, id
        """,
        {"reason": Sealed.CARD_REASON},
    ),
    "appeals": (
        """
        SELECT level, role, reason_sealed, filed_at, last_day, outcome, findings, decided_at FROM card_appeal
        WHERE resident_id = $1 ORDER BY filed_at, id
        """,
        {"reason": Sealed.CARD_REASON},
    ),
    "notices": (
        """
        SELECT kind, detail_sealed, created_at, delivered_at FROM card_notice
        WHERE resident_id = $1 ORDER BY created_at, id
        """,
        {"detail": Sealed.NOTICE},
    ),
    # Notes among staff about how to help stay theirs, as in the file that she reads on her phone.
    "file": (
        """
        SELECT kind, text_sealed, happened_on, written_at FROM file_entry
        WHERE resident_id = $1 AND kind <> 'note' ORDER BY written_at, id
        """,
        {"text": Sealed.FILE_TEXT},
    ),
    "facts": (
        """
        SELECT f.name, f.source, f.value_sealed, f.valid_from, f.valid_until, f.recorded_on,
               b.source AS file, b.batch
        FROM fact f LEFT JOIN import_batch b ON b.id = f.batch_id WHERE f.resident_id = $1 ORDER BY f.name, f.id
        """,
        {"value": Sealed.FACT},
    ),
    "guardians": (
        """
        SELECT name_sealed, phone_sealed, relation, acts, ground, proven_by, valid_from, valid_until, ended_on
        FROM guardian WHERE ward_id = $1 ORDER BY valid_from, id
        """,
        {"name": Sealed.GUARDIAN_NAME, "phone": Sealed.GUARDIAN_PHONE},
    ),
    "objections": (
        """
        SELECT o.reason_sealed, o.filed_at, o.outcome, o.decision_sealed, o.decided_at
        FROM guardian_objection o JOIN guardian g ON g.id = o.guardian_id
        WHERE g.ward_id = $1 ORDER BY o.filed_at, o.id
        """,
        {"reason": Sealed.OBJECTION, "decision": Sealed.OBJECTION},
    ),
    "bookings": (
        """
        SELECT v.name AS service, p.name AS provider, b.state, b.starts_at, b.ends_at, b.booked_at, b.cancelled_at,
               b.programme, b.price, b.cost_share
        FROM booking b JOIN slot s ON s.id = b.slot_id JOIN service v ON v.id = s.service_id
        JOIN provider p ON p.id = v.provider_id WHERE b.resident_id = $1 ORDER BY b.starts_at, b.id
        """,
        {},
    ),
    "courses": (
        """
        SELECT c.name AS course, e.enrolled_at, e.cancelled_at FROM enrolment e JOIN course c ON c.id = e.course_id
        WHERE e.resident_id = $1 ORDER BY e.enrolled_at, e.id
        """,
        {},
    ),
    "wishes": (
        """
        SELECT v.name AS service, s.starts_at, w.state, w.joined_at, o.offered_at, o.expires_at, o.state AS offer
        FROM waitlist_entry w JOIN slot s ON s.id = w.slot_id JOIN service v ON v.id = s.service_id
        LEFT JOIN offer o ON o.entry_id = w.id WHERE w.resident_id = $1 ORDER BY w.joined_at, w.id, o.offered_at
        """,
        {},
    ),
    "bookingNotices": (
        """
        SELECT kind, state, due_at FROM notice WHERE resident_id = $1 ORDER BY due_at, id
        """,
        {},
    ),
    "attendance": (
        """
        SELECT b.starts_at, a.method, a.recorded_at, a.appeal_sealed, a.appealed_at, a.appeal_upheld
        FROM attendance a JOIN booking b ON b.id = a.booking_id
        WHERE a.resident_id = $1 ORDER BY a.recorded_at, a.id
        """,
        {"appeal": Sealed.APPEAL},
    ),
    "claims": (
        """
        SELECT programme, session_on, amount, state, made_at FROM claim WHERE resident_id = $1 ORDER BY made_at, id
        """,
        {},
    ),
    "referrals": (
        """
        SELECT o.name AS from_provider, t.name AS to_provider, f.note_sealed, f.state, f.proposed_at, f.answered_at,
               f.valid_until
        FROM referral f JOIN provider o ON o.id = f.from_provider_id JOIN provider t ON t.id = f.to_provider_id
        WHERE f.resident_id = $1 ORDER BY f.proposed_at, f.id
        """,
        {"note": Sealed.REFERRAL},
    ),
    # What opens the calendar is known to the phone alone.
    "calendars": (
        """
        SELECT made_at FROM calendar_feed WHERE resident_id = $1 ORDER BY made_at, id
        """,
        {},
    ),
    "receipts": (
        """
        SELECT programme, source, valid_from, valid_until FROM receipt
        WHERE resident_id = $1 ORDER BY valid_from, id
        """,
        {},
    ),
    "passes": (
        """
        SELECT issued_at, expires_at, revoked_at, suspended_at FROM credential
        WHERE resident_id = $1 ORDER BY issued_at, id
        """,
        {},
    ),
    "rides": (
        """
        SELECT t.at, o.name AS operator, d.kind, d.place, t.admission, t.reason, t.companions
        FROM tap t JOIN device d ON d.id = t.device_id JOIN operator o ON o.id = d.operator_id
        WHERE t.resident_id = $1 ORDER BY t.at
        """,
        {},
    ),
    "rideDisputes": (
        """
        SELECT opened_at, reason_sealed, upheld, answer_sealed, answered_at FROM ride_dispute
        WHERE resident_id = $1 ORDER BY opened_at, id
        """,
        {"reason": Sealed.RIDE_DISPUTE, "answer": Sealed.RIDE_ANSWER},
    ),
    "rideFindings": (
        """
        SELECT kind, first_at, last_at, state, note_sealed, decided_at FROM tap_finding
        WHERE resident_id = $1 ORDER BY first_at, id
        """,
        {"note": Sealed.NOTE},
    ),
    "reveals": (
        """
        SELECT r.field, r.reason, r.note_sealed, s.role, s.organisation, r.at
        FROM reveal r JOIN staff s ON s.id = r.staff_id WHERE r.resident_id = $1 ORDER BY r.at, r.id
        """,
        {"note": Sealed.NOTE},
    ),
    "accesses": (
        """
        SELECT at, actor, action FROM audit WHERE subject = $1::uuid::text ORDER BY sequence
        """,
        {},
    ),
    "exports": (
        """
        SELECT e.recipient, e.purpose, e.columns, e.at FROM data_export e
        JOIN data_export_subject s ON s.export_id = e.id WHERE s.resident_id = $1 ORDER BY e.at, e.id
        """,
        {},
    ),
}
