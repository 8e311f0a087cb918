// SPDX-License-Identifier: GPL-2.0-only
/* VFIO: open a device, probe its features, close it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <linux/vfio_pci_msi.h>

#include "vfio-msi.h"

#ifdef VFIO_DEVICE_BIND_IOMMUFD
#include <dirent.h>
#endif

static const struct {
	uint32_t number;
	const char *name;
} features[] = {
	{ VFIO_DEVICE_FEATURE_PCI_MSI_NOVIRT,	"msi-novirt" },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_MESSAGES,	"msi-messages" },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_NOTIFY,	"msi-notify" },
	{ VFIO_DEVICE_FEATURE_PCI_MSIX_MAP,	"msix-map" },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_WINDOW,	"msi-window" },
	{ VFIO_DEVICE_FEATURE_PCI_MSI_RANGES,	"msi-ranges" },
	{ VFIO_DEVICE_FEATURE_PCI_MSIX_DUMMY,	"msix-dummy" },
};

static int group_open(const struct group *group, char path[PATH_MAX])
{
	int fd;

	snprintf(path, PATH_MAX, "/dev/vfio/%s", group->name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		snprintf(path, PATH_MAX, "/dev/vfio/noiommu-%s", group->name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	return fd;
}

/* The node of the device's group, if it is there, or NULL. The caller frees it. */
char *session_node(const struct device *dev)
{
	struct group group;
	char *path = NULL;

	group_read(dev, &group);
	if (group.name[0] && device_is_vfio(dev))
		path = format_text("/dev/vfio/%s", group.name);
	group_free(&group);
	if (path && access(path, F_OK)) {
		free(path);
		path = NULL;
	}
	return path;
}

bool session_group_busy(const struct group *group)
{
	char path[PATH_MAX];
	int fd;

	if (!group->name[0])
		return false;
	fd = group_open(group, path);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EBUSY;
}

static int failed(const char *what, const char *request)
{
	int err = -errno;

	complain(err, "%s%s%s", what, request ? ": " : "", request ? request : "");
	return err;
}

static int set_iommu(int container)
{
	static const int types[] = {
		VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_IOMMU, VFIO_SPAPR_TCE_v2_IOMMU,
		VFIO_SPAPR_TCE_IOMMU, VFIO_NOIOMMU_IOMMU,
	};
	size_t i;
	int err;

	errno = ENODEV;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (ioctl(container, VFIO_CHECK_EXTENSION, types[i]) <= 0)
			continue;
		if (!ioctl(container, VFIO_SET_IOMMU, types[i]))
			return 0;
	}
	err = failed("/dev/vfio/vfio", "VFIO_SET_IOMMU");
	if (err == -EPERM && !geteuid())
		note("if the host does not remap interrupts, VFIO opens devices only with the "
		     "parameter allow_unsafe_interrupts of vfio_iommu_type1");
	return err;
}

static int open_by_group(const struct device *dev, const struct group *group,
			 struct session *session)
{
	char path[PATH_MAX];
	int err;

	session->group = group_open(group, path);
	if (session->group < 0)
		return failed(path, NULL);
	session->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (session->container < 0)
		return failed("/dev/vfio/vfio", NULL);
	if (ioctl(session->group, VFIO_GROUP_SET_CONTAINER, &session->container))
		return failed(path, "VFIO_GROUP_SET_CONTAINER");
	err = set_iommu(session->container);
	if (err)
		return err;
	session->device = ioctl(session->group, VFIO_GROUP_GET_DEVICE_FD, dev->bdf);
	if (session->device < 0)
		return failed(path, "VFIO_GROUP_GET_DEVICE_FD");
	return 0;
}

