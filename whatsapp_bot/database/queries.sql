-- Every statement, by name. {thing} stands for job and user: such a statement exists
-- twice. A part stands where a statement, or a later part, has its name in braces.


-- Embeddings: claim, store, give back ------------------------------------------------

-- part: plan_for_queue
-- Goes before a statement wherever {plan_for_queue} stands. After an import there are no
-- statistics, and a plan that sorts the whole backlog for each claim, or hashes the whole
-- table for each batch, looks cheap: measured, 35 s instead of 15 s for 100,000 rows. The
-- right plan is always the index.
SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);

-- name: claim_due_{thing}s
-- Only the claim. The texts are read by a later statement: this one could see, by its
-- snapshot, the text of before a change and, by its lock, the revision of after it.
{plan_for_queue}
WITH due AS MATERIALIZED (
    SELECT {thing}_id
      FROM {thing}_embeddings
     WHERE model = %(model)s AND due_at <= now()
     ORDER BY fresh_on DESC, {thing}_id DESC
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
UPDATE {thing}_embeddings e
   SET due_at = now() + make_interval(secs => %(lease_seconds)s)
  FROM due
 WHERE e.{thing}_id = due.{thing}_id AND e.model = %(model)s
RETURNING e.{thing}_id AS id, e.revision, e.text_hash, e.embedded_at IS NOT NULL AS has_vector;

-- name: claim_{thing}
-- One thing, if it is due; for the save hooks.
WITH due AS MATERIALIZED (
    SELECT {thing}_id
      FROM {thing}_embeddings
     WHERE model = %(model)s AND {thing}_id = %(id)s AND due_at <= now()
       FOR UPDATE SKIP LOCKED
)
UPDATE {thing}_embeddings e
   SET due_at = now() + make_interval(secs => %(lease_seconds)s)
  FROM due
 WHERE e.{thing}_id = due.{thing}_id AND e.model = %(model)s
RETURNING e.{thing}_id AS id, e.revision, e.text_hash, e.embedded_at IS NOT NULL AS has_vector;

-- name: claim_{thing}s_anew
-- Whatever nobody works on, those first that were looked at longest ago; each once since
-- `before`. Without its hash a text counts as changed: it is embedded again.
WITH chosen AS MATERIALIZED (
    SELECT {thing}_id
      FROM {thing}_embeddings
     WHERE model = %(model)s AND (due_at IS NULL OR due_at <= now())
       AND (checked_at IS NULL OR checked_at < %(before)s)
     ORDER BY checked_at NULLS FIRST, {thing}_id
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
UPDATE {thing}_embeddings e
   SET due_at = now() + make_interval(secs => %(lease_seconds)s),
       checked_at = now(), text_hash = NULL, attempts = 0, last_error = NULL
  FROM chosen
 WHERE e.{thing}_id = chosen.{thing}_id AND e.model = %(model)s
RETURNING e.{thing}_id AS id, e.revision, e.text_hash, e.embedded_at IS NOT NULL AS has_vector;

-- part: inferred_columns
e.required_skills AS inferred_required_skills, e.preferred_skills AS inferred_preferred_skills,
       e.seniority AS inferred_seniority, e.job_function AS inferred_job_function,
       e.industry AS inferred_industry, e.work_arrangement AS inferred_work_arrangement,
       e.salary_min AS inferred_salary_min, e.salary_max AS inferred_salary_max,
       e.salary_currency AS inferred_salary_currency, e.salary_period AS inferred_salary_period,
       e.summary AS inferred_summary

-- name: read_jobs_to_embed
-- inferred_*: for a template to read where the posting's own field is empty.
SELECT j.id, j.title, j.company, j.location, j.country, left(j.description, 20000) AS description,
       j.skills, j.category, j.work_arrangement, j.experience_level, j.years_min, j.years_max,
       j.salary_min, j.salary_max, j.salary_currency,
       j.ai_job_titles, j.ai_job_function, j.ai_job_level, j.ai_industry,
       j.ai_city, j.ai_state, j.ai_country, j.ai_work_arrangement, j.ai_remote_allowed,
       j.ai_required_skills, j.ai_preferred_skills,
       j.ai_years_experience_min, j.ai_years_experience_max,
       j.ai_salary_min, j.ai_salary_max, j.ai_salary_currency, j.ai_summary,
       {inferred_columns}
  FROM canonical_jobs j LEFT JOIN job_enrichments e ON e.job_id = j.id
 WHERE j.id = ANY(%(ids)s);

-- name: read_users_to_embed
SELECT user_id AS id, job_roles, job_categories, user_job_input,
       experience_level, years_of_experience, technical_skills, soft_skills,
       preferred_locations, user_location_input, willing_to_relocate,
       work_arrangements, employment_types,
       salary_min, salary_max, salary_currency,
       company_size_preference, industry_preferences
  FROM user_preferences
 WHERE user_id = ANY(%(ids)s);

-- name: create_incoming_vectors
{plan_for_queue}
CREATE TEMP TABLE incoming (id bigint, revision bigint, text_hash bytea, embedding halfvec)
    ON COMMIT DROP;

-- name: copy_incoming_vectors
COPY incoming FROM STDIN (FORMAT binary);

-- name: store_{thing}_vectors
-- Only where the revision is still the one that was claimed: a row that changed
-- meanwhile stays due, and an older text never overwrites a newer one.
WITH done AS (
    UPDATE {thing}_embeddings e
       SET due_at = NULL, text_hash = i.text_hash, embedded_at = now(), checked_at = now(),
           attempts = 0, last_error = NULL
      FROM incoming i
     WHERE e.{thing}_id = i.id AND e.model = %(model)s AND e.revision = i.revision
    RETURNING e.{thing}_id, i.embedding
)
INSERT INTO {thing}_vectors ({thing}_id, model, embedding)
SELECT {thing}_id, %(model)s, embedding FROM done
ON CONFLICT ({thing}_id, model) DO UPDATE SET embedding = EXCLUDED.embedding
RETURNING {thing}_id AS id;

-- name: keep_replaced_vectors
-- What a job's new vector overwrites: should the old text come back, it is paid for.
INSERT INTO embedding_cache (model, text_hash, embedding)
SELECT e.model, e.text_hash, v.embedding
  FROM incoming i
  JOIN job_embeddings e ON e.job_id = i.id AND e.model = %(model)s AND e.revision = i.revision
  JOIN job_vectors v ON v.job_id = e.job_id AND v.model = e.model
 WHERE e.text_hash <> i.text_hash
ON CONFLICT (model, text_hash) DO UPDATE SET kept_at = now();

-- name: reuse_{thing}_vectors
-- Texts that are paid for already, in any row or in the cache: no vector leaves the
-- database.
{plan_for_queue}
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[], %(text_hashes)s::bytea[])
        AS w(id, revision, text_hash)
), known AS MATERIALIZED (
    SELECT w.text_hash, k.embedding
      FROM (SELECT DISTINCT text_hash FROM wanted) AS w
     CROSS JOIN LATERAL (
        (SELECT v.embedding
           FROM job_embeddings e JOIN job_vectors v USING (job_id, model)
          WHERE e.text_hash = w.text_hash AND e.model = %(model)s AND e.embedded_at IS NOT NULL
          LIMIT 1)
        UNION ALL
        (SELECT v.embedding
           FROM user_embeddings e JOIN user_vectors v USING (user_id, model)
          WHERE e.text_hash = w.text_hash AND e.model = %(model)s AND e.embedded_at IS NOT NULL
          LIMIT 1)
        UNION ALL
        (SELECT c.embedding FROM embedding_cache c
          WHERE c.text_hash = w.text_hash AND c.model = %(model)s)
        LIMIT 1
     ) AS k
), done AS (
    UPDATE {thing}_embeddings e
       SET due_at = NULL, text_hash = w.text_hash, embedded_at = now(), checked_at = now(),
           attempts = 0, last_error = NULL
      FROM wanted w JOIN known k USING (text_hash)
     WHERE e.{thing}_id = w.id AND e.model = %(model)s AND e.revision = w.revision
    RETURNING e.{thing}_id, k.embedding
)
INSERT INTO {thing}_vectors ({thing}_id, model, embedding)
SELECT {thing}_id, %(model)s, embedding FROM done
ON CONFLICT ({thing}_id, model) DO UPDATE SET embedding = EXCLUDED.embedding
RETURNING {thing}_id AS id;

-- name: trim_cache
DELETE FROM embedding_cache
 WHERE kept_at <= (SELECT kept_at FROM embedding_cache ORDER BY kept_at DESC
                  OFFSET %(rows)s LIMIT 1);

-- name: confirm_{thing}_vectors
-- The text is the one that the vector was made of.
{plan_for_queue}
UPDATE {thing}_embeddings e
   SET due_at = NULL, checked_at = now(), attempts = 0, last_error = NULL
  FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS i(id, revision)
 WHERE e.{thing}_id = i.id AND e.model = %(model)s AND e.revision = i.revision;

-- name: clear_{thing}_vectors
-- There is nothing to embed (any more).
{plan_for_queue}
WITH cleared AS (
    UPDATE {thing}_embeddings e
       SET due_at = NULL, text_hash = NULL, embedded_at = NULL, checked_at = now(),
           attempts = 0, last_error = NULL
      FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS i(id, revision)
     WHERE e.{thing}_id = i.id AND e.model = %(model)s AND e.revision = i.revision
    RETURNING e.{thing}_id
)
DELETE FROM {thing}_vectors v USING cleared
 WHERE v.{thing}_id = cleared.{thing}_id AND v.model = %(model)s;

-- name: give_back_{thing}s
-- Not the rows' fault: attempts stay as they are.
{plan_for_queue}
UPDATE {thing}_embeddings e
   SET due_at = now() + make_interval(secs => %(delay_seconds)s)
  FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS i(id, revision)
 WHERE e.{thing}_id = i.id AND e.model = %(model)s AND e.revision = i.revision
   AND e.due_at IS NOT NULL;

-- name: set_aside_{thing}
-- This row's fault: 1, 4, 16, 64 minutes, and after the last attempt it rests until its
-- text changes or someone retries it.
UPDATE {thing}_embeddings
   SET attempts = attempts + 1,
       last_error = left(%(error)s, 500),
       due_at = CASE WHEN attempts + 1 < %(max_attempts)s
                     THEN now() + make_interval(mins => power(4, attempts)::int) END
 WHERE {thing}_id = %(id)s AND model = %(model)s AND revision = %(revision)s;

-- name: seconds_to_next_due
-- 0 when a row is due now, NULL when none ever will be.
-- greatest() would make 0 of NULL.
SELECT CASE WHEN min(due_at) IS NOT NULL
            THEN greatest(0, extract(epoch FROM min(due_at) - now()))::float END AS seconds
  FROM (SELECT min(due_at) AS due_at FROM job_embeddings
         WHERE due_at IS NOT NULL AND model = ANY(%(models)s)
        UNION ALL
        SELECT min(due_at) FROM user_embeddings
         WHERE due_at IS NOT NULL AND model = ANY(%(models)s)) AS soonest;


-- Embeddings: keep them true -----------------------------------------------------------

-- name: refresh_stale_{thing}s
-- Their text is looked at again; unchanged, it costs nothing.
UPDATE {thing}_embeddings
   SET due_at = now()
 WHERE due_at IS NULL AND embedded_at IS NOT NULL
   AND checked_at < now() - make_interval(days => %(days)s);

-- name: retry_failed_{thing}s
UPDATE {thing}_embeddings
   SET due_at = now(), attempts = 0
 WHERE last_error IS NOT NULL
   AND (%(ids)s::bigint[] IS NULL OR {thing}_id = ANY(%(ids)s::bigint[]));

-- name: refresh_all_{thing}s
-- Every text of the model has changed; without its hash, a row counts as one to fill.
UPDATE {thing}_embeddings
   SET due_at = now(), revision = nextval('embedding_revisions'), text_hash = NULL,
       attempts = 0, last_error = NULL
 WHERE model = %(model)s;

-- name: count_jobs_to_fill
-- Soon: what waits for a provider's batch may take a day.
SELECT count(*) AS count FROM job_embeddings
 WHERE model = %(model)s AND due_at < now() + interval '2 hours' AND text_hash IS NULL;

-- name: count_uncovered_{thing}s
-- With a vector of the one model, and none of the other.
SELECT count(*) AS count
  FROM {thing}_vectors v
 WHERE v.model = %(live)s
   AND NOT EXISTS (SELECT FROM {thing}_vectors n
                    WHERE n.{thing}_id = v.{thing}_id AND n.model = %(next)s);

-- name: add_missing_jobs
INSERT INTO job_embeddings (job_id, model, fresh_on, due_at)
SELECT j.id, m.name, j.listed_date, now()
  FROM canonical_jobs j CROSS JOIN embedding_models m
 WHERE job_is_live(j.status, j.title, j.listed_date)
   AND NOT EXISTS (SELECT FROM job_embeddings e WHERE e.job_id = j.id AND e.model = m.name)
ON CONFLICT DO NOTHING;

