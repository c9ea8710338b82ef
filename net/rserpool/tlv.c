// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the parameters of RFC 5354.  Nothing is copied nor allocated: what
 * is parsed is a view of the message.  Pure: the daemons and the fuzzers are
 * built from this file too, with tools/lib/kernel.h in place of compat.h.
 *
 * A parameter is checked as a whole, with all that is nested in it, when it is
 * parsed, so that the functions which walk through a list later cannot fail.
 */

#include <linux/errno.h>
#include <linux/string.h>

#include "tlv.h"

/**
 * rsp_tlv_fail - note why a message is not taken
 * @in: the message; NULL where nobody asks
 * @at: the octet in it where what is wrong begins
 * @code: see struct rsp_asap_error
 * @what: a sentence for the log, which must outlive @in
 *
 * Context: Any.
 * Return: @code.
 */
int rsp_tlv_fail(struct rsp_tlv_input *in, const u8 *at, int code,
		 const char *what)
{
	if (in) {
		in->error.offset = at - in->message.data;
		in->error.code = code;
		in->error.what = what;
	}
	return code;
}

static const u8 *header_of(const struct rsp_tlv *tlv)
{
	return tlv->value.data - sizeof(struct rsp_wire_tlv);
}

/**
 * rsp_tlv_invalid - note that a parameter is malformed
 * @in: the message; NULL where nobody asks
 * @tlv: the parameter
 * @what: a sentence for the log, which must outlive @in
 *
 * Context: Any.
 * Return: -EINVAL.
 */
int rsp_tlv_invalid(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		    const char *what)
{
	return rsp_tlv_fail(in, header_of(tlv), -EINVAL, what);
}

/**
 * rsp_tlv_report - note what the sender wants to be told of
 * @in: the message; NULL where nobody asks
 * @cause: see struct rsp_tlv_report
 * @octets: of the message
 *
 * Context: Any.
 */
void rsp_tlv_report(struct rsp_tlv_input *in, u16 cause,
		    const struct rsp_octets *octets)
{
	struct rsp_tlv_report *report;

	if (!in || in->n_reports == RSP_REPORTS_MAX)
		return;
	report = &in->reports[in->n_reports++];
	report->cause = cause;
	report->octets = *octets;
}

/**
 * rsp_tlv_unknown - handle a parameter that has no place where it is
 * @in: the message; NULL where nobody asks
 * @tlv: the parameter
 *
 * One that the RFC knows elsewhere is an error; the two high bits of another
 * say what to do (RFC 5354, section 3).
 *
 * Context: Any.
 * Return: 0: go on behind it; -EINVAL or -EOPNOTSUPP: discard the message.
 */
int rsp_tlv_unknown(struct rsp_tlv_input *in, const struct rsp_tlv *tlv)
{
	struct rsp_octets whole = {
		.data = header_of(tlv),
		.len = tlv->value.len + sizeof(struct rsp_wire_tlv),
	};

	if (tlv->type && tlv->type <= RSP_TLV_OPAQUE_TRANSPORT)
		return rsp_tlv_invalid(in, tlv, "a parameter is out of place");
	if (tlv->type & RSP_TLV_UNKNOWN_REPORT)
		rsp_tlv_report(in, RSP_CAUSE_UNKNOWN_PARAMETER, &whole);
	if (tlv->type & RSP_TLV_UNKNOWN_SKIP)
		return 0;
	return rsp_tlv_fail(in, whole.data, -EOPNOTSUPP,
			    "a parameter is unknown and not to be skipped");
}

/**
 * rsp_tlv_parse_header - check the header of a message (RFC 5354, section 4)
 * @in: the message; how long it says that it is goes there
 * @len: octets there are, its padding included or not
 *
 * Context: Any.
 * Return: 0; -EMSGSIZE when it is longer or shorter than it says; -EINVAL.
 */
int rsp_tlv_parse_header(struct rsp_tlv_input *in, u32 len)
{
	const u8 *data = in->message.data;
	const struct rsp_wire_message *wire = (const void *)data;

	if (len < sizeof(*wire))
		return rsp_tlv_fail(in, data, -EMSGSIZE,
				    "the message's header is cut short");
	in->message.len = be16_to_cpu(wire->length);
	if (in->message.len < sizeof(*wire))
		return rsp_tlv_fail(in, data, -EINVAL,
				    "the message's length is less than its header's");
	if (in->message.len > len)
		return rsp_tlv_fail(in, data, -EMSGSIZE,
				    "the message is cut short");
	if (len > ALIGN(in->message.len, 4))
		return rsp_tlv_fail(in, data, -EMSGSIZE,
				    "octets follow the message");
	return 0;
}

