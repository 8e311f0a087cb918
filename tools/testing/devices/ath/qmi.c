// SPDX-License-Identifier: GPL-2.0-only
#include "qmi.h"

#include <inttypes.h>

#include "bytes.h"
#include "card.h"
#include "log.h"

/* A packet's header, in dwords, is followed by data that is padded to a dword. */
#define QRTR_VERSION		0
#define QRTR_TYPE		4
#define QRTR_FROM_NODE		8
#define QRTR_FROM_PORT		12
#define QRTR_CONFIRM		16
#define QRTR_SIZE		20
#define QRTR_TO_NODE		24
#define QRTR_TO_PORT		28
#define QRTR_HEADER_SIZE	32

enum qrtr_type {
	QRTR_DATA = 1,
	QRTR_HELLO,
	QRTR_NEW_SERVER = 4,
	QRTR_RESUME_TX = 7,
};

/* The data of all others than QRTR_DATA is five dwords, of which the first is the type. */
#define QRTR_CONTROL_SIZE	20
#define QRTR_CONTROL_PORT	0xfffffffe

#define CARD_NODE		7
#define SERVICE_PORT		1
#define HOST_NODE		1
#define SERVICE_WLFW		69
#define SERVICE_VERSION		1

/* A QMI message has a header of 7 bytes and elements of 3 bytes and data. */
#define QMI_TYPE		0
#define QMI_TRANSACTION		1
#define QMI_MESSAGE		3
#define QMI_LENGTH		5
#define QMI_HEADER_SIZE		7
#define QMI_ELEMENT_SIZE	3

enum qmi_type {
	QMI_REQUEST,
	QMI_RESPONSE = 2,
	QMI_INDICATION = 4,
};

enum wlfw_message {
	WLFW_MODE = 0x22,
	WLFW_CONFIGURATION,
	WLFW_CAPABILITIES,
	WLFW_HOST_CAPABILITIES = 0x34,
	WLFW_WANTS_MEMORY,		/* an indication */
	WLFW_MEMORY,
	WLFW_MEMORY_READY,		/* an indication */
	WLFW_INITIALIZED,		/* an indication: the firmware runs */
	WLFW_M3 = 0x3c,
};

#define WLFW_RESULT		0x02	/* the element of every response */
/* Elements of WLFW_CONFIGURATION, and of the response to WLFW_CAPABILITIES. */
#define WLFW_SHADOW_ATH11K	0x14
#define WLFW_SHADOW_ATH12K	0x17
#define WLFW_DEVICE_MEMORY	0x1c

/* Of WLFW_WANTS_MEMORY: a count, then size, type and a count of 0 for each segment. */
#define WLFW_SEGMENTS		0x01
#define SEGMENT_SIZE		0x100000
#define SEGMENT_TYPE		1	/* of the host's memory */

/* The chip's memory for ath12k: start and size of each of four ranges. */
#define DEVICE_MEMORY_RANGES	4
#define DEVICE_MEMORY		0x100000
#define DEVICE_MEMORY_SIZE	0x40000

/* The room for a message of this service. */
#define MESSAGE_MAX		(MHI_PACKET_SIZE - QRTR_HEADER_SIZE)

struct message {
	size_t size;
	uint8_t data[MESSAGE_MAX];
};

/* Who asked. */
struct peer {
	uint32_t node;
	uint32_t port;
};

static void send_packet(struct card *card, enum qrtr_type type, uint32_t from_port,
			const struct peer *to, const void *data, size_t size)
{
	uint8_t packet[MHI_PACKET_SIZE] = {};

	put32(packet, QRTR_VERSION, 1);
	put32(packet, QRTR_TYPE, type);
	put32(packet, QRTR_FROM_NODE, CARD_NODE);
	put32(packet, QRTR_FROM_PORT, from_port);
	put32(packet, QRTR_SIZE, size);
	put32(packet, QRTR_TO_NODE, to->node);
	put32(packet, QRTR_TO_PORT, to->port);
	memcpy(packet + QRTR_HEADER_SIZE, data, size);
	mhi_send(card, packet, QRTR_HEADER_SIZE + ((size + 3) & ~3UL));
}

