/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rserpool

#if !defined(_RSERPOOL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _RSERPOOL_TRACE_H

#include <linux/rserpool.h>
#include <linux/tracepoint.h>

#include "standby.h"

#define show_session_state(state)					\
	__print_symbolic(state,						\
			 { RSP_SESSION_INIT,	"INIT" },		\
			 { RSP_SESSION_RESOLVE,	"RESOLVE" },		\
			 { RSP_SESSION_CONNECT,	"CONNECT" },		\
			 { RSP_SESSION_READY,	"READY" },		\
			 { RSP_SESSION_FAILOVER, "FAILOVER" },		\
			 { RSP_SESSION_CLOSED,	"CLOSED" },		\
			 { RSP_SESSION_LISTEN,	"LISTEN" },		\
			 { RSP_SESSION_SECURE,	"SECURE" })

#define show_failure(failure)						\
	__print_symbolic(failure,					\
			 { RSP_FAILURE_RESET,	"reset" },		\
			 { RSP_FAILURE_FIN,	"fin" },		\
			 { RSP_FAILURE_SILENT,	"silent" },		\
			 { RSP_FAILURE_UNREACHABLE, "unreachable" },	\
			 { RSP_FAILURE_REFUSED,	"refused" },		\
			 { RSP_FAILURE_CONNECT_TIMEOUT, "connect-timeout" }, \
			 { RSP_FAILURE_SEVERED,	"severed" },		\
			 { RSP_FAILURE_FORCED,	"forced" },		\
			 { RSP_FAILURE_LOCAL,	"local" },		\
			 { RSP_FAILURE_FRAME,	"frame" },		\
			 { RSP_FAILURE_CARD,	"card" },		\
			 { RSP_FAILURE_CONTROL,	"control" },		\
			 { RSP_FAILURE_MESSAGE_SIZE, "message-size" },	\
			 { RSP_FAILURE_REJECTED, "rejected" },		\
			 { RSP_FAILURE_SECURITY, "security" },	\
			 { RSP_FAILURE_REVOKED, "revoked" },	\
			 { RSP_FAILURE_RECORDS, "records" })

#define show_standby(event)						\
	__print_symbolic(event,						\
			 { RSP_STANDBY_READY,	"ready" },		\
			 { RSP_STANDBY_USED,	"used" },		\
			 { RSP_STANDBY_LOST,	"lost" },		\
			 { RSP_STANDBY_LEFT,	"left" })

TRACE_EVENT(rsp_session_state,
	TP_PROTO(u32 session, u8 from, u8 to),
	TP_ARGS(session, from, to),
	TP_STRUCT__entry(
		__field(u32, session)
		__field(u8, from)
		__field(u8, to)
	),
	TP_fast_assign(
		__entry->session = session;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("session=%u %s -> %s", __entry->session,
		  show_session_state(__entry->from),
		  show_session_state(__entry->to))
);

TRACE_EVENT(rsp_connect,
	TP_PROTO(u32 session, u32 pe_id, int err),
	TP_ARGS(session, pe_id, err),
	TP_STRUCT__entry(
		__field(u32, session)
		__field(u32, pe_id)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->session = session;
		__entry->pe_id = pe_id;
		__entry->err = err;
	),
	TP_printk("session=%u pe=0x%08x err=%d", __entry->session,
		  __entry->pe_id, __entry->err)
);

TRACE_EVENT(rsp_failover,
	TP_PROTO(u32 session, u32 pe_id, u8 failure),
	TP_ARGS(session, pe_id, failure),
	TP_STRUCT__entry(
		__field(u32, session)
		__field(u32, pe_id)
		__field(u8, failure)
	),
	TP_fast_assign(
		__entry->session = session;
		__entry->pe_id = pe_id;
		__entry->failure = failure;
	),
	TP_printk("session=%u pe=0x%08x %s", __entry->session,
		  __entry->pe_id, show_failure(__entry->failure))
);

TRACE_EVENT(rsp_standby,
	TP_PROTO(u32 session, u32 pe_id, u8 event, u8 failure),
	TP_ARGS(session, pe_id, event, failure),
	TP_STRUCT__entry(
		__field(u32, session)
		__field(u32, pe_id)
		__field(u8, event)
		__field(u8, failure)
	),
	TP_fast_assign(
		__entry->session = session;
		__entry->pe_id = pe_id;
		__entry->event = event;
		__entry->failure = failure;
	),
	TP_printk("session=%u pe=0x%08x %s %s", __entry->session,
		  __entry->pe_id, show_standby(__entry->event),
		  show_failure(__entry->failure))
);

TRACE_EVENT(rsp_renew,
	TP_PROTO(u32 session, u32 pe_id),
	TP_ARGS(session, pe_id),
	TP_STRUCT__entry(
		__field(u32, session)
		__field(u32, pe_id)
	),
	TP_fast_assign(
		__entry->session = session;
		__entry->pe_id = pe_id;
	),
	TP_printk("session=%u pe=0x%08x", __entry->session, __entry->pe_id)
);

TRACE_EVENT(rsp_handshake,
	TP_PROTO(u8 side, int key, int err),
	TP_ARGS(side, key, err),
	TP_STRUCT__entry(
		__field(u8, side)
		__field(int, key)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->side = side;
		__entry->key = key;
		__entry->err = err;
	),
	TP_printk("%s key=%d err=%d", __entry->side ? "server" : "client",
		  __entry->key, __entry->err)
);

#endif /* _RSERPOOL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
