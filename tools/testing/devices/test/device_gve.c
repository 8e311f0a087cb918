// SPDX-License-Identifier: GPL-2.0-only
/* The gve device: its queues, what it holds back, and the servers on its network. */
#include <linux/pci_regs.h>
#include <string.h>

#include "../gve/bytes.h"
#include "../gve/peer.h"
#include "../gve/regs.h"
#include "client.h"
#include "test.h"

#define MSIX_CAP	0x50

/* The client's memory, and what is where in it. */
#define MEMORY		0x123400000ULL
#define ADMIN		0x0000
#define SCRATCH		0x1000
#define TX_RESOURCES	0x2000
#define RX_RESOURCES	0x2040
#define DOORBELLS	0x2080
#define COUNTERS	0x2100
#define TX_RING		0x3000
#define RX_RING		0x4000
#define COMPLETIONS	0x5000
#define TX_BUFFER	0x9000
#define RX_BUFFER	0xa000
#define MEMORY_SIZE	0xc000

#define TX_VECTOR	0
#define RX_VECTOR	1
#define TARGET(vector)	(0xabc000 + 16 * (vector))
#define PAGES_TX	7
#define PAGES_RX	8

/* Of a frame: after Ethernet, IPv4 and UDP. */
#define PAYLOAD		42

static uint8_t memory[MEMORY_SIZE];
static unsigned int commands, sent, received;

static void set_register(struct client *c, uint32_t offset, uint32_t value)
{
	write32(c, GVE_REGISTER_BAR, offset, htobe32(value));
}

static uint32_t get_register(struct client *c, uint32_t offset)
{
	return be32toh(read32(c, GVE_REGISTER_BAR, offset));
}

/* With each access of the client the device gets the data of one read. */
static void let_it_work(struct client *c)
{
	unsigned int i;

	for (i = 0; i < 64; i++)
		read32(c, CONFIG_REGION, PCI_VENDOR_ID);
}

static void start_admin_queue(struct client *c)
{
	commands = 0;
	set_register(c, GVE_ADMIN_PAGE, (MEMORY + ADMIN) / GVE_PAGE_SIZE);
	set_register(c, GVE_ADMIN_BASE_LO, (uint32_t)MEMORY + ADMIN);
	set_register(c, GVE_ADMIN_BASE_HI, MEMORY >> 32);
}

static struct client *start(void)
{
	struct client *c = client_start_reset("vfio-user-gve");

	memset(memory, 0, sizeof(memory));
	c->memory = (struct client_memory){ MEMORY, memory, sizeof(memory), memory };
	start_admin_queue(c);
	return c;
}

static uint8_t *next_command(uint32_t number)
{
	uint8_t *command = memory + ADMIN + commands % GVE_COMMANDS * GVE_COMMAND_SIZE;

	memset(command, 0, GVE_COMMAND_SIZE);
	put32(command, 0, number);
	return command;
}

static void put64(uint8_t *data, size_t offset, uint64_t value)
{
	put32(data, offset, value >> 32);
	put32(data, offset + 4, value);
}

/* Returns the status of the command that was put last. */
static uint32_t execute(struct client *c)
{
	const uint8_t *command = memory + ADMIN + commands % GVE_COMMANDS * GVE_COMMAND_SIZE;

	set_register(c, GVE_ADMIN_DOORBELL, ++commands);
	while (get_register(c, GVE_ADMIN_COUNTER) != commands)
		;
	return get32(command, GVE_COMMAND_STATUS);
}

static uint32_t configure(struct client *c, uint32_t doorbells)
{
	uint8_t *command = next_command(GVE_CONFIGURE);

	put64(command, 8, MEMORY + COUNTERS);
	put64(command, 16, MEMORY + DOORBELLS);
	put32(command, 28, doorbells);
	put32(command, 32, 8);
	return execute(c);
}

static void create_tx(struct client *c, uint32_t pages)
{
	uint8_t *command = next_command(GVE_CREATE_TX);

	sent = 0;
	put64(command, 16, MEMORY + TX_RESOURCES);
	put64(command, 24, MEMORY + TX_RING);
	put32(command, 32, pages);
	put32(command, 36, TX_VECTOR);
	CHECK_EQUAL(execute(c), GVE_PASSED);
	CHECK_EQUAL(get32(memory, TX_RESOURCES), GVE_DOORBELL_TX);
}

