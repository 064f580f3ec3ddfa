"""People without a card are in the register too, with the document by which they were identified."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.identification import Identification
from tortoise import fields
from tortoise.indexes import Index

# Whoever is there already came from the federation's own list; written also by statements that know nothing of it.
DEFAULT = "ALTER TABLE resident ALTER COLUMN identified_by SET DEFAULT 'id_card'"

class Migration(migrations.Migration):
    dependencies = [('models', '0013_objections')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='Resident',
            name='id_number_index',
            field=fields.BinaryField(null=True),
        ),
        ops.AlterField(
            model_name='Resident',
            name='id_number_sealed',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Resident',
            name='certificate_index',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Resident',
            name='certificate_sealed',
            field=fields.BinaryField(null=True),
        ),
        ops.AddField(
            model_name='Resident',
            name='identified_by',
            field=fields.CharEnumField(default=Identification.ID_CARD, description='ID_CARD: id_card\nHOUSEHOLD_BOOK: household_book\nBIRTH_CERTIFICATE: birth_certificate', enum_type=Identification, max_length=20),
        ),
        ops.AddIndex(
            model_name='Resident',
            index=Index(fields=['certificate_index']),
        ),
        ops.RunSQL([DEFAULT]),
    ]
