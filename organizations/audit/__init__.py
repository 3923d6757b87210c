"""The audit trail: who changed what and when, kept by triggers in the database."""
