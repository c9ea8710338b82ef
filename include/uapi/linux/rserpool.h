/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Reliable Server Pooling (RFC 5351 to RFC 5356): the address family
 * AF_RSERPOOL, its addresses and its socket options.  See rserpool(7).
 */
#ifndef _UAPI_LINUX_RSERPOOL_H
#define _UAPI_LINUX_RSERPOOL_H

#include <linux/socket.h>
#include <linux/types.h>

/*
 * A module cannot add a family number to the kernel's own list.  18 was set
 * aside for AF_ASH, which no kernel ever had.
 */
#ifndef AF_RSERPOOL
#define AF_RSERPOOL	18
#define PF_RSERPOOL	AF_RSERPOOL
#endif

#define RSP_HANDLE_MAX	96	/* octets of a pool handle */

/**
 * struct sockaddr_rserpool - the address of a pool, or of one of its elements
 * @srp_family: AF_RSERPOOL
 * @srp_port: listening sockets: the transport port, network byte order, 0 for
 *	an ephemeral one; must be 0 in connect()
 * @srp_pe_id: PE identifier (RFC 5354, section 3.14), host byte order; 0 means
 *	any element of the pool, anything else that element and no other
 * @srp_handle_len: octets of @srp_handle in use, 1 to RSP_HANDLE_MAX
 * @srp_reserved: must be 0
 * @srp_handle: the pool handle (RFC 5354, section 3.9): octets, not a string
 *
 * An address may be given with any length from the last octet of the handle
 * in use up to the size of the struct.
 */
struct sockaddr_rserpool {
	__kernel_sa_family_t	srp_family;
	__be16			srp_port;
	__u32			srp_pe_id;
	__u8			srp_handle_len;
	__u8			srp_reserved[3];
	__u8			srp_handle[RSP_HANDLE_MAX];
};

#define SOL_RSERPOOL	0x5250

/*
 * Socket options of level SOL_RSERPOOL.  A value shorter than its type, an
 * unknown flag or a non-zero reserved field gives EINVAL.
 */
#define RSP_FAILOVER		1 /* __u32, enum rsp_failover_mode */
#define RSP_EVENTS		2 /* __u32, set of 1 << enum rsp_event_type */
#define RSP_INFO		3 /* get: struct rsp_info */
#define RSP_RESUME		4 /* __u32, set: the generation that was read; get: it */
#define RSP_FORCE_FAILOVER	5 /* set: __u32, must be 0 */
#define RSP_FAILOVER_TIMEOUT	6 /* __u32, ms, 0 to RSP_TIMEOUT_MAX */
#define RSP_DETECT_TIMEOUT	7 /* __u32, ms, RSP_DETECT_MIN to RSP_TIMEOUT_MAX */
#define RSP_MESSAGE_MAX		8 /* __u32, octets, 1 to RSP_MESSAGE_LIMIT */
#define RSP_RECVPPID		9 /* __u32, 0 or 1: recvmsg() tells RSP_PPID */
#define RSP_REPLAY		10 /* __u32, octets, 0 to RSP_REPLAY_LIMIT */
#define RSP_COOKIE		11 /* octets, 1 to RSP_COOKIE_MAX */
#define RSP_POLICY		12 /* struct rsp_policy */
#define RSP_ADDRESSES		13 /* struct sockaddr_storage [], RSP_ADDRESSES_MAX */
#define RSP_STANDBY		14 /* __u32, 0 or 1: hold a connection for a failover */
#define RSP_SEND_TO_ALL		15 /* __u32, 0 or 1: SOCK_RDM, to all elements */
#define RSP_SENT_TO		16 /* get: __u32, how many the last message went to */
#define RSP_PEER_SUBJECT	17 /* get: octets, of whom the peer's certificate is, DER */
#define RSP_RECVPEER		18 /* __u32, 0 or 1: recvmsg() tells RSP_PEER */

#define RSP_TIMEOUT_MAX		3600000
#define RSP_DETECT_MIN		1000 /* hosts answer a probe each 500 ms at most */
#define RSP_MESSAGE_LIMIT	(16 << 20)
#define RSP_REPLAY_LIMIT	(256 << 20)
#define RSP_COOKIE_MAX		65000
#define RSP_ADDRESSES_MAX	8

/*
 * Control messages of sendmsg() and recvmsg(), level SOL_RSERPOOL.  The payload
 * protocol identifier is the program's own mark on a message; RSP_PPID_ASAP is
 * taken.
 */
#define RSP_PPID		1 /* __u32, host byte order; 0 where none is sent */

#define RSP_PEER		2 /* recvmsg(): struct rsp_peer_info */

#define RSP_PPID_ASAP		11

/**
 * enum rsp_failover_mode - what a socket sees when its element fails
 * @RSP_FAILOVER_DEFAULT: what the pool says; notify where it says nothing
 * @RSP_FAILOVER_NOTIFY: sends and receives fail with EREMCHG until RSP_RESUME
 * @RSP_FAILOVER_AUTO: the session goes on with another element, without error
 * @RSP_FAILOVER_OFF: the session ends with ECONNRESET
 */