-- name: add_missing_users
INSERT INTO user_embeddings (user_id, model, fresh_on, due_at)
SELECT p.user_id, m.name, p.updated_at::date, now()
  FROM user_preferences p CROSS JOIN embedding_models m
 WHERE NOT EXISTS (SELECT FROM user_embeddings e WHERE e.user_id = p.user_id AND e.model = m.name)
ON CONFLICT DO NOTHING;

-- name: list_missing_jobs
INSERT INTO live_jobs
SELECT j.* FROM listable_jobs j
 WHERE NOT EXISTS (SELECT FROM live_jobs l WHERE l.job_id = j.job_id)
ON CONFLICT (job_id) DO NOTHING;

-- name: unlist_ended_jobs
DELETE FROM live_jobs l USING canonical_jobs j
 WHERE j.id = l.job_id AND NOT job_is_live(j.status, j.title, j.listed_date);

-- name: expire_jobs
DELETE FROM job_embeddings e USING canonical_jobs j
 WHERE j.id = e.job_id AND NOT job_is_live(j.status, j.title, j.listed_date);

-- name: delete_invalid_{thing}_vectors
-- None should exist: every vector is checked before it is stored.
DELETE FROM {thing}_vectors v USING embedding_models m
 WHERE m.name = v.model
   AND (vector_dims(v.embedding) <> m.dimensions OR l2_norm(v.embedding) = 0);

-- name: mark_lost_{thing}_vectors
-- The row says that there is a vector, but there is none.
UPDATE {thing}_embeddings e
   SET due_at = now(), revision = nextval('embedding_revisions'), embedded_at = NULL, text_hash = NULL
 WHERE embedded_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM {thing}_vectors v
                    WHERE v.{thing}_id = e.{thing}_id AND v.model = e.model);


-- Backfill: chosen rows, by hand -----------------------------------------------------

-- part: is_chosen
(%(lows)s::bigint[] IS NULL
 OR EXISTS (SELECT FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS r(low, high)
             WHERE m.{thing}_id BETWEEN r.low AND r.high))

-- part: is_with_batch
-- Its vector comes within a day, and is paid for.
EXISTS (SELECT FROM embedding_batch_rows r JOIN embedding_batches b ON b.id = r.batch_id
         WHERE b.state IN ('preparing', 'submitted') AND b.model = e.model
           AND r.thing = '{thing}' AND r.thing_id = e.{thing}_id AND r.revision = e.revision)

-- name: select_{thing}s_to_backfill
-- Without an embeddings row or the vector that it tells of, due or leased, refused before,
-- or, with force, any. A row that there is nothing to embed of is none of these.
SELECT m.{thing}_id AS id
  FROM matchable_{thing}s m
  LEFT JOIN {thing}_embeddings e ON e.{thing}_id = m.{thing}_id AND e.model = %(model)s
 WHERE m.completeness >= %(completeness)s AND {is_chosen}
   AND (%(force)s OR e.{thing}_id IS NULL OR e.due_at IS NOT NULL OR e.last_error IS NOT NULL
        OR e.embedded_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM {thing}_vectors v
                            WHERE v.{thing}_id = e.{thing}_id AND v.model = e.model))
   AND NOT {is_with_batch}
 ORDER BY m.fresh_on DESC, m.{thing}_id DESC
 LIMIT %(limit)s;

-- name: count_{thing}s_to_backfill_from
SELECT count(*) FILTER (WHERE completeness >= %(completeness)s) AS matchable,
       count(*) FILTER (WHERE completeness < %(completeness)s) AS incomplete
  FROM matchable_{thing}s m WHERE {is_chosen};

-- name: find_known_texts
-- Those that are paid for, as reuse_job_vectors finds them.
SELECT w.text_hash FROM unnest(%(text_hashes)s::bytea[]) AS w(text_hash)
 WHERE EXISTS (SELECT FROM job_embeddings e JOIN job_vectors v USING (job_id, model)
                WHERE e.text_hash = w.text_hash AND e.model = %(model)s AND e.embedded_at IS NOT NULL)
    OR EXISTS (SELECT FROM user_embeddings e JOIN user_vectors v USING (user_id, model)
                WHERE e.text_hash = w.text_hash AND e.model = %(model)s AND e.embedded_at IS NOT NULL)
    OR EXISTS (SELECT FROM embedding_cache c
                WHERE c.text_hash = w.text_hash AND c.model = %(model)s);

-- name: wake_{thing}s
-- Due now: what was refused before, and what waits for longer than any lease. By the
-- clock: now() may be older than a lease that was taken since.
WITH woken AS MATERIALIZED (
    SELECT {thing}_id FROM {thing}_embeddings e
     WHERE model = %(model)s AND {thing}_id = ANY(%(ids)s::bigint[])
       AND (last_error IS NOT NULL
            OR due_at > clock_timestamp() + make_interval(secs => %(lease_seconds)s))
       AND NOT {is_with_batch}
     ORDER BY {thing}_id FOR UPDATE
)
UPDATE {thing}_embeddings e SET due_at = now(), attempts = 0, last_error = NULL
  FROM woken WHERE e.{thing}_id = woken.{thing}_id AND e.model = %(model)s;

-- name: force_{thing}s
-- Due, and as if their text had never been embedded; the vectors stay until the new ones
-- are there.
WITH forced AS MATERIALIZED (
    SELECT {thing}_id FROM {thing}_embeddings e
     WHERE model = %(model)s AND {thing}_id = ANY(%(ids)s::bigint[]) AND NOT {is_with_batch}
     ORDER BY {thing}_id FOR UPDATE
)
UPDATE {thing}_embeddings e
   SET due_at = now(), revision = nextval('embedding_revisions'), text_hash = NULL,
       attempts = 0, last_error = NULL
  FROM forced WHERE e.{thing}_id = forced.{thing}_id AND e.model = %(model)s;

-- name: find_text_hashes_of_{thing}s
SELECT DISTINCT text_hash FROM {thing}_embeddings
 WHERE model = %(model)s AND {thing}_id = ANY(%(ids)s::bigint[]) AND text_hash IS NOT NULL;

-- name: forget_text_of_{thing}s
-- Their vectors stay; when they are next looked at, they take over the new one.
WITH forgotten AS MATERIALIZED (
    SELECT {thing}_id FROM {thing}_embeddings
     WHERE model = %(model)s AND text_hash = ANY(%(text_hashes)s::bytea[])
     ORDER BY {thing}_id FOR UPDATE
)
UPDATE {thing}_embeddings e SET text_hash = NULL
  FROM forgotten WHERE e.{thing}_id = forgotten.{thing}_id AND e.model = %(model)s;

-- name: forget_cached_texts
DELETE FROM embedding_cache
 WHERE model = %(model)s AND text_hash = ANY(%(text_hashes)s::bytea[]);

-- name: claim_chosen_{thing}s
WITH due AS MATERIALIZED (
    SELECT {thing}_id FROM {thing}_embeddings
     WHERE model = %(model)s AND {thing}_id = ANY(%(ids)s::bigint[]) AND due_at <= now()
       FOR UPDATE SKIP LOCKED
)
UPDATE {thing}_embeddings e
   SET due_at = now() + make_interval(secs => %(lease_seconds)s)
  FROM due
 WHERE e.{thing}_id = due.{thing}_id AND e.model = %(model)s
RETURNING e.{thing}_id AS id, e.revision, e.text_hash, e.embedded_at IS NOT NULL AS has_vector;

-- name: find_open_{thing}s
-- Not settled, and not refused: seconds until each may be claimed.
SELECT {thing}_id AS id, greatest(0, extract(epoch FROM due_at - now()))::float AS seconds
  FROM {thing}_embeddings e
 WHERE model = %(model)s AND {thing}_id = ANY(%(ids)s::bigint[])
   AND due_at IS NOT NULL AND last_error IS NULL AND NOT {is_with_batch}
 ORDER BY fresh_on DESC, {thing}_id DESC;

-- name: find_refused_{thing}s
SELECT {thing}_id AS id, last_error FROM {thing}_embeddings
 WHERE model = %(model)s AND {thing}_id = ANY(%(ids)s::bigint[]) AND last_error IS NOT NULL
 ORDER BY {thing}_id;


-- Models -----------------------------------------------------------------------------

-- name: list_models
SELECT name, api_model, base_url, dimensions, template, state
  FROM embedding_models ORDER BY created_at, name;

-- name: add_model
-- The first one is live at once, each other is filled beside it.
INSERT INTO embedding_models (name, api_model, base_url, dimensions, template, state)
SELECT %(name)s, %(api_model)s, %(base_url)s, %(dimensions)s, %(template)s,
       CASE WHEN EXISTS (SELECT FROM embedding_models WHERE state = 'live')
            THEN 'filling' ELSE 'live' END
ON CONFLICT (name) DO NOTHING;

-- name: retire_live_model
UPDATE embedding_models SET state = 'filling' WHERE state = 'live';

-- name: make_model_live
UPDATE embedding_models SET state = 'live' WHERE name = %(name)s;

-- name: set_model_template
UPDATE embedding_models SET template = %(template)s
 WHERE name = %(name)s AND template <> %(template)s;

-- name: delete_model
WITH gone AS (
    DELETE FROM embedding_models WHERE name = %(name)s AND state <> 'live' RETURNING name
)
DELETE FROM embedding_pace USING gone WHERE model = gone.name;

-- name: vector_index_state
-- NULL: there is none. False: its build was cut off; it takes room and answers nothing.
SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass(%(index)s);

-- name: create_vector_index
CREATE INDEX CONCURRENTLY {index} ON job_vectors
    USING hnsw ((embedding::halfvec({dimensions})) halfvec_cosine_ops)
    WITH (m = {m}, ef_construction = {ef_construction})
    WHERE model = {model};

-- name: set_build_memory
-- An index that fits in it is built several times as fast.
SET maintenance_work_mem = {memory};

-- name: reset_build_memory
RESET maintenance_work_mem;

-- name: drop_vector_index
DROP INDEX CONCURRENTLY IF EXISTS {index};

-- name: vector_index_progress
-- 0 to 1 of the rows, or of the table's blocks while the rows are not known.
SELECT greatest(tuples_done::float / nullif(tuples_total, 0),
                blocks_done::float / nullif(blocks_total, 0), 0)::float AS done
  FROM pg_stat_progress_create_index
 WHERE relid = 'job_vectors'::regclass AND index_relid = to_regclass(%(index)s);

-- name: try_lock_in_transaction
SELECT pg_try_advisory_xact_lock(%(key)s) AS locked;

-- name: count_job_vectors
SELECT count(*) AS count FROM job_vectors WHERE model = %(model)s;


-- Pace and money --------------------------------------------------------------------

-- name: reserve_request
SELECT wait_seconds, failures
  FROM reserve_request(%(model)s, %(tokens)s, %(probe_seconds)s);

-- name: seconds_to_wait
SELECT greatest(0, extract(epoch FROM open_until - clock_timestamp()))::float AS seconds
  FROM embedding_pace WHERE model = %(model)s AND open_until IS NOT NULL;

-- name: open_breaker
-- Requests that were in flight together fail together: that is one failure.
UPDATE embedding_pace
   SET failures = %(failures)s + 1, reason = %(reason)s, message = left(%(message)s, 500),
       open_until = clock_timestamp() + make_interval(secs => %(seconds)s),
       probed_until = NULL,
       failing_since = coalesce(failing_since, clock_timestamp())
 WHERE model = %(model)s AND failures = %(failures)s;

-- name: close_breaker
-- Whoever waited for it is woken.
WITH closed AS (
    UPDATE embedding_pace
       SET failures = 0, open_until = NULL, probed_until = NULL, reason = NULL, message = NULL,
           failing_since = NULL
     WHERE model = %(model)s AND failures > 0
    RETURNING model
)
SELECT pg_notify('embeddings_due', '') FROM closed;

-- name: forget_denials
-- A process that starts may have another key, or another budget.
UPDATE embedding_pace
   SET failures = 0, open_until = NULL, probed_until = NULL, reason = NULL, message = NULL, failing_since = NULL
 WHERE reason IN ('denied', 'budget');

-- name: observe_pace
-- What the provider says is left; requests of others that it has not seen yet are not
-- given back by it within the same window.
UPDATE embedding_pace
   SET requests_limit = coalesce(%(requests_limit)s, requests_limit),
       requests_left = CASE WHEN requests_renewed > clock_timestamp()
                            THEN least(requests_left, %(requests_left)s)
                            ELSE %(requests_left)s END,
       requests_renewed = clock_timestamp() + make_interval(secs => %(requests_reset)s),
       tokens_limit = coalesce(%(tokens_limit)s, tokens_limit),
       tokens_left = CASE WHEN tokens_renewed > clock_timestamp()
                          THEN least(tokens_left, %(tokens_left)s)
                          ELSE %(tokens_left)s END,
       tokens_renewed = clock_timestamp() + make_interval(secs => %(tokens_reset)s)
 WHERE model = %(model)s;

-- name: pace_facts
SELECT failures, reason, message,
       extract(epoch FROM clock_timestamp() - failing_since)::float AS failing_seconds,
       extract(epoch FROM open_until - clock_timestamp())::float AS wait_seconds
  FROM embedding_pace WHERE model = %(model)s;