static void qmi_reset(struct card *card)
{
	memset(&card->qmi, 0, sizeof(card->qmi));
}

static const struct peer host = { HOST_NODE, QRTR_CONTROL_PORT };

/* Older hosts wait for the card's HELLO before they send theirs. */
static void qmi_connected(struct card *card)
{
	uint8_t data[QRTR_CONTROL_SIZE] = {};

	if (card->qmi.greeted)
		return;
	card->qmi.greeted = true;
	put32(data, 0, QRTR_HELLO);
	send_packet(card, QRTR_HELLO, QRTR_CONTROL_PORT, &host, data, sizeof(data));
}

/* A host that did not send its HELLO yet cannot send anything to a service either. */
static void announce_service(struct card *card)
{
	uint8_t data[QRTR_CONTROL_SIZE] = {};

	if (card->qmi.announced)
		return;
	card->qmi.announced = true;
	card_reach(card, ATH_STAGE_QRTR);
	put32(data, 0, QRTR_NEW_SERVER);
	put32(data, 4, SERVICE_WLFW);
	put32(data, 8, card->chip->instance << 8 | SERVICE_VERSION);
	put32(data, 12, CARD_NODE);
	put32(data, 16, SERVICE_PORT);
	send_packet(card, QRTR_NEW_SERVER, QRTR_CONTROL_PORT, &host, data, sizeof(data));
}

static void begin_message(struct message *m, enum qmi_type type, uint16_t transaction,
			  uint16_t id)
{
	m->data[QMI_TYPE] = type;
	put16(m->data, QMI_TRANSACTION, transaction);
	put16(m->data, QMI_MESSAGE, id);
	put16(m->data, QMI_LENGTH, 0);
	m->size = QMI_HEADER_SIZE;
}

static void add_element(struct message *m, uint8_t type, const void *data, uint16_t size)
{
	m->data[m->size] = type;
	put16(m->data, m->size + 1, size);
	memcpy(m->data + m->size + QMI_ELEMENT_SIZE, data, size);
	m->size += QMI_ELEMENT_SIZE + size;
	put16(m->data, QMI_LENGTH, m->size - QMI_HEADER_SIZE);
}

static void send_message(struct card *card, const struct peer *peer, const struct message *m)
{
	send_packet(card, QRTR_DATA, SERVICE_PORT, peer, m->data, m->size);
}

static void add_device_memory(struct message *m)
{
	uint8_t ranges[DEVICE_MEMORY_RANGES * 16] = {};

	put64(ranges, 0, DEVICE_MEMORY);
	put64(ranges, 8, DEVICE_MEMORY_SIZE);
	add_element(m, WLFW_DEVICE_MEMORY, ranges, sizeof(ranges));
}

static void respond(struct card *card, const struct peer *peer, const uint8_t *request)
{
	static const uint8_t success[4];
	struct message m;

	begin_message(&m, QMI_RESPONSE, get16(request, QMI_TRANSACTION),
		      get16(request, QMI_MESSAGE));
	add_element(&m, WLFW_RESULT, success, sizeof(success));
	if (get16(request, QMI_MESSAGE) == WLFW_CAPABILITIES && card->chip->ath12k)
		add_device_memory(&m);
	send_message(card, peer, &m);
}

static void indicate(struct card *card, const struct peer *peer, uint16_t id)
{
	struct message m;

	begin_message(&m, QMI_INDICATION, 0, id);
	send_message(card, peer, &m);
}

static void ask_for_memory(struct card *card, const struct peer *peer)
{
	uint8_t segments[1 + 9] = { 1 };
	struct message m;

	put32(segments, 1, SEGMENT_SIZE);
	put32(segments, 5, SEGMENT_TYPE);
	begin_message(&m, QMI_INDICATION, 0, WLFW_WANTS_MEMORY);
	add_element(&m, WLFW_SEGMENTS, segments, sizeof(segments));
	send_message(card, peer, &m);
}

/*
 * ath12k always loads its files once there is memory, ath11k only after it was asked for
 * memory: firmware that runs already does not ask.
 */
static void begin_start(struct card *card, const struct peer *peer)
{
	if (card->mhi.download)
		ask_for_memory(card, peer);
	else if (card->chip->ath12k)
		indicate(card, peer, WLFW_MEMORY_READY);
	else
		indicate(card, peer, WLFW_INITIALIZED);
}

