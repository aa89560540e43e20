"""who a rule leaves alone to tell its effect, and what became of everybody"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE = "'failed')"
AFTER = "'failed', 'withheld')"


def upgrade() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("rule_version", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("arm", sa.String(length=20), nullable=False),
        sa.Column("share", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("assigned_on", sa.Date(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("follow", sa.JSON(), nullable=False),
        sa.Column("judged_from", sa.Date(), nullable=False),
        sa.Column("judged_on", sa.Date(), nullable=True),
        sa.Column("is_settled", sa.Boolean(), nullable=True),
        sa.Column("settled_days", sa.Integer(), nullable=True),
        sa.Column("settled_amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.CheckConstraint("arm in ('treatment', 'control')", name=op.f("ck_assignment_arm")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("rule", "subject", name=op.f("uq_assignment_rule")),
    )
    op.create_index(op.f("ix_assignment_judged_from"), "assignment", ["judged_from"], unique=False)
    _replace_check(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("delete from proposal_document where proposal_id in "
               "(select id from proposal where state = 'withheld')")  # fmt: skip
    op.execute("delete from proposal where state = 'withheld'")
    _replace_check(AFTER, BEFORE)
    op.drop_table("assignment")


def _replace_check(old: str, new: str) -> None:
    """The states a proposal may have, one more or fewer at their end."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        states = ["proposed", "approved", "held", "sending", "sent", "recorded", "uncertain", "rejected",
                  "expired", "cancelled", "failed", *(["withheld"] if "withheld" in new else [])]  # fmt: skip
        op.drop_constraint(op.f("ck_proposal_state"), "proposal", type_="check")
        op.create_check_constraint(op.f("ck_proposal_state"), "proposal", f"state in {tuple(states)}")
        return
    # a check is text only, and the rows that refer to the table stay where they are:
    # https://sqlite.org/lang_altertable.html#otheralter
    version = connection.exec_driver_sql("pragma schema_version").scalar_one()
    connection.exec_driver_sql("pragma writable_schema = on")
    connection.exec_driver_sql(
        "update sqlite_schema set sql = replace(sql, ?, ?) where type = 'table' and name = 'proposal'",
        (old, new),
    )
    connection.exec_driver_sql(f"pragma schema_version = {version + 1}")
    connection.exec_driver_sql("pragma writable_schema = reset")