-- name: reserve_money
SELECT reserve_money(%(model)s, %(purpose)s, %(dollars)s, %(daily_budget)s) AS granted;

-- name: add_usage
-- dollars: as billed, less what was reserved.
INSERT INTO embedding_usage AS u (day, model, purpose, requests, texts, tokens, dollars)
VALUES (CURRENT_DATE, %(model)s, %(purpose)s, %(requests)s, %(texts)s, %(tokens)s, %(dollars)s)
ON CONFLICT (day, model, purpose) DO UPDATE
   SET requests = u.requests + EXCLUDED.requests, texts = u.texts + EXCLUDED.texts,
       tokens = u.tokens + EXCLUDED.tokens, dollars = u.dollars + EXCLUDED.dollars;


-- Batches: half the price, within a day ---------------------------------------------

-- name: create_batch
INSERT INTO embedding_batches (model, held_until)
VALUES (%(model)s, now() + make_interval(secs => %(hold_seconds)s))
RETURNING id, token::text AS token;

-- name: share_submitted_batches
-- None of them ends while rows are added to it.
{plan_for_queue}
SELECT id FROM embedding_batches
 WHERE model = %(model)s AND state = 'submitted'
 ORDER BY id FOR SHARE;

-- name: add_batch_{thing}s
-- Their lease outlasts the batch. A text that another batch carries already is waited for
-- there: it is paid once. Rows that changed or were settled since the claim stay out.
WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[], %(text_hashes)s::bytea[])
        AS w(id, revision, text_hash)
), elsewhere AS MATERIALIZED (
    SELECT w.text_hash, min(r.batch_id) AS batch_id
      FROM (SELECT DISTINCT text_hash FROM wanted) AS w
      JOIN embedding_batch_rows r USING (text_hash)
     WHERE r.batch_id = ANY(%(submitted)s)
     GROUP BY w.text_hash
), held AS (
    UPDATE {thing}_embeddings e
       SET due_at = now() + make_interval(secs => %(lease_seconds)s)
      FROM wanted w
     WHERE e.{thing}_id = w.id AND e.model = %(model)s AND e.revision = w.revision
       AND e.due_at IS NOT NULL
    RETURNING w.id, w.revision, w.text_hash
)
INSERT INTO embedding_batch_rows (batch_id, thing, thing_id, revision, text_hash)
SELECT coalesce(elsewhere.batch_id, %(batch_id)s), '{thing}', h.id, h.revision, h.text_hash
  FROM held h LEFT JOIN elsewhere USING (text_hash)
ON CONFLICT (batch_id, thing, thing_id) DO UPDATE
   SET revision = EXCLUDED.revision, text_hash = EXCLUDED.text_hash
RETURNING thing_id AS id, batch_id;

-- name: hold_batch
-- False when it is no longer ours: it was taken for dead.
UPDATE embedding_batches
   SET held_until = now() + make_interval(secs => %(hold_seconds)s)
 WHERE id = %(id)s AND state = %(state)s;

-- name: release_batch
UPDATE embedding_batches SET held_until = now() WHERE id = %(id)s;

-- name: reserve_for_batch
UPDATE embedding_batches SET reserved = %(dollars)s, reserved_on = CURRENT_DATE
 WHERE id = %(id)s;

-- name: submit_batch
-- Submitted already: another process found it at the provider and took it up.
UPDATE embedding_batches b
   SET state = 'submitted', provider_id = %(provider_id)s, submitted_at = now(),
       held_until = now(), rows = r.rows, texts = r.texts
  FROM (SELECT count(*) AS rows, count(DISTINCT text_hash) AS texts
          FROM embedding_batch_rows WHERE batch_id = %(id)s) AS r
 WHERE b.id = %(id)s
   AND (b.state = 'preparing'
        OR b.state = 'submitted' AND b.provider_id = %(provider_id)s);

-- name: take_open_batch
-- One that nobody is working on.
WITH next AS (
    SELECT id FROM embedding_batches
     WHERE model = %(model)s AND state IN ('preparing', 'submitted')
       AND held_until <= now() AND id > %(after)s
     ORDER BY id LIMIT 1
       FOR UPDATE SKIP LOCKED
)
UPDATE embedding_batches b
   SET held_until = now() + make_interval(secs => %(hold_seconds)s)
  FROM next WHERE b.id = next.id
RETURNING b.id, b.token::text AS token, b.model, b.provider_id, b.state, b.rows, b.texts,
       b.reserved, b.tokens, b.dollars, b.last_error, b.created_at, b.submitted_at, b.finished_at,
       extract(epoch FROM now() - b.created_at)::float AS age_seconds;

-- name: list_batches
SELECT id, token::text AS token, model, provider_id, state, rows, texts,
       reserved, tokens, dollars, last_error, created_at, submitted_at, finished_at,
       extract(epoch FROM now() - created_at)::float AS age_seconds
  FROM embedding_batches ORDER BY id DESC LIMIT %(limit)s;

-- name: count_open_batches
SELECT count(*) AS count FROM embedding_batches WHERE state IN ('preparing', 'submitted');

-- name: renew_batch_{thing}s
-- A batch that takes longer than its day: before the lease runs out.
UPDATE {thing}_embeddings e
   SET due_at = now() + make_interval(secs => %(lease_seconds)s)
  FROM embedding_batch_rows r
 WHERE r.batch_id = %(id)s AND r.thing = '{thing}'
   AND e.{thing}_id = r.thing_id AND e.model = %(model)s AND e.revision = r.revision
   AND e.due_at < now() + make_interval(secs => %(left_seconds)s);

-- name: find_batch_rows
SELECT thing, thing_id AS id, revision, text_hash
  FROM embedding_batch_rows
 WHERE batch_id = %(id)s AND text_hash = ANY(%(text_hashes)s::bytea[])
 ORDER BY thing, thing_id;

-- name: delete_batch_rows
-- These and no others: a row may have come to wait for the same text since.
DELETE FROM embedding_batch_rows r
 USING unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS i(id, revision)
 WHERE r.batch_id = %(id)s AND r.thing = %(thing)s
   AND r.thing_id = i.id AND r.revision = i.revision;

-- name: finish_batch
UPDATE embedding_batches
   SET state = %(state)s, finished_at = now(), last_error = left(%(error)s, 500),
       tokens = %(tokens)s, dollars = %(dollars)s
 WHERE id = %(id)s AND state IN ('preparing', 'submitted')
RETURNING reserved, coalesce(reserved_on, CURRENT_DATE) AS day;

-- name: give_back_batch_{thing}s
-- Locked in order, as the other writers do.
WITH lacking AS MATERIALIZED (
    SELECT e.{thing}_id AS id
      FROM embedding_batch_rows r
      JOIN {thing}_embeddings e ON e.{thing}_id = r.thing_id AND e.revision = r.revision
     WHERE r.batch_id = %(id)s AND r.thing = '{thing}' AND e.model = %(model)s
       AND e.due_at > now()
     ORDER BY e.{thing}_id
       FOR UPDATE OF e
)
UPDATE {thing}_embeddings e SET due_at = now()
  FROM lacking WHERE e.{thing}_id = lacking.id AND e.model = %(model)s;

-- name: delete_all_batch_rows
DELETE FROM embedding_batch_rows WHERE batch_id = %(id)s;

-- name: add_batch_usage
-- On the day that the money was reserved.
INSERT INTO embedding_usage AS u (day, model, purpose, requests, texts, tokens, dollars)
VALUES (%(day)s, %(model)s, %(purpose)s, 1, %(texts)s, %(tokens)s, %(dollars)s)
ON CONFLICT (day, model, purpose) DO UPDATE
   SET requests = u.requests + EXCLUDED.requests, texts = u.texts + EXCLUDED.texts,
       tokens = u.tokens + EXCLUDED.tokens, dollars = u.dollars + EXCLUDED.dollars;

-- name: wake_workers
SELECT pg_notify('embeddings_due', '');


-- Tasks -------------------------------------------------------------------------------

-- name: start_task
INSERT INTO task_runs (task, started_at) VALUES (%(task)s, now())
ON CONFLICT (task) DO UPDATE SET started_at = now();

-- name: note_task_at_work
-- A pass may last for hours, and is well while it gets on.
UPDATE task_runs SET ok_at = now() WHERE task = %(task)s;

-- name: finish_task
UPDATE task_runs
   SET finished_at = now(), last_error = %(error)s,
       ok_at = CASE WHEN %(error)s IS NULL THEN now() ELSE ok_at END
 WHERE task = %(task)s;


-- People -------------------------------------------------------------------------------

-- name: save_user
INSERT INTO users (external_id, name, language) VALUES (%(external_id)s, %(name)s, %(language)s)
ON CONFLICT (external_id) DO UPDATE
   SET name = coalesce(EXCLUDED.name, users.name), language = EXCLUDED.language
RETURNING id;

-- name: get_user
SELECT id, external_id, name, language FROM users WHERE id = %(user_id)s;

-- name: list_users
SELECT id, external_id, name, language FROM users ORDER BY id LIMIT %(limit)s;

-- name: create_preferences
INSERT INTO user_preferences (user_id) VALUES (%(user_id)s) ON CONFLICT DO NOTHING;

-- name: save_preferences
-- The keys that the JSON has; the others stay.
UPDATE user_preferences p
   SET (job_roles, job_categories, user_job_input, experience_level, years_of_experience,
        technical_skills, soft_skills, preferred_locations, user_location_input,
        willing_to_relocate, work_arrangements, employment_types,
        salary_min, salary_max, salary_currency, salary_period,
        company_size_preference, industry_preferences, musts, updated_at)
     = (SELECT n.job_roles, n.job_categories, n.user_job_input, n.experience_level, n.years_of_experience,
               n.technical_skills, n.soft_skills, n.preferred_locations, n.user_location_input,
               n.willing_to_relocate, n.work_arrangements, n.employment_types,
               n.salary_min, n.salary_max, n.salary_currency, n.salary_period,
               n.company_size_preference, n.industry_preferences, n.musts, now()
          FROM jsonb_populate_record(p, %(preferences)s::jsonb) AS n)
 WHERE user_id = %(user_id)s;

-- part: preference_columns
-- What matching reads of a person.
p.user_id, p.job_roles, p.job_categories, p.user_job_input, p.experience_level,
       p.years_of_experience, p.technical_skills, p.soft_skills, p.preferred_locations,
       p.user_location_input, p.willing_to_relocate, p.work_arrangements, p.employment_types,
       p.salary_min, p.salary_max, p.salary_currency, p.salary_period,
       p.company_size_preference, p.industry_preferences, p.musts

-- name: get_preferences
SELECT {preference_columns} FROM user_preferences p WHERE p.user_id = %(user_id)s;


-- Jobs ---------------------------------------------------------------------------------

