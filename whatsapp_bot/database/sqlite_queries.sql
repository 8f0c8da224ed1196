-- The statements of vector_table.py, in SQLite's dialect (libSQL's too).
-- {table} is a checked identifier.

-- name: create_vector_table
-- A row has a vector or the reason why it has none; never both, never zeros for none.
-- embedding: float32, little-endian, as libSQL's own F32_BLOB. id: as the source has it.
CREATE TABLE IF NOT EXISTS {table} (
    id          NOT NULL PRIMARY KEY,
    model       TEXT NOT NULL,
    dimensions  INTEGER NOT NULL,
    text_hash   BLOB NOT NULL,
    embedding   BLOB,
    error       TEXT,
    embedded_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    CHECK ((embedding IS NULL) <> (error IS NULL)),
    CHECK (embedding IS NULL OR length(embedding) = 4 * dimensions)
);

-- name: create_text_index
CREATE INDEX IF NOT EXISTS {table}_text ON {table} (text_hash);

-- name: list_tables
SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name;

-- name: list_columns
SELECT name FROM pragma_table_info('{table}');

-- name: other_models
SELECT model, dimensions, count(*) FROM {table}
 WHERE model <> ? OR dimensions <> ? GROUP BY 1, 2;

-- name: find_done
SELECT id, text_hash FROM {table}
 WHERE id IN (SELECT value FROM json_each(?)) AND embedding IS NOT NULL;

-- name: find_vector
SELECT embedding FROM {table} WHERE text_hash = ? AND embedding IS NOT NULL LIMIT 1;

-- name: store_vector
INSERT INTO {table} (id, model, dimensions, text_hash, embedding, error)
VALUES (?, ?, ?, ?, ?, NULL)
ON CONFLICT (id) DO UPDATE
   SET model = excluded.model, dimensions = excluded.dimensions,
       text_hash = excluded.text_hash, embedding = excluded.embedding, error = NULL,
       embedded_at = excluded.embedded_at;

-- name: store_error
INSERT INTO {table} (id, model, dimensions, text_hash, embedding, error)
VALUES (?, ?, ?, ?, NULL, ?)
ON CONFLICT (id) DO UPDATE
   SET model = excluded.model, dimensions = excluded.dimensions,
       text_hash = excluded.text_hash, embedding = NULL, error = excluded.error,
       embedded_at = excluded.embedded_at;

-- name: find_vectors_after
SELECT rowid, embedding FROM {table}
 WHERE rowid > ? AND embedding IS NOT NULL ORDER BY rowid LIMIT ?;

-- name: empty_vector_table
DELETE FROM {table};

-- name: read_table
SELECT * FROM {table} ORDER BY rowid;
