"""Talks to the disk and the database: deliveries, contracts, schemas."""
