#!/usr/bin/env bash
# A server for load tests: registration and PLAIN open on plain TCP, STARTTLS on the same port, direct TLS on
# another, no rate limits, admin@DOMAIN (password "admin") an administrator. Loopback only.
#     scripts/bench-server.sh start DIR    returns when the server accepts connections; its last line is
#                                          pids=… port=… tls_port=… domain=… muc=…
#     scripts/bench-server.sh stop DIR
# DIR keeps accounts and messages between starts.
# The server runs with the flags of Node that `npm start` gives it.
# Environment: BENCH_PORT (default 16822), BENCH_TLS_PORT (BENCH_PORT + 1), BENCH_DOMAIN (localhost),
#     BENCH_MAM (1: archive every message), BENCH_CPUS (taskset list), NODE (the Node to run), NODE_FLAGS.
set -eu
verb=${1:-} dir=${2:-}
[ -n "$dir" ] || { echo "usage: $0 start|stop DIR" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
port=${BENCH_PORT:-16822}
tls_port=${BENCH_TLS_PORT:-$((port + 1))}
domain=${BENCH_DOMAIN:-localhost}
pin=${BENCH_CPUS:+taskset -c $BENCH_CPUS}
[ -d "$root/node_modules/better-sqlite3" ] || (cd "$root" && npm ci) >&2
node=${NODE:-$root/node_modules/node/bin/node}
[ -x "$node" ] || node=node

configuration() {
    cat <<JSON
{
  "domains": ["$domain"],
  "admins": ["admin@$domain"],
  "listen": { "c2s": "127.0.0.1:$port", "c2sTls": "127.0.0.1:$tls_port" },
  "store": "$dir/jackdaw.sqlite",
  "tls": { "directory": "$dir/certs", "required": false },
  "auth": { "plainWithoutTls": true },
  "limits": { "bytesPerSecond": "off", "streamsPerAddress": "off", "authenticationTime": "5m" },
  "log": { "level": "warn" },
  "modules": {
    "register": { "open": true, "perHour": "off", "perHourInAll": "off" },
    "offline": { "messages": 100000, "size": "1 GB" },
    "strangers": false,
    "muc": { "messagesPerMinute": "off", "roomMessagesPerMinute": "off", "presencesPerMinute": "off" },
    "pep": { "changesPerMinute": "off" },
    "mam": $([ "${BENCH_MAM:-0}" = 1 ] && echo true || echo false)
  }
}
JSON
}

start() {
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    configuration > "$dir/server.config.json"
    printf 'admin\n' | "$node" "$root/src/main.ts" user add "admin@$domain" --config "$dir/server.config.json" \
        > "$dir/admin.log" 2>&1 || true
    ulimit -n "$(ulimit -Hn)"
    # shellcheck disable=SC2086
    $pin setsid "$node" --max-semi-space-size=4 --no-parallel-scavenge ${NODE_FLAGS:-} "$root/src/main.ts" start --config "$dir/server.config.json" \
        > "$dir/out.log" 2>&1 < /dev/null &
    pid=$!
    i=0
    until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do
        i=$((i + 1))
        if [ $i -ge 150 ] || ! kill -0 "$pid" 2> /dev/null; then
            echo "$0: the server does not listen on port $port:" >&2
            cat "$dir/out.log" >&2
            exit 1
        fi
        sleep 0.2
    done
    echo "$pid" > "$dir/server.pid"
    echo "pids=$pid port=$port tls_port=$tls_port domain=$domain muc=conference.$domain"
}

stop() {
    [ -f "$dir/server.pid" ] || return 0
    pid=$(cat "$dir/server.pid")
    kill -TERM "$pid" 2> /dev/null || true
    i=0
    while kill -0 "$pid" 2> /dev/null && [ $i -lt 75 ]; do
        i=$((i + 1))
        sleep 0.2
    done
    kill -KILL "$pid" 2> /dev/null || true
    rm -f "$dir/server.pid"
}

case $verb in
start) start ;;
stop) stop ;;
*) echo "usage: $0 start|stop DIR" >&2; exit 2 ;;
esac
