/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_TLV_H
#define _RSERPOOL_TLV_H

#include <linux/types.h>

#include "asap_proto.h"

#define RSP_REPORTS_MAX		8	/* causes in an answer */
#define RSP_REPORT_OCTETS	512	/* of what a cause is about */

/* What an ASAP_ERROR that rsp_asap_put_reports() writes has at most. */
#define RSP_REPORTS_SIZE \
	(8 + RSP_REPORTS_MAX * (4 + RSP_REPORT_OCTETS))

/**
 * struct rsp_octets - some octets of somebody else's buffer
 * @data: the first
 * @len: how many
 */
struct rsp_octets {
	const u8 *data;
	u32 len;
};

/**
 * struct rsp_asap_error - why a message was not taken
 * @offset: of the octet in the message where what is wrong begins
 * @code: -EMSGSIZE: the message is longer or shorter than it says;
 *	-EINVAL: it is malformed; -EOPNOTSUPP: not known, and not to be skipped
 * @what: a sentence for the log
 */
struct rsp_asap_error {
	u32 offset;
	int code;
	const char *what;
};

/**
 * struct rsp_tlv_report - what its sender wants to be told of
 * @cause: RSP_CAUSE_UNKNOWN_PARAMETER or RSP_CAUSE_UNKNOWN_MESSAGE
 * @octets: the parameter or message, header and all
 */
struct rsp_tlv_report {
	u16 cause;
	struct rsp_octets octets;
};

/**
 * struct rsp_tlv_input - a message that is being parsed
 * @message: all of it; the views of what is in it point there
 * @error: set when it is not taken
 * @n_reports: how many @reports; those that find no room are forgotten
 * @reports: for rsp_asap_put_reports()
 */
struct rsp_tlv_input {
	struct rsp_octets message;
	struct rsp_asap_error error;
	u8 n_reports;
	struct rsp_tlv_report reports[RSP_REPORTS_MAX];
};

/**
 * struct rsp_tlv - a parameter or an error cause
 * @type: enum rsp_tlv_type, enum rsp_cause, or not known
 * @value: what is behind the header
 */
struct rsp_tlv {
	u16 type;
	struct rsp_octets value;
};

/**
 * struct rsp_tlv_list - parameters one behind the other
 * @pos: the next one
 * @end: behind the last one
 *
 * The functions that take the next one move @pos: walk a copy.
 */
struct rsp_tlv_list {
	const u8 *pos;
	const u8 *end;
};

/**
 * struct rsp_tlv_address - an IP address (RFC 5354, sections 3.1 and 3.2)
 * @octets: 4 or 16, in network byte order
 */
struct rsp_tlv_address {
	struct rsp_octets octets;
};

/**
 * struct rsp_tlv_transport - a transport address (RFC 5354, 3.3 to 3.7, 3.16)
 * @type: RSP_TLV_*_TRANSPORT; 0 where an optional one is not there
 * @port: in host byte order
 * @use: enum rsp_transport_use; data only of all but SCTP and TCP
 * @service_code: of DCCP
 * @addresses: for rsp_tlv_next_address(): one, of SCTP at least one
 * @opaque: value of RSP_TLV_OPAQUE_TRANSPORT, which has nothing of the above
 */
struct rsp_tlv_transport {
	u16 type;
	u16 port;
	u16 use;
	u32 service_code;
	struct rsp_tlv_list addresses;
	struct rsp_octets opaque;
};

/**
 * struct rsp_tlv_policy - a pool member selection policy (RFC 5354, 3.8)
 * @type: as in RFC 5356, 7.1, known or not; 0 where an optional one is not
 *	there
 * @value: weight, priority or load, as the type has one
 * @degradation: of LUD and PLU
 * @data: the policy-specific octets of a type that is not known
 */
struct rsp_tlv_policy {
	u32 type;
	u32 value;
	u32 degradation;
	struct rsp_octets data;
};

/**
 * struct rsp_tlv_element - a pool element (RFC 5354, section 3.10)
 * @id: PE identifier
 * @home: home registrar's server identifier, 0 where there is none
 * @life: seconds, or RSP_LIFE_INFINITE
 * @user: user transports, for rsp_tlv_next_transport(): one in the RFC, here
 *	one or more of the same type, in order of preference
 * @policy: what it says of the pool's policy
 * @asap: its ASAP transport; optional
 */
struct rsp_tlv_element {
	u32 id;
	u32 home;
	s32 life;
	struct rsp_tlv_list user;
	struct rsp_tlv_policy policy;
	struct rsp_tlv_transport asap;
};

/**
 * struct rsp_tlv_server - a registrar (RFC 5354, section 3.11)
 * @id: server identifier
 * @transport: SCTP, or TCP where that stands in for it
 */