/* A kernel without VFIO_GROUP has no group nodes, only a node for each device. */
#ifdef VFIO_DEVICE_BIND_IOMMUFD
static int open_by_device(const struct device *dev, struct session *session)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	char path[PATH_MAX], node[PATH_MAX] = "";
	struct dirent *entry;
	DIR *stream;

	device_path(dev, "vfio-dev", path);
	stream = opendir(path);
	if (!stream)
		return failed(path, NULL);
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			snprintf(node, sizeof(node), "/dev/vfio/devices/%s", entry->d_name);
	closedir(stream);

	session->device = open(node, O_RDWR | O_CLOEXEC);
	if (session->device < 0)
		return failed(node, NULL);
	/* the field for the container holds the iommufd here */
	session->container = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (session->container < 0)
		return failed("/dev/iommu", NULL);
	bind.iommufd = session->container;
	if (ioctl(session->device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return failed(node, "VFIO_DEVICE_BIND_IOMMUFD");
	return 0;
}
#else
static int open_by_device(const struct device *dev, struct session *session)
{
	(void)session;
	complain(ENODEV, "%s: there is no VFIO group", dev->bdf);
	return -ENODEV;
}
#endif

static bool group_exists(const struct group *group)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/vfio/%s", group->name);
	if (group->name[0] && !access(path, F_OK))
		return true;
	snprintf(path, sizeof(path), "/sys/class/vfio/noiommu-%s", group->name);
	return group->name[0] && !access(path, F_OK);
}

/* Opening resets the device: only for root, and only if nothing uses the device. */
bool session_may_open(const struct device *dev, const struct uses *uses)
{
	return !geteuid() && device_is_vfio(dev) && !uses->count && uses->known;
}

/* The physical function of a virtual function, if it is bound to a VFIO driver */
bool device_vfio_pf(const struct device *dev, char pf[NAME_SIZE])
{
	char path[PATH_MAX];

	device_path(dev, "physfn", path);
	if (link_name(path, pf, NAME_SIZE))
		return false;
	device_path(dev, "physfn/vfio-dev", path);
	return !access(path, F_OK);
}

/* All devices of a group have one user: VFIO's, or the host's drivers. */
static void explain_group(const struct group *group)
{
	size_t i;

	for (i = 0; i < group->count; i++)
		if (group->member[i].blocks)
			complain(0, "IOMMU group %s cannot be opened while %s is bound to %s, "
				 "which is no VFIO driver; bind it to one, too, or unbind it",
				 group->name, group->member[i].bdf, group->member[i].driver);
}

static void explain_token(const struct device *dev)
{
	char pf[NAME_SIZE];

	if (device_vfio_pf(dev, pf))
		complain(0, "%s: its physical function %s is bound to a VFIO driver: the device "
			 "can only be opened with the VF token that the user of %s has set",
			 dev->bdf, pf, pf);
}

/* As always with VFIO, this resets the device. */
int session_open(const struct device *dev, struct session *session)
{
	struct group group;
	int kmsg, err;

	*session = (struct session){ -1, -1, -1 };
	group_read(dev, &group);
	kmsg = kmsg_open();
	err = group_exists(&group) ? open_by_group(dev, &group, session) :
				     open_by_device(dev, session);
	if (err)
		kmsg_repeat(kmsg, dev);
	kmsg_close(kmsg);
	if (err)
		explain_group(&group);
	group_free(&group);
	if (err == -EACCES)
		explain_token(dev);
	if (err)
		session_close(session);
	return err;
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

void session_close(struct session *session)
{
	close_one(session->device);
	close_one(session->group);
	close_one(session->container);
}

static bool probe(const struct session *session, uint32_t flags)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = flags | VFIO_DEVICE_FEATURE_PROBE,
	};

	return !ioctl(session->device, VFIO_DEVICE_FEATURE, &feature);
}

/* The features that exist: { "msi-novirt": [ "get", "set" ], ... } */
struct json_object *session_features(const struct session *session)
{
	struct json_object *object = json_object_new_object();
	size_t i;

	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct json_object *operations;

		if (!probe(session, features[i].number))
			continue;
		operations = json_object_new_array();
		if (probe(session, features[i].number | VFIO_DEVICE_FEATURE_GET))
			json_object_array_add(operations, json_text("get"));
		if (probe(session, features[i].number | VFIO_DEVICE_FEATURE_SET))
			json_object_array_add(operations, json_text("set"));
		json_object_object_add(object, features[i].name, operations);
	}
	return object;
}
