-- Which postings are one job, who its employer is, and what a person said of the jobs she
-- was shown. The keys are made here and nowhere else: whoever writes a posting, they are
-- right, and who compares postings reads them as columns. The functions call none of each
-- other: a restored dump computes the columns without a search path.

-- Lower case without punctuation; + and # stay, for C++ and C#. The marks are listed
-- because a class such as [:alnum:] knows other scripts under some locales only.
CREATE OR REPLACE FUNCTION bare_words(said text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(
        regexp_replace(replace(lower(left(said, 500)), '&', ' and '), '[.''’`]', '', 'g'),
        '[\s!"$-*,\-/:-@\[-^_{-~\u00a0-\u00bf\u2000-\u206f\u2600-\u27bf\u3000-\u303f\ufe0f\U0001f000-\U0001faff]+',
        ' ', 'g'))
$$;

-- NULL where no employer is named. Of the words of a name, its legal form and the country
-- of its branch are left out.
CREATE OR REPLACE FUNCTION employer_key(words text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF words ~ ('^(?:(?:a|an|our|the) )?(?:(?:confidential|anonymous|undisclosed|unnamed|hidden'
                '|private|reputable|reputed|leading) ?)*'
                '(?:client|company|employer|firm|organi[sz]ation|recruiter|advertiser|individual)?$')
       OR words ~ ('^(?:unknown|none|nil|null|na|n a|tbd|(?:confidential|undisclosed|anonymous'
                   '|not (?:specified|stated|disclosed|available|mentioned|applicable|given))(?: .*)?)$')
    THEN
        RETURN NULL;
    END IF;
    RETURN left(coalesce(nullif(regexp_replace(words,
        ('^the (?=.)|(?: (?:ltd|limited|plc|inc|incorporated|llc|llp|gmbh|corp|corporation|co'
         '|company|pty|bv|nv|sa|gte|nig|nigeria|rc ?[0-9]+))+$'), '', 'g'), ''), words), 200);
END $$;

-- The same for the same work at the same employer, wherever and by whomever it is posted;
-- NULL where that cannot be told. Places do not tell two jobs apart: those of the posting's
-- own location, and those that titles name where the location says "Nigeria". Where no
-- employer is named, the same long description does.
CREATE OR REPLACE FUNCTION posting_key(title text, place text, employer text, description text)
    RETURNS uuid LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    work text := ' ' || title || ' ';
    word text;
BEGIN
    IF coalesce(title, '') = '' OR employer IS NULL AND coalesce(length(description), 0) < 100 THEN
        RETURN NULL;
    END IF;
    work := regexp_replace(work,
        (' (?:abia|abuja|adamawa|akure|akwa ibom|anambra|asaba|awka|bauchi|bayelsa|benin city|benue'
         '|borno|calabar|cross river|ebonyi|edo|ekiti|enugu|fct|gombe|ibadan|ikeja|ilorin|imo'
         '|jigawa|jos|kaduna|kano|katsina|kebbi|kogi|kwara|lagos|lekki|nasarawa|nigeria|ogun|ondo'
         '|onitsha|osun|owerri|oyo|ph|port harcourt|sokoto|taraba|uyo|victoria island|vi|warri|yaba'
         '|yobe|zamfara|(?:delta|niger|plateau|rivers)(?= state))(?: state)?(?= )'), '', 'g');
    -- By words: a regular expression of each place would be compiled for each posting.
    FOREACH word IN ARRAY string_to_array(coalesce(place, ''), ' ') LOOP
        CONTINUE WHEN length(word) < 3;  -- in Italy, an IT officer is still one
        work := replace(replace(work, ' ' || word || ' state ', ' '), ' ' || word || ' ', ' ');
    END LOOP;
    RETURN md5(coalesce(nullif(btrim(work), ''), title) || ' @ '
               || coalesce(employer, btrim(regexp_replace(
                   lower(left(btrim(description, E' \t\r\n'), 500)), '\s+', ' ', 'g'))))::uuid;
END $$;

ALTER TABLE canonical_jobs
    ADD COLUMN IF NOT EXISTS employer_key text
        GENERATED ALWAYS AS (employer_key(bare_words(company))) STORED,
    ADD COLUMN IF NOT EXISTS posting_key uuid
        GENERATED ALWAYS AS (posting_key(bare_words(title), bare_words(location),
                                         employer_key(bare_words(company)), description)) STORED;
CREATE INDEX IF NOT EXISTS canonical_jobs_posting ON canonical_jobs (posting_key);

ALTER TABLE user_job_history
    ADD COLUMN IF NOT EXISTS feedback text CHECK (feedback IN ('saved', 'not_for_me')),
    ADD COLUMN IF NOT EXISTS feedback_at timestamptz,
    ADD COLUMN IF NOT EXISTS feedback_reason text;  -- in her words
CREATE INDEX IF NOT EXISTS user_job_history_feedback ON user_job_history (user_id, feedback_at DESC)
    WHERE feedback IS NOT NULL;
-- By person too: alerts ask who of a stretch of people was shown a job.
CREATE INDEX IF NOT EXISTS user_job_history_job_user ON user_job_history (job_id, user_id);
DROP INDEX IF EXISTS user_job_history_job;

-- What a person is not to be shown: the jobs she refused and, where only unseen ones are
-- asked for, those she was shown; with every posting of the same job, later ones too.
CREATE OR REPLACE FUNCTION hidden_jobs(person bigint, unseen boolean) RETURNS SETOF bigint
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT h.job_id FROM user_job_history h
     WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')
    UNION ALL
    SELECT again.id
      FROM user_job_history h
      JOIN canonical_jobs shown ON shown.id = h.job_id
      JOIN canonical_jobs again ON again.posting_key = shown.posting_key
     WHERE h.user_id = person AND (unseen OR h.feedback = 'not_for_me')
$$;

-- Reverse:
--   DROP FUNCTION hidden_jobs(bigint, boolean);
--   CREATE INDEX user_job_history_job ON user_job_history (job_id);
--   DROP INDEX user_job_history_feedback, user_job_history_job_user, canonical_jobs_posting;
--   ALTER TABLE user_job_history DROP COLUMN feedback, DROP COLUMN feedback_at,
--       DROP COLUMN feedback_reason;
--   ALTER TABLE canonical_jobs DROP COLUMN posting_key, DROP COLUMN employer_key;
--   DROP FUNCTION posting_key(text, text, text, text), employer_key(text), bare_words(text);