enum rsp_failover_mode {
	RSP_FAILOVER_DEFAULT,
	RSP_FAILOVER_NOTIFY,
	RSP_FAILOVER_AUTO,
	RSP_FAILOVER_OFF,
};

/**
 * enum rsp_fin - what it means when an element ends the connection first
 * @RSP_FIN_EOF: end of file
 * @RSP_FIN_FAILURE: a failure of the element
 */
enum rsp_fin {
	RSP_FIN_EOF,
	RSP_FIN_FAILURE,
};

/**
 * enum rsp_transport_use - what goes over a connection to a transport address;
 *	the values of RFC 5354, section 3.4
 * @RSP_TRANSPORT_USE_DATA_ONLY: the program's octets
 * @RSP_TRANSPORT_USE_DATA_CONTROL: ASAP's messages beside them, in frames
 */
enum rsp_transport_use {
	RSP_TRANSPORT_USE_DATA_ONLY,
	RSP_TRANSPORT_USE_DATA_CONTROL,
};

/**
 * enum rsp_session_state - RSP_INFO and netlink
 * @RSP_SESSION_INIT: neither connect() nor listen() yet
 * @RSP_SESSION_RESOLVE: the pool's elements are being asked for
 * @RSP_SESSION_CONNECT: an element was selected and is being connected
 * @RSP_SESSION_READY: an element serves it
 * @RSP_SESSION_FAILOVER: its element failed; the next one is being connected
 *	or waited for
 * @RSP_SESSION_CLOSED: it is over
 * @RSP_SESSION_LISTEN: no session: an element of a pool, for accept()
 * @RSP_SESSION_SECURE: an element was connected, and TLS is being agreed with it
 */
enum rsp_session_state {
	RSP_SESSION_INIT,
	RSP_SESSION_RESOLVE,
	RSP_SESSION_CONNECT,
	RSP_SESSION_READY,
	RSP_SESSION_FAILOVER,
	RSP_SESSION_CLOSED,
	RSP_SESSION_LISTEN,
	RSP_SESSION_SECURE,
};

/**
 * enum rsp_failure - why a session left an element
 * @RSP_FAILURE_NONE: it never did
 * @RSP_FAILURE_RESET: the element's host reset the connection
 * @RSP_FAILURE_FIN: it ended the connection, which its pool calls a failure
 * @RSP_FAILURE_SILENT: octets were outstanding, or a probe, and nothing heard
 * @RSP_FAILURE_UNREACHABLE: ICMP said so
 * @RSP_FAILURE_REFUSED: a connect was refused
 * @RSP_FAILURE_CONNECT_TIMEOUT: a connect was not answered
 * @RSP_FAILURE_SEVERED: the operator removed the element now
 * @RSP_FAILURE_FORCED: RSP_FORCE_FAILOVER
 * @RSP_FAILURE_LOCAL: this host could not: memory, ports, a filter
 * @RSP_FAILURE_FRAME: it sent what is no frame
 * @RSP_FAILURE_CARD: it did not begin with its business card, or with one of
 *	another pool
 * @RSP_FAILURE_CONTROL: it sent a control message that is malformed
 * @RSP_FAILURE_MESSAGE_SIZE: it sent a message longer than RSP_MESSAGE_MAX
 * @RSP_FAILURE_REJECTED: it rejected the session's cookie; on the element's side:
 *	the cookie that came was rejected
 * @RSP_FAILURE_SECURITY: TLS could not be agreed, it was not who was meant, or what
 *	it sent was forged, truncated or an alert
 * @RSP_FAILURE_REVOKED: the operator of this host revoked the key by which TLS was
 *	agreed
 * @RSP_FAILURE_RECORDS: as many records went over the transport as one key may
 *	protect (RFC 8446, section 5.5)
 */
enum rsp_failure {
	RSP_FAILURE_NONE,
	RSP_FAILURE_RESET,
	RSP_FAILURE_FIN,
	RSP_FAILURE_SILENT,
	RSP_FAILURE_UNREACHABLE,
	RSP_FAILURE_REFUSED,
	RSP_FAILURE_CONNECT_TIMEOUT,
	RSP_FAILURE_SEVERED,
	RSP_FAILURE_FORCED,
	RSP_FAILURE_LOCAL,
	RSP_FAILURE_FRAME,
	RSP_FAILURE_CARD,
	RSP_FAILURE_CONTROL,
	RSP_FAILURE_MESSAGE_SIZE,
	RSP_FAILURE_REJECTED,
	RSP_FAILURE_SECURITY,
	RSP_FAILURE_REVOKED,
	RSP_FAILURE_RECORDS,
};

