// SPDX-License-Identifier: GPL-2.0
/* Module init and exit, in mirrored order. */

#include <linux/module.h>
#include <linux/net.h>
#include <linux/rserpool.h>

#include "af_rserpool.h"
#include "net_ns.h"

static int __init rserpool_init(void)
{
	int err;

	err = rsp_net_register();
	if (err)
		return err;

	err = rsp_family_register();
	if (err)
		goto err_net;

	return 0;

err_net:
	rsp_net_unregister();
	return err;
}

static void __exit rserpool_exit(void)
{
	rsp_family_unregister();
	rsp_net_unregister();
}

module_init(rserpool_init);
module_exit(rserpool_exit);

MODULE_DESCRIPTION("Reliable Server Pooling (RFC 5351 to RFC 5356)");
MODULE_LICENSE("GPL");
MODULE_ALIAS_NETPROTO(AF_RSERPOOL);
