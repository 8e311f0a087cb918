// SPDX-License-Identifier: GPL-2.0-only
/* Messages that have a handler each, and the count of what arrives. */

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>

#include <asm/irqdomain.h>

#include "conform.h"

#define ARRIVAL_TIMEOUT_MS	3000
#define FAULT_TIMEOUT_MS	1000	/* an interrupt that a fault takes away */
#define ROW			8	/* consecutive messages that MSI can have */

static irqreturn_t count_interrupt(int irq, void *data)
{
	struct conform_message *message = data;

	atomic_inc(&message->count);
	wake_up(&message->conform->wait);

	return IRQ_HANDLED;
}

static void compose(struct conform_message *message)
{
	struct irq_data *data = irq_get_irq_data(message->irq);
	struct msi_msg msg = {};

	data->chip->irq_compose_msi_msg(data, &msg);
	message->address = (u64)msg.address_hi << 32 | msg.address_lo;
	message->data = msg.data;
}

/* An interrupt of the CPU without a device; the device gets its message later. */
static int get_message(struct conform_message *message)
{
	struct irq_alloc_info info = { .mask = cpumask_of(0) };
	int ret;

	ret = irq_domain_alloc_irqs(x86_vector_domain, 1, NUMA_NO_NODE, &info);
	if (ret < 0)
		return ret;
	message->irq = ret;
	irq_set_handler(message->irq, handle_edge_irq);
	ret = request_irq(message->irq, count_interrupt, IRQF_NOBALANCING, KBUILD_MODNAME,
			  message);
	if (ret) {
		irq_dispose_mapping(message->irq);
		message->irq = 0;
		return ret;
	}
	compose(message);

	return 0;
}

static bool begins_row(const struct conform_message *first)
{
	unsigned int i;

	if (first->data % ROW)
		return false;
	for (i = 1; i < ROW; i++)
		if (first[i].data != first->data + i || first[i].address != first->address)
			return false;

	return true;
}

static int find_row(struct conform *conform)
{
	unsigned int i;

	for (i = 0; i + ROW <= CONFORM_MESSAGES; i++) {
		if (begins_row(&conform->message[i])) {
			conform->first = i;
			return 0;
		}
	}

	return -ENOSPC;
}

int conform_messages_get(struct conform *conform)
{
	unsigned int i;
	int ret;

	for (i = 0; i < CONFORM_MESSAGES; i++) {
		conform->message[i].conform = conform;
		ret = get_message(&conform->message[i]);
		if (ret)
			goto put;
	}
	ret = find_row(conform);
	if (!ret)
		return 0;
put:
	conform_messages_put(conform);

	return ret;
}

void conform_messages_put(struct conform *conform)
{
	struct conform_message *message;
	unsigned int i;

	for (i = 0; i < CONFORM_MESSAGES && conform->message[i].irq; i++) {
		message = &conform->message[i];
		free_irq(message->irq, message);
		irq_dispose_mapping(message->irq);
		message->irq = 0;
	}
}

void conform_forget(struct conform *conform)
{
	unsigned int i;

	for (i = 0; i < CONFORM_MESSAGES; i++)
		conform->message[i].wanted = atomic_read(&conform->message[i].count);
}

static bool as_wanted(struct conform *conform)
{
	unsigned int i;

	for (i = 0; i < CONFORM_MESSAGES; i++)
		if (atomic_read(&conform->message[i].count) != conform->message[i].wanted)
			return false;

	return true;
}

void conform_want(struct conform *conform, unsigned int message)
{
	conform->message[message].wanted++;
}

static bool enough(struct conform *conform)
{
	unsigned int i;

	for (i = 0; i < CONFORM_MESSAGES; i++)
		if (atomic_read(&conform->message[i].count) < conform->message[i].wanted)
			return false;

	return true;
}

bool conform_arrived(struct conform *conform)
{
	unsigned int timeout = conform->fault ? FAULT_TIMEOUT_MS : ARRIVAL_TIMEOUT_MS;

	if (conform->failed)
		return false;
	wait_event_timeout(conform->wait, enough(conform), msecs_to_jiffies(timeout));

	return as_wanted(conform);
}

bool conform_arrives(struct conform *conform, unsigned int message)
{
	conform_want(conform, message);

	return conform_arrived(conform);
}

bool conform_silent(struct conform *conform, unsigned int ms)
{
	if (!conform->failed && ms)
		msleep(ms);

	return as_wanted(conform);
}
