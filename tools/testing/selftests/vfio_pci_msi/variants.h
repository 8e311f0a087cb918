/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Variants of a fixture: one for each device and each of VFIO's two interfaces, the
 * group (with a type1v2 container) and the cdev (with iommufd).
 *
 * A run of the lab has only some of the devices, and its kernel may have no iommufd.
 * Variants that cannot run are left out and not reported as skipped: the plan decides
 * which variants have to run, and a check of it finds those that no run has. The plan
 * can restrict a program by its argument: INTERFACE, which is "group" or "cdev", or
 * INTERFACE.TEST, which also names one test of the program.
 */
#ifndef VFIO_PCI_MSI_VARIANTS_H
#define VFIO_PCI_MSI_VARIANTS_H

#include <libvfio.h>

#include "lab.h"
#include "patience.h"

struct lab_variant {
	const char *name;
	const char *device;
	bool iommufd;
	struct lab_variant *next;
};

static struct lab_variant *lab_variants;

#define __LAB_VARIANT(_fixture, _device, _name, _mode, _iommufd, ...)	\
static struct lab_variant _##_fixture##_##_name##_lab = {		\
	.name = #_name,							\
	.device = #_device,						\
	.iommufd = _iommufd,						\
};									\
static void __attribute__((constructor))				\
_list_##_fixture##_##_name(void)					\
{									\
	_##_fixture##_##_name##_lab.next = lab_variants;		\
	lab_variants = &_##_fixture##_##_name##_lab;			\
}									\
FIXTURE_VARIANT_ADD(_fixture, _name) {					\
	.device = #_device,						\
	.mode = _mode,							\
	__VA_ARGS__							\
}

/* Initializers of more members of the variant can follow the device. */
#define LAB_VARIANTS_AS(_fixture, _name, _device, ...)			\
__LAB_VARIANT(_fixture, _device, _name##_group,				\
	      MODE_VFIO_TYPE1V2_IOMMU, false, __VA_ARGS__);		\
__LAB_VARIANT(_fixture, _device, _name##_cdev,				\
	      MODE_IOMMUFD, true, __VA_ARGS__)

#define LAB_VARIANTS(_fixture, _device, ...)				\
LAB_VARIANTS_AS(_fixture, _device, _device, __VA_ARGS__)

static bool lab_variant_runs(const struct lab_variant *v, const char *interface)
{
	if (interface && strcmp(interface, v->iommufd ? "cdev" : "group"))
		return false;

	return lab_has_device(v->device) && (!v->iommufd || lab_has_iommufd());
}

/* The plan's argument, or NULL; the harness's own arguments begin with '-'. */
static char *lab_argument(int argc, char **argv)
{
	return argc == 2 && argv[1][0] != '-' ? argv[1] : NULL;
}

/* Cut the test's name off the argument; returns NULL if it names no test. */
static char *lab_test(char *argument)
{
	char *point = argument ? strchr(argument, '.') : NULL;

	if (!point)
		return NULL;
	*point = '\0';
	return point + 1;
}

static int lab_main(int argc, char **argv)
{
	char *interface = lab_argument(argc, argv);
	char *test = lab_test(interface);
	const struct lab_variant *v;
	int count = 0, runs = 0;
	char **args;

	if (interface)
		argc--;

	for (v = lab_variants; v; v = v->next)
		count++;
	args = calloc_assert(argc + 2 * count + 3, sizeof(*args));
	memcpy(args, argv, argc * sizeof(*args));

	for (v = lab_variants; v; v = v->next) {
		if (lab_variant_runs(v, interface)) {
			runs++;
			continue;
		}
		args[argc++] = "-V";
		args[argc++] = (char *)v->name;
	}
	if (!runs)
		ksft_exit_fail_msg("LAB_DEVICES has none of this test's devices\n");

	/*
	 * The first option that matches a variant decides: those that -V leaves out stay
	 * out, whatever -t names.
	 */
	if (test) {
		args[argc++] = "-t";
		args[argc++] = test;
	}

	return test_harness_run(argc, args);
}

#define LAB_MAIN							\
int main(int argc, char **argv)						\
{									\
	return lab_main(argc, argv);					\
}

#endif /* VFIO_PCI_MSI_VARIANTS_H */
