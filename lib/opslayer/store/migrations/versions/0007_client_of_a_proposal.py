"""whom a proposal writes to, and the leases of waiting messages, are found by an index"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # PostgreSQL indexes only what it stores; SQLite adds only what it does not
    of_evidence = sa.Computed(
        "evidence ->> 'client_id'", persisted=op.get_context().dialect.name == "postgresql"
    )
    op.add_column("proposal", sa.Column("client_id", sa.String(length=200), of_evidence))
    op.create_index(op.f("ix_proposal_client_id"), "proposal", ["client_id"], unique=False)
    op.create_index(op.f("ix_outbox_state_id"), "outbox", ["state", "id"], unique=False)
    op.drop_index(op.f("ix_outbox_state"), table_name="outbox")


def downgrade() -> None:
    op.create_index(op.f("ix_outbox_state"), "outbox", ["state"], unique=False)
    op.drop_index(op.f("ix_outbox_state_id"), table_name="outbox")
    op.drop_index(op.f("ix_proposal_client_id"), table_name="proposal")
    op.drop_column("proposal", "client_id")
