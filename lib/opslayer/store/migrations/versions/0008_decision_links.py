"""mails that say what waits for somebody, and links in them that decide once"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'mailed', 'void')", name=op.f("ck_digest_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("message_id", name=op.f("uq_digest_message_id")),
    )
    op.create_table(
        "decision_link",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("evidence_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_decision_link_digest_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_decision_link_proposal_id")),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_decision_link")),
        sa.UniqueConstraint(
            "proposal_id", "person", "evidence_hash", name=op.f("uq_decision_link_proposal_id")
        ),
    )
    op.create_index(op.f("ix_decision_link_digest_id"), "decision_link", ["digest_id"], unique=False)


def downgrade() -> None:
    op.drop_table("decision_link")
    op.drop_table("digest")
