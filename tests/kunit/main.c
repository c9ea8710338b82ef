// SPDX-License-Identifier: GPL-2.0
/* The module of the KUnit suites; each *_test.c adds its own to it. */

#include <linux/module.h>

#include "handlespace.h"

/* What the suites' code wants set up; they run once this has returned. */
static int __init rserpool_kunit_init(void)
{
	return rsp_handlespace_register();
}

static void __exit rserpool_kunit_exit(void)
{
	rsp_handlespace_unregister();
}

module_init(rserpool_kunit_init);
module_exit(rserpool_kunit_exit);

MODULE_DESCRIPTION("KUnit suites of RSerPool");
MODULE_LICENSE("GPL");
