#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The netlink family through the kernel's own client, which knows of it only
# what the spec says; and the tables that the kernel shows of it.
ynl=out/ynl
name=netlink_of_the_kernels_client
echo "KTAP version 1"
echo "1..1"
case $name in
*"${1:-}"*) ;;
*) echo "ok 1 $name # SKIP not picked"; exit ;;
esac
if unshare -n python3 - "$ynl" <<'END'
import socket
import sys

sys.path.insert(0, sys.argv[1] + '/pyynl')
from lib import YnlFamily, NlError

# The family comes with the module, and that with a socket.
socket.socket(18, socket.SOCK_STREAM).close()
family = YnlFamily('Documentation/netlink/specs/rserpool.yaml',
                   sys.argv[1] + '/genetlink.yaml')
family.ntf_subscribe('handlespace')

def check(what, got, want):
    if got != want:
        sys.exit(f'# {what}: {got}, not {want}')

def refused(op, vals, error):
    try:
        family.do(op, vals)
    except NlError as e:
        check(op, e.error, error)
        check(op + ' has a sentence', 'msg' in e.nl_msg.extack, True)
        return
    sys.exit(f'# {op} was taken')

pool = {'handle': b'\x00echo\xff'}
family.do('scope-set', {'name': 'ynl', 'elements-max': 3})
check('scope', family.do('scope-get', {})['name'], 'ynl')
family.do('pool-new', {**pool, 'policy': 2, 'fin': 'failure',
                       'failover': 'auto'})
got = family.do('pool-get', pool)
check('pool', (got['handle'], got['policy'], got['fin'], got['failover']),
      (pool['handle'], 2, 'failure', 'auto'))

elements = [{**pool, 'id': i, 'weight': i,
             'transport': [{'ipv4': '192.0.2.1', 'port': 80,
                            'use': 'data-control'},
                           {'ipv6': '2001:db8::1', 'port': 80,
                            'use': 'data-control'}]}
            for i in (1, 2, 3)]
family.do('element-new', {'element': elements})
got = family.dump('element-get', pool)
check('elements', [(e['id'], e['weight'], e['avoid']) for e in got],
      [(1, 1, 'none'), (2, 2, 'none'), (3, 3, 'none')])
check('transports', got[0]['transport'], elements[0]['transport'])
family.do('element-drain', {**pool, 'id': 1, 'drain': 1})
check('drain', family.do('element-get', {**pool, 'id': 1})['avoid'], 'drain')
refused('element-new', {'element': [{**elements[0], 'id': 4}]}, 28)
refused('element-new', {'element': [elements[0]], 'exclusive': True}, 17)
refused('pool-del', {'handle': b'no such'}, 2)

family.do('sync-begin', {})
family.do('element-new', {'element': [elements[0]]})
check('sync', family.do('sync-end', {}), {'swept': 2})
check('del', family.do('pool-del', {**pool, 'now': True}), {'severed': 0})
check('pools', family.dump('pool-get', {}), [])
stats = {c['name']: c['value'] for c in family.dump('stats-get', {})}
check('refusals', stats['NetlinkRefused'], 3)
check('resolutions', family.dump('resolve-get', {}), [])

family.check_ntf()
names = []
while not family.async_msg_queue.empty():
    names.append(family.async_msg_queue.get()['name'])
check('notifications', names,
      ['pool-new-ntf'] + 3 * ['element-new-ntf'] + ['element-avoided-ntf'] +
      2 * ['element-del-ntf'] + ['element-del-ntf', 'pool-del-ntf'])

# Nothing in the tables makes the kernel stumble that shows them.
for op in family.ops.values():
    for mode in ('do', 'dump'):
        if mode in op and 'request' in op[mode]:
            family.get_policy(op.name, mode)
END
then
	echo "ok 1 $name"
else
	echo "not ok 1 $name"
	exit 1
fi
