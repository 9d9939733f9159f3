#!/bin/bash
# Creates a role and a database for each service, when the data folder is new. A password reaches psql from a file, so
# that no list of processes shows it.
set -euo pipefail
for role in policy roster attendance reporting keycloak; do
  psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres --set=role="$role" <<'SQL'
\set file '/run/secrets/' :role '_password'
\setenv PASSWORD_FILE :file
\set password `cat "$PASSWORD_FILE"`
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done
