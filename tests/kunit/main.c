// SPDX-License-Identifier: GPL-2.0
/* The module of the KUnit suites; each *_test.c adds its own to it. */

#include <linux/module.h>

#include "handlespace.h"
#include "tls.h"

/* What the suites' code wants set up; they run once this has returned. */
static int __init rserpool_kunit_init(void)
{
	int err = rsp_handlespace_register();

	if (err)
		return err;
	err = rsp_tls_register();
	if (err)
		rsp_handlespace_unregister();
	return err;
}

static void __exit rserpool_kunit_exit(void)
{
	rsp_tls_unregister();
	rsp_handlespace_unregister();
}

module_init(rserpool_kunit_init);
module_exit(rserpool_kunit_exit);

MODULE_DESCRIPTION("KUnit suites of RSerPool");
MODULE_LICENSE("GPL");
