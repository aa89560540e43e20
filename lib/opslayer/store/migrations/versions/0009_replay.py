"""what a rule would have done over a time that is past"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("rebuilt", sa.Integer(), nullable=False),
        sa.Column("firings", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("most_firings", sa.Integer(), nullable=False),
        sa.Column("most_amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("months", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay")),
    )
    op.create_index(op.f("ix_replay_rule"), "replay", ["rule"], unique=False)


def downgrade() -> None:
    op.drop_table("replay")
