// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a fault of the kind whose number is written to /dev/fuzz_fault. A test of the
 * fuzzer asks for each of them, to see that it is found.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define ENTRIES	4
#define SIZE	128
#define ADDITIONS	100000

static DEFINE_MUTEX(first_lock);
static DEFINE_MUTEX(second_lock);
static DECLARE_WAIT_QUEUE_HEAD(arrivals);
static bool arrived;
static int table[ENTRIES];
static int sum;

static int use_after_free(void)
{
	u8 *memory = kzalloc(SIZE, GFP_KERNEL);

	if (!memory)
		return -ENOMEM;
	kfree(memory);
	/* Otherwise the compiler knows that the memory is free. */
	OPTIMIZER_HIDE_VAR(memory);

	return READ_ONCE(memory[SIZE / 2]);
}

static int leak(void)
{
	void *memory = kzalloc(SIZE, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(memory);

	return memory ? 0 : -ENOMEM;
}

static int lock_inversion(void)
{
	mutex_lock(&first_lock);
	mutex_lock(&second_lock);
	mutex_unlock(&second_lock);
	mutex_unlock(&first_lock);

	mutex_lock(&second_lock);
	mutex_lock(&first_lock);
	mutex_unlock(&first_lock);
	mutex_unlock(&second_lock);

	return 0;
}

static int missing_bound(void)
{
	int entry = ENTRIES + 1;

	OPTIMIZER_HIDE_VAR(entry);

	return READ_ONCE(table[entry]) & 1;
}

/* What is missing is wake_up(&arrivals). */
static void arrive(struct work_struct *work)
{
	msleep(100);
	WRITE_ONCE(arrived, true);
}

static DECLARE_WORK(arrive_work, arrive);

static int lost_wakeup(void)
{
	WRITE_ONCE(arrived, false);
	schedule_work(&arrive_work);

	return wait_event_killable(arrivals, READ_ONCE(arrived));
}

/* Without atomic operations or a lock. */
static void add(void)
{
	int i;

	for (i = 0; i < ADDITIONS; i++) {
		sum++;
		/* The compiler would make one addition of all. */
		barrier();
		cond_resched();
	}
}

static void add_later(struct work_struct *work)
{
	add();
}

static DECLARE_WORK(add_work, add_later);

static int race(void)
{
	queue_work(system_unbound_wq, &add_work);
	add();
	flush_work(&add_work);

	return 0;
}

static int (* const faults[])(void) = {
	use_after_free, leak, lock_inversion, missing_bound, lost_wakeup, race,
};

static ssize_t fuzz_fault_write(struct file *file, const char __user *buf, size_t size,
				loff_t *pos)
{
	unsigned int number;
	int ret;

	ret = kstrtouint_from_user(buf, size, 10, &number);
	if (ret)
		return ret;
	if (!number || number > ARRAY_SIZE(faults))
		return -EINVAL;
	ret = faults[number - 1]();

	return ret < 0 ? ret : size;
}

static const struct file_operations fuzz_fault_fops = {
	.owner = THIS_MODULE,
	.write = fuzz_fault_write,
};

static struct miscdevice fuzz_fault_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fuzz_fault",
	.fops = &fuzz_fault_fops,
};

static int __init fuzz_fault_init(void)
{
	return misc_register(&fuzz_fault_device);
}
module_init(fuzz_fault_init);

static void __exit fuzz_fault_exit(void)
{
	misc_deregister(&fuzz_fault_device);
	flush_work(&arrive_work);
}
module_exit(fuzz_fault_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Faults that the fuzzer of VFIO devices has to find");
