CREATE TABLE projection_offset (
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    last_record text NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
);

CREATE TABLE projection_source (
    consumer text NOT NULL,
    source text NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (consumer, source)
);

CREATE TABLE projection_stream (
    consumer text NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (consumer, stream)
);

CREATE TABLE projection_held (
    consumer text NOT NULL,
    stream text NOT NULL,
    version integer NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (consumer, stream, version)
);
