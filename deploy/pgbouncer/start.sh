#!/bin/sh
# Writes the user list from the environment, so that no password is in the image.
set -eu
umask 077
printf '"tickets" "%s"\n' "${POSTGRES_PASSWORD:?}" > /tmp/userlist.txt
exec pgbouncer /etc/tickets/pgbouncer.ini
