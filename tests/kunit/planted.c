// SPDX-License-Identifier: GPL-2.0
/* A module that commits one fault, to see whether the test machine notices. */

#include <linux/bug.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *fault = "";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "warning, leak or use-after-free");

static noinline void leak(void)
{
	int i;

	for (i = 0; i < 16; i++) {
		void *lost = kmalloc(200, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(lost);
	}
}

static noinline void use_after_free(void)
{
	char *gone = kmalloc(64, GFP_KERNEL);

	if (!gone)
		return;
	OPTIMIZER_HIDE_VAR(gone);
	kfree(gone);
	OPTIMIZER_HIDE_VAR(gone);
	WRITE_ONCE(*gone, 1);
}

static int __init planted_init(void)
{
	if (!strcmp(fault, "warning"))
		WARN(1, "planted");
	else if (!strcmp(fault, "leak"))
		leak();
	else if (!strcmp(fault, "use-after-free"))
		use_after_free();
	else
		return -EINVAL;
	return 0;
}
module_init(planted_init);

MODULE_DESCRIPTION("Faults for the test machine to notice");
MODULE_LICENSE("GPL");
