-- How far a relay has sent the events of a region. Only PostgreSQL uses it: a second process that writes to SQLite would
-- make commits wait.
CREATE TABLE relay_checkpoint (region text PRIMARY KEY, checkpoint text NOT NULL);