/**
 * rsp_tlv_unknown_message - handle a message of a type that is not known
 * @in: the message, with its header checked
 *
 * The two high bits of its type say what to do (RFC 5354, section 4); 10 and
 * 11 are reserved: it is discarded.
 *
 * Context: Any.
 * Return: -EOPNOTSUPP.
 */
int rsp_tlv_unknown_message(struct rsp_tlv_input *in)
{
	u8 type = in->message.data[0];

	if ((type & RSP_ASAP_UNKNOWN_MASK) == RSP_ASAP_UNKNOWN_REPORT)
		rsp_tlv_report(in, RSP_CAUSE_UNKNOWN_MESSAGE, &in->message);
	return rsp_tlv_fail(in, in->message.data, -EOPNOTSUPP,
			    "the message's type is unknown");
}

/**
 * rsp_tlv_next - take the next parameter, or error cause, of a list
 * @in: the message; NULL where nobody asks
 * @list: moved behind it and its padding, which is not looked at
 * @tlv: it
 *
 * The last one's padding may be in the list or not: RFC 5354, section 2,
 * leaves it out, and who puts it in is understood.
 *
 * Context: Any.
 * Return: 1; 0 at the end of the list; -EINVAL when it does not fit in it.
 */
int rsp_tlv_next(struct rsp_tlv_input *in, struct rsp_tlv_list *list,
		 struct rsp_tlv *tlv)
{
	const struct rsp_wire_tlv *wire = (const void *)list->pos;
	u32 left = list->end - list->pos;
	u32 len;

	if (!left)
		return 0;
	if (left < sizeof(*wire))
		return rsp_tlv_fail(in, list->pos, -EINVAL,
				    "a parameter's header is cut short");
	len = be16_to_cpu(wire->length);
	if (len < sizeof(*wire))
		return rsp_tlv_fail(in, list->pos, -EINVAL,
				    "a parameter's length is less than its header's");
	if (len > left)
		return rsp_tlv_fail(in, list->pos, -EINVAL,
				    "a parameter is longer than what it is in");
	tlv->type = be16_to_cpu(wire->type);
	tlv->value.data = list->pos + sizeof(*wire);
	tlv->value.len = len - sizeof(*wire);
	list->pos += min_t(u32, ALIGN(len, 4), left);
	return 1;
}

