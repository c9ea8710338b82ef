/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_CARD_H
#define _RSERPOOL_CARD_H

struct rsp_asap_message;
struct rsp_card;
struct rsp_flow;
struct rsp_session;

int rsp_session_card_send(struct rsp_session *ssn);
void rsp_session_card_answer(struct rsp_session *ssn, struct rsp_flow *flow);
void rsp_session_user_take(struct rsp_session *ssn,
			   const struct rsp_asap_message *msg);
void rsp_session_card_renew(struct rsp_session *ssn, struct rsp_flow *flow);
void rsp_session_card_take(struct rsp_card **kept,
			   const struct rsp_asap_message *msg);

#endif /* _RSERPOOL_CARD_H */
