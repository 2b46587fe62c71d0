#!/bin/sh
# Joué une fois, à la création de la base principale : le compte et l’emplacement de la réplique.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -v secret="$(cat /run/secrets/replication)" <<'SQL'
CREATE ROLE replication WITH REPLICATION LOGIN PASSWORD :'secret';
SELECT pg_create_physical_replication_slot('replique');
SQL
echo "host replication replication samenet scram-sha-256" >> "$PGDATA/pg_hba.conf"