/**
 * rsp_tlv_parse_u32 - parse a parameter that is a number of 32 bits
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_PE_ID or RSP_TLV_ITEMS
 * @value: in host byte order
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int rsp_tlv_parse_u32(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		      u32 *value)
{
	if (tlv->value.len != sizeof(__be32))
		return rsp_tlv_invalid(in, tlv, "a number has not 4 octets");
	*value = get_unaligned_be32(tlv->value.data);
	return 0;
}

/**
 * rsp_tlv_parse_checksum - parse a PE checksum (RFC 5354, section 3.15)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_PE_CHECKSUM
 * @checksum: in host byte order
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int rsp_tlv_parse_checksum(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			   u16 *checksum)
{
	if (tlv->value.len != sizeof(__be16))
		return rsp_tlv_invalid(in, tlv,
				       "a PE checksum has not 2 octets");
	*checksum = get_unaligned_be16(tlv->value.data);
	return 0;
}

/**
 * rsp_tlv_parse_checkpoint - parse what a cookie was set after
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_CHECKPOINT
 * @checkpoint: the counts
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int rsp_tlv_parse_checkpoint(struct rsp_tlv_input *in,
			     const struct rsp_tlv *tlv,
			     struct rsp_tlv_checkpoint *checkpoint)
{
	const struct rsp_wire_checkpoint *wire = (const void *)tlv->value.data;

	if (tlv->value.len != sizeof(*wire))
		return rsp_tlv_invalid(in, tlv,
				       "a checkpoint has not 16 octets");
	checkpoint->read = be64_to_cpu(wire->read);
	checkpoint->written = be64_to_cpu(wire->written);
	return 0;
}

/**
 * rsp_tlv_parse_handle - parse a pool handle (RFC 5354, section 3.9)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_HANDLE
 * @handle: 1 to RSP_HANDLE_MAX octets; the RFC has no maximum
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int rsp_tlv_parse_handle(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			 struct rsp_octets *handle)
{
	if (!tlv->value.len)
		return rsp_tlv_invalid(in, tlv, "a pool handle is empty");
	if (tlv->value.len > RSP_HANDLE_MAX)
		return rsp_tlv_invalid(in, tlv,
				       "a pool handle has more than 96 octets");
	*handle = tlv->value;
	return 0;
}

/**
 * rsp_tlv_parse_address - parse an IP address (RFC 5354, 3.1 and 3.2)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_IPV4_ADDRESS or RSP_TLV_IPV6_ADDRESS
 * @address: whether somebody can have it is not looked at
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int rsp_tlv_parse_address(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			  struct rsp_tlv_address *address)
{
	if (tlv->value.len != (tlv->type == RSP_TLV_IPV4_ADDRESS ? 4 : 16))
		return rsp_tlv_invalid(in, tlv,
				       "an IP address has a wrong length");
	address->octets = tlv->value;
	return 0;
}

static bool is_address(u16 type)
{
	return type == RSP_TLV_IPV4_ADDRESS || type == RSP_TLV_IPV6_ADDRESS;
}

static bool is_transport(u16 type)
{
	return (type >= RSP_TLV_DCCP_TRANSPORT &&
		type <= RSP_TLV_UDPLITE_TRANSPORT) ||
	       type == RSP_TLV_OPAQUE_TRANSPORT;
}

static int parse_addresses(struct rsp_tlv_input *in,
			   const struct rsp_tlv *transport,
			   struct rsp_tlv_list list)
{
	struct rsp_tlv_address address;
	struct rsp_tlv tlv;
	u32 n = 0;
	int err;

	while ((err = rsp_tlv_next(in, &list, &tlv)) > 0) {
		if (!is_address(tlv.type))
			err = rsp_tlv_unknown(in, &tlv);
		else if (n++ && transport->type != RSP_TLV_SCTP_TRANSPORT)
			err = rsp_tlv_invalid(in, &tlv,
					      "only an SCTP transport has more than one address");
		else
			err = rsp_tlv_parse_address(in, &tlv, &address);
		if (err)
			return err;
	}
	if (!err && !n)
		return rsp_tlv_invalid(in, transport,
				       "a transport has no address");
	return err;
}

/* SCTP must say one of two; what is reserved is ignored in the others. */
static int parse_use(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		     u16 use, struct rsp_tlv_transport *transport)
{
	if (tlv->type != RSP_TLV_SCTP_TRANSPORT &&
	    tlv->type != RSP_TLV_TCP_TRANSPORT)
		return 0;
	if (use > RSP_TRANSPORT_USE_DATA_CONTROL)
		return rsp_tlv_invalid(in, tlv, "a transport's use is unknown");
	transport->use = use;
	return 0;
}

/**
 * rsp_tlv_parse_transport - parse a transport (RFC 5354, 3.3 to 3.7, 3.16)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_*_TRANSPORT
 * @transport: its view
 *
 * TCP has a Transport Use here, in a field that RFC 5354, 3.5, reserves.
 *
 * Context: Any.
 * Return: 0; -EINVAL; -EOPNOTSUPP when something in it is not known.
 */
int rsp_tlv_parse_transport(struct rsp_tlv_input *in,
			    const struct rsp_tlv *tlv,
			    struct rsp_tlv_transport *transport)
{
	const struct rsp_wire_transport *wire = (const void *)tlv->value.data;
	bool dccp = tlv->type == RSP_TLV_DCCP_TRANSPORT;
	u32 fixed = sizeof(*wire) + (dccp ? sizeof(__be32) : 0);
	int err;

	memset(transport, 0, sizeof(*transport));
	transport->type = tlv->type;
	if (tlv->type == RSP_TLV_OPAQUE_TRANSPORT) {
		transport->opaque = tlv->value;
		return 0;
	}
	if (tlv->value.len < fixed)
		return rsp_tlv_invalid(in, tlv, "a transport is cut short");
	transport->port = be16_to_cpu(wire->port);
	if (dccp)
		transport->service_code =
			get_unaligned_be32(tlv->value.data + sizeof(*wire));
	err = parse_use(in, tlv, be16_to_cpu(wire->use), transport);
	if (err)
		return err;
	transport->addresses.pos = tlv->value.data + fixed;
	transport->addresses.end = tlv->value.data + tlv->value.len;
	return parse_addresses(in, tlv, transport->addresses);
}

