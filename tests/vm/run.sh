#!/bin/sh
# run.sh debian|uml COMMAND...: build, boot the test machine, run the command
# there as root in the tree's folder, pass its output on. Exit 0 when the
# command did and the machine found no fault of the kernel (see guest-init).

. "$(dirname "$0")/common.sh"

kernel=$1
shift
build=$("$vm/build.sh" "$kernel")
guest=$("$vm/guest-root.sh")
timeout=${VM_TIMEOUT:-1200}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

mkdir -p "$build/out"
printf '%s\n' "$*" > "$build/out/command"

# kvm_works: /dev/kvm may be there and writable, and still be of no use.
kvm_works() {
	[ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo
}

boot_debian() {
	need_packages qemu-system-x86
	accel='-cpu max -accel tcg,thread=multi -smp 2'
	kvm_works && accel='-cpu host -accel kvm -smp 2'
	accel=${VM_ACCEL:-$accel}
	stdin=/dev/null
	[ -t 0 ] && [ -n "${VM_SHELL:-}" ] && stdin=/dev/stdin
	# shellcheck disable=SC2086
	timeout -k 10 "$timeout" qemu-system-x86_64 -machine q35 $accel -m "${VM_MEM:-3G}" \
		-display none -serial stdio -monitor none -no-reboot -nic none \
		-kernel "$guest/root/boot/vmlinuz-$(cat "$guest/version")" \
		-initrd "$guest/initrd" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off" \
		-virtfs "local,path=$guest/root,mount_tag=root,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$build,mount_tag=build,security_model=none,readonly=on,multidevs=remap" \
		< "$stdin"
}

boot_uml() {
	uml=$("$vm/uml-kernel.sh")
	timeout -k 10 "$timeout" "$uml/linux" mem=1500M ncpus=2 seccomp=on quiet \
		root=/dev/root rootfstype=hostfs rootflags=/ ro \
		con=null con0=fd:0,fd:1 panic=-1 \
		init="$build/tests/vm/uml-init" \
		rsp_root="$guest/root" rsp_build="$build" \
		rsp_modules="$uml/modules" < /dev/null
}

# The machine's own exit status says little; the last line that guest-init
# prints says all.
"boot_$kernel" 2>&1 | tr -d '\r' | tee "$log" | sed -u '/^# machine: /d'
grep -q '^# machine: clean' "$log" && exit
grep '^# machine: ' "$log" || echo "# machine: did not reach its end"
exit 1
