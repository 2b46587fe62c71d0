#!/bin/sh
# Réplique en continu du PostgreSQL principal : copie initiale au premier démarrage, puis suivi.
set -eu
export PGPASSFILE=/tmp/pgpass
umask 077
printf '%s:%s:*:%s:%s\n' base-principale 5432 replication "$(cat /run/secrets/replication)" > "$PGPASSFILE"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    until pg_basebackup --pgdata "$PGDATA" --host base-principale --username replication \
        --wal-method stream --checkpoint fast --slot replique --write-recovery-conf; do
        echo "La base principale n’est pas prête ; nouvel essai dans 5 s." >&2
        rm -rf "$PGDATA"
        sleep 5
    done
fi
exec "$@"
