// SPDX-License-Identifier: GPL-2.0-only
/*
 * A library for LD_PRELOAD: VFIO_DEVICE_SET_IRQS as on a host that has fewer vectors than are
 * asked for. IRQS=VECTORS: the call returns VECTORS then. IRQS=VECTORS:ERRNO: it fails with the
 * errno. IRQS=VECTORS-: it returns VECTORS, and the next time there is one less. IRQS=VECTORS+:
 * it frees none, and returns 0.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>

static int refuse(unsigned long vectors, const char *error)
{
	if (*error != ':')
		return (int)vectors;
	errno = atoi(error + 1);
	return -1;
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*next)(int fd, unsigned long request, ...) =
		(int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	static unsigned long refused;
	unsigned long vectors;
	va_list rest;
	void *arg;
	char *end;

	va_start(rest, request);
	arg = va_arg(rest, void *);
	va_end(rest);
	if (request == VFIO_DEVICE_SET_IRQS) {
		vectors = strtoul(getenv("IRQS"), &end, 10);
		if (*end == '-')
			vectors -= refused;
		if (*end == '+' && !((struct vfio_irq_set *)arg)->count)
			return 0;
		if (((struct vfio_irq_set *)arg)->count > vectors) {
			refused++;
			return refuse(vectors, end);
		}
	}
	return next(fd, request, arg);
}
