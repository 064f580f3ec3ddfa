"""News of a card becomes a message of its own, delivered as changes of a booking are."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.notice import NoticeKind
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

ABOUT = [
    "ALTER TABLE notice DROP CONSTRAINT notice_is_about_one_thing",
    "ALTER TABLE notice ADD CONSTRAINT notice_is_about_one_thing "
    "CHECK (num_nonnulls(booking_id, offer_id, card_notice_id) = 1)",
    "CREATE UNIQUE INDEX notice_of_card_once ON notice (card_notice_id) WHERE card_notice_id IS NOT NULL",
]


class Migration(migrations.Migration):
    dependencies = [('models', '0014_identification')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='Notice',
            options={'table': 'notice', 'app': 'models', 'indexes': [Index(fields=['resident_id'])], 'pk_attr': 'id', 'table_description': 'One message about a booking at a revision of it, an offer or a card; made in the transaction that it tells of.'},
        ),
        ops.AlterField(
            model_name='Notice',
            name='kind',
            field=fields.CharEnumField(description='REMINDER: reminder\nCONFIRMED: confirmed\nCHANGED: changed\nCANCELLED: cancelled\nOFFERED: offered\nCARD: card', enum_type=NoticeKind, max_length=10),
        ),
        ops.AddField(
            model_name='Notice',
            name='card_notice',
            field=fields.ForeignKeyField('models.CardNotice', source_field='card_notice_id', null=True, db_constraint=True, to_field='id', related_name='messages', on_delete=OnDelete.CASCADE),
        ),
        ops.RunSQL(ABOUT),
    ]
