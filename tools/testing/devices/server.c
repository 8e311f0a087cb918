// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <linux/vfio.h>

#include "compiler.h"
#include "log.h"

/*
 * The capabilities that the client is told of. There are no others: the models do not map
 * the client's memory, and do not understand messages with several writes.
 */
#define STRINGIFY(x)	#x
#define VALUE(x)	STRINGIFY(x)
static const char capabilities[] =
	"{\"capabilities\":{\"max_data_xfer_size\":" VALUE(TRANSPORT_MAX_DATA) "}}";

/*
 * Carries out a command and puts the reply into s->reply. The payload has at least the
 * size that commands[] says. Returns 0 or a negative errno.
 */
typedef int (*handler)(struct server *s, const void *payload, size_t size);

static void put_reply(struct server *s, const void *data, size_t size)
{
	memcpy(s->reply + s->reply_size, data, size);
	s->reply_size += size;
}

static int handle_version(struct server *s, const void *payload, size_t size)
{
	const char *json = (const char *)payload + sizeof(struct vfio_user_version);
	size_t json_size = size - sizeof(struct vfio_user_version);
	struct vfio_user_version version;

	memcpy(&version, payload, sizeof(version));
	if (s->negotiated)
		return -EPROTO;
	if (json_size && json[json_size - 1])
		return -EINVAL;
	if (version.major != VFIO_USER_MAJOR)
		return -EPROTONOSUPPORT;
	log_detail("client: version %u.%u %s", version.major, version.minor,
		   json_size ? json : "");
	version.minor = VFIO_USER_MINOR;
	put_reply(s, &version, sizeof(version));
	put_reply(s, capabilities, sizeof(capabilities));
	s->negotiated = true;
	return 0;
}

/*
 * Maps are not recorded: memory is only accessed by messages to the client, which knows
 * what is mapped.
 */
static int handle_dma_map(struct server *s, const void *payload, size_t size)
{
	return 0;
}

static int handle_dma_unmap(struct server *s, const void *payload, size_t size)
{
	put_reply(s, payload, sizeof(struct vfio_user_dma_unmap));
	return 0;
}

