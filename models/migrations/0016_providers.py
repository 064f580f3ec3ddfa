"""What a provider's desk closes without touching a booking: sites, courses, and the use of a resource."""

from models.notice import NoticeKind
from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Rows end by a date here too; the kind of a notice tells of one more thing."""

    dependencies = [("models", "0015_card_messages")]

    operations = [
        ops.AddField(model_name="Course", name="retired_at", field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
        ops.AddField(model_name="ServiceResource", name="ended_at", field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
        ops.AddField(model_name="Site", name="retired_on", field=fields.DateField(null=True)),
        ops.AlterField(
            model_name="Notice",
            name="kind",
            field=fields.CharEnumField(description="REMINDER: reminder\nCONFIRMED: confirmed\nCHANGED: changed\nTERMS: terms\nCANCELLED: cancelled\nOFFERED: offered\nCARD: card", enum_type=NoticeKind, max_length=10),
        ),
    ]