struct rsp_tlv_server {
	u32 id;
	struct rsp_tlv_transport transport;
};

/**
 * struct rsp_tlv_checkpoint - what a cookie was set after
 * @read: messages that the application had read
 * @written: messages that it had written
 */
struct rsp_tlv_checkpoint {
	u64 read;
	u64 written;
};

/**
 * struct rsp_tlv_writer - a message that is being built
 * @buf: the caller's
 * @cap: octets of @buf
 * @len: octets written
 * @overflow: it did not fit in @buf or in a length field
 *
 * What is written after an overflow goes nowhere: look once, at the end.
 */
struct rsp_tlv_writer {
	u8 *buf;
	u32 cap;
	u32 len;
	bool overflow;
};

/* What is said of these stands at their definitions in tlv.c ... */
int rsp_tlv_fail(struct rsp_tlv_input *in, const u8 *at, int code,
		 const char *what);
int rsp_tlv_invalid(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		    const char *what);
int rsp_tlv_unknown(struct rsp_tlv_input *in, const struct rsp_tlv *tlv);
void rsp_tlv_report(struct rsp_tlv_input *in, u16 cause,
		    const struct rsp_octets *octets);
int rsp_tlv_parse_header(struct rsp_tlv_input *in, u32 len);
int rsp_tlv_unknown_message(struct rsp_tlv_input *in);
int rsp_tlv_next(struct rsp_tlv_input *in, struct rsp_tlv_list *list,
		 struct rsp_tlv *tlv);
int rsp_tlv_parse_u32(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		      u32 *value);
int rsp_tlv_parse_checksum(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			   u16 *checksum);
int rsp_tlv_parse_checkpoint(struct rsp_tlv_input *in,
			     const struct rsp_tlv *tlv,
			     struct rsp_tlv_checkpoint *checkpoint);
int rsp_tlv_parse_handle(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			 struct rsp_octets *handle);
int rsp_tlv_parse_address(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			  struct rsp_tlv_address *address);
int rsp_tlv_parse_transport(struct rsp_tlv_input *in,
			    const struct rsp_tlv *tlv,
			    struct rsp_tlv_transport *transport);
int rsp_tlv_parse_policy(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			 struct rsp_tlv_policy *policy);
int rsp_tlv_parse_element(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			  struct rsp_tlv_element *element);
int rsp_tlv_parse_server(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			 struct rsp_tlv_server *server);
int rsp_tlv_parse_error(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			struct rsp_tlv_list *causes);
bool rsp_tlv_next_address(struct rsp_tlv_list *list,
			  struct rsp_tlv_address *address);
bool rsp_tlv_next_transport(struct rsp_tlv_list *list,
			    struct rsp_tlv_transport *transport);
bool rsp_tlv_next_element(struct rsp_tlv_list *list,
			  struct rsp_tlv_element *element);
bool rsp_tlv_next_cause(struct rsp_tlv_list *list, struct rsp_tlv *cause);

/* ... and of these in tlv_put.c. */
int rsp_tlv_policy_words(u32 type);
void rsp_tlv_writer_init(struct rsp_tlv_writer *w, void *buf, u32 cap);
void *rsp_tlv_put_room(struct rsp_tlv_writer *w, u32 len);
void rsp_tlv_put_octets(struct rsp_tlv_writer *w, const void *data, u32 len);
void rsp_tlv_pad(struct rsp_tlv_writer *w);
u32 rsp_tlv_begin(struct rsp_tlv_writer *w, u16 type);
void rsp_tlv_end(struct rsp_tlv_writer *w, u32 begin);
void rsp_tlv_put(struct rsp_tlv_writer *w, u16 type, const void *data,
		 u32 len);
void rsp_tlv_put_u32(struct rsp_tlv_writer *w, u16 type, u32 value);
void rsp_tlv_put_checksum(struct rsp_tlv_writer *w, u16 checksum);
void rsp_tlv_put_checkpoint(struct rsp_tlv_writer *w,
			    const struct rsp_tlv_checkpoint *checkpoint);
void rsp_tlv_put_address(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_address *address);
u32 rsp_tlv_begin_transport(struct rsp_tlv_writer *w,
			    const struct rsp_tlv_transport *transport);
void rsp_tlv_put_policy(struct rsp_tlv_writer *w,
			const struct rsp_tlv_policy *policy);
u32 rsp_tlv_begin_element(struct rsp_tlv_writer *w,
			  const struct rsp_tlv_element *element);
u32 rsp_tlv_begin_server(struct rsp_tlv_writer *w, u32 id);
void rsp_tlv_put_reports(struct rsp_tlv_writer *w,
			 const struct rsp_tlv_input *in);

#endif /* _RSERPOOL_TLV_H */
