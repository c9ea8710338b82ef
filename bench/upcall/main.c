// SPDX-License-Identifier: GPL-2.0
/*
 * What a handshake of TLS costs that a kernel has its agent make, and no more: a
 * write of a struct sockaddr_in to /dev/rsp_upcall makes a TCP socket, connects it,
 * hands it to the agent as a client with the key of that serial, waits for the
 * word, and closes it.
 */

#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/in.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/uaccess.h>
#include <net/handshake.h>
#include <net/sock.h>

static int key;
module_param(key, int, 0444);
MODULE_PARM_DESC(key, "serial of the pre-shared key");

/**
 * struct upcall - one handshake
 * @done: the agent has said its word
 * @status: which is this
 */
struct upcall {
	struct completion done;
	int status;
};

static void upcall_done(void *data, int status, key_serial_t peer)
{
	struct upcall *upcall = data;

	upcall->status = status;
	complete(&upcall->done);
}

static int handshake(struct socket *sock)
{
	struct upcall upcall = {
		.done = COMPLETION_INITIALIZER_ONSTACK(upcall.done),
	};
	struct tls_handshake_args args = {
		.ta_sock = sock,
		.ta_done = upcall_done,
		.ta_data = &upcall,
		.ta_peername = "bench",
		.ta_timeout_ms = 30000,
		.ta_keyring = TLS_NO_KEYRING,
		.ta_num_peerids = 1,
		.ta_my_peerids = { key },
	};
	int err;

	err = tls_client_hello_psk(&args, GFP_KERNEL);
	if (err)
		return err;
	if (!wait_for_completion_timeout(&upcall.done, 30 * HZ)) {
		if (tls_handshake_cancel(sock->sk)) {
			kernel_sock_shutdown(sock, SHUT_RDWR);
			return -ETIMEDOUT;
		}
		wait_for_completion(&upcall.done);
	}
	return upcall.status;
}

static ssize_t upcall_write(struct file *file, const char __user *octets,
			    size_t len, loff_t *pos)
{
	struct sockaddr_in addr;
	struct socket *sock;
	struct file *owner;
	int err;

	if (len != sizeof(addr))
		return -EINVAL;
	if (copy_from_user(&addr, octets, len))
		return -EFAULT;
	err = sock_create(AF_INET, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (err)
		return err;
	owner = sock_alloc_file(sock, O_NONBLOCK, NULL);
	if (IS_ERR(owner))
		return PTR_ERR(owner);
	err = kernel_connect(sock, (struct sockaddr *)&addr, sizeof(addr), 0);
	if (!err)
		err = handshake(sock);
	fput(owner);
	return err ?: len;
}

static const struct file_operations upcall_fops = {
	.owner = THIS_MODULE,
	.write = upcall_write,
};

static struct miscdevice upcall_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rsp_upcall",
	.fops = &upcall_fops,
};
module_misc_device(upcall_device);

MODULE_DESCRIPTION("Bench of handshakes by an agent");
MODULE_LICENSE("GPL");
