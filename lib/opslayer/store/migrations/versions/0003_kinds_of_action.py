"""several kinds of action: which one a proposal is, one that is done when approved, one that binds"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BEFORE = (
    "state in ('proposed', 'approved', 'held', 'sending', 'sent', 'uncertain', 'rejected', "
    "'expired', 'cancelled', 'failed')"
)
AFTER = BEFORE.replace("'sent', ", "'sent', 'recorded', ")


def upgrade() -> None:
    kind = sa.Column("kind", sa.String(length=40), nullable=False, server_default="reminder")
    op.add_column("proposal", kind)
    op.add_column(
        "proposal", sa.Column("is_binding", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    _replace_check(BEFORE, AFTER)


def downgrade() -> None:
    _replace_check(AFTER, BEFORE)
    op.drop_column("proposal", "is_binding")
    op.drop_column("proposal", "kind")


def _replace_check(old: str, new: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_proposal_state"), "proposal", type_="check")
        op.create_check_constraint(op.f("ck_proposal_state"), "proposal", new)
        return
    # a check is text only, and the rows that refer to the table stay where they are:
    # https://sqlite.org/lang_altertable.html#otheralter
    connection = op.get_bind()
    version = connection.exec_driver_sql("pragma schema_version").scalar_one()
    connection.exec_driver_sql("pragma writable_schema = on")
    connection.exec_driver_sql(
        "update sqlite_schema set sql = replace(sql, ?, ?) where type = 'table' and name = 'proposal'",
        (old, new),
    )
    connection.exec_driver_sql(f"pragma schema_version = {version + 1}")
    connection.exec_driver_sql("pragma writable_schema = reset")
