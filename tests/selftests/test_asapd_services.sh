#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Daemons on host 3 that know nothing of pools: asapd there registers them with the
# registrar on host 1 while they are well, for clients on host 4.
. "$(dirname "$0")/ktap.sh"
. "$(dirname "$0")/registrar.sh"

# [ handle=POOL ] service ID PORT [SETTING...]: a service of pool echo, or of this
service() {
	local setting

	echo "{ handle = \"${handle:-echo}\"; id = $1; port = $2; interval = \"200ms\";"
	[[ $* == *timeout* ]] || echo 'timeout = "10s";'
	echo 'rise = 1; fall = 2;'
	for setting in "${@:3}"; do echo "$setting;"; done
	echo '}'
}

# serves PORT: an echo server there
serves() {
	starts 3 "server-$1" socat "TCP-LISTEN:$1,fork,reuseaddr" EXEC:cat
	within 20 listens 3 "$1"
}

# pool_socket POOL: how socat is told of it
pool_socket() {
	printf 'SOCKET-CONNECT:18:0:x%012x%02x000000%s' 0 ${#1} \
		"$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n')"
}

# A daemon as it is: it comes, and goes.
nginx_starts() {
	starts 3 nginx nginx -p "$tmp" -c "$tmp/nginx.conf" -e stderr
}
test_nginx() {
	hosts 1 3 4
	registrar 1
	agent 4
	cat > "$tmp/nginx.conf" <<- END
		daemon off;
		master_process off;
		pid $tmp/nginx-pid;
		events { }
		http {
			access_log off;
			client_body_temp_path $tmp;
			server {
				listen 8080;
				location / { return 200 "it works"; }
			}
		}
	END
	agent 3 "services = ( $(handle=web service 300 8080) )"
	homes 3 1
	shows agent-3 agent '[[s["pool"], s["id"], s["well"]] for s in v["services"]]' \
		'[["web", 300, false]]'
	refused 1 'No such file' on 4 ask web
	nginx_starts
	resolves 1 web '^resolved web 0x0000012c 10.9.3.2:8080 home 0x00000001$'
	says asapd-3 'the service is well'
	printf 'GET / HTTP/1.0\r\n\r\n' |
		on 4 timeout 20 socat -t 10 - "$(pool_socket web)" | grep 'it works'
	# Its own host has it too, and it is no socket's.
	same "$(json '[v[0]["id"], v[0].get("listener")]' on 4 rspctl -j pe show)" '[300, null]'
	kills nginx
	resolves 1 web 'cause 0x9'
	says asapd-3 'the service is ill: connection refused'
	elements 4
	nginx_starts
	resolves 1 web '0x0000012c 10.9.3.2:8080'
}

# One that still takes connections, but is of no use: a command sees it, and its users
# are sent to the other at once.
test_redis() {
	local id other

	hosts 1 3 4
	registrar 1
	agent 4
	for id in 300 301; do
		starts 3 "redis-$id" redis-server --port "6$id" --save '' --dir "$tmp" \
			--protected-mode no
	done
	agent 3 "services = ( $(for id in 300 301; do
		[ $id = 300 ] || echo ,
		handle=redis service $id 6$id 'sever = true' \
			"command = \"redis-cli -p 6$id ping | grep -q PONG\""
	done) )"
	for id in 300 301; do resolves 1 redis "$(printf '0x%08x 10.9.3.2:%d' $id 6$id)"; done
	on 4 rspctl pool add redis fin failure failover auto
	coproc user { on 4 socat - "$(pool_socket redis)"; }
	echo PING >&"${user[1]}"
	read -r -t 30 -u "${user[0]}"
	same "$REPLY" $'+PONG\r'
	id=$(json 'v[0]["pe"]' on 4 rspctl -j session show)
	other=$((601 - id))
	on 3 redis-cli -p "6$id" config set requirepass x > /dev/null
	says asapd-3 "id $(printf 0x%x "$id"): the service is ill"
	within 20 eval "on 4 rspctl -j session show | grep -q '\"pe\":$other'"
	echo PING >&"${user[1]}"
	read -r -t 30 -u "${user[0]}"
	same "$REPLY" $'+PONG\r'
	on 3 redis-cli -p "6$id" -a x --no-auth-warning config set requirepass '' > /dev/null
	elements 4 12c 12d
}

# A command says that it is ill, while it holds its connections: they are severed.
test_sever() {
	local user

	hosts 1 3 4
	registrar 1
	serves 7000; serves 7001
	agent 4
	echo 0 > "$tmp/slow"
	agent 3 "services = ( $(service 300 7000 "command = \"test ! -e $tmp/ill\"" 'sever = true'),
		$(service 301 7001 "command = \"sleep \$(cat $tmp/slow)\"" 'timeout = "3s"') )"
	resolves 1 echo 0x0000012c
	resolves 1 echo 0x0000012d
	on 4 rspctl pool add echo fin failure failover notify
	# They take turns, but not where the pool is told anew meanwhile.
	for user in 1 2 3 4 5 6; do
		starts 4 "user-$user" ask echo
		says "user-$user" 'request 2'
		if on 4 rspctl session show | grep -q 'pe 0x0000012c'; then break; fi
	done
	touch "$tmp/ill"
	elements 4 12d
	says asapd-3 'id 0x12c: the service is ill: the check ends with 1'
	within 20 eval 'cat "$tmp"/user-* | grep -q "moved from element 300 to element 301"'
	same "$(cat "$tmp"/user-* | grep -c moved)" 1
	rm "$tmp/ill"
	elements 4 12c 12d
	# One that takes too long is none that is well.
	echo 100 > "$tmp/slow"
	elements 4 12c
	says asapd-3 'id 0x12d: the service is ill: it takes too long'
}

# systemctl says what a unit is.
test_unit() {
	hosts 1 3
	registrar 1
	mkdir "$tmp/bin"
	printf '#!/bin/sh\n[ "$*" = "is-active --quiet -- echo.service" ] && [ -e %s/active ]\n' \
		"$tmp" > "$tmp/bin/systemctl"
	chmod +x "$tmp/bin/systemctl"
	serves 7000
	PATH=$tmp/bin:$PATH agent 3 "services = ( $(service 300 7000 'unit = "echo.service"') )"
	homes 3 1
	touch "$tmp/active"
	resolves 1 echo 0x0000012c
	rm "$tmp/active"
	resolves 1 echo 'cause 0x9'
	# The agent goes, and so do its services: nobody looks after them.
	touch "$tmp/active"
	resolves 1 echo 0x0000012c
	ends asapd-3 TERM
	resolves 1 echo 'cause 0x9'
}

ktap_run asapd_services
