"""alerts of each entity, how each came where it stands, and who was told of it"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATES = (
    "normal",
    "pending",
    "firing",
    "acknowledged",
    "recovering",
    "resolved",
    "silenced",
    "no data",
    "error",
)
TELLINGS = ("waiting", "mailed", "refused", "void")


def upgrade() -> None:
    _widen()
    op.create_table(
        "alert_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=False),
        sa.Column("after", sa.String(length=20), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("fired", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("person", sa.String(length=200), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_change_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_change")),
    )
    op.create_index(op.f("ix_alert_change_alert_id"), "alert_change", ["alert_id"], unique=False)
    op.create_index(op.f("ix_alert_change_moment"), "alert_change", ["moment"], unique=False)
    op.create_table(
        "alert_evaluation",
        sa.Column("snapshot", sa.String(length=40), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("snapshot", name=op.f("pk_alert_evaluation")),
    )
    op.create_table(
        "alert_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("told", sa.String(length=20), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.CheckConstraint(f"state in {TELLINGS}", name=op.f("ck_alert_notice_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_notice")),
        sa.UniqueConstraint("message_id", name=op.f("uq_alert_notice_message_id")),
    )
    op.create_index(op.f("ix_alert_notice_made_at"), "alert_notice", ["made_at"], unique=False)
    op.create_index(op.f("ix_alert_notice_state"), "alert_notice", ["state"], unique=False)
    op.create_table(
        "alert_telling",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("told", sa.String(length=20), nullable=False),
        sa.Column("begun", sa.String(length=40), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["alert_notice.id"], name=op.f("fk_alert_telling_notice_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_telling_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_telling")),
        sa.UniqueConstraint(
            "alert_id", "person", "told", "begun", "turn", name=op.f("uq_alert_telling_alert_id")
        ),
    )
    op.create_index(op.f("ix_alert_telling_notice_id"), "alert_telling", ["notice_id"], unique=False)


def _widen() -> None:
    """An alert a definition and entity: what was of a metric is of the firm as a whole."""
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("metric", new_column_name="definition", type_=sa.String(length=100))
        alert.drop_constraint(op.f("uq_alert_metric"), type_="unique")
        alert.add_column(sa.Column("entity", sa.String(length=200), nullable=False, server_default=""))
        alert.add_column(sa.Column("name", sa.String(length=400), nullable=False, server_default=""))
        alert.add_column(sa.Column("course", sa.String(length=20), nullable=False, server_default="normal"))
        alert.add_column(sa.Column("cover", sa.String(length=20), nullable=True))
        alert.add_column(sa.Column("moved_on", sa.Date(), nullable=True))
        alert.add_column(sa.Column("episode", sa.Integer(), nullable=False, server_default="0"))
        alert.add_column(sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
        alert.add_column(sa.Column("measured_on", sa.Date(), nullable=True))
        alert.add_column(sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True))
        alert.add_column(sa.Column("comment", sa.Text(), nullable=True))
        alert.add_column(sa.Column("silenced_by", sa.String(length=200), nullable=True))
        alert.add_column(sa.Column("silenced_why", sa.Text(), nullable=True))
    op.execute("update alert set state = 'normal' where state = 'ok'")
    op.execute(
        "update alert set moved_on = as_of, measured_on = case when value is not null then as_of end, "
        "cover = case when state in ('no data', 'error') then state end, "
        "opened_at = case when state in ('firing', 'acknowledged') then since end, "
        "episode = case when breaches > 0 then 1 else 0 end, "
        "course = case when state in ('no data', 'error') then 'normal' when state <> 'silenced' then state "
        "when acknowledged_by is not null then 'acknowledged' else 'firing' end"
    )
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("moved_on", existing_type=sa.Date(), nullable=False)
        alert.drop_column("breaches")
        alert.create_unique_constraint(op.f("uq_alert_definition"), ["definition", "entity"])
        alert.create_check_constraint(op.f("ck_alert_state"), f"state in {STATES}")
    op.create_index(op.f("ix_alert_state"), "alert", ["state"], unique=False)


def downgrade() -> None:
    for table in ("alert_telling", "alert_notice", "alert_evaluation", "alert_change"):
        op.drop_table(table)
    op.execute("delete from alert where entity <> ''")
    op.drop_index(op.f("ix_alert_state"), "alert")
    with op.batch_alter_table("alert") as alert:
        alert.drop_constraint(op.f("ck_alert_state"), type_="check")
        alert.drop_constraint(op.f("uq_alert_definition"), type_="unique")
        alert.alter_column("definition", new_column_name="metric", type_=sa.String(length=200))
        alert.add_column(sa.Column("breaches", sa.Integer(), nullable=False, server_default="0"))
        for column in (
            "entity",
            "name",
            "course",
            "cover",
            "moved_on",
            "episode",
            "opened_at",
            "measured_on",
            "acknowledged_at",
            "comment",
            "silenced_by",
            "silenced_why",
        ):
            alert.drop_column(column)
        alert.create_unique_constraint(op.f("uq_alert_metric"), ["metric"])
    op.execute("update alert set state = 'ok' where state in ('normal', 'recovering')")