/* Returns NULL if the message has no such element. */
static const uint8_t *find_element(const uint8_t *message, uint8_t type, size_t *size)
{
	const uint8_t *element = message + QMI_HEADER_SIZE;
	const uint8_t *end = element + get16(message, QMI_LENGTH);

	while (element + QMI_ELEMENT_SIZE <= end) {
		*size = get16(element, 1);
		if (*size > (size_t)(end - element) - QMI_ELEMENT_SIZE)
			break;
		if (element[0] == type)
			return element + QMI_ELEMENT_SIZE;
		element += QMI_ELEMENT_SIZE + *size;
	}
	return NULL;
}

/* A count and the addresses of the registers that the shadow registers stand for. */
static void set_shadow_registers(struct card *card, const uint8_t *request)
{
	const uint8_t *element;
	unsigned int i, count;
	size_t size;

	element = find_element(request, card->chip->ath12k ? WLFW_SHADOW_ATH12K :
							     WLFW_SHADOW_ATH11K, &size);
	if (!element || !size)
		return;
	count = (size - 1) / sizeof(uint32_t);
	for (i = 0; i < element[0] && i < count && i < ATH_SHADOW_REGISTERS; i++)
		card->shadow[i] = get32(element, 1 + i * sizeof(uint32_t));
	log_detail("QMI: %u shadow registers", i);
}

static void take_request(struct card *card, const struct peer *peer, const uint8_t *request)
{
	enum wlfw_message id = get16(request, QMI_MESSAGE);

	log_detail("QMI: request 0x%x of %u bytes", id, get16(request, QMI_LENGTH));
	respond(card, peer, request);
	switch (id) {
	case WLFW_HOST_CAPABILITIES:
		begin_start(card, peer);
		break;
	case WLFW_MEMORY:
		indicate(card, peer, WLFW_MEMORY_READY);
		break;
	case WLFW_M3:
		indicate(card, peer, WLFW_INITIALIZED);
		break;
	case WLFW_CONFIGURATION:
		set_shadow_registers(card, request);
		break;
	case WLFW_MODE:
		card_reach(card, ATH_STAGE_QMI);
		break;
	default:
		break;
	}
}

static void confirm(struct card *card, const struct peer *peer)
{
	uint8_t data[QRTR_CONTROL_SIZE] = {};

	put32(data, 0, QRTR_RESUME_TX);
	put32(data, 4, CARD_NODE);
	put32(data, 8, SERVICE_PORT);
	send_packet(card, QRTR_RESUME_TX, SERVICE_PORT, peer, data, sizeof(data));
}

static void qmi_packet(struct card *card, const void *data, size_t size)
{
	const uint8_t *packet = data, *message = packet + QRTR_HEADER_SIZE;
	struct peer peer;
	size_t length;

	if (size < QRTR_HEADER_SIZE || get32(packet, QRTR_VERSION) != 1 ||
	    get32(packet, QRTR_SIZE) > size - QRTR_HEADER_SIZE) {
		log_line("QRTR: a packet of %zu bytes is not one", size);
		return;
	}
	length = get32(packet, QRTR_SIZE);
	if (get32(packet, QRTR_TYPE) == QRTR_HELLO) {
		announce_service(card);
		return;
	}
	if (get32(packet, QRTR_TYPE) != QRTR_DATA) {
		log_detail("QRTR: packet of type %" PRIu32, get32(packet, QRTR_TYPE));
		return;
	}
	if (length < QMI_HEADER_SIZE || message[QMI_TYPE] != QMI_REQUEST ||
	    get16(message, QMI_LENGTH) > length - QMI_HEADER_SIZE) {
		log_line("QMI: a message of %zu bytes is no request", length);
		return;
	}
	peer.node = get32(packet, QRTR_FROM_NODE);
	peer.port = get32(packet, QRTR_FROM_PORT);
	take_request(card, &peer, message);
	if (get32(packet, QRTR_CONFIRM))
		confirm(card, &peer);
}

const struct mhi_client qmi_client = {
	.reset = qmi_reset,
	.connected = qmi_connected,
	.packet = qmi_packet,
};
