"""What PostgreSQL keeps: the register, bookings, credentials, devices and the audit log."""