-- name: save_jobs
-- A batch of postings, as JSON. The posting's own content decides whether it changed; a
-- posting that says nothing about a column that was inferred leaves the inference alone.
WITH incoming AS (
    SELECT * FROM jsonb_to_recordset(%(postings)s::jsonb) AS p(
        source text, source_id text, content_hash text,
        title text, company text, location text, country text, description text, url text, status
        text, posted_date date, salary_min double precision, salary_max double precision,
        salary_currency text, salary_period text, employment_type text, work_arrangement text,
        experience_level text, years_min real, years_max real, skills text[], category text,
        ai_job_titles text[], ai_job_function text, ai_job_level text[], ai_industry text[], ai_city
        text, ai_state text, ai_country text, ai_work_arrangement text, ai_remote_allowed boolean,
        ai_required_skills text[], ai_preferred_skills text[], ai_years_experience_min real,
        ai_years_experience_max real, ai_salary_min double precision, ai_salary_max double
        precision, ai_salary_currency text, ai_salary_period text, ai_summary text)
), old AS (
    SELECT j.source, j.source_id, j.content_hash
      FROM canonical_jobs j JOIN incoming USING (source, source_id)
), saved AS (
    INSERT INTO canonical_jobs AS j (
        source, source_id, content_hash,
        title, company, location, country, description, url, status, posted_date, salary_min,
        salary_max, salary_currency, salary_period, employment_type, work_arrangement,
        experience_level, years_min, years_max, skills, category, ai_job_titles, ai_job_function,
        ai_job_level, ai_industry, ai_city, ai_state, ai_country, ai_work_arrangement,
        ai_remote_allowed, ai_required_skills, ai_preferred_skills, ai_years_experience_min,
        ai_years_experience_max, ai_salary_min, ai_salary_max, ai_salary_currency, ai_salary_period,
        ai_summary)
    SELECT
        source, source_id, decode(content_hash, 'hex'),
        title, company, location, country, description, url, status, posted_date, salary_min,
        salary_max, salary_currency, salary_period, employment_type, work_arrangement,
        experience_level, years_min, years_max, skills, category, ai_job_titles, ai_job_function,
        ai_job_level, ai_industry, ai_city, ai_state, ai_country, ai_work_arrangement,
        ai_remote_allowed, ai_required_skills, ai_preferred_skills, ai_years_experience_min,
        ai_years_experience_max, ai_salary_min, ai_salary_max, ai_salary_currency, ai_salary_period,
        ai_summary
      FROM incoming
    ON CONFLICT (source, source_id) DO UPDATE SET
        content_hash = EXCLUDED.content_hash,
        last_seen_at = now(),
        title = EXCLUDED.title,
        company = EXCLUDED.company,
        location = EXCLUDED.location,
        country = EXCLUDED.country,
        description = EXCLUDED.description,
        url = EXCLUDED.url,
        status = EXCLUDED.status,
        posted_date = coalesce(EXCLUDED.posted_date, j.posted_date),
        salary_min = EXCLUDED.salary_min,
        salary_max = EXCLUDED.salary_max,
        salary_currency = EXCLUDED.salary_currency,
        salary_period = EXCLUDED.salary_period,
        employment_type = EXCLUDED.employment_type,
        work_arrangement = EXCLUDED.work_arrangement,
        experience_level = EXCLUDED.experience_level,
        years_min = EXCLUDED.years_min,
        years_max = EXCLUDED.years_max,
        skills = EXCLUDED.skills,
        category = EXCLUDED.category,
        ai_job_titles = coalesce(nullif(EXCLUDED.ai_job_titles, '{}'), j.ai_job_titles),
        ai_job_function = coalesce(EXCLUDED.ai_job_function, j.ai_job_function),
        ai_job_level = coalesce(nullif(EXCLUDED.ai_job_level, '{}'), j.ai_job_level),
        ai_industry = coalesce(nullif(EXCLUDED.ai_industry, '{}'), j.ai_industry),
        ai_city = coalesce(EXCLUDED.ai_city, j.ai_city),
        ai_state = coalesce(EXCLUDED.ai_state, j.ai_state),
        ai_country = coalesce(EXCLUDED.ai_country, j.ai_country),
        ai_work_arrangement = coalesce(EXCLUDED.ai_work_arrangement, j.ai_work_arrangement),
        ai_remote_allowed = coalesce(EXCLUDED.ai_remote_allowed, j.ai_remote_allowed),
        ai_required_skills = coalesce(nullif(EXCLUDED.ai_required_skills, '{}'), j.ai_required_skills),
        ai_preferred_skills = coalesce(nullif(EXCLUDED.ai_preferred_skills, '{}'), j.ai_preferred_skills),
        ai_years_experience_min = coalesce(EXCLUDED.ai_years_experience_min, j.ai_years_experience_min),
        ai_years_experience_max = coalesce(EXCLUDED.ai_years_experience_max, j.ai_years_experience_max),
        ai_salary_min = coalesce(EXCLUDED.ai_salary_min, j.ai_salary_min),
        ai_salary_max = coalesce(EXCLUDED.ai_salary_max, j.ai_salary_max),
        ai_salary_currency = coalesce(EXCLUDED.ai_salary_currency, j.ai_salary_currency),
        ai_salary_period = coalesce(EXCLUDED.ai_salary_period, j.ai_salary_period),
        ai_summary = coalesce(EXCLUDED.ai_summary, j.ai_summary)
    RETURNING j.id, j.source, j.source_id, j.content_hash
)
SELECT saved.id, saved.source, saved.source_id,
       CASE WHEN old.source IS NULL THEN 'new'
            WHEN old.content_hash IS DISTINCT FROM saved.content_hash THEN 'changed'
            ELSE 'unchanged' END AS outcome
  FROM saved LEFT JOIN old USING (source, source_id);

-- name: read_seeker
-- Her preferences, and the model that answers searches; its columns are NULL before the
-- first model was added.
SELECT {preference_columns},
       m.name AS model, m.dimensions,
       EXISTS (SELECT FROM user_job_history h
                WHERE h.user_id = p.user_id AND h.feedback IS NOT NULL) AS has_feedback
  FROM user_preferences p LEFT JOIN embedding_models m ON m.state = 'live'
 WHERE p.user_id = %(user_id)s;

-- part: is_silent_on_pay
coalesce(j.salary_min, j.salary_max, j.ai_salary_min, j.ai_salary_max) IS NULL

-- part: job_columns
-- What a matcher reads of a job; never a vector.
j.id, j.posting_key, j.employer_key, j.title, j.company, j.location, j.country, j.url,
       CASE WHEN j.skills = '{}' THEN left(j.description, 2000) END AS description,
       j.posted_date, j.listed_date, j.salary_min, j.salary_max, j.salary_currency, j.salary_period,
       j.employment_type, j.work_arrangement, j.experience_level, j.years_min, j.years_max,
       j.skills, j.category, j.ai_job_titles, j.ai_job_function, j.ai_job_level,
       j.ai_city, j.ai_state, j.ai_country, j.ai_remote_allowed,
       coalesce(j.ai_work_arrangement, CASE WHEN j.work_arrangement IS NULL AND j.ai_remote_allowed IS NULL
                                            THEN i.work_arrangement END) AS ai_work_arrangement,
       j.ai_required_skills, j.ai_years_experience_min, j.ai_years_experience_max,
       coalesce(CASE WHEN {is_silent_on_pay} THEN i.salary_min END, j.ai_salary_min) AS ai_salary_min,
       coalesce(CASE WHEN {is_silent_on_pay} THEN i.salary_max END, j.ai_salary_max) AS ai_salary_max,
       coalesce(CASE WHEN {is_silent_on_pay} THEN i.salary_currency END, j.ai_salary_currency) AS ai_salary_currency,
       coalesce(CASE WHEN {is_silent_on_pay} THEN i.salary_period END, j.ai_salary_period) AS ai_salary_period,
       j.ai_summary

-- part: and_inferred
-- What was read in its words, for where its fields are silent: of pay all or nothing, as
-- texts have it (embeddings/inferred.py; a test holds the two together). Of the skills
-- nothing: hers are looked for in the words themselves.
LEFT JOIN job_enrichments i ON i.job_id = j.id

-- name: is_shown
-- A condition on live_jobs l, not a statement: all that she may be shown.
l.listed_date >= oldest_live_date() AND l.job_id NOT IN (SELECT job_id FROM hidden)

-- name: is_wanted
-- The same and what live_jobs can say of a JobFilter. NULL: nothing is asked; '' or NULL
-- in the row: the posting does not say.
l.listed_date >= oldest_live_date() AND l.job_id NOT IN (SELECT job_id FROM hidden)
AND (%(countries)s::text[] IS NULL
     OR l.country = ANY(%(countries)s) OR l.place @@ %(places)s::tsquery
     OR l.country <> ALL(%(elsewhere)s) AND l.place @@ %(country_places)s::tsquery
     OR %(or_remote)s AND l.may_be_remote)
AND (l.may_be_remote OR NOT %(only_remote)s)
AND (l.employment = ANY(%(employments)s) OR %(employments)s::text[] IS NULL)
AND l.employment <> ALL(%(other_employments)s)
AND (%(most_years)s::float IS NULL OR l.years <= %(most_years)s
     OR l.years IS NULL AND l.level <> ALL(%(far_levels)s))
AND (%(least_pay)s::jsonb IS NULL OR l.pay IS NULL
     OR l.pay >= coalesce((%(least_pay)s::jsonb ->> l.pay_kind)::float, 0))

-- part: hidden
-- What she is not to be shown.
hidden AS MATERIALIZED (SELECT hidden_jobs(%(user_id)s, %(unseen)s) AS job_id WHERE %(is_any_hidden)s)

-- part: asked
-- Her words, made into queries once.
asked AS MATERIALIZED (
    SELECT words_query(%(roles)s) AS roles, words_query(%(topics)s) AS topics,
           ARRAY(SELECT words_query(string_to_array(skill, '|'))
                   FROM unnest(%(skills)s::text[]) AS skill) AS skills,
           words_query(%(any_skill)s) AS any_skill, %(near)s::tsquery AS near
)

-- part: word_columns
l.job_id, l.listed_date, l.title_words, l.words, l.place

-- part: found_by_words
-- Jobs called what she wants to be, or of her trade, and jobs that ask for each of her
-- skills; of each those that fit best among the newest, since reading all that match a
-- common word would take as long as reading every job. (A skill that very many ask for
-- tells little: of those any will do. The inner LIMIT also keeps the planner from walking
-- along the dates, which it takes for cheap.) Then those first that match in more ways.
called AS MATERIALIZED (
    SELECT w.*
      FROM asked CROSS JOIN unnest(ARRAY[asked.roles, asked.topics]) AS work
     CROSS JOIN LATERAL (
        SELECT *
          FROM (SELECT *
                  FROM (SELECT {word_columns} FROM live_jobs l
                         WHERE l.title_words @@ work AND %(is_wanted)s
                         LIMIT %(most)s) AS of_work
                 ORDER BY listed_date DESC, job_id DESC LIMIT %(newest)s) AS newest
         ORDER BY coalesce(words @@ asked.any_skill, false)::int
                  + coalesce(place @@ asked.near, false)::int DESC, listed_date DESC, job_id DESC
         LIMIT %(words_limit)s) AS w
), worded AS MATERIALIZED (
    SELECT job_id, row_number() OVER (ORDER BY points DESC, listed_date DESC, job_id DESC) AS place
      FROM (SELECT l.job_id, l.listed_date,
                   3 * coalesce(l.title_words @@ asked.roles, false)::int
                   + coalesce(l.title_words @@ asked.topics, false)::int
                   + coalesce(l.place @@ asked.near, false)::int
                   + (SELECT count(*) FROM unnest(asked.skills) AS skill WHERE l.words @@ skill) AS points
              FROM asked CROSS JOIN (
                    SELECT * FROM called
                    UNION
                    SELECT s.*
                      FROM asked CROSS JOIN unnest(asked.skills) AS skill
                     CROSS JOIN LATERAL (
                        SELECT *
                          FROM (SELECT {word_columns} FROM live_jobs l
                                 WHERE l.words @@ skill AND %(is_wanted)s LIMIT %(words_limit)s) AS with_skill
                         ORDER BY coalesce(place @@ asked.near, false) DESC, listed_date DESC, job_id DESC
                         LIMIT %(words_limit)s / 4) AS s
                     WHERE (SELECT count(*) FROM called) < %(called_enough)s
              ) AS l) AS counted
     ORDER BY place
     LIMIT %(words_limit)s
)

-- name: nearest_of_all
-- A relation, not a statement: the nearest jobs along the vector index.
SELECT v.job_id, v.embedding::halfvec(%(dimensions)s) <=> (SELECT embedding FROM person) AS distance
  FROM job_vectors v
 WHERE v.model = %(model)s AND EXISTS (SELECT FROM person) AND v.job_id NOT IN (SELECT job_id FROM hidden)
 ORDER BY v.embedding::halfvec(%(dimensions)s) <=> (SELECT embedding FROM person)
 LIMIT %(walked)s

-- name: nearest_wanted
-- The same of those that a JobFilter wants. When they are few, comparing with each of them
-- (or with the newest of them) is quicker than walking the index past all the others; when
-- they are common, so that the walk is short, counting them would only take time. (+ 0:
-- those indexes would be walked past all that is not wanted.)
WITH common AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE %(is_wanted)s) >= %(common_share)s * count(*) AS found
      FROM (SELECT * FROM live_jobs ORDER BY listed_date DESC, job_id DESC LIMIT %(sample)s) AS l
)
(SELECT v.job_id, v.embedding::halfvec(%(dimensions)s) <=> (SELECT embedding FROM person) AS distance
   FROM job_vectors v
  WHERE v.model = %(model)s AND EXISTS (SELECT FROM person)
    AND v.job_id = ANY(ARRAY(SELECT l.job_id FROM live_jobs l
                              WHERE NOT (SELECT found FROM common) AND %(is_wanted)s
                              ORDER BY l.listed_date + 0 DESC LIMIT %(few)s))
  ORDER BY (v.embedding::halfvec(%(dimensions)s) <=> (SELECT embedding FROM person)) + 0
  LIMIT %(walked)s)
UNION ALL
(SELECT v.job_id, v.embedding::halfvec(%(dimensions)s) <=> (SELECT embedding FROM person)
   FROM job_vectors v
  WHERE v.model = %(model)s AND EXISTS (SELECT FROM person) AND (SELECT found FROM common)
    AND v.job_id NOT IN (SELECT job_id FROM hidden)
    AND (SELECT %(is_wanted)s FROM live_jobs l WHERE l.job_id = v.job_id)
  ORDER BY v.embedding::halfvec(%(dimensions)s) <=> (SELECT embedding FROM person)
  LIMIT %(walked)s)

-- name: find_candidates
-- The jobs to be scored: the nearest by vector, of some more those near her places, and
-- the first by words, fused by the reciprocals of their places (60: Cormack and others,
-- SIGIR 2009); where those are the same few, more of the nearest. nearest: one of the two
-- above. job_vectors is the live set; halfvec(n) is what the index is on; her vector never
-- leaves the database. (The places of the nearest are looked up one by one, while more are
-- wanted: a CTE is read in its order, and a join would read all jobs near hers.)
SELECT set_config('hnsw.ef_search', %(ef_search)s::text, true),
       set_config('hnsw.iterative_scan', 'relaxed_order', true);
