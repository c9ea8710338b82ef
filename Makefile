# SPDX-License-Identifier: GPL-2.0
#
# make            the module for the running kernel, and the tools
# make install    install them and the manual; install-tools all but the module,
#                 with DESTDIR and PREFIX as usual
# make install-dkms  the module's sources to where DKMS looks for them
# make unit       the tools' own tests, here, with sanitizers
# make demo       a failover, live, in a test guest; SECURE=1 in a plain and in a
#                 secure scope, and what of it is to be read on the wire; CLUSTER=1 with
#                 registrars, which are killed, too
# make check      every test there is; T=name runs those whose name has it, SEED=n
#                 with what is drawn as in the run that printed this seed
# make check-teeth  whether the tests of what protects a secure scope fail when that is
#                 taken out of the module or the daemons; T=name only what has it in its name
# make soak       the tests that repeat, for hours
# make fuzz       the fuzzers with SEEDS=n seeds (200), the first of them SEED=n;
#                 libFuzzer's with RUNS=n executions (10000000)
# make gen        the netlink tables and headers, from their spec
# make check-gen  fails where these are not what the spec says
# make bench      how fast it is; B=name runs the rows whose name has it
# make guest      a shell in the test guest; KERNEL=uml for the debug kernel
# make clean

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local

# What the daemons are built with; without one of these they are left out.
daemon_packages := libuv gnutls libconfig
have_daemons := $(shell pkg-config --exists $(daemon_packages) 2>/dev/null && echo y)
daemons := $(if $(have_daemons),out/bin/enrpd out/bin/asapd)

module := $(MAKE) -C $(KDIR) M=$(CURDIR)/net/rserpool

all: modules tools

modules:
	$(module) modules

install: install-modules install-tools

# A distribution's headers come without the key that the kernel would sign with,
# and without what makes modules_install run depmod.
install-modules: modules
	$(module) INSTALL_MOD_PATH=$(DESTDIR) modules_install \
		$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)
	$(if $(DESTDIR),,depmod "$$(cat $(KDIR)/include/config/kernel.release)")

release := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' packaging/dkms.conf)
dkms_source := $(DESTDIR)/usr/src/rserpool-$(release)

