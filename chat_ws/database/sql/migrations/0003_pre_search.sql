-- What conversations are searched by: the words of titles and messages, of any language.

-- Punctuation, also in the middle of identifiers and addresses, parts words; in scripts that write no spaces
-- each character is one. chat_ws/words.py does the same to what is asked.
CREATE FUNCTION carrel_words(said text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN to_tsvector('pg_catalog.simple', regexp_replace(
    -- A tsvector holds at most 1 MiB: text past this is kept, and not searched.
    regexp_replace(
        normalize(left(said, 100000), NFKC),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u055a-\u055f\u0589\u05be\u060c\u061b\u061f\u06d4\u0964\u0965\u1680\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ufe30-\ufe4f]+',
        ' ', 'g'
    ),
    '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])',
    ' \1 ', 'g'
));

ALTER TABLE conversations ADD COLUMN words tsvector GENERATED ALWAYS AS (carrel_words(title)) STORED;

-- Null while an answer grows: keeping what it holds so far touches no index. Whose it is stands among the
-- words, where no word can be ('@' is punctuation): the index finds a visitor's words without reading
-- everybody's.
ALTER TABLE messages ADD COLUMN words tsvector GENERATED ALWAYS AS (
    CASE
        WHEN status IS DISTINCT FROM 'running'
            THEN carrel_words(content) || array_to_tsvector(ARRAY['@' || visitor_id])
    END
) STORED;

CREATE INDEX messages_by_words ON messages USING gin (words);