WITH {hidden}, {asked}, person AS MATERIALIZED (
    SELECT embedding::halfvec(%(dimensions)s) AS embedding
      FROM user_vectors WHERE user_id = %(user_id)s AND model = %(model)s
), nearest AS MATERIALIZED (
    SELECT job_id, distance, row_number() OVER (ORDER BY distance) AS place
      FROM (%(nearest)s) AS found ORDER BY place
), {found_by_words}, fused AS MATERIALIZED (
    SELECT job_id, min(distance) AS distance
      FROM (SELECT job_id, distance, place + CASE WHEN place > %(nearest_limit)s THEN 1000000 ELSE 0 END AS place
              FROM nearest
            UNION ALL
            (SELECT n.job_id, n.distance, row_number() OVER ()
               FROM nearest n
              WHERE (SELECT l.place @@ (SELECT near FROM asked) FROM live_jobs l
                      WHERE l.job_id = n.job_id)
              LIMIT CASE WHEN (SELECT near FROM asked) IS NOT NULL THEN %(nearest_limit)s ELSE 0 END)
            UNION ALL
            SELECT job_id, NULL, place FROM worded) AS each
     GROUP BY job_id
     ORDER BY sum(1.0::float / (60 + place)) DESC, job_id DESC
     LIMIT %(limit)s
)
SELECT coalesce(c.distance, (SELECT v.embedding::halfvec(%(dimensions)s) <=> (SELECT embedding FROM person)
                               FROM job_vectors v
                              WHERE v.job_id = c.job_id AND v.model = %(model)s)) AS distance,
       {job_columns}
  FROM fused c JOIN canonical_jobs j ON j.id = c.job_id
  {and_inferred}
 WHERE job_is_live(j.status, j.title, j.listed_date);

-- name: has_user_vector
SELECT EXISTS (SELECT FROM user_vectors
                WHERE user_id = %(user_id)s AND model = %(model)s) AS found;

-- name: find_jobs_by_words
WITH {hidden}, {asked}, {found_by_words}
SELECT {job_columns}
  FROM worded w JOIN canonical_jobs j ON j.id = w.job_id
  {and_inferred}
 WHERE job_is_live(j.status, j.title, j.listed_date)
 ORDER BY w.place;

-- name: find_newest_jobs
WITH {hidden}
SELECT {job_columns}
  FROM (SELECT l.job_id FROM live_jobs l
         WHERE %(is_wanted)s
         ORDER BY l.listed_date DESC, l.job_id DESC
         LIMIT %(limit)s) AS newest
  JOIN canonical_jobs j ON j.id = newest.job_id
  {and_inferred}
 WHERE job_is_live(j.status, j.title, j.listed_date)
 ORDER BY j.listed_date DESC, j.id DESC;


-- What she was shown and what she said of it -----------------------------------------------

-- name: record_shown_jobs
INSERT INTO user_job_history (user_id, job_id)
SELECT %(user_id)s, unnest(%(job_ids)s::bigint[])
ON CONFLICT DO NOTHING;

-- name: record_feedback
-- She has seen what she speaks of.
INSERT INTO user_job_history (user_id, job_id, feedback, feedback_at, feedback_reason)
SELECT %(user_id)s, id, %(feedback)s, now(), %(reason)s FROM canonical_jobs WHERE id = %(job_id)s
ON CONFLICT (user_id, job_id) DO UPDATE
   SET feedback = EXCLUDED.feedback, feedback_at = EXCLUDED.feedback_at,
       feedback_reason = EXCLUDED.feedback_reason;

-- name: undo_feedback
UPDATE user_job_history SET feedback = NULL, feedback_at = NULL, feedback_reason = NULL
 WHERE user_id = %(user_id)s AND job_id = %(job_id)s AND feedback IS NOT NULL;

-- name: find_saved_jobs
SELECT j.id AS job_id, coalesce(j.title, '') AS title, j.company, j.location, j.url, h.feedback_at AS saved_at,
       job_is_live(j.status, j.title, j.listed_date) AS is_live
  FROM user_job_history h JOIN canonical_jobs j ON j.id = h.job_id
 WHERE h.user_id = %(user_id)s AND h.feedback = 'saved'
 ORDER BY h.feedback_at DESC, j.id DESC
 LIMIT %(limit)s;

-- name: find_feedback
-- Each person's newest.
SELECT h.user_id, j.title, j.company, j.employer_key, h.feedback = 'saved' AS is_saved
  FROM unnest(%(user_ids)s::bigint[]) AS person(id)
 CROSS JOIN LATERAL (
    SELECT * FROM user_job_history
     WHERE user_id = person.id AND feedback IS NOT NULL
     ORDER BY feedback_at DESC, job_id DESC LIMIT %(limit)s
 ) AS h
  JOIN canonical_jobs j ON j.id = h.job_id
 ORDER BY h.user_id, h.feedback_at DESC, h.job_id DESC;


-- Conversations --------------------------------------------------------------------------

-- name: read_conversation
-- Also of somebody who never wrote before: state and data are NULL, revision is 0.
SELECT u.id AS user_id, u.language, c.state, c.data, c.needs_person_at,
       coalesce(c.revision, 0) AS revision,
       EXISTS (SELECT FROM user_preferences p WHERE p.user_id = u.id) AS has_preferences
  FROM users u LEFT JOIN conversations c ON c.user_id = u.id
 WHERE u.id = %(user_id)s;

-- name: write_conversation
-- No row: somebody else has written since it was read.
INSERT INTO conversations AS c (user_id, state, data, needs_person_at)
VALUES (%(user_id)s, %(state)s, %(data)s, %(needs_person_at)s)
ON CONFLICT (user_id) DO UPDATE
   SET state = EXCLUDED.state, data = EXCLUDED.data, updated_at = now(),
       needs_person_at = EXCLUDED.needs_person_at, revision = c.revision + 1
 WHERE c.revision = %(revision)s;

-- name: set_language
UPDATE users SET language = %(language)s WHERE id = %(user_id)s AND language <> %(language)s;

-- name: read_alert_settings
SELECT cadence, paused_until, consent_at, consent_text, consent_source, quiet_from, quiet_to,
       zone, last_alert_at
  FROM alert_settings WHERE user_id = %(user_id)s;

-- name: set_alerts
INSERT INTO alert_settings (user_id, cadence, consent_at, consent_text, consent_source)
VALUES (%(user_id)s, %(cadence)s, %(consent_at)s, %(consent_text)s, %(consent_source)s)
ON CONFLICT (user_id) DO UPDATE
   SET cadence = EXCLUDED.cadence, paused_until = NULL, consent_at = EXCLUDED.consent_at,
       consent_text = EXCLUDED.consent_text, consent_source = EXCLUDED.consent_source;

-- name: pause_alerts
INSERT INTO alert_settings (user_id, paused_until) VALUES (%(user_id)s, %(until)s)
ON CONFLICT (user_id) DO UPDATE SET paused_until = EXCLUDED.paused_until;

-- name: read_person_facts
-- What we hold of her, for "my data".
SELECT u.name, u.created_at,
       (SELECT count(*) FROM user_job_history h WHERE h.user_id = u.id) AS shown,
       (SELECT count(*) FROM user_job_history h WHERE h.user_id = u.id AND h.feedback = 'saved') AS saved,
       (SELECT count(*) FROM user_job_history h WHERE h.user_id = u.id AND h.feedback = 'not_for_me') AS refused,
       EXISTS (SELECT FROM user_vectors v WHERE v.user_id = u.id) AS has_vector
  FROM users u WHERE u.id = %(user_id)s;


-- name: find_people_waiting
SELECT c.user_id, u.language, c.needs_person_at AS since, k.wa_id, k.last_message_at, k.stopped_at
  FROM conversations c
  JOIN users u ON u.id = c.user_id
  LEFT JOIN contacts k ON k.user_id = c.user_id
 WHERE c.needs_person_at IS NOT NULL
   AND (%(user_id)s::bigint IS NULL OR c.user_id = %(user_id)s)
 ORDER BY c.needs_person_at, c.user_id
 LIMIT %(limit)s;

-- name: find_last_messages
-- By when they came and when we wrote them, both by our clock; the newest last.
SELECT p.user_id, m.*
  FROM unnest(%(user_ids)s::bigint[]) AS p(user_id)
 CROSS JOIN LATERAL (
       (SELECT true AS is_hers, i.received_at AS at, i.id, i.message, NULL AS state
          FROM inbox i WHERE i.user_id = p.user_id
         ORDER BY i.received_at DESC, i.id DESC LIMIT %(limit)s)
       UNION ALL
       (SELECT false, o.created_at, o.id, o.message, o.state
          FROM outbox o WHERE o.user_id = p.user_id
         ORDER BY o.created_at DESC, o.id DESC LIMIT %(limit)s)
        ORDER BY at DESC, is_hers, id DESC LIMIT %(limit)s) AS m
 ORDER BY p.user_id, m.at, m.is_hers DESC, m.id;

-- name: end_waiting
-- The revision: whoever answers her in this moment has read that she waits, and reads anew.
UPDATE conversations SET needs_person_at = NULL, revision = revision + 1
 WHERE user_id = %(user_id)s AND needs_person_at IS NOT NULL;

-- name: people_facts
SELECT c.*, w.*
  FROM (SELECT count(*) AS people, count(stopped_at) AS stopped FROM contacts) c,
       (SELECT count(*) AS waiting,
               coalesce(extract(epoch FROM now() - min(needs_person_at)), 0)::float
                   AS oldest_waiting_seconds
          FROM conversations WHERE needs_person_at IS NOT NULL) w;


-- Reverse match: the people whom new jobs suit ---------------------------------------------

-- name: find_live_jobs
SELECT {job_columns}
  FROM canonical_jobs j
  {and_inferred}
 WHERE j.id = ANY(%(job_ids)s::bigint[]) AND job_is_live(j.status, j.title, j.listed_date)
 ORDER BY j.id;

-- name: find_live_postings
SELECT {job_columns}, left(j.description, 2000) AS said
  FROM canonical_jobs j
  {and_inferred}
 WHERE j.id = ANY(%(job_ids)s::bigint[]) AND job_is_live(j.status, j.title, j.listed_date)
 ORDER BY j.id;

-- name: find_preferences
SELECT {preference_columns} FROM user_preferences p WHERE p.user_id = ANY(%(user_ids)s::bigint[]);

-- name: copy_job_vectors
COPY (SELECT job_id, embedding FROM job_vectors
       WHERE model = %(model)s AND job_id = ANY(%(job_ids)s::bigint[])
         AND vector_dims(embedding) = %(dimensions)s
       ORDER BY job_id) TO STDOUT (FORMAT binary);

-- name: copy_user_vectors
COPY (SELECT user_id, embedding FROM user_vectors
       WHERE model = %(model)s AND user_id > %(after)s
         AND (%(among)s::bigint[] IS NULL OR user_id = ANY(%(among)s::bigint[]))
         AND vector_dims(embedding) = %(dimensions)s
       ORDER BY user_id LIMIT %(limit)s) TO STDOUT (FORMAT binary);

-- name: find_hidden_pairs
-- Who of a stretch of people was shown, or refused, any posting of these jobs: what
-- hidden_jobs says for one person.
SELECT h.user_id, h.job_id
  FROM user_job_history h
 WHERE h.job_id = ANY(%(job_ids)s::bigint[]) AND h.user_id BETWEEN %(first)s AND %(last)s
UNION
SELECT h.user_id, j.id
  FROM canonical_jobs j JOIN user_job_history h USING (posting_key)
 WHERE j.id = ANY(%(job_ids)s::bigint[]) AND h.user_id BETWEEN %(first)s AND %(last)s;

-- name: measure_pairs
-- The distance that a search would find, to the last bit. A pair that has lost a vector
-- since has none.
{plan_for_queue}
SELECT p.place, v.embedding::halfvec(%(dimensions)s) <=> u.embedding::halfvec(%(dimensions)s) AS distance
  FROM unnest(%(user_ids)s::bigint[], %(job_ids)s::bigint[]) WITH ORDINALITY
       AS p(user_id, job_id, place)
  JOIN user_vectors u ON u.user_id = p.user_id AND u.model = %(model)s
  JOIN job_vectors v ON v.job_id = p.job_id AND v.model = %(model)s;


-- Alerts: new jobs find their people --------------------------------------------------------

-- part: untold_jobs
-- Set by set, over the few days that count: nothing is added to the way of a vector, and
-- what came while no daemon ran is found all the same.
SELECT l.job_id
  FROM live_jobs l
  JOIN job_embeddings e ON e.job_id = l.job_id AND e.embedded_at IS NOT NULL
  JOIN embedding_models m ON m.name = e.model AND m.state = 'live'
 WHERE l.listed_date >= CURRENT_DATE - %(days)s::int
   AND NOT EXISTS (SELECT FROM job_alerts a WHERE a.job_id = l.job_id)

-- name: claim_new_jobs
-- The row is the claim: of two that add it one does. Those of a worker that died too.
WITH new AS (
    INSERT INTO job_alerts (job_id, due_at)
    SELECT job_id, %(due_at)s FROM ({untold_jobs} ORDER BY l.listed_date DESC, l.job_id DESC LIMIT %(limit)s) AS untold
    ON CONFLICT DO NOTHING
    RETURNING job_id
), left_behind AS MATERIALIZED (
    SELECT job_id FROM job_alerts WHERE due_at <= %(now)s
     ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), again AS (
    UPDATE job_alerts a SET due_at = %(due_at)s
      FROM left_behind WHERE a.job_id = left_behind.job_id
    RETURNING a.job_id
)
SELECT job_id FROM new UNION ALL SELECT job_id FROM again;

