"""Alembic's environment; run by `appliance.store.migrate`."""
