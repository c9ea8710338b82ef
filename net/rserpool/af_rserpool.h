/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSERPOOL_AF_RSERPOOL_H
#define _RSERPOOL_AF_RSERPOOL_H

int rsp_family_register(void);
void rsp_family_unregister(void);

#endif /* _RSERPOOL_AF_RSERPOOL_H */
