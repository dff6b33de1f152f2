-- name: kept_columns
-- Whatever the database does not make itself of other columns.
SELECT a.attname AS name
FROM pg_attribute AS a
WHERE a.attrelid = to_regclass(%(table)s) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum;

-- name: counted_columns
-- Columns that are counted up by the database, with what counts them.
SELECT c.table_name AS table, c.column_name AS column,
    pg_get_serial_sequence(c.table_name, c.column_name) AS sequence
FROM information_schema.columns AS c
WHERE to_regclass(c.table_name) = to_regclass(quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))
    AND c.table_name = ANY(%(tables)s) AND c.is_identity = 'YES';

-- name: count_on
-- Rows that were restored have their numbers: the next one goes on behind them.
SELECT setval(%(sequence)s::regclass, (SELECT coalesce(max(t.{column}), 0) + 1 FROM {table} AS t), false);
