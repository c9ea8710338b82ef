#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# certificates.sh FOLDER: make there, each as NAME.pem and NAME.key: ca, an authority;
# what it has signed: server, of www.example.org; other, of other.example.org; old, of
# www.example.org until yesterday; client, of client-4; and alone, of
# www.example.org, which it has not signed.
set -e
mkdir -p "$1"
cd "$1"

# made NAME NAME-IN-IT NOT-BEFORE NOT-AFTER OPTION...
made() {
	name=$1 dns=$2 from=$3 to=$4
	shift 4
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$name.key" -out "$name.pem" -subj "/O=Example/CN=$dns" \
		-not_before "$from" -not_after "$to" "$@" 2>/dev/null
}
# signed NAME NAME-IN-IT NOT-BEFORE NOT-AFTER
signed() {
	made "$@" -CA ca.pem -CAkey ca.key -addext "subjectAltName=DNS:$2" \
		-addext basicConstraints=critical,CA:FALSE
}
yesterday=$(date -u -d yesterday +%Y%m%d000000Z)
before=$(date -u -d '2 days ago' +%Y%m%d000000Z)
tomorrow=$(date -u -d 'tomorrow' +%Y%m%d235959Z)

made ca 'Authority' "$before" "$tomorrow"
signed server www.example.org "$before" "$tomorrow"
signed other other.example.org "$before" "$tomorrow"
signed old www.example.org "$before" "$yesterday"
signed client client-4 "$before" "$tomorrow"
made alone www.example.org "$before" "$tomorrow" \
	-addext subjectAltName=DNS:www.example.org