-- name: find_listeners
SELECT user_id FROM alert_settings WHERE cadence <> 'off' ORDER BY user_id;

-- name: add_pending
-- Whoever is being told at this moment is looked at again: claims. At once is for those
-- who want it so; who is due anyway at an hour of hers stays so.
WITH listening AS MATERIALIZED (
    SELECT user_id FROM alert_settings
     WHERE user_id = ANY(%(user_ids)s::bigint[]) AND cadence <> 'off'
     ORDER BY user_id FOR UPDATE
), added AS (
    INSERT INTO pending_alerts (user_id, job_id, score, found_at)
    SELECT f.user_id, f.job_id, f.score, %(now)s
      FROM unnest(%(user_ids)s::bigint[], %(job_ids)s::bigint[], %(scores)s::int[])
           AS f(user_id, job_id, score)
      JOIN listening USING (user_id)
      JOIN canonical_jobs j ON j.id = f.job_id
    ON CONFLICT DO NOTHING
    RETURNING user_id
), due AS (
    UPDATE alert_settings s
       SET claims = s.claims + 1,
           due_at = CASE WHEN s.due_at IS NULL THEN %(due_at)s
                         WHEN s.cadence = 'instant' THEN least(s.due_at, %(due_at)s)
                         ELSE s.due_at END
     WHERE s.user_id IN (SELECT user_id FROM added)
)
SELECT count(*) AS added FROM added;

-- name: finish_new_jobs
UPDATE job_alerts SET due_at = NULL WHERE job_id = ANY(%(job_ids)s::bigint[]);

-- name: claim_people_to_tell
WITH due AS MATERIALIZED (
    SELECT user_id FROM alert_settings WHERE due_at <= %(now)s
     ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE alert_settings s SET due_at = %(due_at)s, claims = s.claims + 1
  FROM due WHERE s.user_id = due.user_id
RETURNING s.user_id, s.claims, s.cadence, s.consent_at, s.paused_until, s.quiet_from, s.quiet_to, s.zone,
          s.last_alert_at, s.last_template_at, s.templates;

-- name: trim_pending
DELETE FROM pending_alerts
 WHERE user_id = %(user_id)s AND job_id IN (
    SELECT job_id FROM pending_alerts WHERE user_id = %(user_id)s
     ORDER BY score DESC, found_at DESC, job_id OFFSET %(limit)s);

-- name: find_pending
SELECT p.job_id, j.posting_key, p.found_at, p.is_news
  FROM pending_alerts p JOIN canonical_jobs j ON j.id = p.job_id
 WHERE p.user_id = %(user_id)s
 ORDER BY p.job_id;

-- name: settle_person
UPDATE alert_settings SET due_at = %(due_at)s
 WHERE user_id = %(user_id)s AND claims = %(claims)s;

-- name: note_alert
WITH heard AS (
    UPDATE pending_alerts SET is_news = false WHERE user_id = %(user_id)s AND is_news
)
UPDATE alert_settings
   SET last_alert_at = %(now)s,
       last_template_at = CASE WHEN %(templates)s IS NULL THEN last_template_at ELSE %(now)s END,
       templates = coalesce(%(templates)s, templates)
 WHERE user_id = %(user_id)s;

-- name: drop_pending
DELETE FROM pending_alerts WHERE user_id = %(user_id)s AND job_id = ANY(%(job_ids)s::bigint[]);

-- name: forget_pending
DELETE FROM pending_alerts WHERE user_id = %(user_id)s;

-- name: has_room_for_alert
-- What the sender would hold back might come out at night, or never. One asks after the
-- other, and what waits in the outbox counts: no two take the same dollar.
SELECT pg_advisory_xact_lock(4816013);
SELECT NOT EXISTS (
        SELECT FROM whatsapp_numbers
         WHERE phone_number_id = %(number)s AND greatest(stopped_until, alerts_stopped_until) > now())
   AND NOT EXISTS (
        SELECT FROM whatsapp_templates WHERE name = %(template)s AND disabled_until > now())
   AND (%(budget)s::float8 IS NULL
        OR (SELECT coalesce(sum(dollars), 0) FROM whatsapp_spend WHERE day = CURRENT_DATE)
           + (SELECT coalesce(sum(CASE WHEN is_template THEN %(template_price)s::float8
                                       ELSE %(other_price)s::float8 END), 0)
                FROM outbox
               WHERE due_at IS NOT NULL AND dollars = 0 AND (kind = 'alert' OR is_template))
           + CASE WHEN %(template)s IS NULL THEN %(other_price)s::float8
                  ELSE %(template_price)s::float8 END
           <= %(budget)s::float8) AS has_room;

-- name: alert_facts
SELECT p.*, s.*, (SELECT count(*) FROM ({untold_jobs}) AS untold)
                 + (SELECT count(*) FROM job_alerts WHERE due_at IS NOT NULL) AS new_jobs
  FROM (SELECT count(*) AS pending, count(DISTINCT user_id) AS people,
               coalesce(extract(epoch FROM %(now)s - min(found_at)), 0)::float AS oldest_pending_seconds
          FROM pending_alerts) AS p,
       (SELECT count(*) AS due,
               coalesce(extract(epoch FROM %(now)s - min(due_at)), 0)::float AS oldest_late_seconds
          FROM alert_settings WHERE due_at <= %(now)s) AS s;


-- Work that was asked for over HTTP ------------------------------------------------------

-- part: admin_job_columns
id, thing, force, row_limit, state, successful, failed, skipped, put_off, tokens, dollars,
       errors, message, created_at, finished_at

-- name: begin_admin_job
-- No row: one of its kind runs already.
INSERT INTO admin_jobs (thing, force, row_limit, held_until)
VALUES (%(thing)s, %(force)s, %(limit)s, now() + make_interval(secs => %(hold_seconds)s))
ON CONFLICT (thing) WHERE state = 'running' DO NOTHING
RETURNING {admin_job_columns};

-- name: hold_admin_job
UPDATE admin_jobs
   SET held_until = now() + make_interval(secs => %(hold_seconds)s),
       successful = %(successful)s, failed = %(failed)s, skipped = %(skipped)s,
       put_off = %(put_off)s, tokens = %(tokens)s, dollars = %(dollars)s
 WHERE id = %(id)s AND state = 'running';

-- name: finish_admin_job
UPDATE admin_jobs
   SET state = %(state)s, finished_at = now(), errors = %(errors)s, message = %(message)s,
       successful = %(successful)s, failed = %(failed)s, skipped = %(skipped)s,
       put_off = %(put_off)s, tokens = %(tokens)s, dollars = %(dollars)s
 WHERE id = %(id)s AND state = 'running';

-- name: end_lost_admin_jobs
UPDATE admin_jobs
   SET state = 'lost', finished_at = now(),
       message = 'its process ended; the rows it had in hand become due by themselves'
 WHERE state = 'running' AND held_until < now();

-- name: get_admin_job
SELECT {admin_job_columns} FROM admin_jobs WHERE id = %(id)s;

-- name: list_admin_jobs
SELECT {admin_job_columns} FROM admin_jobs ORDER BY id DESC LIMIT %(limit)s;

-- name: get_running_admin_job
SELECT {admin_job_columns} FROM admin_jobs WHERE thing = %(thing)s AND state = 'running';


-- Facts, for the health check ------------------------------------------------------------

-- name: server_facts
SELECT current_setting('server_version') AS server,
       (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector;

-- name: {thing}_embedding_facts
-- What each means: records.EmbeddingFacts.
SELECT count(*) FILTER (WHERE embedded_at IS NOT NULL) AS embedded,
       count(*) FILTER (WHERE embedded_at IS NULL
                          AND (due_at IS NOT NULL OR last_error IS NOT NULL)) AS waiting,
       count(*) FILTER (WHERE embedded_at IS NULL
                          AND due_at IS NULL AND last_error IS NULL) AS empty,
       count(*) FILTER (WHERE due_at <= now()) AS due,
       count(*) FILTER (WHERE last_error IS NOT NULL) AS failed,
       coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now())), 0)::float
           AS oldest_due_seconds
  FROM {thing}_embeddings
 WHERE model = %(model)s;

-- name: count_jobs_without_row
SELECT count(*) AS missing FROM canonical_jobs j
 WHERE job_is_live(j.status, j.title, j.listed_date)
   AND NOT EXISTS (SELECT FROM job_embeddings e WHERE e.job_id = j.id AND e.model = %(model)s);

-- name: count_users_without_row
SELECT count(*) AS missing FROM user_preferences p
 WHERE NOT EXISTS (SELECT FROM user_embeddings e WHERE e.user_id = p.user_id AND e.model = %(model)s);

-- name: {thing}_failures
SELECT {thing}_id AS id, attempts, last_error, due_at IS NULL AS given_up
  FROM {thing}_embeddings
 WHERE model = %(model)s AND last_error IS NOT NULL AND {thing}_id > %(after)s
   AND (%(ids)s::bigint[] IS NULL OR {thing}_id = ANY(%(ids)s::bigint[]))
 ORDER BY {thing}_id
 LIMIT %(limit)s;

-- name: {thing}_failure_kinds
SELECT CASE WHEN starts_with(last_error, 'unusable vector') THEN 'unusable_vector'
            ELSE 'refused' END AS kind,
       count(*) AS count
  FROM {thing}_embeddings
 WHERE model = %(model)s AND last_error IS NOT NULL
 GROUP BY kind;

-- name: count_invalid_{thing}_vectors
SELECT count(*) AS invalid
  FROM {thing}_vectors v JOIN embedding_models m ON m.name = v.model
 WHERE v.model = %(model)s
   AND (vector_dims(v.embedding) <> m.dimensions OR l2_norm(v.embedding) = 0);

-- name: count_lost_{thing}_vectors
SELECT count(*) AS lost
  FROM {thing}_embeddings e
 WHERE e.model = %(model)s AND embedded_at IS NOT NULL
   AND NOT EXISTS (SELECT FROM {thing}_vectors v
                    WHERE v.{thing}_id = e.{thing}_id AND v.model = e.model);

-- name: task_facts
SELECT task, ok_at, last_error,
       extract(epoch FROM now() - ok_at)::float AS seconds_since_ok
  FROM task_runs ORDER BY task;

-- name: tokens_per_text
SELECT sum(tokens)::float / nullif(sum(texts), 0) AS average
  FROM embedding_usage WHERE model = %(model)s;

-- name: usage_today
SELECT coalesce(sum(requests), 0)::bigint AS requests,
       coalesce(sum(texts), 0)::bigint AS texts, coalesce(sum(tokens), 0)::bigint AS tokens,
       coalesce(sum(dollars), 0)::float AS dollars
  FROM embedding_usage WHERE day = CURRENT_DATE;

-- name: usage_by_day
SELECT day, model, purpose, requests, texts, tokens, dollars
  FROM embedding_usage
 WHERE day > CURRENT_DATE - %(days)s::int
 ORDER BY day DESC, model, purpose;

-- name: usage_by_purpose
SELECT model, purpose, sum(requests)::bigint AS requests, sum(texts)::bigint AS texts,
       sum(tokens)::bigint AS tokens, sum(dollars)::float AS dollars
  FROM embedding_usage GROUP BY model, purpose ORDER BY model, purpose;

-- name: sample_live_vectors
-- Some of the live set, the same ones each time; a vector in its binary form.
SELECT v.job_id AS id, j.title, coalesce(j.ai_job_function, j.category) AS category,
       halfvec_send(v.embedding) AS embedding
  FROM job_vectors v JOIN canonical_jobs j ON j.id = v.job_id
 WHERE v.model = %(model)s AND job_is_live(j.status, j.title, j.listed_date)
 ORDER BY hashint8(v.job_id), v.job_id
 LIMIT %(limit)s;

-- name: find_jobs_near_job
-- Compared with every live vector: a check of the search must not use its index.
WITH one AS MATERIALIZED (
    SELECT embedding FROM job_vectors WHERE job_id = %(job_id)s AND model = %(model)s
)
SELECT v.job_id AS id, j.title, coalesce(j.ai_job_function, j.category) AS category,
       1 - (v.embedding <=> one.embedding) AS score
  FROM one, job_vectors v JOIN canonical_jobs j ON j.id = v.job_id
 WHERE v.model = %(model)s AND job_is_live(j.status, j.title, j.listed_date)
 ORDER BY (v.embedding <=> one.embedding) + 0.0, v.job_id
 LIMIT %(limit)s;


-- WhatsApp: edge ---------------------------------------------------------------------------
-- The rules on what may be sent, and how people are told apart: migration 011.

-- name: receive_whatsapp
SELECT receive_whatsapp(%(messages)s, %(events)s) AS new;

