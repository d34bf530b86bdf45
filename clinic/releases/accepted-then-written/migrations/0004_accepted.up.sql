-- Texts that were accepted and wait for the worker to write them.
ALTER TABLE consultation ADD COLUMN accepted jsonb;
