-- A provider's pace and breaker are shared by whoever calls it, also for a model that no
-- job or person has a vector of: a corpus (embed-corpus) is embedded at the same pace and
-- within the same budget, and must not make the daemon fill the bot's rows with its model.

ALTER TABLE embedding_pace DROP CONSTRAINT IF EXISTS embedding_pace_model_fkey;

-- Reverse:
--   DELETE FROM embedding_pace WHERE model NOT IN (SELECT name FROM embedding_models);
--   ALTER TABLE embedding_pace ADD CONSTRAINT embedding_pace_model_fkey
--       FOREIGN KEY (model) REFERENCES embedding_models ON DELETE CASCADE;