/**
 * rsp_tlv_parse_policy - parse a policy (RFC 5354, section 3.8; RFC 5356)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_POLICY
 * @policy: its view; of a type that is not known the octets
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int rsp_tlv_parse_policy(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			 struct rsp_tlv_policy *policy)
{
	const u8 *data = tlv->value.data + sizeof(__be32);
	int words;

	memset(policy, 0, sizeof(*policy));
	if (tlv->value.len < sizeof(__be32))
		return rsp_tlv_invalid(in, tlv, "a policy is cut short");
	policy->type = get_unaligned_be32(tlv->value.data);
	if (!policy->type)
		return rsp_tlv_invalid(in, tlv, "a policy's type is 0");
	words = rsp_tlv_policy_words(policy->type);
	if (words < 0) {
		policy->data.data = data;
		policy->data.len = tlv->value.len - sizeof(__be32);
		return 0;
	}
	if (tlv->value.len != (1 + words) * sizeof(__be32))
		return rsp_tlv_invalid(in, tlv, "a policy has a wrong length");
	if (words > 0)
		policy->value = get_unaligned_be32(data);
	if (words > 1)
		policy->degradation = get_unaligned_be32(data + sizeof(__be32));
	return 0;
}

static int parse_user(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
		      u16 *type)
{
	struct rsp_tlv_transport transport;

	if (*type && tlv->type != *type)
		return rsp_tlv_invalid(in, tlv,
				       "a pool element's user transports differ in type");
	*type = tlv->type;
	return rsp_tlv_parse_transport(in, tlv, &transport);
}

/* The user transports, of @type, end where the policy begins. */
static int parse_nested(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			u16 *type, struct rsp_tlv_element *element)
{
	bool before = !element->policy.type;

	if (before && is_transport(tlv->type))
		return parse_user(in, tlv, type);
	if (before && *type && tlv->type == RSP_TLV_POLICY) {
		element->user.end = header_of(tlv);
		return rsp_tlv_parse_policy(in, tlv, &element->policy);
	}
	if (!before && !element->asap.type &&
	    (tlv->type == RSP_TLV_SCTP_TRANSPORT ||
	     tlv->type == RSP_TLV_TCP_TRANSPORT))
		return rsp_tlv_parse_transport(in, tlv, &element->asap);
	return rsp_tlv_unknown(in, tlv);
}

/**
 * rsp_tlv_parse_element - parse a pool element (RFC 5354, section 3.10)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_ELEMENT
 * @element: its view
 *
 * Differs from the RFC: there may be more than one user transport, and the ASAP
 * transport may be TCP.
 *
 * Context: Any.
 * Return: 0; -EINVAL; -EOPNOTSUPP when something in it is not known.
 */
int rsp_tlv_parse_element(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			  struct rsp_tlv_element *element)
{
	const struct rsp_wire_element *wire = (const void *)tlv->value.data;
	struct rsp_tlv_list list;
	struct rsp_tlv nested;
	u16 type = 0;
	int err;

	memset(element, 0, sizeof(*element));
	if (tlv->value.len < sizeof(*wire))
		return rsp_tlv_invalid(in, tlv, "a pool element is cut short");
	element->id = be32_to_cpu(wire->id);
	element->home = be32_to_cpu(wire->home);
	element->life = be32_to_cpu(wire->life);
	if (element->life < RSP_LIFE_INFINITE)
		return rsp_tlv_invalid(in, tlv,
				       "a registration life is negative");

	list.pos = tlv->value.data + sizeof(*wire);
	list.end = tlv->value.data + tlv->value.len;
	element->user = list;
	while ((err = rsp_tlv_next(in, &list, &nested)) > 0) {
		err = parse_nested(in, &nested, &type, element);
		if (err)
			return err;
	}
	if (!err && !type)
		return rsp_tlv_invalid(in, tlv,
				       "a pool element has no user transport");
	if (!err && !element->policy.type)
		return rsp_tlv_invalid(in, tlv, "a pool element has no policy");
	return err;
}

/**
 * rsp_tlv_parse_server - parse server information (RFC 5354, section 3.11)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_SERVER
 * @server: its view
 *
 * Differs from the RFC: the transport may be TCP.
 *
 * Context: Any.
 * Return: 0; -EINVAL; -EOPNOTSUPP when something in it is not known.
 */
