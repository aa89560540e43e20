"""Alembic's entry: migrates over the connection that `open_store` hands it."""

from alembic import context

from opslayer.store.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