static void create_rx(struct client *c, uint32_t pages)
{
	uint8_t *command = next_command(GVE_CREATE_RX);

	received = 0;
	put32(command, 20, RX_VECTOR);
	put64(command, 24, MEMORY + RX_RESOURCES);
	put64(command, 32, MEMORY + COMPLETIONS);
	put64(command, 40, MEMORY + RX_RING);
	put32(command, 48, pages);
	CHECK_EQUAL(execute(c), GVE_PASSED);
	CHECK_EQUAL(get32(memory, RX_RESOURCES), GVE_DOORBELL_RX);
}

/* Messages of both vectors, unmasked; MSI-X stays disabled. */
static void set_messages(struct client *c)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		write32(c, GVE_MSIX_BAR, i * PCI_MSIX_ENTRY_SIZE, TARGET(i));
		write32(c, GVE_MSIX_BAR, i * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_DATA, i);
		write32(c, GVE_MSIX_BAR, i * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
	}
}

static void set_control(struct client *c, uint16_t bits)
{
	write16(c, CONFIG_REGION, MSIX_CAP + PCI_MSIX_FLAGS, bits);
	let_it_work(c);
}

/* Queues with raw addresses, 8 buffers for reception, MSI-X disabled. */
static struct client *start_queues(void)
{
	struct client *c = start();
	unsigned int i;

	CHECK_EQUAL(configure(c, 2), GVE_PASSED);
	create_tx(c, UINT32_MAX);
	create_rx(c, UINT32_MAX);
	for (i = 0; i < 8; i++)
		put64(memory + RX_RING, 8 * i, MEMORY + RX_BUFFER);
	write32(c, GVE_DOORBELL_BAR, 4 * GVE_DOORBELL_RX, htobe32(8));
	set_messages(c);
	return c;
}

/* The packet is in the buffer; @address: the buffer's, for the device. */
static void send_buffer(struct client *c, uint64_t address, size_t size)
{
	uint8_t *descriptor = memory + TX_RING + sent++ * GVE_TX_DESCRIPTOR_SIZE;

	descriptor[0] = GVE_TX_START;
	descriptor[3] = 1;
	put16(descriptor, 4, size);
	put16(descriptor, 6, size);
	put64(descriptor, 8, address);
	write32(c, GVE_DOORBELL_BAR, 4 * GVE_DOORBELL_TX, htobe32(sent));
	let_it_work(c);
}

