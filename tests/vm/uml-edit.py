#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""uml-edit.py FOLDER: change the sources of Linux 7.2 that are there, in the
four places where UML as a test machine wants it.

- Saving a stack trace looks at each word of the stack, whether it might be an
  address in a module, which takes the RCU read lock, which with lockdep and SMP
  costs four system calls of the host; and KASAN, kmemleak and lockdep save one
  at each allocation. Following the frame pointers finds the same frames; a boot
  takes 3 s instead of 86 s.
- Who waits for a spinlock keeps a processor of the host from who holds it: both
  are threads of the host, which has other work besides. Let it yield; a third of
  the time went there when two test machines ran on two processors.
- The second processor frees its start data before it is online: an RCU warning
  (kmemleak frees by RCU) at each boot. Let the data be static.
- A sheaf, where SLUB keeps the next free objects of a processor, keeps the
  address of each object that it has handed out; kmemleak reads sheaves, so what
  is leaked counts as referenced, and leaks go unseen. Let it ignore them, and
  what kfree_rcu puts there, as it does what kfree_rcu puts elsewhere.
"""
import os
import re
import sys

FRAMES = """\
	struct pt_regs *regs = tsk->thread.segv_regs;
	unsigned long bp = get_frame_pointer(tsk, regs);
	unsigned long low = (unsigned long)get_stack_pointer(tsk, regs);
	unsigned long high = (low | (THREAD_SIZE - 1)) + 1;

	while (bp >= low && bp <= high - 2 * sizeof(long) &&
	       !(bp % sizeof(long))) {
		struct stack_frame *frame = (struct stack_frame *)bp;

		save_addr(trace, READ_ONCE_NOCHECK(frame->return_address), 1);
		low = bp + sizeof(long);
		bp = (unsigned long)READ_ONCE_NOCHECK(frame->next_frame);
	}"""

YIELD = """\
	long number = 24; /* sched_yield */

	asm volatile("syscall" : "+a" (number) : : "rcx", "r11", "memory");"""

# A file's edits: a pattern, what takes its place, how often it is there.
EDITS = {
    "arch/um/kernel/stacktrace.c": [
        (r"^static const struct stacktrace_ops dump_ops[^;]*;\n\n", "", 1),
        (r"^\tdump_trace\(.*dump_ops.*;", FRAMES, 1),
    ],
    "arch/x86/um/asm/processor.h": [
        (r"^\t__asm__ __volatile__\(\"pause\": : :\"memory\"\);", YIELD, 1),
    ],
    "arch/um/os-Linux/smp.c": [
        (r"^int os_start_cpu_thread",
         r"static struct cpu_thread_data cpu_data[CONFIG_NR_CPUS];\n\n\g<0>", 1),
        (r"uml_kmalloc\(.*\)", "&cpu_data[cpu]", 1),
        (r"^\tkfree\(data\);\n", "", 2),
    ],
    "mm/slub.c": [
        (r"^\tsheaf->cache = ", r"\tkmemleak_ignore(sheaf);\n\g<0>", 1),
        (r"^\trcu_sheaf->objects\[.*\+\+\] = obj;",
         r"\tkmemleak_ignore(obj);\n\g<0>", 1),
    ],
}

for name, edits in EDITS.items():
    path = os.path.join(sys.argv[1], name)
    with open(path) as file:
        text = file.read()
    for pattern, by, times in edits:
        text, found = re.subn(pattern, by, text, flags=re.M)
        if found != times:
            sys.exit(f"{path}: {pattern} is there {found} times, not {times}")
    # Another file of the same name: the old one may have other links.
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)
