from django.db import migrations

# Content is written once, read once and deleted: compressing it costs more than it saves, and a usual message
# stays in its table's page. Recipients change their status once or twice: room on the page keeps that cheap.
FORWARD = """
ALTER TABLE queues_content ALTER COLUMN chunk SET STORAGE EXTERNAL;
ALTER TABLE queues_content SET (toast_tuple_target = 8160, autovacuum_vacuum_scale_factor = 0.05,
    toast.autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE queues_recipient SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE queues_nexthop SET (fillfactor = 50);
ALTER TABLE queues_position SET (fillfactor = 50);
"""
BACKWARD = """
ALTER TABLE queues_content ALTER COLUMN chunk SET STORAGE EXTENDED;
ALTER TABLE queues_content RESET (toast_tuple_target, autovacuum_vacuum_scale_factor,
    toast.autovacuum_vacuum_scale_factor);
ALTER TABLE queues_recipient RESET (fillfactor, autovacuum_vacuum_scale_factor);
ALTER TABLE queues_nexthop RESET (fillfactor);
ALTER TABLE queues_position RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("queues", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
