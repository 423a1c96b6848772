"""Where the appliance's facts are kept: SQLAlchemy, and Alembic for the schema."""
