from django.db import migrations

# An address, a range and a network are found by one index; text that is no address must not keep a line out of the log.
# (Not for parallel workers: a function that catches an error cannot run there.)
FORWARD = r"""
CREATE FUNCTION tracking_address(text) RETURNS inet LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    RETURN split_part($1, '%', 1)::inet;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END $$;
CREATE INDEX tracking_session_address ON tracking_session (tracking_address(remote_address));
DROP INDEX IF EXISTS tracking_session_remote;
"""
BACKWARD = """
CREATE INDEX tracking_session_remote ON tracking_session (remote_address text_pattern_ops);
DROP INDEX tracking_session_address;
DROP FUNCTION tracking_address(text);
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0006_client")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL(FORWARD, BACKWARD)],
            [migrations.RemoveIndex("session", "tracking_session_remote")],
        ),
    ]
