"""invoices with numbers that have no gaps, and what each of them bills"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_series",
        sa.Column("series", sa.String(length=100), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "issued_invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("series", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.String(length=200), nullable=False),
        sa.Column("project_id", sa.String(length=200), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("total", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("corrects", sa.String(length=100), nullable=True),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("type in ('invoice', 'credit_note')", name=op.f("ck_issued_invoice_type")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_issued_invoice_proposal_id")),
        sa.ForeignKeyConstraint(["series"], ["invoice_series.series"], name=op.f("fk_issued_invoice_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_issued_invoice_number")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_issued_invoice_proposal_id")),
        sa.UniqueConstraint("series", "position", name=op.f("uq_issued_invoice_series")),
    )
    op.create_index(op.f("ix_issued_invoice_party_id"), "issued_invoice", ["party_id"], unique=False)
    op.create_index(op.f("ix_issued_invoice_project_id"), "issued_invoice", ["project_id"], unique=False)
    op.create_table(
        "invoiced_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=200), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["issued_invoice.id"], name=op.f("fk_invoiced_item_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoiced_item")),
        sa.UniqueConstraint("item_id", "turn", name=op.f("uq_invoiced_item_item_id")),
    )
    op.create_index(op.f("ix_invoiced_item_item_id"), "invoiced_item", ["item_id"], unique=False)


def downgrade() -> None:
    for table in ("invoiced_item", "issued_invoice", "invoice_series"):
        op.drop_table(table)
