CREATE TABLE policy_seen (
  region text NOT NULL, opd text NOT NULL, sequence bigint NOT NULL, body text NOT NULL,
  PRIMARY KEY (region, opd));
CREATE TABLE arrangement_seen (
  region text NOT NULL, opd text NOT NULL, unit text NOT NULL, sequence bigint NOT NULL, body text NOT NULL,
  PRIMARY KEY (region, opd, unit));
CREATE TABLE person (
  employee text NOT NULL PRIMARY KEY, region text NOT NULL, opd text NOT NULL, name text NOT NULL, nip text NOT NULL,
  UNIQUE (region, nip));
CREATE TABLE person_read (
  at text NOT NULL, principal text NOT NULL, region text NOT NULL, opd text NOT NULL);