/**
 * enum rsp_auth - how the two ends of a session know each other
 * @RSP_AUTH_NONE: they do not: what they send is in the clear
 * @RSP_AUTH_PSK: TLS 1.3, each has shown that it has the key
 * @RSP_AUTH_X509: TLS 1.3, the element has shown a certificate of the pool's name,
 *	and the user one where the pool wants that
 */
enum rsp_auth {
	RSP_AUTH_NONE,
	RSP_AUTH_PSK,
	RSP_AUTH_X509,
};

/**
 * struct rsp_policy - the value of RSP_POLICY
 * @type: pool member selection policy (RFC 5356, section 7.1)
 * @value: its weight, priority or load, as the type has one, else 0
 * @degradation: of least used with degradation and priority least used, else 0
 * @reserved: 0
 */
struct rsp_policy {
	__u32	type;
	__u32	value;
	__u32	degradation;
	__u32	reserved;
};

/**
 * struct rsp_info - the value of RSP_INFO
 * @state: enum rsp_session_state
 * @mode: enum rsp_failover_mode in force, never RSP_FAILOVER_DEFAULT
 * @failure: enum rsp_failure, of the last failover
 * @generation: failovers begun; what RSP_RESUME takes
 * @resumed: the last generation that was resumed; differs from @generation
 *	while calls fail with EREMCHG
 * @pe_id: PE identifier of the element that serves, 0 while none does; of a
 *	socket that listens, its own
 * @prev_pe_id: of the one before it
 * @elements_tried: transport addresses tried since connect()
 * @failover_us: how long the last finished failover took, microseconds
 * @auth: enum rsp_auth, of the transport to the element that serves
 * @cipher: the number that IANA gave its cipher suite, 0: none
 * @reserved: 0
 * @standby_pe_id: PE identifier of the element to which a connection stands by,
 *	0: none does
 * @local: transport address of this end, family 0 while there is none; of a
 *	socket that listens, the first
 * @peer: transport address of the element
 * @peer_id: number that the key is for: of a client, in a session that was
 *	accepted, else PE identifier; 0: any
 * @reserved2: 0
 *
 * A kernel gives as many octets as the caller asks for, and no more than it
 * knows; what it does not know stays as the caller left it.
 */
struct rsp_info {
	__u8	state;
	__u8	mode;
	__u8	failure;
	__u8	auth;
	__u16	cipher;
	__u8	reserved[2];
	__u32	generation;
	__u32	resumed;
	__u32	pe_id;
	__u32	prev_pe_id;
	__u32	elements_tried;
	__u32	standby_pe_id;
	__u64	failover_us;
	struct __kernel_sockaddr_storage local;
	struct __kernel_sockaddr_storage peer;
	__u32	peer_id;
	__u32	reserved2;
};

/**
 * struct rsp_peer_info - RSP_PEER: from whom the octets are that come with it
 * @pe_id: PE identifier of the element; in a session that was accepted its own
 * @peer_id: as in struct rsp_info
 * @cipher: likewise
 * @auth: enum rsp_auth, of the transport that they came over
 * @reserved: 0
 */
struct rsp_peer_info {
	__u32	pe_id;
	__u32	peer_id;
	__u16	cipher;
	__u8	auth;
	__u8	reserved;
};

/**
 * enum rsp_event_type - what a record with MSG_NOTIFICATION tells
 * @RSP_EVENT_FAILOVER_BEGUN: the element failed; another is being looked for
 * @RSP_EVENT_FAILOVER_DONE: another element serves
 * @RSP_EVENT_FAILOVER_FAILED: none was found in time; the session is over
 * @RSP_EVENT_COOKIE_ECHOED: the element was given the session's cookie
 * @RSP_EVENT_ELEMENT_CHANGED: it is another one than the one that failed
 * @RSP_EVENT_REPLAY_OVERFLOW: a message found RSP_REPLAY's octets used up
 */
enum rsp_event_type {
	RSP_EVENT_FAILOVER_BEGUN,
	RSP_EVENT_FAILOVER_DONE,
	RSP_EVENT_FAILOVER_FAILED,
	RSP_EVENT_COOKIE_ECHOED,
	RSP_EVENT_ELEMENT_CHANGED,
	RSP_EVENT_REPLAY_OVERFLOW,
};

#ifndef MSG_NOTIFICATION
#define MSG_NOTIFICATION	0x8000
#endif

/**
 * struct rsp_event - a record that recvmsg() gives with MSG_NOTIFICATION set
 * @type: enum rsp_event_type
 * @failure: enum rsp_failure
 * @reserved: 0
 * @generation: the last failover's
 * @old_pe_id: PE identifier of the element that failed then
 * @pe_id: of the element that serves now, 0 while none does
 * @failover_us: RSP_EVENT_FAILOVER_DONE: microseconds since it began
 */
struct rsp_event {
	__u16	type;
	__u8	failure;
	__u8	reserved;
	__u32	generation;
	__u32	old_pe_id;
	__u32	pe_id;
	__u64	failover_us;
};

#endif /* _UAPI_LINUX_RSERPOOL_H */
