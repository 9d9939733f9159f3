CREATE TABLE dead_letter_read (
  at text NOT NULL, principal text NOT NULL, region text NOT NULL, topic text NOT NULL,
  record_partition bigint NOT NULL, record_offset bigint NOT NULL);
