#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""uml-edit.py FOLDER: change the sources of Linux 7.2 that are there, in the
five places where UML as a test machine wants it.

- Saving a stack trace looks at each word of the stack, whether it might be an
  address in a module, which takes the RCU read lock, which with lockdep and SMP
  costs four system calls of the host; and KASAN, kmemleak and lockdep save one
  at each allocation. Following the frame pointers finds the same frames; a boot
  takes 3 s instead of 86 s.
- Who waits for a spinlock keeps a processor of the host from who holds it: both
  are threads of the host, which has other work besides. Let it yield; a third of
  the time went there when two test machines ran on two processors.
- To disable interrupts is a system call of the host with SMP, for it masks the
  signal that comes from the other processor; another enables them. Let the signal
  come and be noted, as those of timer and devices are: it has but four meanings.
  Half of the kernel's time went there.
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

PENDING = """\
extern __thread unsigned int signals_pending;
#define IPI_VECTORS 4
#define IPI_BIT 8u
#define IPI_BITS (IPI_BIT * ((1 << IPI_VECTORS) - 1))
"""

NOTE = """\
	if (!signals_enabled) {
		signals_pending |= IPI_BIT << si->si_value.sival_int;
		return;
	}

"""

NOTED = """\
		for (int vector = 0; vector < IPI_VECTORS; vector++)
			if (save_pending & IPI_BIT << vector)
				uml_ipi_handler(vector);

"""

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
        (r"^\tsigaddset\(&data->sigset, IPI_SIGNAL\);\n", "", 1),
        (r"^static void __local_ipi_set[^}]*}\n\n", "", 1),
        (r"^void os_local_ipi_(en|dis)able[^}]*}\n\n", "", 2),
        (r"^static void ipi_sig_handler.*\n{\n", r"\g<0>" + NOTE, 1),
    ],
    "arch/um/os-Linux/internal.h": [
        (r"^extern __thread int signals_enabled;\n", r"\g<0>" + PENDING, 1),
    ],
    "arch/um/os-Linux/signal.c": [
        (r"^static (?=__thread unsigned int signals_pending;)", "", 1),
        (r"^\tos_local_ipi_(en|dis)able\(\);\n", "", 2),
        (r"^#include <timetravel.h>\n", r"\g<0>#include <smp.h>\n", 1),
        (r"^\t\t/\* Do not reenter the handler \*/\n", NOTED + r"\g<0>", 1),
        (r"(?<=signals_pending & )SIGALRM_MASK(?=\);)",
         "(SIGALRM_MASK | IPI_BITS)", 1),
        # Only what comes in a handler that masks the rest could get there.
        (r"^\t\t/\* Rerun the loop only if .*\n\n.*\n\t\t\treturn;\n\n", "", 1),
    ],
    "arch/um/os-Linux/time.c": [
        (r"(^\tsigaddset\(&set, )SIGALRM(\);\n)(?=\tsigprocmask)",
         r"\g<0>\1IPI_SIGNAL\2", 1),
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
