from django.db import migrations

# Words, not trigrams: sessions come by the thousand a second, and an index of trigrams costs six times as much to keep.
# What the log holds is ASCII; whatever separates words there becomes a space, so that addresses are found by their parts.
FORWARD = r"""
CREATE FUNCTION tracking_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector('simple'::regconfig, translate($1, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)));
CREATE INDEX tracking_session_words ON tracking_session USING gin (tracking_words(search));
DROP INDEX IF EXISTS tracking_session_search;
"""
BACKWARD = "DROP INDEX tracking_session_words; DROP FUNCTION tracking_words(text);"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
