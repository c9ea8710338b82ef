// SPDX-License-Identifier: GPL-2.0
/*
 * Whether the authorization file has a place for an element, whoever tells of it:
 * who registers it, a peer, or what is stored when the file has changed.
 */
#include "registrar.h"

static bool has(const struct rsp_tlv_transport *transport,
		const struct rsp_octets *octets)
{
	struct rsp_tlv_list list = transport->addresses;
	struct rsp_tlv_address address;

	while (rsp_tlv_next_address(&list, &address))
		if (address.octets.len == octets->len &&
		    !memcmp(address.octets.data, octets->data, octets->len))
			return true;
	return false;
}

static bool may_be_at(const struct grant *grant,
		      const struct rsp_tlv_transport *transport,
		      const struct rsp_tlv_transport *from)
{
	struct rsp_tlv_list list = transport->addresses;
	struct rsp_tlv_address address;
	u16 family;

	/* Of one that is opaque nobody can say where it is. */
	if (transport->type == RSP_TLV_OPAQUE_TRANSPORT)
		return false;
	while (rsp_tlv_next_address(&list, &address)) {
		family = address.octets.len == 4 ? AF_INET : AF_INET6;
		if (!(grant->own_address && has(from, &address.octets)) &&
		    !grant_has_address(grant, family, address.octets.data))
			return false;
	}
	return true;
}

/**
 * permission_lacks() - what an identity lacks to register an element
 * @account: the identity
 * @handle: the pool
 * @element: the element
 * @from: where it was registered from
 *
 * Return: NULL when it may; else why not.
 */
const char *permission_lacks(const struct account *account,
			     const struct rsp_octets *handle,
			     const struct rsp_tlv_element *element,
			     const struct rsp_tlv_transport *from)
{
	struct rsp_tlv_list list = element->user;
	struct rsp_tlv_transport transport;
	const struct grant *grant;

	grant = account_grant(account, handle->data, handle->len, element->id);
	if (!grant)
		return "this PE identifier in this pool";
	if (!grant_has_policy(grant, element->policy.type))
		return "this policy";
	while (rsp_tlv_next_transport(&list, &transport))
		if (!may_be_at(grant, &transport, from))
			return "this address";
	return NULL;
}

/**
 * permission_owner() - whose an element is that we are told of
 * @authorization: the file
 * @handle: the pool
 * @element: the element
 * @why: filled when it is nobody's
 *
 * No two identities have the same identifiers in the same pool. Where it was
 * registered from is what its home registrar has put down (RFC 5352, 3.1).
 *
 * Return: the identity, or NULL.
 */
struct account *permission_owner(struct authorization *authorization,
				 const struct rsp_octets *handle,
				 const struct rsp_tlv_element *element,
				 const char **why)
{
	struct account *account;

	account = account_of_element(authorization, handle->data, handle->len,
				     element->id);
	if (!account) {
		*why = "this PE identifier in this pool";
		return NULL;
	}
	*why = permission_lacks(account, handle, element, &element->asap);
	return *why ? NULL : account;
}
