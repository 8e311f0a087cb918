// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kvm.h>
#include <linux/serial_reg.h>

#include "vmm.h"

static bool has_input(const struct serial *serial)
{
	return serial->uart.count && serial->uart.enable & UART_IER_RDI;
}

static bool has_sent(const struct serial *serial)
{
	return serial->uart.sent && serial->uart.enable & UART_IER_THRI;
}

static void update_line(struct serial *serial)
{
	bool raise = has_input(serial) || has_sent(serial);
	struct kvm_irq_level level = { .irq = serial->irq, .level = raise };

	if (raise == serial->uart.raised)
		return;
	must(ioctl(serial->vm, KVM_IRQ_LINE, &level), "KVM_IRQ_LINE");
	serial->uart.raised = raise;
}

static uint8_t take_input(struct serial *serial)
{
	uint8_t value = serial->uart.input[serial->uart.first];

	if (!serial->uart.count)
		return 0;
	serial->uart.first = (serial->uart.first + 1) % INPUT_MAX;
	serial->uart.count--;
	pthread_cond_signal(&serial->room);

	return value;
}

static uint8_t take_cause(struct serial *serial)
{
	uint8_t fifo = serial->uart.fifo & UART_FCR_ENABLE_FIFO ? 0xc0 : 0;

	if (has_input(serial))
		return UART_IIR_RDI | fifo;
	if (!has_sent(serial))
		return UART_IIR_NO_INT | fifo;
	serial->uart.sent = false;

	return UART_IIR_THRI | fifo;
}

/* With the loop closed, drivers see what they set: that is how they find a serial port. */
static uint8_t modem_status(const struct serial *serial)
{
	uint8_t set = serial->uart.modem;

	if (!(set & UART_MCR_LOOP))
		return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;

	return (set & UART_MCR_RTS ? UART_MSR_CTS : 0) | (set & UART_MCR_DTR ? UART_MSR_DSR : 0) |
	       (set & UART_MCR_OUT1 ? UART_MSR_RI : 0) | (set & UART_MCR_OUT2 ? UART_MSR_DCD : 0);
}

static uint8_t read_register(struct serial *serial, unsigned int reg)
{
	bool divisor = serial->uart.line & UART_LCR_DLAB;

	switch (reg) {
	case UART_RX:
		return divisor ? serial->uart.divisor[0] : take_input(serial);
	case UART_IER:
		return divisor ? serial->uart.divisor[1] : serial->uart.enable;
	case UART_IIR:
		return take_cause(serial);
	case UART_LCR:
		return serial->uart.line;
	case UART_MCR:
		return serial->uart.modem;
	case UART_LSR:
		return UART_LSR_TEMT | UART_LSR_THRE | (serial->uart.count ? UART_LSR_DR : 0);
	case UART_MSR:
		return modem_status(serial);
	default:
		return serial->uart.scratch;
	}
}

static void send(struct serial *serial, uint8_t value)
{
	if (serial->out >= 0 && !(serial->uart.modem & UART_MCR_LOOP))
		must((int)write(serial->out, &value, 1), "a serial port's output");
	serial->uart.sent = true;
}

static void write_register(struct serial *serial, unsigned int reg, uint8_t value)
{
	bool divisor = serial->uart.line & UART_LCR_DLAB;

	switch (reg) {
	case UART_TX:
		if (divisor)
			serial->uart.divisor[0] = value;
		else
			send(serial, value);
		break;
	case UART_IER:
		if (divisor) {
			serial->uart.divisor[1] = value;
			break;
		}
		/* To enable this interrupt raises it if there is nothing to send. */
		if (value & ~serial->uart.enable & UART_IER_THRI)
			serial->uart.sent = true;
		serial->uart.enable = value & 0x0f;
		break;
	case UART_FCR:
		serial->uart.fifo = value;
		break;
	case UART_LCR:
		serial->uart.line = value;
		break;
	case UART_MCR:
		serial->uart.modem = value & 0x1f;
		break;
	case UART_SCR:
		serial->uart.scratch = value;
		break;
	}
}

uint8_t serial_read(struct serial *serial, unsigned int reg)
{
	uint8_t value;

	pthread_mutex_lock(&serial->lock);
	value = read_register(serial, reg);
	update_line(serial);
	pthread_mutex_unlock(&serial->lock);

	return value;
}

void serial_write(struct serial *serial, unsigned int reg, uint8_t value)
{
	pthread_mutex_lock(&serial->lock);
	write_register(serial, reg, value);
	update_line(serial);
	pthread_mutex_unlock(&serial->lock);
}

/* Not more than there is room for: what is not read stays in the file. Returns whether it ended. */
static bool read_some(struct serial *serial)
{
	struct uart *uart = &serial->uart;
	uint8_t bytes[INPUT_MAX];
	ssize_t count, i;

	while (uart->count == INPUT_MAX)
		pthread_cond_wait(&serial->room, &serial->lock);
	count = read(serial->in, bytes, INPUT_MAX - uart->count);
	for (i = 0; i < count; i++)
		uart->input[(uart->first + uart->count++) % INPUT_MAX] = bytes[i];
	update_line(serial);

	return count <= 0;
}

static void *read_input(void *argument)
{
	struct serial *serial = argument;
	struct pollfd poll_in = { .fd = serial->in, .events = POLLIN };
	bool ended = false;

	while (!ended && poll(&poll_in, 1, -1) > 0) {
		pthread_mutex_lock(&serial->lock);
		ended = read_some(serial);
		pthread_mutex_unlock(&serial->lock);
	}

	return NULL;
}

void serial_create(struct serial *serial, int vm, unsigned int number, const char *in,
		   const char *out)
{
	serial->vm = vm;
	serial->irq = number ? 3 : 4;
	serial->port = number ? 0x2f8 : 0x3f8;
	serial->out = out ? must(open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), out) :
			    -1;
	pthread_mutex_init(&serial->lock, NULL);
	pthread_cond_init(&serial->room, NULL);
	if (!in)
		return;
	serial->in = must(open(in, O_RDONLY | O_CLOEXEC), in);
	errno = pthread_create(&serial->reader, NULL, read_input, serial);
	if (errno)
		die("a thread");
}

void serial_stop(struct serial *serial)
{
	pthread_mutex_lock(&serial->lock);
}

void serial_go_on(struct serial *serial)
{
	pthread_mutex_unlock(&serial->lock);
}