-- name: claim_incoming
-- Both rows are locked: what was handled since this statement began is not seen as due.
WITH head AS MATERIALIZED (
    SELECT i.id, i.user_id, i.sent_at
      FROM inbox i JOIN contacts c ON c.user_id = i.user_id
     WHERE i.due_at <= now() AND (c.busy_until IS NULL OR c.busy_until <= now())
       AND NOT EXISTS (SELECT FROM inbox e
                        WHERE e.user_id = i.user_id AND e.due_at IS NOT NULL
                          AND (e.sent_at, e.id) < (i.sent_at, i.id))
     ORDER BY i.due_at, i.id
     LIMIT 1
       FOR UPDATE OF i, c SKIP LOCKED
), person AS (
    UPDATE contacts c
       SET busy_until = now() + make_interval(secs => %(lease_seconds)s),
           claim = nextval('inbox_claims'),
           last_message_at = greatest(c.last_message_at, head.sent_at), undelivered = 0
      FROM head
     WHERE c.user_id = head.user_id
    RETURNING c.user_id, c.claim, c.stopped_at IS NOT NULL AS is_stopped
)
UPDATE inbox i SET attempts = i.attempts + 1
  FROM head JOIN person ON person.user_id = head.user_id
 WHERE i.id = head.id
RETURNING i.id, i.user_id, person.claim, i.message, i.sent_at, i.attempts, i.wamid,
          person.is_stopped;

-- name: release_person
UPDATE contacts SET busy_until = NULL
 WHERE user_id = %(user_id)s AND claim = %(claim)s AND busy_until IS NOT NULL
RETURNING wa_id, bsuid,
          EXISTS (SELECT FROM outbox o WHERE o.user_id = contacts.user_id AND o.state = 'sending')
              AS is_written_to;

-- name: finish_incoming
-- Her window is open: what waited for her to write goes now, and not before it is known
-- whether she asked us to stop.
WITH done AS (
    UPDATE inbox SET due_at = NULL, handled_at = now(), last_error = NULL
     WHERE id = %(id)s
    RETURNING user_id, sent_at
)
UPDATE outbox o SET state = 'waiting', due_at = now()
  FROM done
 WHERE o.user_id = done.user_id AND o.state = 'parked'
   AND done.sent_at > now() - interval '24 hours';

-- name: give_back_incoming
UPDATE inbox SET attempts = attempts - 1 WHERE id = %(id)s;

-- name: put_off_incoming
UPDATE inbox SET due_at = now() + make_interval(secs => %(seconds)s), last_error = %(error)s
 WHERE id = %(id)s;

-- name: find_behind_failed
-- What waits for an earlier message of the same person that is tried again later.
SELECT s.id AS id_, s.user_id, s.sent_at, s.message
  FROM inbox s
 WHERE s.due_at IS NOT NULL
   AND EXISTS (SELECT FROM inbox e
                WHERE e.user_id = s.user_id AND e.due_at > now() AND e.attempts > 0
                  AND (e.sent_at, e.id) < (s.sent_at, s.id));

-- name: set_aside_before
UPDATE inbox e SET due_at = NULL, last_error = 'she asked to stop after it'
  FROM inbox s
 WHERE s.id = %(id)s AND e.user_id = s.user_id AND e.due_at > now() AND e.attempts > 0
   AND (e.sent_at, e.id) < (s.sent_at, s.id);

-- name: take_events
-- One worker at a time: two that hold statuses of the same messages would wait for each
-- other in a circle, and all of them write the same rows of the day's spending.
WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(4816012) AS is_mine)
SELECT id, kind, body, sent_at, attempts
  FROM whatsapp_events, turn
 WHERE is_mine AND due_at <= now()
 ORDER BY due_at, id
 LIMIT %(limit)s
   FOR UPDATE OF whatsapp_events SKIP LOCKED;

-- name: end_events
UPDATE whatsapp_events SET due_at = NULL, body = '{}', last_error = NULL
 WHERE id = ANY(%(ids)s::bigint[]) AND kind <> 'status';
DELETE FROM whatsapp_events WHERE id = ANY(%(ids)s::bigint[]) AND kind = 'status';

-- name: put_off_event
UPDATE whatsapp_events
   SET due_at = now() + make_interval(secs => %(seconds)s), attempts = attempts + 1,
       last_error = %(error)s
 WHERE id = %(id)s;

-- name: seconds_to_next_on_whatsapp
SELECT extract(epoch FROM (SELECT min(due_at) FROM inbox WHERE due_at IS NOT NULL) - now())::float AS inbox,
       extract(epoch FROM (SELECT min(due_at) FROM whatsapp_events WHERE due_at IS NOT NULL)
                          - now())::float AS events,
       extract(epoch FROM (SELECT min(due_at) FROM outbox WHERE due_at IS NOT NULL) - now())::float AS sender;

-- name: forget_incoming
UPDATE inbox SET message = '{}'
 WHERE message <> '{}' AND due_at IS NULL
   AND received_at < now() - make_interval(days => %(keep_days)s);

-- name: forget_outgoing
UPDATE outbox SET message = '{}'
 WHERE message <> '{}' AND due_at IS NULL AND state <> 'parked'
   AND created_at < now() - make_interval(days => %(keep_days)s);

-- name: forget_events
-- Meta delivers again for 7 days.
DELETE FROM whatsapp_events
 WHERE due_at IS NULL AND received_at < now() - make_interval(days => greatest(%(keep_days)s, 9));

-- name: forget_hashes
DELETE FROM forgotten_messages WHERE forgotten_at < now() - interval '9 days';

-- name: find_contact
SELECT user_id, wa_id, bsuid, last_message_at, stopped_at, template_consent_at,
       template_consent_source, templates_stopped_at, templates_paused_until
  FROM contacts WHERE user_id = %(user_id)s;

-- name: stop_contact
UPDATE contacts SET stopped_at = coalesce(stopped_at, now()) WHERE user_id = %(user_id)s;

-- name: resume_contact
UPDATE contacts SET stopped_at = NULL WHERE user_id = %(user_id)s;

-- name: cancel_outgoing
-- What is being sent in this moment cannot be called back; should it have to be sent again,
-- it is not.
UPDATE outbox SET state = 'cancelled', due_at = NULL, last_error = 'she asked to stop'
 WHERE user_id = %(user_id)s AND NOT is_last_word
   AND state IN ('waiting', 'uncertain', 'held', 'parked');

-- name: consent_to_templates
UPDATE contacts SET template_consent_at = now(), template_consent_source = %(source)s
 WHERE user_id = %(user_id)s;

-- name: withdraw_consent
UPDATE contacts SET template_consent_at = NULL, template_consent_source = NULL
 WHERE user_id = %(user_id)s;

-- name: find_latest_wamids
SELECT wamid FROM inbox
 WHERE user_id = %(user_id)s AND received_at > now() - interval '9 days';

-- name: forget_messages
INSERT INTO forgotten_messages (wamid_hash) SELECT unnest(%(hashes)s::text[])
ON CONFLICT DO NOTHING;

-- name: delete_user
DELETE FROM users WHERE id = %(user_id)s;

-- name: move_contact
SELECT move_contact(%(old_wa_id)s, %(old_bsuid)s, %(new_wa_id)s, %(new_bsuid)s);

-- name: set_templates_wish
UPDATE contacts
   SET templates_stopped_at = CASE WHEN %(is_stop)s THEN %(told_at)s::timestamptz END,
       templates_told_at = %(told_at)s
 WHERE (bsuid = %(bsuid)s OR wa_id = %(wa_id)s)
   AND coalesce(templates_told_at <= %(told_at)s, true);

-- name: note_refusal
UPDATE contacts
   SET last_message_at = CASE WHEN %(is_window_closed)s THEN NULL ELSE last_message_at END,
       undelivered = undelivered + %(undelivered)s,
       templates_stopped_at = CASE WHEN %(templates_stopped)s THEN now() ELSE templates_stopped_at END,
       templates_paused_until = coalesce(now() + make_interval(secs => %(pause_seconds)s),
                                         templates_paused_until)
 WHERE user_id = %(user_id)s;

-- name: add_outgoing
-- Nobody who uses no WhatsApp, and nobody who asked to stop, but for a last word.
INSERT INTO outbox (user_id, message, is_template, kind, inbox_id, position, key, is_last_word)
SELECT user_id, %(message)s, %(is_template)s, %(kind)s, %(inbox_id)s, %(position)s, %(key)s,
       %(is_last_word)s
  FROM contacts
 WHERE user_id = %(user_id)s AND (stopped_at IS NULL OR %(is_last_word)s)
ON CONFLICT DO NOTHING;

-- name: wake_whatsapp
-- Heard when the transaction is committed, and once however often it is said.
SELECT pg_notify('whatsapp_due', '');

-- name: add_farewell
-- What is being sent to her in this moment comes first.
INSERT INTO outbox (wa_id, bsuid, message, is_template, kind, inbox_id, position, is_last_word, due_at)
VALUES (%(wa_id)s, %(bsuid)s, %(message)s, %(is_template)s, 'reply', %(inbox_id)s, %(position)s, true,
        now() + CASE WHEN %(is_written_to)s THEN interval '2 seconds' ELSE '0' END);

-- name: claim_outgoing
-- Not without need: it locks the number, and that is written down.
SELECT claimed.*
  FROM (SELECT FROM outbox WHERE due_at <= now() LIMIT 1) due
 CROSS JOIN LATERAL claim_outgoing(%(number)s, %(per_second)s, %(resend_seconds)s,
                                   %(template_price)s, %(other_price)s, %(daily_budget)s) claimed;

-- name: accept_outgoing
-- And whoever was too fast, or stood still, is so no more.
WITH person AS (
    UPDATE outbox_pace SET failures = 0, blocked_until = NULL
     WHERE user_id = %(user_id)s AND failures > 0
), number AS (
    UPDATE whatsapp_numbers SET slow_failures = 0, stop_reason = NULL, stopped_since = NULL
     WHERE phone_number_id = %(number)s AND (slow_failures > 0 OR stop_reason IS NOT NULL)
       AND coalesce(slow_until <= now(), true)
), farewell AS (
    DELETE FROM outbox WHERE id = %(id)s AND user_id IS NULL
)
UPDATE outbox
   SET state = 'accepted', due_at = NULL, wamid = %(wamid)s, accepted_at = now(), last_error = NULL
 WHERE id = %(id)s AND claims = %(claims)s AND state = 'sending' AND user_id IS NOT NULL;

-- name: delete_ended_farewell
DELETE FROM outbox WHERE id = %(id)s AND user_id IS NULL AND due_at IS NULL;

-- name: doubt_outgoing
-- due_at stays: it counts from when it was claimed.
UPDATE outbox SET state = 'uncertain', last_error = %(error)s
 WHERE id = %(id)s AND claims = %(claims)s AND state = 'sending';

-- name: put_off_outgoing
UPDATE outbox
   SET state = 'waiting', due_at = now() + make_interval(secs => %(seconds)s),
       attempts = attempts + %(attempts)s, last_error = %(error)s
 WHERE id = %(id)s AND claims = %(claims)s AND state = 'sending';

-- name: end_outgoing
UPDATE outbox SET state = %(state)s, due_at = NULL, last_error = %(error)s
 WHERE id = %(id)s AND claims = %(claims)s AND state = 'sending';

-- name: release_money
SELECT release_money(%(id)s);

-- name: price_message
SELECT price_message(%(id)s, %(category)s, %(dollars)s);

-- name: find_outgoing_for_status
SELECT id, claims, attempts, user_id, wa_id, bsuid, message, is_template, state,
       %(wamid)s = ANY(dead_wamids) OR wamid <> %(wamid)s AS is_other_try
  FROM outbox
 WHERE id = %(id)s OR wamid = %(wamid)s
 ORDER BY id = %(id)s DESC NULLS LAST
 LIMIT 1
   FOR UPDATE;

-- name: set_outgoing_state
WITH farewell AS (DELETE FROM outbox WHERE id = %(id)s AND user_id IS NULL)
UPDATE outbox SET state = %(state)s, due_at = NULL, wamid = %(wamid)s,
                  accepted_at = coalesce(accepted_at, now()), last_error = NULL
 WHERE id = %(id)s AND user_id IS NOT NULL;

-- name: bury_try
UPDATE outbox SET state = 'sending', wamid = NULL, dead_wamids = dead_wamids || %(wamid)s::text
 WHERE id = %(id)s;

-- name: slow_person
INSERT INTO outbox_pace AS p (user_id, failures, blocked_until)
SELECT id, 1, now() + interval '1 second' FROM users WHERE id = %(user_id)s
ON CONFLICT (user_id) DO UPDATE
   SET failures = p.failures + 1, blocked_until = now() + make_interval(secs => 4 ^ least(p.failures, 6))
RETURNING extract(epoch FROM blocked_until - now())::float AS seconds;

-- name: slow_number
UPDATE whatsapp_numbers
   SET slow_until = now() + make_interval(secs => 2 ^ least(slow_failures, 6) * (1 + random() / 4)),
       slow_failures = slow_failures + 1
 WHERE phone_number_id = %(number)s AND coalesce(slow_until <= now(), true);

-- name: stop_number
UPDATE whatsapp_numbers
   SET stopped_until = now() + make_interval(secs => %(seconds)s), stop_reason = %(reason)s,
       stopped_since = coalesce(stopped_since, now())
 WHERE phone_number_id = %(number)s;

