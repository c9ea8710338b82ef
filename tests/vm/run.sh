#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# run.sh debian|uml COMMAND...: build, boot the test machine, run the command
# there as root in the tree's folder, pass its output on. Exit 0 when the
# command did and the machine found no fault of the kernel (see guest-init).
#
# VM_TIMEOUT  seconds that the command may take (2400)
# VM_SHELL    the command is a person's shell on this terminal
# VM_ACCEL    other arguments for QEMU than those for KVM or TCG
# VM_MEM      the machine's memory

. "$(dirname "$0")/common.sh"

kernel=$1
shift
build=$("$vm/build.sh" "$kernel")
guest=$("$vm/guest-root.sh")
timeout=${VM_TIMEOUT:-2400}

mkdir -p "$build/out"
printf '%s\n' "$*" > "$build/out/command"
echo "$timeout" > "$build/out/timeout"
rm -f "$build/out/shell"
if [ -n "${VM_SHELL:-}" ]; then
	limit= stdin=/dev/stdin
	{
		echo "export TERM=${TERM:-linux}"
		stty -a 2>/dev/null | sed -n \
			's/.*rows \([0-9]*\); columns \([0-9]*\).*/size="rows \1 cols \2"/p'
	} > "$build/out/shell"
else
	# The machine ends a command that takes too long; this ends the machine.
	limit="timeout -k 10 $((timeout + 120))" stdin=/dev/null
fi

# qemu ARGUMENT...: the machine without its file systems. The host's own QEMU may be
# older than 8.1, which now and then runs a breakpoint that another processor has just
# taken back, as each switched jump label does: the kernel panics. The guest's is not.
# (It looks for a module of its display in the host's folder, too, and refuses it.)
qemu() {
	usr=$guest/root/usr
	lib=$usr/lib/x86_64-linux-gnu
	QEMU_MODULE_DIR=$lib/qemu $limit "$usr/lib64/ld-linux-x86-64.so.2" \
		--library-path "$lib" "$usr/bin/qemu-system-x86_64" \
		-L "$usr/share/qemu" -L "$usr/share/seabios" \
		-machine q35 -display none -vga none -monitor none \
		-no-reboot -nic none -chardev stdio,id=tty,signal=off \
		-serial chardev:tty \
		-kernel "$guest/root/boot/vmlinuz-$(cat "$guest/version")" \
		-initrd "$guest/initrd" "$@"
}

# kvm_works: /dev/kvm may be there and writable, and still be of no use: ask the
# processor, then once a boot whether a kernel comes up on it.
kvm_works() {
	{ [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; } || return 1
	probe=$cache/kvm-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$probe" ]; then
		limit='timeout -k 1 60'
		qemu -cpu host -accel kvm -m 1G \
			-append 'console=ttyS0 quiet panic=-1 rdinit=/bin/busybox -- uname -r' \
			< /dev/null 2>&1 | grep -F "$(cat "$guest/version")" > "$probe" ||
			say "/dev/kvm is here, but no kernel comes up on it"
	fi
	[ -s "$probe" ]
}

boot_debian() {
	# What a processor has, an emulated one has to do: Westmere has no more than AES.
	accel='-cpu Westmere -accel tcg,thread=multi -smp 2'
	(kvm_works) && accel='-cpu host -accel kvm -smp 2'
	# shellcheck disable=SC2086
	qemu ${VM_ACCEL:-$accel} -m "${VM_MEM:-3G}" \
		-append "console=ttyS0 loglevel=2 log_buf_len=4M panic=-1 mitigations=off norandmaps" \
		-virtfs "local,path=$guest/root,mount_tag=root,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$build,mount_tag=build,security_model=none,readonly=on,multidevs=remap" \
		< "$stdin"
}

boot_uml() {
	uml=$("$vm/uml-kernel.sh")
	$limit "$uml/linux" mem="${VM_MEM:-1500M}" ncpus=2 seccomp=on loglevel=2 \
		root=/dev/root rootfstype=hostfs rootflags=/ ro \
		con=null con0=fd:0,fd:1 panic=-1 \
		init="$build/tests/vm/uml-init" \
		rsp_root="$guest/root" rsp_build="$build" \
		rsp_modules="$uml/modules" < "$stdin"
}

if [ -n "${VM_SHELL:-}" ]; then
	"boot_$kernel"
	exit
fi

# The machine's own exit status says little; the last line that guest-init
# prints says all.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"boot_$kernel" 2>&1 | sed -u '/ui-opengl\.so$/,+1d; s|\r||g' | tee "$log" | sed -u '/^# machine: /d'
grep -q '^# machine: clean' "$log" && exit
grep '^# machine: ' "$log" ||
	echo "# machine: did not reach its end; it had $((timeout + 120)) s." \
		"$(grep -E 'Oops|Kernel panic' "$log" | tr -s '\n' ' ' | head -c 300)"
exit 1
