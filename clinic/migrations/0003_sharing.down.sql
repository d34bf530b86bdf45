-- Going back must not cost anybody what was shared: the rows wait for the way forward.
CREATE SCHEMA IF NOT EXISTS set_aside;
ALTER TABLE share SET SCHEMA set_aside;