install-dkms:
	install -d $(addprefix $(dkms_source)/,net/rserpool include/uapi/linux)
	install -m 644 packaging/dkms.conf LICENSE $(dkms_source)/
	install -m 644 net/rserpool/Kbuild net/rserpool/*.[ch] $(dkms_source)/net/rserpool/
	install -m 644 include/uapi/linux/rserpool*.h $(dkms_source)/include/uapi/linux/

# The units name the programs where Debian would have them.
install-tools: out/bin/rspctl $(daemons)
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,sbin include/linux share/man/man5 \
		share/man/man7 share/man/man8 share/bash-completion/completions lib/systemd/system/tlshd.service.d)
	install -m 755 out/bin/rspctl packaging/rserpool-tlshd $(daemons) $(DESTDIR)$(PREFIX)/sbin/
	install -m 644 include/uapi/linux/rserpool*.h $(DESTDIR)$(PREFIX)/include/linux/
	install -m 644 Documentation/man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7/
	install -m 644 Documentation/man/rspctl.8 $(patsubst out/bin/%,Documentation/man/%.8,$(daemons)) \
		$(DESTDIR)$(PREFIX)/share/man/man8/
	$(if $(daemons),install -m 644 Documentation/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/)
	install -m 644 packaging/bash-completion/* \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/
	sed 's|/usr/sbin/rspctl|$(PREFIX)/sbin/rspctl|' packaging/rserpool-restore.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/rserpool-restore.service
	sed 's|/usr/sbin/|$(PREFIX)/sbin/|' packaging/tlshd-rserpool.conf \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/tlshd.service.d/rserpool.conf
	for d in $(notdir $(daemons)); do \
		sed 's|/usr/sbin/|$(PREFIX)/sbin/|' packaging/$$d.service \
			> $(DESTDIR)$(PREFIX)/lib/systemd/system/$$d.service || exit; \
		install -d $(DESTDIR)$(PREFIX)/share/doc/rserpool && \
		install -m 644 $$(ls packaging/$$d.* | grep -v service) \
			$(DESTDIR)$(PREFIX)/share/doc/rserpool/ || exit; \
	done

check:
	RSP_SEED=$(SEED) tests/run "$(T)"

check-teeth:
	tests/teeth/run.sh "$(T)"

soak:
	RSP_SEED=$(SEED) tests/run soak

fuzz:
	RSP_SEEDS=$(or $(SEEDS),200) RSP_SEED=$(or $(SEED),1) \
		RSP_RUNS=$(or $(RUNS),10000000) tests/run fuzz

gen:
	Documentation/netlink/generate.sh

check-gen:
	Documentation/netlink/generate.sh check

demo:
	tests/vm/run.sh debian examples/demo$(if $(SECURE),_secure)$(if $(CLUSTER),_cluster).sh

bench:
	bench/run.py "$(B)"

guest:
	VM_SHELL=1 tests/vm/run.sh $(or $(KERNEL),debian) exec bash -l

clean:
	$(module) clean
	$(RM) -r out

# What runs in user space: the tests' programs and the tools.
CFLAGS ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Wmissing-prototypes -Werror -Iinclude/uapi

selftests := $(patsubst %.c,out/%,$(wildcard tests/selftests/test_*.c))
uring_tests := $(patsubst %.c,out/%,$(shell grep -l '<liburing' tests/selftests/test_*.c))
ifeq ($(wildcard /usr/include/liburing.h),)
selftests := $(filter-out $(uring_tests),$(selftests))
endif
# What they share; netlink.c wants libmnl, tls_peer.c and dialogue.c GnuTLS: of an
# archive a program gets what it uses.
selftest_lib := $(filter-out tests/selftests/test_%,$(wildcard tests/selftests/*.c))
selftest_lib32 := $(filter-out %/netlink.c %/tls_peer.c %/dialogue.c,$(selftest_lib))
selftest_headers := $(wildcard tests/selftests/*.h include/uapi/linux/*.h)

bench_programs := out/bench/client out/bench/server out/bench/asap_parse \
	$(if $(have_daemons),out/bench/registrar out/bench/feed)

# The same for 32 bits, those that need no library, where the compiler can:
# the guest's.
selftests32 := $(patsubst tests/selftests/%.c,out/tests/selftests32/%,\
	$(shell grep -L '"netlink.h"\|"tls_peer.h"\|<liburing' $(wildcard tests/selftests/test_*.c)))

user32: $(selftests32)

out/tests/selftests32/lib.a: $(selftest_lib32:tests/selftests/%.c=out/tests/selftests32/%.o)
	$(AR) rcsD $@ $^

out/tests/selftests32/%.o: tests/selftests/%.c $(selftest_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wno-psabi -m32 -c -o $@ $<

out/tests/selftests32/%: tests/selftests/%.c out/tests/selftests32/lib.a
	$(CC) $(CFLAGS) -Wno-psabi -m32 -o $@ $^ -lpthread

# Those of libFuzzer run here, the others in the test machines.
libfuzzers := $(patsubst tests/fuzz/%.c,out/fuzz/%,\
	$(shell grep -l LLVMFuzzerTestOneInput tests/fuzz/*.c))
fuzzers := $(filter-out $(libfuzzers:out/%=out/tests/%),\
	$(patsubst %.c,out/%,$(wildcard tests/fuzz/fuzz_*.c)))

out/tests/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h out/tests/selftests/lib.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter-out %.h,$^) -lpthread $(LDLIBS)

examples := $(patsubst examples/%.c,out/bin/%,$(wildcard examples/*.c))

tools: out/bin/rspctl out/bin/rserpool-tlshd $(examples) $(daemons)

out/bin/rserpool-tlshd: packaging/rserpool-tlshd
	@mkdir -p $(@D)
	install -m 755 $< $@
	$(if $(daemons),,@echo "enrpd and asapd are left out: they want pkg-config to find $(daemon_packages)")

# What stands on other hosts in tests of the daemons.
test_programs := $(if $(have_daemons),$(addprefix out/tests/,asap_client on_the_way listeners))

user: $(selftests) $(test_programs) $(fuzzers) $(bench_programs) tools

out/tests/selftests/lib.a: $(selftest_lib:%.c=out/%.o)
	$(AR) rcsD $@ $^

out/tests/selftests/%.o: tests/selftests/%.c $(selftest_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

out/tests/selftests/%: tests/selftests/%.c out/tests/selftests/lib.a
	$(CC) $(CFLAGS) -o $@ $^ -lpthread $(LDLIBS)

$(patsubst %.c,out/%,$(shell grep -l 'netlink.h"' tests/selftests/test_*.c tests/fuzz/fuzz_*.c)): \
	LDLIBS += -lmnl
$(patsubst %.c,out/%,$(shell grep -l 'tls_peer.h"' tests/selftests/test_*.c)): \
	LDLIBS += -lgnutls
$(uring_tests): LDLIBS += -luring

out/bin/%: examples/%.c include/uapi/linux/rserpool.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

out/bench/%: bench/%.c bench/bench.h include/uapi/linux/rserpool.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $(filter %.c,$^) $(LDLIBS)
out/bench/client: bench/framed.c bench/secure.c bench/tls.c bench/client.h bench/tls.h
out/bench/server: bench/tls.c bench/tls.h
out/bench/client out/bench/server: LDLIBS += -lgnutls

tools_headers := $(wildcard tools/lib/*.h tools/rspctl/*.h include/uapi/linux/*.h)
rspctl_objects := $(patsubst %.c,out/%.o,\
	$(addprefix tools/lib/,nl.c print.c text.c) $(wildcard tools/rspctl/*.c))

out/tools/%.o: tools/%.c $(tools_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

out/tools/rspctl/rspctl.o: packaging/dkms.conf
out/tools/rspctl/rspctl.o: override CFLAGS += -DRELEASE='"$(release)"'

out/bin/rspctl: $(rspctl_objects)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lmnl

# All of rspctl but its main(), with the tests and what they stand in for.
unit_tests := $(patsubst %.c,out/%,$(wildcard tests/unit/test_*.c))
ifeq ($(have_daemons),)
unit_tests := $(filter-out %/test_enrpd_config %/test_asapd_config,$(unit_tests))
endif

unit: $(unit_tests) message-files
	@for t in $(unit_tests); do $$t || exit; done

out/tests/unit/test_rspctl_%: tests/unit/test_rspctl_%.c $(wildcard tools/lib/*.c tools/rspctl/*.c) $(tools_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $< tools/lib/text.c tools/rspctl/lex.c tools/rspctl/words.c \
		tools/rspctl/names.c tools/rspctl/pe_config.c -lmnl -lcmocka

# The codec, as user space builds it, and what its tests share.
codec := $(addprefix net/rserpool/,tlv.c tlv_put.c asap.c) \
	$(addprefix tools/lib/,enrp.c checksum.c)
codec_headers := $(addprefix tools/lib/,kernel.h enrp.h checksum.h) \
	$(addprefix net/rserpool/,tlv.h asap.h asap_proto.h) $(wildcard include/uapi/linux/*.h)
codec_tests := $(codec) $(addprefix tests/unit/,asap_samples.c enrp_samples.c asap_pcap.c)
codec_tests_headers := $(codec_headers) $(wildcard tests/unit/*.h)

$(addprefix out/tests/unit/,test_asap test_asap_capture test_tlv test_enrp test_enrp_capture \
test_checksum message_files): out/tests/unit/%: tests/unit/%.c $(codec_tests) $(codec_tests_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -include tools/lib/kernel.h \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(codec_tests) $(if $(findstring /test_,$@),-lcmocka)

# TLS over TCP, on libuv and GnuTLS.
channel := $(addprefix tools/lib/,tls.c tls_name.c channel.c channel_frame.c channel_listen.c octet_queue.c)
channel_tests := $(channel) tests/unit/channel_test.c tests/unit/certificates.c

out/tests/unit/test_channel out/tests/unit/test_channel_x509: out/tests/unit/%: \
tests/unit/%.c $(channel_tests) $(wildcard tests/unit/*.h tools/lib/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(channel_tests) -luv -lgnutls -lcmocka

# What the daemons have in common besides, without their files.
daemon_lib := $(addprefix tools/lib/,answer.c bucket.c channel_show.c control.c counter.c deadline.c \
	feeder.c feeder_message.c log.c metrics.c multicast.c nl.c print.c text.c transport.c)

# A registrar without its files, which libconfig reads.
registrar := $(addprefix tools/enrpd/,account.c announce.c audit.c change.c client.c counters.c enrp_side.c \
	feed.c feed_asap.c feed_tell.c handlespace.c keep_alive.c pattern.c peer.c peer_message.c \
	peers.c peers_reload.c permission.c presence.c registrar.c registration.c reload.c report.c resolution.c select.c show.c \
	table.c takeover.c update.c walk.c)
registrar_tests := $(registrar) $(codec) $(channel) $(daemon_lib) \
	tests/unit/registrar_test.c tests/unit/peers_test.c

# The messages of the codec's tests are sent to one, too.
out/tests/unit/test_registrar_malformed: samples := tests/unit/asap_samples.c \
	tests/unit/enrp_samples.c

$(addprefix out/tests/unit/test_,peers peers_bounds peers_trust registrar registrar_malformed \
registrar_sequences select): out/tests/unit/%: tests/unit/%.c \
$(registrar_tests) $(wildcard tests/unit/*.h tools/lib/*.h tools/enrpd/*.h) $(codec_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -include tools/lib/kernel.h \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(registrar_tests) $(samples) -luv -lgnutls -lmnl -lcmocka -lm

out/tests/unit/test_enrpd_config: tests/unit/test_enrpd_config.c $(wildcard tools/enrpd/*.[ch]) $(tools_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -include tools/lib/kernel.h \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(addprefix tools/enrpd/,config.c authorization.c account.c pattern.c \
		peers.c peers_file.c) \
		$(addprefix tools/lib/,log.c settings.c settings_file.c text.c tls.c tls_name.c) -lconfig -lgnutls -lcmocka

out/tests/unit/test_asapd_config: tests/unit/test_asapd_config.c $(wildcard tools/asapd/*.[ch]) $(tools_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -include tools/lib/kernel.h \
		-fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(addprefix tools/asapd/,config.c config_service.c) \
		$(addprefix tools/lib/,log.c settings.c settings_file.c text.c) \
		-lconfig -lgnutls -lcmocka

daemon_objects := $(patsubst %.c,out/daemon/%.o,$(codec) $(channel) $(daemon_lib) \
	$(addprefix tools/lib/,settings.c settings_file.c systemd.c))

out/daemon/%.o: %.c $(wildcard tools/lib/*.h tools/enrpd/*.h tools/asapd/*.h) $(codec_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -include tools/lib/kernel.h -c -o $@ $<

out/bin/enrpd: $(daemon_objects) $(patsubst %.c,out/daemon/%.o,$(wildcard tools/enrpd/*.c))
out/bin/asapd: $(daemon_objects) $(patsubst %.c,out/daemon/%.o,$(wildcard tools/asapd/*.c))
out/bin/enrpd out/bin/asapd:
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -luv -lgnutls -lconfig -lmnl -lm

out/tests/asap_client: tests/programs/asap_client.c $(codec) $(channel) $(wildcard tools/lib/*.h) $(codec_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -include tools/lib/kernel.h -o $@ $< $(codec) $(channel) \
		tools/lib/text.c tools/lib/transport.c -luv -lgnutls

out/tests/on_the_way out/tests/listeners: out/tests/%: tests/programs/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $<

# Elements and users of registrars.
bench_registrar := $(addprefix bench/,registrar.c registrar_echo.c registrar_messages.c)

bench_netlink := $(addprefix tools/lib/,feeder_message.c log.c nl.c)

out/bench/registrar: $(bench_registrar) bench/registrar.h $(codec) $(channel) $(bench_netlink) \
$(wildcard tools/lib/*.h) $(codec_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -include tools/lib/kernel.h -o $@ $(filter %.c,$^) \
		-luv -lgnutls -lmnl

out/bench/feed: bench/feed.c bench/registrar_messages.c bench/registrar.h $(codec) $(bench_netlink) \
$(wildcard tools/lib/*.h) $(codec_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -include tools/lib/kernel.h -o $@ $(filter %.c,$^) -lmnl

out/bench/asap_parse: bench/asap_parse.c $(codec_tests) $(codec_tests_headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -include tools/lib/kernel.h -o $@ $(filter %.c,$^)

# The framing, with empty files for the kernel's headers.
kernel_headers := $(addprefix out/fuzz/kernel/,linux/bvec.h linux/list.h linux/mutex.h \
	linux/net.h linux/poll.h linux/rcupdate.h linux/refcount.h linux/skbuff.h linux/slab.h \
	linux/timer.h linux/uaccess.h linux/uio.h linux/wait.h net/tcp.h)
frames_fuzzed := tests/fuzz/frames_tcp.c \
	$(addprefix net/rserpool/,frame_pass.c frame_quick.c frame_receive.c)

$(kernel_headers):
	@mkdir -p $(@D)
	@: > $@

out/fuzz/fuzz_frames: tests/fuzz/fuzz_frames.c $(frames_fuzzed) $(kernel_headers) \
		$(wildcard tests/fuzz/frames_*.h net/rserpool/f*.h) tools/lib/kernel.h
	clang $(CFLAGS) -Wno-sign-compare -Iout/fuzz/kernel -include tests/fuzz/frames_kernel.h \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $(filter %.c,$^)

out/fuzz/%: tests/fuzz/%.c $(codec_tests) $(codec_tests_headers)
	@mkdir -p $(@D)
	clang $(CFLAGS) -include tools/lib/kernel.h \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o $@ $< $(codec_tests)

libfuzzers: $(libfuzzers)

# What the fuzzers begin with, and what tshark is to read.
capture := tests/data/rsplib-3.4.4.pcap
message-files: out/tests/unit/message_files $(capture)
	@for p in asap enrp; do \
		rm -rf out/$$p && mkdir -p out/$$p/corpus && \
		$< $$p corpus $(capture) out/$$p/corpus && \
		$< $$p pcap out/$$p/samples.pcap > out/$$p/samples || exit; \
	done
	@rm -rf out/frames && mkdir -p out/frames/corpus
	@$< asap frames $(capture) out/frames/corpus

.PHONY: all modules install install-modules install-tools install-dkms unit check check-teeth soak \
	fuzz libfuzzers message-files gen check-gen bench demo guest clean tools user user32
