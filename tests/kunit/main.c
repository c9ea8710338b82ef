// SPDX-License-Identifier: GPL-2.0
/* The module of the KUnit suites; each *_test.c adds its own to it. */

#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of RSerPool");
MODULE_LICENSE("GPL");
