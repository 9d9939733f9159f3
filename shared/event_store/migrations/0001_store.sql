-- SQL that both SQLite and PostgreSQL accept. Semicolons only at the end of statements: the file is split there.
CREATE TABLE event (
    source text NOT NULL,
    sequence bigint NOT NULL,
    stream text COLLATE BINARY NOT NULL,
    version integer NOT NULL,
    id text NOT NULL UNIQUE,
    type text NOT NULL,
    partition_key text NOT NULL,
    together integer NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (source, sequence),
    UNIQUE (stream, version)
);

CREATE TABLE head (
    source text PRIMARY KEY,
    sequence bigint NOT NULL,
    recorded text NOT NULL,
    chain text NOT NULL
);

CREATE TABLE command_key (
    key text NOT NULL,
    principal text NOT NULL,
    fingerprint text NOT NULL,
    answer text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (key, principal)
);
