// SPDX-License-Identifier: GPL-2.0
/* Module init and exit, in mirrored order. */

#include <linux/module.h>
#include <linux/net.h>
#include <linux/rserpool.h>
#include <linux/rserpool_netlink.h>
#include <net/genetlink.h>

#include "af_rserpool.h"
#include "key.h"
#include "net_ns.h"
#include "netlink.h"
#include "rdm.h"
#include "session.h"
#include "session_work.h"
#include "tls.h"

static int __init rserpool_init(void)
{
	int err;

	err = rsp_keys_register();
	if (err)
		return err;

	err = rsp_tls_register();
	if (err)
		goto err_keys;

	err = rsp_net_register();
	if (err)
		goto err_tls;

	err = rsp_nl_family_register();
	if (err)
		goto err_net;

	err = rsp_session_work_register();
	if (err)
		goto err_nl;

	err = rsp_sessions_register();
	if (err)
		goto err_work;

	err = rsp_rdm_register();
	if (err)
		goto err_sessions;

	err = rsp_family_register();
	if (err)
		goto err_rdm;

	return 0;

err_rdm:
	rsp_rdm_unregister();
err_sessions:
	rsp_sessions_unregister();
err_work:
	rsp_session_work_unregister();
err_nl:
	rsp_nl_family_unregister();
err_net:
	rsp_net_unregister();
err_tls:
	rsp_tls_unregister();
err_keys:
	rsp_keys_unregister();
	return err;
}

static void __exit rserpool_exit(void)
{
	rsp_family_unregister();
	rsp_rdm_unregister();
	rsp_sessions_unregister();
	rsp_session_work_unregister();
	rsp_nl_family_unregister();
	rsp_net_unregister();
	rsp_tls_unregister();
	rsp_keys_unregister();
}

module_init(rserpool_init);
module_exit(rserpool_exit);

MODULE_DESCRIPTION("Reliable Server Pooling (RFC 5351 to RFC 5356)");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: crypto-hmac(sha256) tls gcm");
MODULE_ALIAS_NETPROTO(AF_RSERPOOL);
MODULE_ALIAS_GENL_FAMILY(RSERPOOL_FAMILY_NAME);
