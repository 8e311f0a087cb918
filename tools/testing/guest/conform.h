/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The conformance test: a guest's driver that judges how the VMM presents a device's MSI-X or
 * MSI capability. It owns the capability and the table; Linux's own code for MSI is not used.
 * The device has to raise a vector when its number is written to a register: see raise_at.
 *
 * A rule fails under a VMM that does not keep it. To show that, the access functions can behave
 * like such a VMM: each rule names the fault that it has to notice.
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/wait.h>

/* 32 of MSI and as many in addition, so that there are 8 in a row whose first is aligned. */
#define CONFORM_MESSAGES	40
#define CONFORM_VECTORS_MAX	32

/* What a faulty VMM does. */
enum conform_fault {
	FAULT_NONE,
	FAULT_RESET_UNMASKED,		/* mask bits are clear after a reset */
	FAULT_RESET_IGNORED,		/* a reset changes nothing */
	FAULT_BYTE_IGNORED,		/* a byte written to the capability is ignored */
	FAULT_ALL_WRITABLE,		/* read-only registers read as they were written */
	FAULT_NEIGHBOUR,		/* a write to an entry changes the next one, too */
	FAULT_QWORD_HALF,		/* of 8 bytes written only the first 4 count */
	FAULT_ENABLE_FORGETS,		/* enable empties the messages */
	FAULT_DISABLE_IGNORED,		/* what is enabled stays so */
	FAULT_MASK_IGNORED,		/* vectors cannot be masked */
	FAULT_MASK_ALL,			/* a vector's mask masks all vectors */
	FAULT_FUNCTION_MASK_IGNORED,	/* the function cannot be masked */
	FAULT_FUNCTION_UNMASK_ALL,	/* the function's unmask clears the mask bits */
	FAULT_PENDING_LOST,		/* an interrupt of a masked vector is lost */
	FAULT_PENDING_TWICE,		/* ... and is delivered twice after the unmask */
	FAULT_PENDING_READ,		/* a read of the pending bits delivers */
	FAULT_NEVER_PENDING,		/* pending bits are always 0 */
	FAULT_ALWAYS_PENDING,		/* pending bits are always 1 */
	FAULT_OTHER_PENDING,		/* another vector's pending bit is set */
	FAULT_STALE_DISABLED,		/* messages written while disabled are ignored */
	FAULT_STALE_MASKED,		/* messages written under a mask are ignored */
	FAULT_STALE_IN_USE,		/* messages written without a mask are ignored */
	FAULT_FIRST_ONLY,		/* all vectors have the first one's number */
	FAULT_RAISE_TWICE,		/* an interrupt is delivered twice */
	FAULT_RAISE_LOST,		/* each 16th interrupt is lost */
	FAULT_COUNT
};

struct conform_message {
	struct conform *conform;
	unsigned int irq;
	u64 address;
	u32 data;
	atomic_t count;
	int wanted;
};

/**
 * struct conform - the device
 * @pdev: device
 * @registers: BAR 0
 * @table: of MSI-X
 * @pba: of MSI-X
 * @cap: place of the capability in config space
 * @is_msix: the capability is MSI-X, not MSI
 * @cap_size: bytes
 * @vectors: how many the capability has, at most CONFORM_VECTORS_MAX
 * @raise_at: the register in BAR 0 that raises a vector
 * @first: the first of 8 messages with the same address and consecutive data, aligned
 * @message: messages with a handler each
 * @wait: is woken up by each interrupt
 * @lock: one rule at a time
 * @first_control: Message Control as the driver found it
 * @first_masks: mask bits of the vectors as the driver found them
 * @first_pending: pending bits as the driver found them
 * @control: Message Control as last written
 * @masked: mask bits as last written
 * @raised: vectors that were raised while masked, and not yet delivered
 * @raises: how many interrupts were raised
 * @fault: which faulty VMM the access functions pretend to be
 * @written: what was last written to each dword of the capability, for FAULT_ALL_WRITABLE
 * @failed: the condition that did not hold
 * @line: where
 * @skipped: why the rule does not apply
 * @rule: the verdict on the last rule
 */
