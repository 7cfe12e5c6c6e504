#!/bin/sh
# In the chroot of deb.sh, as root: what an operator does with the packages, from the installation
# to the purge. Prints a line for each step that went well, and ends at the first that did not.
#
#   deb_steps.sh MAJOR      of PostgreSQL
set -eu

major=$1
conf=/etc/uncached/uncached.ini
unit=$(ls -d /lib/systemd/system 2>/dev/null)/uncached.service
cd /test

fail() {
	echo "failed: $*" >&2
	if [ -e /test/log ]; then tail -n 40 /test/log >&2; fi
	exit 1
}

ok() { echo "ok  $*"; }

sql() { setpriv --reuid postgres --regid postgres --init-groups psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1" "${2:-shop}"; }

cli() { redis-cli -s /run/redis/redis.sock "$@"; }

# Files that a system has which never had the packages.
list_files() {
	find / -xdev \( -path /proc -o -path /dev -o -path /test -o -path /tmp -o -path /run -o -path /var/log/apt \
		-o -path /var/lib/postgresql -o -path /var/log/postgresql -o -path /var/cache -o -path /var/lib/redis \
		-o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /root \) -prune -o -print |
		grep -vE '^/(etc/(passwd|group|shadow|gshadow|subuid|subgid)-?|etc/\.pwd\.lock|etc/ld\.so\.cache|var/log/(dpkg|alternatives)\.log)$' |
		LC_ALL=C sort
}

owner_of() { stat -c '%a %U:%G' "$1"; }

# As the unit has it: its user, its directories, its command, no other environment.
start_daemon() {
	user=$(sed -n 's/^User=//p' "$unit")
	command=$(sed -n 's/^ExecStart=//p' "$unit")
	install -d -m 750 -o "$user" -g "$user" "/run/$(sed -n 's/^RuntimeDirectory=//p' "$unit")" \
		"/var/log/$(sed -n 's/^LogsDirectory=//p' "$unit")"
	rm -f /test/notify
	# shellcheck disable=SC2086 # words
	env -i NOTIFY_SOCKET=/test/notify PATH=/usr/bin \
		perl /test/notified.pl /test/notify setpriv --reuid "$user" --regid "$user" --init-groups --no-new-privs \
		--bounding-set -all $command >/test/pid 2>>/test/log || fail "the daemon does not get ready"
	read -r pid </test/pid
	# the first start deletes all that the rules can produce
	count=0
	until setpriv --reuid uncached --regid uncached --init-groups uncached --config $conf --check-health |
		grep -qx 'default state=ready redis=connected'; do
		count=$((count + 1))
		[ $count -lt 100 ] || fail "the target is not ready"
		sleep 0.1
	done
}

stop_daemon() {
	kill "$pid"
	count=0
	while kill -0 "$pid" 2>/dev/null; do
		count=$((count + 1))
		[ $count -lt 100 ] || fail "the daemon does not stop"
		sleep 0.1
	done
}

# A change of the row deletes its key, and no other.
invalidate() {
	cli mset invoice:1 old invoice:2 old >/dev/null
	sql "UPDATE invoice SET total = total + 1 WHERE id = 1"
	count=0
	while [ "$(cli exists invoice:1)" = 1 ]; do
		count=$((count + 1))
		[ $count -lt 100 ] || fail "the key is not deleted"
		sleep 0.1
	done
	[ "$(cli exists invoice:2)" = 1 ] || fail "another key is deleted"
}

# --- the servers, on sockets alone ---

echo "listen_addresses = ''" >>"/etc/postgresql/$major/main/postgresql.conf"
pg_ctlcluster "$major" main start || fail "PostgreSQL does not start"
install -d -m 755 -o redis -g redis /run/redis
setpriv --reuid redis --regid redis --init-groups redis-server --port 0 --unixsocket /run/redis/redis.sock \
	--unixsocketperm 777 --dir /tmp --save '' --daemonize yes >/dev/null
list_files >/test/before

# --- install ---

apt-get install -y -qq --no-install-recommends "./postgresql-$major-uncache.deb" ./uncached.deb >/test/apt 2>&1 || {
	cat /test/apt >&2
	fail "the packages cannot be installed"
}
[ "$(owner_of /etc/uncached)" = "750 root:uncached" ] || fail "/etc/uncached: $(owner_of /etc/uncached)"
[ "$(owner_of $conf)" = "640 root:uncached" ] || fail "$conf: $(owner_of $conf)"
getent passwd uncached | grep -q ':/nonexistent:/usr/sbin/nologin$' || fail "user uncached: $(getent passwd uncached)"
[ -z "$(pgrep -u uncached 2>/dev/null || true)" ] || fail "the package has started something"
setpriv --reuid uncached --regid uncached --init-groups uncached --config $conf --check-config >/dev/null ||
	fail "the configuration as it comes is refused"
ok "installed: user, directory and configuration"

# --- work ---

sql "CREATE DATABASE shop" postgres
sql "CREATE EXTENSION uncache; CREATE ROLE uncached LOGIN; SELECT uncache.grant_consumer('uncached');
	CREATE TABLE invoice (id int PRIMARY KEY, total int); INSERT INTO invoice VALUES (1, 0), (2, 0);
	SELECT uncache.watch('invoice', 'invoice:{id}')" >/dev/null
sed -i 's|^#dsn = .*|dsn = host=/run/postgresql dbname=shop user=uncached|
	s|^#url = redis://127.*|url = unix:///run/redis/redis.sock|
	s|^#health_socket|health_socket|' $conf
sha256sum $conf >/test/conf.sum
start_daemon
invalidate
ok "the daemon, started as its unit would, deletes the key of a changed row"

# --- upgrade ---

# nobody is there to be asked: that it asks is an error
if dpkg -i ./uncached-newer.deb >/test/dpkg 2>&1 </dev/null; then
	fail "a configuration that both have changed is not asked about"
fi
grep -q "Configuration file '$conf'" /test/dpkg || fail "dpkg does not ask: $(cat /test/dpkg)"
dpkg --force-confold --configure -a >/test/dpkg 2>&1 </dev/null || fail "$(cat /test/dpkg)"
dpkg -i "./postgresql-$major-uncache-newer.deb" >/test/dpkg 2>&1 </dev/null || fail "$(cat /test/dpkg)"
[ "$(dpkg-query -W -f '${Version}' uncached)" = 1:99-1 ] || fail "it was not upgraded"
sha256sum --quiet -c /test/conf.sum || fail "the configuration has changed"
[ "$(owner_of $conf)" = "640 root:uncached" ] || fail "$conf: $(owner_of $conf)"
grep -q '^# what is new$' $conf.dpkg-dist || fail "the new configuration is not beside it"
invalidate
stop_daemon
start_daemon
invalidate
ok "upgraded: dpkg asks, the configuration stays, the daemon works on and starts again"

# --- uninstall ---

stop_daemon
sql "DROP EXTENSION uncache CASCADE; DROP SCHEMA uncache; DROP ROLE uncached" 2>/dev/null
sql "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal" | grep -qx 0 || fail "a trigger is left"
dpkg -r uncached "postgresql-$major-uncache" >/test/dpkg 2>&1 || fail "$(cat /test/dpkg)"
[ -e $conf ] || fail "removal deletes the configuration"
[ ! -e /usr/bin/uncached ] || fail "removal leaves the program"
dpkg -P uncached "postgresql-$major-uncache" >/test/dpkg 2>&1 || fail "$(cat /test/dpkg)"
if grep -q 'not empty' /test/dpkg; then fail "$(cat /test/dpkg)"; fi
apt-get autoremove -y -qq --purge >/dev/null 2>&1
list_files >/test/after
diff /test/before /test/after >/test/difference || fail "left behind: $(cat /test/difference)"
if getent passwd uncached; then fail "the user is left"; fi
if getent group uncached; then fail "the group is left"; fi
ok "removed, the configuration stayed; purged, nothing is left"

cli shutdown nosave >/dev/null 2>&1 || true
pg_ctlcluster "$major" main stop