-- name: stop_alerts
UPDATE whatsapp_numbers
   SET alerts_stopped_until = now() + make_interval(secs => %(seconds)s),
       alerts_stop_reason = %(reason)s
 WHERE phone_number_id = %(number)s;

-- name: forget_stop
UPDATE whatsapp_numbers SET stopped_until = NULL, slow_until = NULL, slow_failures = 0
 WHERE phone_number_id = %(number)s;

-- name: disable_template
INSERT INTO whatsapp_templates (name, disabled_until, reason)
VALUES (%(name)s, coalesce(now() + make_interval(secs => %(seconds)s), 'infinity'), %(reason)s)
ON CONFLICT (name) DO UPDATE
   SET disabled_until = EXCLUDED.disabled_until, reason = EXCLUDED.reason;

-- name: inbox_facts
-- Of messages as of what is to be sent: by the indexes that leave out what is done.
SELECT i.*, a.*, e.*
  FROM (SELECT count(*) FILTER (WHERE due_at <= now()) AS due,
               coalesce(extract(epoch FROM now() - min(received_at)), 0)::float AS oldest_due_seconds
          FROM inbox WHERE due_at IS NOT NULL) i,
       (SELECT count(*) AS set_aside FROM inbox
         WHERE message <> '{}' AND received_at > now() - interval '7 days'
           AND due_at IS NULL AND last_error IS NOT NULL) a,
       (SELECT count(*) FILTER (WHERE due_at <= now()) AS events_due,
               coalesce(extract(epoch FROM now() - min(received_at) FILTER (WHERE due_at IS NOT NULL)), 0)::float
                   AS events_oldest_due_seconds,
               count(*) FILTER (WHERE due_at IS NULL AND last_error IS NOT NULL) AS events_set_aside
          FROM whatsapp_events) e;

-- name: outbox_facts
SELECT o.*, d.*, n.stop_reason, n.alerts_stop_reason, s.dollars_today, t.disabled_templates,
       coalesce(extract(epoch FROM now() - n.stopped_since), 0)::float AS stopped_seconds
  FROM (SELECT count(*) FILTER (WHERE due_at <= now() AND state <> 'held') AS due,
               coalesce(extract(epoch FROM now() - min(due_at)
                   FILTER (WHERE due_at <= now() AND state <> 'held')), 0)::float AS oldest_due_seconds,
               count(*) FILTER (WHERE state = 'held') AS held,
               count(*) FILTER (WHERE state = 'uncertain') AS uncertain
          FROM outbox WHERE due_at IS NOT NULL) o
 CROSS JOIN
       (SELECT count(*) FILTER (WHERE state = 'failed' AND created_at > now() - interval '1 day') AS failed,
               count(*) FILTER (WHERE last_error ~ '^(100|131008|131009): '
                                  AND created_at > now() - interval '1 day') AS malformed,
               count(*) FILTER (WHERE accepted_at >= CURRENT_DATE) AS sent_today
          FROM outbox
         WHERE message <> '{}'
           AND created_at > least(now() - interval '1 day', CURRENT_DATE - interval '1 day')) d
  LEFT JOIN (SELECT stop_reason, stopped_since,
                    CASE WHEN alerts_stopped_until > now() THEN alerts_stop_reason END AS alerts_stop_reason
               FROM whatsapp_numbers WHERE phone_number_id = %(number)s) n ON true
  LEFT JOIN (SELECT coalesce(sum(dollars), 0) AS dollars_today
               FROM whatsapp_spend WHERE day = CURRENT_DATE) s ON true
  LEFT JOIN (SELECT string_agg(name || ': ' || reason, '; ' ORDER BY name) AS disabled_templates
               FROM whatsapp_templates WHERE disabled_until > now()) t ON true;
-- Enrichments: what postings tell beyond their fields --------------------------------------

-- part: enrichment_claim
UPDATE job_enrichments e
   SET due_at = now() + make_interval(secs => %(lease_seconds)s)
  FROM due
 WHERE e.job_id = due.job_id
RETURNING e.job_id AS id, e.revision, e.text_hash, e.made_at IS NOT NULL AS has_vector

-- name: claim_due_enrichments
{plan_for_queue}
WITH due AS MATERIALIZED (
    SELECT job_id FROM job_enrichments
     WHERE due_at <= now()
     ORDER BY fresh_on DESC, job_id DESC
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
{enrichment_claim};

-- name: claim_enrichments
WITH due AS MATERIALIZED (
    SELECT job_id FROM job_enrichments
     WHERE job_id = ANY(%(ids)s::bigint[]) AND due_at <= now()
       FOR UPDATE SKIP LOCKED
)
{enrichment_claim};

-- name: find_known_enrichments
-- What was made of the same text, by the same reader.
SELECT DISTINCT ON (e.text_hash) e.text_hash, e.source,
       e.required_skills, e.preferred_skills, e.seniority, e.job_function, e.industry,
       e.work_arrangement, e.salary_min, e.salary_max, e.salary_currency, e.salary_period, e.summary
  FROM job_enrichments e
 WHERE e.text_hash = ANY(%(text_hashes)s::bytea[]) AND e.made_at IS NOT NULL;

-- name: mark_embeddings_due
-- Their text changes with what is stored next. Before it, as whoever saves a job locks the
-- two tables in this order.
WITH changed AS MATERIALIZED (
    SELECT job_id, model FROM job_embeddings
     WHERE job_id = ANY(%(ids)s::bigint[]) ORDER BY job_id, model FOR UPDATE
), marked AS (
    UPDATE job_embeddings e
       SET due_at = now(), revision = nextval('embedding_revisions'), attempts = 0, last_error = NULL
      FROM changed c WHERE e.job_id = c.job_id AND e.model = c.model
    RETURNING e.job_id
)
SELECT pg_notify('embeddings_due', '') FROM marked LIMIT 1;

-- name: store_enrichments
UPDATE job_enrichments e
   SET required_skills = i.required_skills, preferred_skills = i.preferred_skills,
       seniority = i.seniority, job_function = i.job_function, industry = i.industry,
       work_arrangement = i.work_arrangement, salary_min = i.salary_min, salary_max = i.salary_max,
       salary_currency = i.salary_currency, salary_period = i.salary_period, summary = i.summary,
       source = i.source, version = %(version)s, text_hash = decode(i.text_hash, 'hex'),
       made_at = now(), due_at = NULL, attempts = 0, last_error = NULL
  FROM jsonb_to_recordset(%(enrichments)s::jsonb) AS i(
        id bigint, revision bigint, text_hash text, source text,
        required_skills text[], preferred_skills text[], seniority text, job_function text,
        industry text, work_arrangement text, salary_min double precision,
        salary_max double precision, salary_currency text, salary_period text, summary text)
 WHERE e.job_id = i.id AND e.revision = i.revision;

-- name: confirm_enrichments
-- Made of this very text.
UPDATE job_enrichments e SET due_at = NULL, attempts = 0, last_error = NULL
  FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS i(id, revision)
 WHERE e.job_id = i.id AND e.revision = i.revision;

-- name: give_back_enrichments
UPDATE job_enrichments e SET due_at = now() + make_interval(secs => %(delay_seconds)s)
  FROM unnest(%(ids)s::bigint[], %(revisions)s::bigint[]) AS i(id, revision)
 WHERE e.job_id = i.id AND e.revision = i.revision AND e.due_at IS NOT NULL;

-- name: set_aside_enrichment
-- As set_aside_job: 1, 4, 16, 64 minutes, then it rests.
UPDATE job_enrichments
   SET attempts = attempts + 1,
       last_error = left(%(error)s, 500),
       due_at = CASE WHEN attempts + 1 < %(max_attempts)s
                     THEN now() + make_interval(mins => power(4, attempts)::int) END
 WHERE job_id = %(id)s AND revision = %(revision)s;

-- name: add_missing_enrichments
-- A live job without a row, or one that came to life again before it was read.
INSERT INTO job_enrichments AS e (job_id, fresh_on, due_at)
SELECT j.id, j.listed_date, now() FROM canonical_jobs j
 WHERE job_is_live(j.status, j.title, j.listed_date)
   AND NOT EXISTS (SELECT FROM job_enrichments k
                    WHERE k.job_id = j.id
                      AND (k.made_at IS NOT NULL OR k.due_at IS NOT NULL OR k.last_error IS NOT NULL))
ON CONFLICT (job_id) DO UPDATE SET due_at = now();

-- name: drop_ended_enrichments
-- Jobs that cannot be found any more: nothing is spent on them.
UPDATE job_enrichments e SET due_at = NULL
  FROM canonical_jobs j
 WHERE j.id = e.job_id AND e.due_at IS NOT NULL
   AND NOT job_is_live(j.status, j.title, j.listed_date);

-- part: is_chosen_to_enrich
(%(lows)s::bigint[] IS NULL
 OR EXISTS (SELECT FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS r(low, high)
             WHERE m.job_id BETWEEN r.low AND r.high))

-- part: has_placeholder
EXISTS (SELECT FROM job_vectors v JOIN embedding_models k ON k.name = v.model
         WHERE v.job_id = m.job_id AND k.state = 'live' AND is_placeholder(v.embedding, k.dimensions))

-- part: is_to_embed
NOT EXISTS (SELECT FROM job_embeddings v JOIN embedding_models k ON k.name = v.model
             WHERE v.job_id = m.job_id AND k.state = 'live' AND v.due_at IS NULL)

-- name: select_jobs_to_enrich
-- Not read yet, due or leased, refused before, read by an older version or by another
-- reader, with its vector still to be made, or with one that no model made. Rules replace
-- only what rules made.
SELECT m.job_id AS id, e.made_at IS NULL AS is_new, {has_placeholder} AS has_placeholder,
       {is_to_embed} AS is_to_embed
  FROM matchable_jobs m LEFT JOIN job_enrichments e ON e.job_id = m.job_id
 WHERE {is_chosen_to_enrich}
   AND (%(force)s OR e.made_at IS NULL OR e.due_at IS NOT NULL OR e.last_error IS NOT NULL
        OR e.version <> %(version)s AND (NOT %(is_free)s OR e.source = 'rules')
        OR {is_to_embed} OR {has_placeholder})
 ORDER BY m.fresh_on DESC, m.job_id DESC
 LIMIT %(limit)s;

-- name: count_jobs_to_enrich_from
SELECT count(*) AS count FROM matchable_jobs m WHERE {is_chosen_to_enrich};

-- name: wake_enrichments
-- Due now, but for what a worker has leased.
INSERT INTO job_enrichments AS e (job_id, fresh_on, due_at)
SELECT m.job_id, m.fresh_on, now() FROM matchable_jobs m
 WHERE m.job_id = ANY(%(ids)s::bigint[]) ORDER BY m.job_id
ON CONFLICT (job_id) DO UPDATE SET due_at = now(), attempts = 0, last_error = NULL
 WHERE e.due_at IS NULL OR e.last_error IS NOT NULL
       OR e.due_at > clock_timestamp() + make_interval(secs => %(lease_seconds)s);

-- name: force_enrichments
-- Due, and as if their text had never been read.
UPDATE job_enrichments SET due_at = now(), revision = nextval('enrichment_revisions'), text_hash = NULL,
       attempts = 0, last_error = NULL
 WHERE job_id = ANY(%(ids)s::bigint[]);

-- name: discard_placeholders
-- With what the cache has of such: the vectors are made anew.
WITH bad AS (
    DELETE FROM job_vectors v USING embedding_models k
     WHERE k.name = v.model AND k.state = 'live' AND v.job_id = ANY(%(ids)s::bigint[])
       AND is_placeholder(v.embedding, k.dimensions)
    RETURNING v.job_id, v.model
), forgotten AS (
    DELETE FROM embedding_cache c USING embedding_models k
     WHERE k.name = c.model AND k.state = 'live' AND is_placeholder(c.embedding, k.dimensions)
)
UPDATE job_embeddings e
   SET due_at = now(), revision = nextval('embedding_revisions'), embedded_at = NULL, text_hash = NULL,
       attempts = 0, last_error = NULL
  FROM bad WHERE e.job_id = bad.job_id AND e.model = bad.model;

-- name: find_open_enrichments
SELECT job_id AS id, greatest(0, extract(epoch FROM due_at - now()))::float AS seconds
  FROM job_enrichments
 WHERE job_id = ANY(%(ids)s::bigint[]) AND due_at IS NOT NULL AND last_error IS NULL
 ORDER BY fresh_on DESC, job_id DESC;

-- name: find_refused_enrichments
SELECT job_id AS id, last_error FROM job_enrichments
 WHERE job_id = ANY(%(ids)s::bigint[]) AND last_error IS NOT NULL
 ORDER BY job_id;

-- name: enrichment_facts
SELECT count(*) FILTER (WHERE made_at IS NOT NULL) AS made,
       count(*) FILTER (WHERE made_at IS NOT NULL AND source <> 'rules') AS by_chat,
       count(*) FILTER (WHERE due_at <= now()) AS due,
       count(*) FILTER (WHERE last_error IS NOT NULL) AS failed
  FROM job_enrichments;
