from django.db import migrations

# Substring search by trigrams where the server has the extension; without it the search reads the table.
FORWARD = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX IF NOT EXISTS tracking_session_search ON tracking_session USING gin (search gin_trgm_ops);
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'pg_trgm cannot be created by this user: searches in tracking_session will be slower';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, "DROP INDEX IF EXISTS tracking_session_search")]