/* Makes an ARP request for the peer's address. Returns its size. */
static size_t make_arp(void)
{
	static const uint8_t arp[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *frame = memory + TX_BUFFER;

	memset(frame, 0xff, PEER_MAC_SIZE);
	memcpy(frame + 6, PEER_DRIVER_MAC, PEER_MAC_SIZE);
	memcpy(frame + 12, arp, sizeof(arp));
	memcpy(frame + 22, PEER_DRIVER_MAC, PEER_MAC_SIZE);
	put32(frame, 28, PEER_DRIVER_ADDRESS);
	memset(frame + 32, 0, PEER_MAC_SIZE);
	put32(frame, 38, PEER_ADDRESS);
	return 42;
}

/* Makes a UDP datagram from port 1000. Returns its size. */
static size_t make_datagram(uint16_t port, const void *data, size_t size)
{
	uint8_t *frame = memory + TX_BUFFER;

	memset(frame, 0, PAYLOAD);
	put16(frame, 12, 0x0800);
	frame[14] = 0x45;
	put16(frame, 16, 28 + size);
	frame[23] = 17;
	put32(frame, 26, PEER_DRIVER_ADDRESS);
	put32(frame, 30, PEER_ADDRESS);
	put16(frame, 34, 1000);
	put16(frame, 36, port);
	put16(frame, 38, 8 + size);
	memcpy(frame + PAYLOAD, data, size);
	return PAYLOAD + size;
}

static uint32_t counted(void)
{
	return get32(memory, COUNTERS);
}

static const uint8_t *completion(unsigned int number)
{
	return memory + COMPLETIONS + number * GVE_RX_COMPLETION_SIZE;
}

/* Checks that one frame has arrived after the last one. Returns its size. */
static size_t take_frame(void)
{
	const uint8_t *last = completion(received++);

	CHECK_EQUAL(last[63], (received - 1) % 7 + 1);
	CHECK_EQUAL(completion(received)[63], 0);
	return get16(last, 60) - GVE_RX_PADDING;
}

static const uint8_t *frame_received(void)
{
	return memory + RX_BUFFER + GVE_RX_PADDING;
}

/* Sends a datagram. Returns the size of the data of the answer, which must come. */
static size_t ask(struct client *c, uint16_t port, const void *data, size_t size)
{
	send_buffer(c, MEMORY + TX_BUFFER, make_datagram(port, data, size));
	take_frame();
	CHECK_EQUAL(get32(frame_received(), 26), PEER_ADDRESS);
	return get16(frame_received(), 38) - 8;
}

static void test_admin(void)
{
	struct client *c = start();
	uint8_t *command;

	put64(next_command(GVE_DESCRIBE), 8, MEMORY + SCRATCH);
	CHECK_EQUAL(execute(c), GVE_PASSED);
	CHECK(!memcmp(memory + SCRATCH + 24, PEER_DRIVER_MAC, PEER_MAC_SIZE));
	CHECK_EQUAL(get16(memory, SCRATCH + 32), 48);
	next_command(0x77);
	CHECK_EQUAL(execute(c), GVE_UNIMPLEMENTED);
	CHECK_EQUAL(configure(c, GVE_VECTORS), GVE_INVALID_ARGUMENT);
	CHECK_EQUAL(configure(c, 2), GVE_PASSED);
	CHECK_EQUAL(get32(memory, DOORBELLS + 8), GVE_DOORBELL_IRQ + 1);
	put32(next_command(GVE_UNREGISTER_PAGES), 8, PAGES_TX);
	CHECK_EQUAL(execute(c), GVE_INVALID_ARGUMENT);
	next_command(GVE_REGISTER_PAGES);
	CHECK_EQUAL(execute(c), GVE_INVALID_ARGUMENT);
	command = next_command(GVE_REGISTER_PAGES);
	put32(command, 12, GVE_PAGES_MAX + 1);
	put64(command, 16, MEMORY + SCRATCH);
	CHECK_EQUAL(execute(c), GVE_INVALID_ARGUMENT);
	/* Many commands: the queue is a ring. */
	while (commands < 2 * GVE_COMMANDS) {
		next_command(GVE_VERIFY_DRIVER);
		CHECK_EQUAL(execute(c), GVE_PASSED);
	}
	client_expect_no_dma(c);
	client_stop(c);
}

static void test_holds_back(void)
{
	struct client *c = start_queues();

	send_buffer(c, MEMORY + TX_BUFFER, make_arp());
	CHECK_EQUAL(counted(), 0);
	set_control(c, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	CHECK_EQUAL(counted(), 0);
	CHECK_EQUAL(completion(0)[63], 0);
	client_expect_no_dma(c);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	CHECK_EQUAL(counted(), 1);
	CHECK_EQUAL(take_frame(), 60);
	CHECK_EQUAL(get16(frame_received(), 20), 2);
	CHECK_EQUAL(get32(frame_received(), 28), PEER_ADDRESS);
	CHECK_EQUAL(client_take_dma(c), 2);
	CHECK_EQUAL(c->dma[0].address, TARGET(TX_VECTOR));
	CHECK_EQUAL(c->dma[1].address, TARGET(RX_VECTOR));

	/* Only the vector of reception is masked. */
	write32(c, GVE_MSIX_BAR, RX_VECTOR * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL, 1);
	send_buffer(c, MEMORY + TX_BUFFER, make_arp());
	CHECK_EQUAL(counted(), 2);
	CHECK_EQUAL(completion(1)[63], 0);
	client_expect_dma(c, TARGET(TX_VECTOR), TX_VECTOR);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	set_messages(c);
	let_it_work(c);
	CHECK_EQUAL(completion(1)[63], 0);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	let_it_work(c);
	CHECK_EQUAL(take_frame(), 60);
	client_expect_dma(c, TARGET(RX_VECTOR), RX_VECTOR);
	client_stop(c);
}

static void register_page(struct client *c, uint32_t id, uint64_t address)
{
	uint8_t *command = next_command(GVE_REGISTER_PAGES);

	put32(command, 8, id);
	put32(command, 12, 1);
	put64(command, 16, MEMORY + SCRATCH);
	put64(memory, SCRATCH, address);
	CHECK_EQUAL(execute(c), GVE_PASSED);
}

/* Descriptors have offsets in a list of pages. */
static void test_pages(void)
{
	struct client *c = start();

	CHECK_EQUAL(configure(c, 2), GVE_PASSED);
	register_page(c, PAGES_TX, MEMORY + TX_BUFFER);
	register_page(c, PAGES_RX, MEMORY + RX_BUFFER);
	create_tx(c, PAGES_TX);
	create_rx(c, PAGES_RX);
	put64(memory, RX_RING, 0x800);
	write32(c, GVE_DOORBELL_BAR, 4 * GVE_DOORBELL_RX, htobe32(1));
	set_messages(c);
	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	send_buffer(c, 0, make_arp());
	CHECK_EQUAL(counted(), 1);
	CHECK_EQUAL(take_frame(), 60);
	CHECK_EQUAL(get16(memory, RX_BUFFER + 0x800 + GVE_RX_PADDING + 20), 2);
	put32(next_command(GVE_UNREGISTER_PAGES), 8, PAGES_TX);
	CHECK_EQUAL(execute(c), GVE_PASSED);
	client_stop(c);
}

/* A packet in two descriptors; descriptors that are not there, or are too many. */
static void test_descriptors(void)
{
	struct client *c = start_queues();
	uint8_t *second = memory + TX_RING + GVE_TX_DESCRIPTOR_SIZE;
	size_t size = make_arp();

	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	put32(memory, TX_RING, 2);
	put16(memory, TX_RING + 6, 20);
	put64(memory, TX_RING + 8, MEMORY + TX_BUFFER);
	second[0] = 0x20;
	put16(second, 6, size - 20);
	put64(second, 8, MEMORY + TX_BUFFER + 20);
	write32(c, GVE_DOORBELL_BAR, 4 * GVE_DOORBELL_TX, htobe32(2));
	let_it_work(c);
	CHECK_EQUAL(counted(), 2);
	CHECK_EQUAL(take_frame(), 60);

	write32(c, GVE_DOORBELL_BAR, 4 * GVE_DOORBELL_TX, htobe32(100000));
	let_it_work(c);
	CHECK_EQUAL(counted(), 2);
	sent = 2;
	send_buffer(c, 0x5000, 100);
	CHECK_EQUAL(counted(), 2);
	client_check_alive(c);
}

/* Frames that nobody answers: a part of one that would be, or lengths that are too long. */
static void test_wrong_frames(void)
{
	struct client *c = start_queues();
	size_t size, cut;

	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	size = make_arp();
	for (cut = 0; cut < size; cut += 6)
		send_buffer(c, MEMORY + TX_BUFFER, cut);
	size = make_datagram(PEER_PORT_TFTP, "\0\0018\0octet", 10);
	for (cut = 0; cut < size; cut += 6)
		send_buffer(c, MEMORY + TX_BUFFER, cut);
	put16(memory, TX_BUFFER + 38, UINT16_MAX);
	send_buffer(c, MEMORY + TX_BUFFER, size);
	put16(memory, TX_BUFFER + 38, 7);
	send_buffer(c, MEMORY + TX_BUFFER, size);
	make_datagram(PEER_PORT_TFTP, "\0\0018\0octet", 10);
	put32(memory, TX_BUFFER + 30, 0x08080808);
	send_buffer(c, MEMORY + TX_BUFFER, size);
	CHECK_EQUAL(counted(), sent);
	CHECK_EQUAL(completion(0)[63], 0);
	client_check_alive(c);
}

static void test_dhcp(void)
{
	static const uint8_t discover[] = { 0x63, 0x82, 0x53, 0x63, 0, 53, 1, 1, 255 };
	struct client *c = start_queues();
	uint8_t request[300] = { 1, 1, 6 };
	const uint8_t *answer = frame_received() + PAYLOAD;

	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	put32(request, 4, 0x12345678);
	memcpy(request + 28, PEER_DRIVER_MAC, PEER_MAC_SIZE);
	memcpy(request + 236, discover, sizeof(discover));
	CHECK_EQUAL(ask(c, PEER_PORT_DHCP, request, sizeof(request)), 300);
	CHECK_EQUAL(answer[0], 2);
	CHECK_EQUAL(get32(answer, 4), 0x12345678);
	CHECK_EQUAL(get32(answer, 16), PEER_DRIVER_ADDRESS);
	CHECK_EQUAL(answer[242], 2);
	CHECK_EQUAL(get16(frame_received(), 36), PEER_PORT_DHCP_CLIENT);

	request[243] = 3;
	CHECK_EQUAL(ask(c, PEER_PORT_DHCP, request, sizeof(request)), 300);
	CHECK_EQUAL(answer[242], 5);
	client_stop(c);
}

static void acknowledge(uint8_t *request, uint16_t block)
{
	put16(request, 0, 4);
	put16(request, 2, block);
}

static void test_tftp(void)
{
	static const char read_1500[] = "\0\0011500\0octet\0blksize\0001000\0tsize\0000";
	static const char read_512[] = "\0\1/512\0octet";
	static const char read_other[] = "\0\1vmlinuz\0octet";
	static const char accepted[] = "\0\006blksize\0001000\0tsize\0001500";
	struct client *c = start_queues();
	const uint8_t *answer = frame_received() + PAYLOAD;
	uint8_t request[4];

	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	CHECK_EQUAL(ask(c, PEER_PORT_TFTP, read_1500, sizeof(read_1500)), sizeof(accepted));
	CHECK(!memcmp(answer, accepted, sizeof(accepted)));
	acknowledge(request, 0);
	CHECK_EQUAL(ask(c, PEER_PORT_TFTP_DATA, request, 4), 1004);
	CHECK_EQUAL(get32(answer, 0), 0x00030001);
	acknowledge(request, 1);
	CHECK_EQUAL(ask(c, PEER_PORT_TFTP_DATA, request, 4), 504);
	CHECK_EQUAL(get32(answer, 0), 0x00030002);
	CHECK_EQUAL(answer[4], 2);
	/* All is acknowledged, then one block that was not sent. */
	acknowledge(request, 2);
	send_buffer(c, MEMORY + TX_BUFFER, make_datagram(PEER_PORT_TFTP_DATA, request, 4));
	acknowledge(request, 9);
	send_buffer(c, MEMORY + TX_BUFFER, make_datagram(PEER_PORT_TFTP_DATA, request, 4));
	CHECK_EQUAL(completion(received)[63], 0);

	/* A file that ends with a full block has an empty one after it. */
	CHECK_EQUAL(ask(c, PEER_PORT_TFTP, read_512, sizeof(read_512)), 516);
	acknowledge(request, 1);
	CHECK_EQUAL(ask(c, PEER_PORT_TFTP_DATA, request, 4), 4);
	CHECK_EQUAL(ask(c, PEER_PORT_TFTP, read_other, sizeof(read_other)), 5);
	CHECK_EQUAL(get32(answer, 0), 0x00050001);
	client_stop(c);
}

/* A reset by the driver ends queues, also while the device waits for memory. */
static void test_reset(void)
{
	struct client *c = start_queues();

	set_control(c, PCI_MSIX_FLAGS_ENABLE);
	c->answer = DMA_KEEP_SILENT;
	send_buffer(c, MEMORY + TX_BUFFER, make_arp());
	set_register(c, GVE_ADMIN_PAGE, 0);
	c->answer = DMA_ANSWER;
	client_answer_dma_read(c, c->dma_read_id, MEMORY + TX_RING, GVE_TX_DESCRIPTOR_SIZE);
	CHECK_EQUAL(get_register(c, GVE_ADMIN_PAGE), 0);
	CHECK_EQUAL(get_register(c, GVE_ADMIN_COUNTER), 0);
	let_it_work(c);
	write32(c, GVE_DOORBELL_BAR, 4 * GVE_DOORBELL_TX, htobe32(2));
	let_it_work(c);
	CHECK_EQUAL(counted(), 0);
	client_expect_no_dma(c);

	start_admin_queue(c);
	CHECK_EQUAL(configure(c, 2), GVE_PASSED);
	create_tx(c, UINT32_MAX);
	send_buffer(c, MEMORY + TX_BUFFER, make_arp());
	CHECK_EQUAL(counted(), 1);
	client_expect_dma(c, TARGET(TX_VECTOR), TX_VECTOR);
	client_reset(c);
	write16(c, CONFIG_REGION, PCI_COMMAND, PCI_COMMAND_MEMORY);
	CHECK_EQUAL(get_register(c, GVE_ADMIN_DOORBELL), 0);
	client_stop(c);
}

const struct test gve_tests[] = {
	{ "the admin queue", test_admin },
	{ "completions are held back until they can be asserted", test_holds_back },
	{ "queues with lists of pages", test_pages },
	{ "packets in several descriptors, and none", test_descriptors },
	{ "frames that are not answered", test_wrong_frames },
	{ "DHCP", test_dhcp },
	{ "TFTP", test_tftp },
	{ "a reset by the driver", test_reset },
	{}
};
