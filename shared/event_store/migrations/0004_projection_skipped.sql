-- The events that a projection could not read. Their versions count as reached, and a replay is applied late.
CREATE TABLE projection_skipped (
    consumer text NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (consumer, stream, version)
);