static int handle_get_info(struct server *s, const void *payload, size_t size)
{
	struct vfio_user_device_info info;

	memcpy(&info, payload, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	put_reply(s, &info, sizeof(info));
	return 0;
}

static uint64_t region_size(const struct server *s, uint32_t region)
{
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return PCI_CONFIG_SIZE;
	if (region < PCI_STD_NUM_BARS)
		return s->function->bar[region].size;
	return 0;
}

static int handle_get_region_info(struct server *s, const void *payload, size_t size)
{
	struct vfio_user_region_info info;

	memcpy(&info, payload, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = 0;
	info.cap_offset = 0;
	info.offset = 0;
	info.size = region_size(s, info.index);
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	put_reply(s, &info, sizeof(info));
	return 0;
}

/* The models send interrupts as memory writes, and none by an eventfd. */
static int handle_get_irq_info(struct server *s, const void *payload, size_t size)
{
	struct vfio_user_irq_info info;

	memcpy(&info, payload, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = 0;
	info.count = 0;
	put_reply(s, &info, sizeof(info));
	return 0;
}

/* An index without interrupts can only be switched off. */
static int handle_set_irqs(struct server *s, const void *payload, size_t size)
{
	struct vfio_user_irq_set set;

	memcpy(&set, payload, sizeof(set));
	if (set.index >= VFIO_PCI_NUM_IRQS || set.start || set.count ||
	    set.flags != (VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER))
		return -EINVAL;
	return 0;
}

static int check_access(const struct server *s,
			const struct vfio_user_region_access *access)
{
	uint64_t size = region_size(s, access->region);

	if (!access->count || access->count > TRANSPORT_MAX_DATA ||
	    access->count > size || access->offset > size - access->count) {
		log_line("region %" PRIu32 " offset 0x%" PRIx64 " count %" PRIu32
			 ": out of bounds", access->region, access->offset,
			 access->count);
		return -EINVAL;
	}
	return 0;
}

static void log_access(const char *what, const struct vfio_user_region_access *access,
		       const void *data)
{
	uint64_t value = 0;

	if (access->count > sizeof(value))
		return;
	memcpy(&value, data, access->count);
	log_detail("%s region %" PRIu32 " offset 0x%" PRIx64 " count %" PRIu32
		   ": 0x%" PRIx64, what, access->region, access->offset, access->count,
		   value);
}

static int handle_region_read(struct server *s, const void *payload, size_t size)
{
	struct vfio_user_region_access access;
	uint8_t *data = s->reply + sizeof(access);
	bool config;

	memcpy(&access, payload, sizeof(access));
	if (check_access(s, &access))
		return -EINVAL;
	put_reply(s, &access, sizeof(access));
	config = access.region == VFIO_PCI_CONFIG_REGION_INDEX;
	if (!pci_answer_arrives(s->function, !config))
		memset(data, 0xff, access.count);
	else if (config)
		pci_config_read(s->function, access.offset, data, access.count);
	else
		pci_bar_read(s->function, access.region, access.offset, data,
			     access.count);
	pci_spoil_answer(s->function, !config, access.offset, data, access.count);
	s->reply_size += access.count;
	log_access("read", &access, data);
	return 0;
}

static int handle_region_write(struct server *s, const void *payload, size_t size)
{
	struct vfio_user_region_access access;
	const uint8_t *data = (const uint8_t *)payload + sizeof(access);

	memcpy(&access, payload, sizeof(access));
	if (check_access(s, &access) || access.count != size - sizeof(access))
		return -EINVAL;
	log_access("write", &access, data);
	if (access.region == VFIO_PCI_CONFIG_REGION_INDEX)
		pci_config_write(s->function, access.offset, data, access.count);
	else
		pci_bar_write(s->function, access.region, access.offset, data,
			      access.count);
	put_reply(s, &access, sizeof(access));
	return 0;
}

static int handle_reset(struct server *s, const void *payload, size_t size)
{
	log_detail("device reset");
	s->function->capabilities_shown = true;
	pci_reset(s->function, PCI_RESET_CONVENTIONAL);
	return 0;
}

static const struct {
	handler handle;
	size_t min_payload;
} commands[] = {
	[VFIO_USER_VERSION] = { handle_version, sizeof(struct vfio_user_version) },
	[VFIO_USER_DMA_MAP] = { handle_dma_map, sizeof(struct vfio_user_dma_map) },
	[VFIO_USER_DMA_UNMAP] = { handle_dma_unmap, sizeof(struct vfio_user_dma_unmap) },
	[VFIO_USER_DEVICE_GET_INFO] = { handle_get_info,
					sizeof(struct vfio_user_device_info) },
	[VFIO_USER_DEVICE_GET_REGION_INFO] = { handle_get_region_info,
					       sizeof(struct vfio_user_region_info) },
	[VFIO_USER_DEVICE_GET_IRQ_INFO] = { handle_get_irq_info,
					    sizeof(struct vfio_user_irq_info) },
	[VFIO_USER_DEVICE_SET_IRQS] = { handle_set_irqs,
					sizeof(struct vfio_user_irq_set) },
	[VFIO_USER_REGION_READ] = { handle_region_read,
				    sizeof(struct vfio_user_region_access) },
	[VFIO_USER_REGION_WRITE] = { handle_region_write,
				     sizeof(struct vfio_user_region_access) },
	[VFIO_USER_DEVICE_RESET] = { handle_reset, 0 },
};

static int dispatch(struct server *s)
{
	const struct vfio_user_header *header = &s->transport.header;
	size_t size = transport_payload_size(&s->transport);
	uint16_t command = header->command;

	if ((header->flags & VFIO_USER_TYPE) != VFIO_USER_TYPE_COMMAND)
		return -EINVAL;
	if (command >= ARRAY_SIZE(commands) || !commands[command].handle)
		return -ENOTSUP;
	if (!s->negotiated && command != VFIO_USER_VERSION)
		return -EPROTO;
	if (size < commands[command].min_payload)
		return -EINVAL;
	return commands[command].handle(s, transport_payload(&s->transport), size);
}

static void reply(struct server *s, int error)
{
	struct vfio_user_header header = s->transport.header;

	if (error) {
		s->reply_size = 0;
		log_line("command %u of %" PRIu32 " bytes: %s", header.command,
			 header.size, strerror(error));
	}
	if (header.flags & VFIO_USER_NO_REPLY)
		return;
	header.size = sizeof(header) + s->reply_size;
	header.flags = VFIO_USER_TYPE_REPLY | (error ? VFIO_USER_ERROR : 0);
	header.error = error;
	transport_send(&s->transport, &header, s->reply);
}

/* Returns false if the client has disconnected, or has sent what ends the connection. */
static bool serve_message(struct server *s)
{
	const struct vfio_user_header *header = &s->transport.header;

	s->reply_size = 0;
	switch (transport_receive(&s->transport)) {
	case TRANSPORT_MESSAGE:
		break;
	case TRANSPORT_BAD_SIZE:
		if ((header->flags & VFIO_USER_TYPE) != VFIO_USER_TYPE_REPLY)
			reply(s, EMSGSIZE);
		return false;
	default:
		return false;
	}
	if ((header->flags & VFIO_USER_TYPE) == VFIO_USER_TYPE_REPLY)
		dma_reply(&s->dma);
	else
		reply(s, -dispatch(s));
	/* Without a common version the connection ends. */
	return s->negotiated || header->command != VFIO_USER_VERSION;
}

/* Where the data of a read goes that is waited for. */
struct waiting_reader {
	struct dma_reader reader;
	void *data;
	uint32_t count;
	bool success;
};

static void take_data(struct dma_reader *reader, const void *data)
{
	struct waiting_reader *w = container_of(reader, struct waiting_reader, reader);

	w->success = data;
	if (data)
		memcpy(w->data, data, w->count);
}

bool server_dma_read(struct server *s, uint64_t address, void *data, uint32_t count)
{
	struct waiting_reader w = {
		.reader.done = take_data,
		.data = data,
		.count = count,
	};

	if (s->client_gone || !dma_read(&s->dma, &w.reader, address, count))
		return false;
	while (s->dma.reader == &w.reader && !s->client_gone)
		s->client_gone = !serve_message(s);
	if (s->client_gone)
		dma_cancel_read(&s->dma);
	return w.success;
}

int server_run(struct server *s, struct pci_function *f, const char *path)
{
	s->function = f;
	dma_init(&s->dma, &s->transport);
	pci_reset(f, PCI_RESET_CONVENTIONAL);
	if (transport_accept(&s->transport, path))
		return EXIT_FAILURE;
	while (!s->client_gone) {
		s->client_gone = !serve_message(s);
		if (!s->client_gone && f->ops->work)
			f->ops->work(f);
	}
	transport_close(&s->transport);
	return EXIT_SUCCESS;
}
