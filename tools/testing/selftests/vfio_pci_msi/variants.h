/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Variants of a fixture: each device of the plan on each road to it, the group
 * with a type1v2 container and the cdev with iommufd.
 *
 * A run of the lab has some devices, and a kernel may have no iommufd. Variants
 * that a run cannot have are left out of it rather than reported as skipped:
 * what has to run where is the plan's to say. It can also name one road, "group"
 * or "cdev", as the test's argument, and behind a point one test of the program.
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

/* More members of the variant can follow as initializers. */
#define LAB_VARIANTS_AS(_fixture, _name, _device, ...)			\
__LAB_VARIANT(_fixture, _device, _name##_group,				\
	      MODE_VFIO_TYPE1V2_IOMMU, false, __VA_ARGS__);		\
__LAB_VARIANT(_fixture, _device, _name##_cdev,				\
	      MODE_IOMMUFD, true, __VA_ARGS__)

#define LAB_VARIANTS(_fixture, _device, ...)				\
LAB_VARIANTS_AS(_fixture, _device, _device, __VA_ARGS__)

static bool lab_variant_runs(const struct lab_variant *v, const char *road)
{
	if (road && strcmp(road, v->iommufd ? "cdev" : "group"))
		return false;

	return lab_has_device(v->device) && (!v->iommufd || lab_has_iommufd());
}

/* The plan's argument, or NULL; those of the harness begin with '-'. */
static char *lab_road(int argc, char **argv)
{
	return argc == 2 && argv[1][0] != '-' ? argv[1] : NULL;
}

/* Takes the test off the road, and returns it, or NULL. */
static char *lab_test(char *road)
{
	char *point = road ? strchr(road, '.') : NULL;

	if (!point)
		return NULL;
	*point = '\0';
	return point + 1;
}

static int lab_main(int argc, char **argv)
{
	char *road = lab_road(argc, argv), *test = lab_test(road);
	const struct lab_variant *v;
	int count = 0, runs = 0;
	char **args;

	if (road)
		argc--;

	for (v = lab_variants; v; v = v->next)
		count++;
	args = calloc_assert(argc + 2 * count + 3, sizeof(*args));
	memcpy(args, argv, argc * sizeof(*args));

	for (v = lab_variants; v; v = v->next) {
		if (lab_variant_runs(v, road)) {
			runs++;
			continue;
		}
		args[argc++] = "-V";
		args[argc++] = (char *)v->name;
	}
	if (!runs)
		ksft_exit_fail_msg("LAB_DEVICES has no device of this test\n");

	/* The harness takes what comes first: no other road to this test either. */
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