struct conform {
	struct pci_dev *pdev;
	u8 __iomem *registers;
	u8 __iomem *table;
	u8 __iomem *pba;
	unsigned int cap;
	bool is_msix;
	unsigned int cap_size;
	unsigned int vectors;
	unsigned int raise_at;
	unsigned int first;
	struct conform_message message[CONFORM_MESSAGES];
	wait_queue_head_t wait;
	struct mutex lock;	/* one rule at a time */
	u16 first_control;
	u32 first_masks;
	u32 first_pending;
	u16 control;
	u32 masked;
	u32 raised;
	unsigned int raises;
	enum conform_fault fault;
	u32 written[6];
	const char *failed;
	int line;
	const char *skipped;
	char rule[200];
};

struct conform_rule {
	const char *name;
	void (*run)(struct conform *conform);
	enum conform_fault fault;	/* that it has to notice */
};

extern const struct conform_rule conform_msix_rules[];
extern const struct conform_rule conform_msi_rules[];

/* conform_messages.c: messages, and what has arrived of them */
int conform_messages_get(struct conform *conform);
void conform_messages_put(struct conform *conform);
/* Forget what has arrived so far. */
void conform_forget(struct conform *conform);
/* One more interrupt is to arrive with that message. */
void conform_want(struct conform *conform, unsigned int message);
/* What is to arrive does, and nothing else. */
bool conform_arrived(struct conform *conform);
/* Both of these */
bool conform_arrives(struct conform *conform, unsigned int message);
/* Nothing more has arrived, or arrives within that time. */
bool conform_silent(struct conform *conform, unsigned int ms);

/* conform_device.c: registers */
u32 conform_cap_read(struct conform *conform, unsigned int offset, unsigned int width);
void conform_cap_write(struct conform *conform, unsigned int offset, unsigned int width,
		       u32 value);
u16 conform_control(struct conform *conform);
void conform_set_control(struct conform *conform, u16 control);
void conform_raise(struct conform *conform, unsigned int vector);
/* Read what the rules about a reset judge, and the masks of what was read. */
void conform_look(struct conform *conform);
u32 conform_first_masks(struct conform *conform);
/* Reset the device, and judge it as the driver has found it, which is kept. */
void conform_judge_reset(struct conform *conform, void (*judge)(struct conform *conform));

u32 conform_table_read(struct conform *conform, unsigned int vector, unsigned int field);
u64 conform_table_read_qword(struct conform *conform, unsigned int vector, unsigned int field);
void conform_table_write(struct conform *conform, unsigned int vector, unsigned int field,
			 u32 value);
void conform_table_write_qword(struct conform *conform, unsigned int vector,
			       unsigned int field, u64 value);
u32 conform_pba_read(struct conform *conform, unsigned int dword);
u64 conform_pba_read_qword(struct conform *conform, unsigned int qword);

/* A vector's mask, of MSI-X or of MSI */
void conform_mask(struct conform *conform, unsigned int vector, bool masked);
void conform_set_masks(struct conform *conform, u32 masks);
u32 conform_masks(struct conform *conform);
u32 conform_pending(struct conform *conform);
/* The pending bits become these within a second: the device may take its time. */
bool conform_pends(struct conform *conform, u32 pending);

/* Let the vector have that message: three dwords of the table. */
void conform_write_message(struct conform *conform, unsigned int vector, unsigned int message);
/* Let MSI have the messages from this one on. */
void conform_write_msi(struct conform *conform, unsigned int message);

void conform_expect(struct conform *conform, bool right, const char *what, int line);

#define EXPECT(conform, condition) \
	conform_expect(conform, condition, #condition, __LINE__)

#endif /* CONFORM_H */
