# SPDX-License-Identifier: GPL-2.0
#
# make            the module for the running kernel
# make install    install it where modprobe looks
# make check      every test there is; T=name runs those whose name has it
# make gen        the netlink tables and headers, from their spec
# make check-gen  fails where these are not what the spec says
# make guest      a shell in the test guest; KERNEL=uml for the debug kernel
# make clean

KDIR ?= /lib/modules/$(shell uname -r)/build

all: modules

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

check:
	tests/run "$(T)"

gen:
	Documentation/netlink/generate.sh

check-gen:
	Documentation/netlink/generate.sh check

guest:
	VM_SHELL=1 tests/vm/run.sh $(or $(KERNEL),debian) exec bash -i

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(RM) -r out

# What runs in user space: the tests' programs and the tools.
CFLAGS ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Wmissing-prototypes -Werror -Iinclude/uapi

selftests := $(patsubst %.c,out/%,$(wildcard tests/selftests/test_*.c))
selftest_lib := $(filter-out tests/selftests/test_%,$(wildcard tests/selftests/*.c))

user: $(selftests)

out/tests/selftests/%: tests/selftests/%.c $(selftest_lib) $(wildcard tests/selftests/*.h) include/uapi/linux/rserpool.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(selftest_lib) -lpthread

.PHONY: all modules install check gen check-gen guest clean user
