#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# RFC 5355, 2.16: control, with the cookie in it, and data go by one connection, and both
# are secured.
. "$(dirname "$0")/threat.sh"
. "$(dirname "$0")/secure.sh"
. "$(dirname "$0")/way.sh"

# one_connection: the session of host 3 has a cookie, and all of it goes by one connection
has_cookie() { on 3 rspctl -j session show | grep -q '"cookie'; }
one_connection() {
	starts 2 counter counter treasury 4200 200
	within 20 listens 2 4200
	on 3 rspctl pe add pool treasury id 200 tcp 10.9.2.2:4200 use control
	starts 3 count count treasury 1000
	busy 3
	within 20 has_cookie
	same "$(on 3 ss -Htn state established dst 10.9.2.2 | wc -l)" 1
}

# The business card has the pool's handle in it, the cookie what the element put there.
test_one() {
	hosts 2 3
	secure_host 2 treasury
	secure_host 3 treasury
	listens_in tcp
	one_connection
	on 3 rspctl session show | grep -q 'tls 1.3 auth psk'
	kills count
	has_read "$(octets_of 10.9.3.2)"
	reads_not "$(digits treasury)"
}

# So it would be seen, if it were there.
test_plain() {
	hosts 2 3
	listens_in tcp
	one_connection
	has_read "$(digits treasury)"
}

# Neither is secured without the other: who would speak plain is not served.
test_mixed() {
	hosts 2 3
	secure_host 2 treasury
	listens_in tcp
	starts 2 counter counter treasury 4200 200
	within 20 listens 2 4200
	on 3 rspctl pe add pool treasury id 200 tcp 10.9.2.2:4200 use control
	fails on 3 timeout 10 count treasury 1 > "$tmp/count" 2>&1
	has_read "$(octets_of 10.9.3.2)"
	reads_not "$(digits treasury)"
	same "$(json '[s for s in v if s["state"] == "ready"]' on 2 rspctl -j session show)" '[]'
}

ktap_run 2.16
