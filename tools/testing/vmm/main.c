// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * usage: vmm --device BDF --kernel FILE --initrd FILE [--append TEXT] [--memory MIB]
 *            [--memory-file FILE] [--console FILE] [--channel-in FILE] [--channel-out FILE]
 *            [--save FILE [--go-on] | --load FILE]
 *
 * The console is the first serial port, the channel the second. SIGUSR1 saves the guest into
 * the file of --save, and ends the VMM. With --load the guest continues there; it needs the
 * same --memory-file, and then neither kernel nor initramfs. With --go-on the guest continues
 * in the VMM that has saved it. The exit code is 0 if the guest has reset itself or was saved.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "vmm.h"

struct options {
	const char *device;
	const char *kernel;
	const char *initrd;
	const char *append;
	const char *memory_file;
	const char *console;
	const char *channel_in;
	const char *channel_out;
	const char *save;
	const char *load;
	uint64_t memory;
	bool goes_on;
};

static struct machine machine;

void die(const char *what)
{
	fprintf(stderr, "vmm: %s: %s\n", what, strerror(errno));
	exit(1);
}

int must(int value, const char *what)
{
	if (value < 0)
		die(what);

	return value;
}

int must_library(int value, const char *what)
{
	if (value < 0)
		errno = -value;

	return must(value < 0 ? -1 : value, what);
}

/*
 * SIGUSR1 saves the guest. It is blocked in all threads and interrupts only KVM_RUN (see
 * machine.c), so it may come at any time.
 */
static void block_signal(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &signals, NULL), "signals");
}

/* A device can have 2048 vectors, with an eventfd for each. */
static void allow_eventfds(void)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

static void parse(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "append", required_argument, NULL, 'a' },
		{ "memory", required_argument, NULL, 'm' },
		{ "memory-file", required_argument, NULL, 'f' },
		{ "console", required_argument, NULL, 'c' },
		{ "channel-in", required_argument, NULL, 'I' },
		{ "channel-out", required_argument, NULL, 'O' },
		{ "save", required_argument, NULL, 's' },
		{ "load", required_argument, NULL, 'l' },
		{ "go-on", no_argument, NULL, 'g' },
		{ NULL, 0, NULL, 0 }
	};
	const char **texts[128] = {
		['d'] = &options->device, ['k'] = &options->kernel, ['i'] = &options->initrd,
		['a'] = &options->append, ['f'] = &options->memory_file,
		['c'] = &options->console, ['I'] = &options->channel_in,
		['O'] = &options->channel_out, ['s'] = &options->save, ['l'] = &options->load,
	};
	int name;

	while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (name == 'm')
			options->memory = strtoull(optarg, NULL, 0) << 20;
		else if (name == 'g')
			options->goes_on = true;
		else if (name < 128 && texts[name])
			*texts[name] = optarg;
		else
			exit(2);
	}
	if (optind != argc || !options->device || !options->memory ||
	    (!options->load && (!options->kernel || !options->initrd))) {
		fprintf(stderr, "vmm: main.c says how to use it\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct options options = { .append = "", .memory = 128 << 20 };

	parse(argc, argv, &options);
	block_signal();
	allow_eventfds();
	machine_create(&machine, options.memory, options.memory_file);
	device_create(&machine.device, machine.vm, options.device, machine.memory,
		      machine.memory_size);
	if (options.load)
		snapshot_load(&machine, options.load);
	else
		boot_load(&machine, options.kernel, options.initrd, options.append);
	serial_create(&machine.serial[0], machine.vm, 0, NULL, options.console);
	serial_create(&machine.serial[1], machine.vm, 1, options.channel_in,
		      options.channel_out);
	while (machine_run(&machine)) {
		if (!options.save)
			continue;
		snapshot_save(&machine, options.save, options.goes_on);
		if (!options.goes_on)
			break;
	}

	return 0;
}
