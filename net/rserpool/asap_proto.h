/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What RFC 5352 and RFC 5354 put on the wire; all in network byte order.  The
 * structs are packed: they lie at any address of somebody else's buffer.
 */
#ifndef _RSERPOOL_ASAP_PROTO_H
#define _RSERPOOL_ASAP_PROTO_H

#include <linux/rserpool.h>
#include <linux/types.h>

#define RSP_ASAP_PPID		11	/* RFC 5352, section 8.3 */
#define RSP_ASAP_LENGTH_MAX	65535	/* the length fields have 16 bits */

/* RFC 5352, section 2.2 */
enum rsp_asap_type {
	RSP_ASAP_REGISTRATION			= 0x01,
	RSP_ASAP_DEREGISTRATION			= 0x02,
	RSP_ASAP_REGISTRATION_RESPONSE		= 0x03,
	RSP_ASAP_DEREGISTRATION_RESPONSE	= 0x04,
	RSP_ASAP_HANDLE_RESOLUTION		= 0x05,
	RSP_ASAP_HANDLE_RESOLUTION_RESPONSE	= 0x06,
	RSP_ASAP_ENDPOINT_KEEP_ALIVE		= 0x07,
	RSP_ASAP_ENDPOINT_KEEP_ALIVE_ACK	= 0x08,
	RSP_ASAP_ENDPOINT_UNREACHABLE		= 0x09,
	RSP_ASAP_SERVER_ANNOUNCE		= 0x0a,
	RSP_ASAP_COOKIE				= 0x0b,
	RSP_ASAP_COOKIE_ECHO			= 0x0c,
	RSP_ASAP_BUSINESS_CARD			= 0x0d,
	RSP_ASAP_ERROR				= 0x0e,
};

/* The one flag that a message has, if it has any: RFC 5352, section 2.2. */
#define RSP_ASAP_FLAG_REJECT	0x01	/* R of REGISTRATION_RESPONSE */
#define RSP_ASAP_FLAG_SUBSCRIBE	0x01	/* S of HANDLE_RESOLUTION */
#define RSP_ASAP_FLAG_ACCEPTED	0x01	/* A of HANDLE_RESOLUTION_RESPONSE */
#define RSP_ASAP_FLAG_HOME	0x01	/* H of ENDPOINT_KEEP_ALIVE */

/* Who does not know a message's type: RFC 5354, section 4. */
#define RSP_ASAP_UNKNOWN_MASK	0xc0
#define RSP_ASAP_UNKNOWN_REPORT	0x40

/* RFC 5354, section 3, and two that are in none. */
enum rsp_tlv_type {
	RSP_TLV_IPV4_ADDRESS	= 0x0001,
	RSP_TLV_IPV6_ADDRESS	= 0x0002,
	RSP_TLV_DCCP_TRANSPORT	= 0x0003,
	RSP_TLV_SCTP_TRANSPORT	= 0x0004,
	RSP_TLV_TCP_TRANSPORT	= 0x0005,
	RSP_TLV_UDP_TRANSPORT	= 0x0006,
	RSP_TLV_UDPLITE_TRANSPORT = 0x0007,
	RSP_TLV_POLICY		= 0x0008,
	RSP_TLV_HANDLE		= 0x0009,
	RSP_TLV_ELEMENT		= 0x000a,
	RSP_TLV_SERVER		= 0x000b,
	RSP_TLV_ERROR		= 0x000c,
	RSP_TLV_COOKIE		= 0x000d,
	RSP_TLV_PE_ID		= 0x000e,
	RSP_TLV_PE_CHECKSUM	= 0x000f,
	RSP_TLV_OPAQUE_TRANSPORT = 0x0010,
	/* Ours, in ASAP_COOKIE; others skip it: struct rsp_wire_checkpoint */
	RSP_TLV_CHECKPOINT	= 0x8001,
	/* rsplib's, in ASAP_HANDLE_RESOLUTION: how many elements it wants */
	RSP_TLV_ITEMS		= 0x803f,
};

/* Who does not know a parameter's type: RFC 5354, section 3. */
#define RSP_TLV_UNKNOWN_SKIP	0x8000
#define RSP_TLV_UNKNOWN_REPORT	0x4000

/* RFC 5354, section 3.12 */
enum rsp_cause {
	RSP_CAUSE_UNSPECIFIED		= 0x0,
	RSP_CAUSE_UNKNOWN_PARAMETER	= 0x1,
	RSP_CAUSE_UNKNOWN_MESSAGE	= 0x2,
	RSP_CAUSE_INVALID_VALUES	= 0x3,
	RSP_CAUSE_PE_ID_IN_USE		= 0x4,
	RSP_CAUSE_INCONSISTENT_POLICY	= 0x5,
	RSP_CAUSE_LACK_OF_RESOURCES	= 0x6,
	RSP_CAUSE_INCONSISTENT_TRANSPORT = 0x7,
	RSP_CAUSE_INCONSISTENT_USE	= 0x8,
	RSP_CAUSE_UNKNOWN_HANDLE	= 0x9,
	RSP_CAUSE_SECURITY		= 0xa,
};

#define RSP_LIFE_INFINITE	(-1)	/* RFC 5354, section 3.10 */

/**
 * struct rsp_wire_message - what each message begins with (RFC 5354, 4)
 * @type: enum rsp_asap_type
 * @flags: the meaning is the type's
 * @length: octets, this header's too, the padding behind the message not
 */
struct rsp_wire_message {
	__u8	type;
	__u8	flags;
	__be16	length;
} __packed;

static_assert(sizeof(struct rsp_wire_message) == 4);

/**
 * struct rsp_wire_tlv - what a parameter or an error cause begins with
 * @type: enum rsp_tlv_type or enum rsp_cause
 * @length: octets, this header's too, the padding behind the value not
 */
struct rsp_wire_tlv {
	__be16	type;
	__be16	length;
} __packed;

static_assert(sizeof(struct rsp_wire_tlv) == 4);

/**
 * struct rsp_wire_transport - what all transports but opaque ones begin with
 * @port: transport port
 * @use: enum rsp_transport_use of SCTP and TCP, reserved in the others
 */
struct rsp_wire_transport {
	__be16	port;
	__be16	use;
} __packed;

static_assert(sizeof(struct rsp_wire_transport) == 4);

/**
 * struct rsp_wire_element - what a pool element begins with (RFC 5354, 3.10)
 * @id: PE identifier
 * @home: home registrar's server identifier, 0 where there is none
 * @life: seconds until the registration expires, or RSP_LIFE_INFINITE
 */
struct rsp_wire_element {
	__be32	id;
	__be32	home;
	__be32	life;
} __packed;

static_assert(sizeof(struct rsp_wire_element) == 12);

/**
 * struct rsp_wire_checkpoint - value of RSP_TLV_CHECKPOINT
 * @read: messages that the application had read when it set the cookie
 * @written: those that it had written
 */
struct rsp_wire_checkpoint {
	__be64	read;
	__be64	written;
} __packed;

static_assert(sizeof(struct rsp_wire_checkpoint) == 16);

#endif /* _RSERPOOL_ASAP_PROTO_H */