int rsp_tlv_parse_server(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			 struct rsp_tlv_server *server)
{
	struct rsp_tlv_list list;
	struct rsp_tlv nested;
	int err;

	memset(server, 0, sizeof(*server));
	if (tlv->value.len < sizeof(__be32))
		return rsp_tlv_invalid(in, tlv,
				       "server information is cut short");
	server->id = get_unaligned_be32(tlv->value.data);
	list.pos = tlv->value.data + sizeof(__be32);
	list.end = tlv->value.data + tlv->value.len;
	while ((err = rsp_tlv_next(in, &list, &nested)) > 0) {
		if (!server->transport.type &&
		    (nested.type == RSP_TLV_SCTP_TRANSPORT ||
		     nested.type == RSP_TLV_TCP_TRANSPORT))
			err = rsp_tlv_parse_transport(in, &nested,
						      &server->transport);
		else
			err = rsp_tlv_unknown(in, &nested);
		if (err)
			return err;
	}
	if (!err && !server->transport.type)
		return rsp_tlv_invalid(in, tlv,
				       "server information has no transport");
	return err;
}

/**
 * rsp_tlv_parse_error - parse an operation error (RFC 5354, section 3.12)
 * @in: the message; NULL where nobody asks
 * @tlv: RSP_TLV_ERROR
 * @causes: for rsp_tlv_next_cause(): at least one
 *
 * What a cause is about is not looked into: it is what somebody else did not
 * understand, or had no room for.
 *
 * Context: Any.
 * Return: 0 or -EINVAL.
 */
int rsp_tlv_parse_error(struct rsp_tlv_input *in, const struct rsp_tlv *tlv,
			struct rsp_tlv_list *causes)
{
	struct rsp_tlv_list list;
	struct rsp_tlv cause;
	int err;

	list.pos = tlv->value.data;
	list.end = tlv->value.data + tlv->value.len;
	*causes = list;
	if (!tlv->value.len)
		return rsp_tlv_invalid(in, tlv,
				       "an operation error has no cause");
	do {
		err = rsp_tlv_next(in, &list, &cause);
	} while (err > 0);
	return err;
}

/**
 * rsp_tlv_next_address - take the next address of a transport
 * @list: a copy of the list that rsp_tlv_parse_transport() gave
 * @address: it
 *
 * Context: Any.
 * Return: false at the end of the list.
 */
bool rsp_tlv_next_address(struct rsp_tlv_list *list,
			  struct rsp_tlv_address *address)
{
	struct rsp_tlv tlv;

	while (rsp_tlv_next(NULL, list, &tlv) > 0)
		if (is_address(tlv.type))
			return !rsp_tlv_parse_address(NULL, &tlv, address);
	return false;
}

/**
 * rsp_tlv_next_transport - take the next transport of a list
 * @list: a copy of a list that has been parsed
 * @transport: it
 *
 * Context: Any.
 * Return: false at the end of the list.
 */
bool rsp_tlv_next_transport(struct rsp_tlv_list *list,
			    struct rsp_tlv_transport *transport)
{
	struct rsp_tlv tlv;

	while (rsp_tlv_next(NULL, list, &tlv) > 0)
		if (is_transport(tlv.type))
			return !rsp_tlv_parse_transport(NULL, &tlv, transport);
	return false;
}

/**
 * rsp_tlv_next_element - take the next pool element of a list
 * @list: a copy of a list that has been parsed
 * @element: it
 *
 * Context: Any.
 * Return: false at the end of the list.
 */
bool rsp_tlv_next_element(struct rsp_tlv_list *list,
			  struct rsp_tlv_element *element)
{
	struct rsp_tlv tlv;

	while (rsp_tlv_next(NULL, list, &tlv) > 0)
		if (tlv.type == RSP_TLV_ELEMENT)
			return !rsp_tlv_parse_element(NULL, &tlv, element);
	return false;
}

/**
 * rsp_tlv_next_cause - take the next cause of an operation error
 * @list: a copy of the list that rsp_tlv_parse_error() gave
 * @cause: it, with enum rsp_cause as its type
 *
 * Context: Any.
 * Return: false at the end of the list.
 */
bool rsp_tlv_next_cause(struct rsp_tlv_list *list, struct rsp_tlv *cause)
{
	return rsp_tlv_next(NULL, list, cause) > 0;
}
