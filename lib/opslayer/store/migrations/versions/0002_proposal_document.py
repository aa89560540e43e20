"""which documents a proposal covers, at which level"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposal_document",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.String(length=200), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_document_proposal_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", "document_id", name=op.f("pk_proposal_document")),
    )
    op.create_index(
        op.f("ix_proposal_document_document_id"), "proposal_document", ["document_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("proposal_document")
