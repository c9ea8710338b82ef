/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSP_SYSTEMD_H
#define _RSP_SYSTEMD_H

void systemd_notify(const char *state);

#endif /* _RSP_SYSTEMD_H */
