// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "program.h"

/* splitmix64 */
__u64 random_next(struct random *r)
{
	__u64 z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;

	return z ^ z >> 31;
}

__u32 random_below(struct random *r, __u32 bound)
{
	return (random_next(r) >> 32) * bound >> 32;
}

static bool random_one_in(struct random *r, __u32 n)
{
	return !random_below(r, n);
}

/* Numbers at which code decides: small ones, powers of two, and their neighbours. */
static __u64 interesting(struct random *r)
{
	switch (random_below(r, 8)) {
	case 0:
		return 0;
	case 1:
	case 2:
		return random_below(r, 8);
	case 3:
		return (1ULL << random_below(r, 64)) - 1 + random_below(r, 3);
	case 4:
		return ~0ULL - random_below(r, 4);
	case 5:
		return random_below(r, 1 << 16) & ~3U;
	default:
		return random_next(r) >> random_below(r, 64);
	}
}

static __u8 random_kind(struct random *r)
{
	__u32 at = random_below(r, calls_weight());
	__u8 kind = 0;

	while (at >= calls_kind(kind)->weight)
		at -= calls_kind(kind++)->weight;

	return kind;
}

static void make_call(struct call *c, struct random *r, unsigned int threads)
{
	c->kind = random_kind(r);
	c->thread = random_below(r, threads);
	c->a = random_next(r);
	c->b = random_one_in(r, 3) ? interesting(r) : random_next(r);
	c->value = interesting(r);
}

/* In one of 64 new programs, which is at its end then, and with it the batch. */
static void add_death(struct program *p, struct random *r)
{
	if (random_one_in(r, 64))
		calls_find("die", &p->calls[random_below(r, p->count)].kind);
}

static void make_new(struct program *p, struct random *r, unsigned int threads)
{
	p->count = 1 + random_below(r, PROGRAM_CALLS);
	for (unsigned int i = 0; i < p->count; i++)
		make_call(&p->calls[i], r, threads);
	add_death(p, r);
}

static void insert_call(struct program *p, struct random *r, unsigned int threads)
{
	unsigned int at = random_below(r, p->count + 1);

	if (p->count == PROGRAM_CALLS)
		return;
	memmove(&p->calls[at + 1], &p->calls[at], (p->count - at) * sizeof(*p->calls));
	make_call(&p->calls[at], r, threads);
	p->count++;
}

static void remove_calls(struct program *p, unsigned int at, unsigned int count)
{
	memmove(&p->calls[at], &p->calls[at + count],
		(p->count - at - count) * sizeof(*p->calls));
	p->count -= count;
}

static void change_operand(struct call *c, struct random *r, unsigned int threads)
{
	switch (random_below(r, 5)) {
	case 0:
		c->a ^= 1 << random_below(r, 16);
		break;
	case 1:
		c->b ^= 1U << random_below(r, 32);
		break;
	case 2:
		c->value ^= 1ULL << random_below(r, 64);
		break;
	case 3:
		c->value = interesting(r);
		break;
	default:
		c->thread = random_below(r, threads);
	}
}

/* The second part of another program in the place of this one's. */
static void splice(struct program *p, const struct program *other, struct random *r)
{
	unsigned int from = random_below(r, other->count);
	unsigned int at = random_below(r, p->count + 1);
	unsigned int count = other->count - from;

	if (count > PROGRAM_CALLS - at)
		count = PROGRAM_CALLS - at;
	memcpy(&p->calls[at], &other->calls[from], count * sizeof(*p->calls));
	p->count = at + count;
}

static void change(struct program *p, struct random *r, unsigned int threads,
		   const struct corpus *corpus)
{
	switch (random_below(r, 6)) {
	case 0:
	case 1:
		insert_call(p, r, threads);
		break;
	case 2:
		if (p->count > 1)
			remove_calls(p, random_below(r, p->count), 1);
		break;
	case 3:
		splice(p, &corpus->programs[random_below(r, corpus->count)], r);
		break;
	default:
		change_operand(&p->calls[random_below(r, p->count)], r, threads);
	}
}

void program_make(struct program *p, __u64 seed, __u64 number, unsigned int threads,
		  const struct corpus *corpus)
{
	struct random r = { .state = seed ^ number * 0xd1342543de82ef95 };

	/* Half of all programs have one thread: what they find is easier to repeat. */
	threads = random_one_in(&r, 2) ? 1 : 1 + random_below(&r, threads);
	if (!corpus->count || random_one_in(&r, 2)) {
		make_new(p, &r, threads);
		return;
	}
	*p = corpus->programs[random_below(&r, corpus->count)];
	for (unsigned int i = 1 + random_below(&r, 8); i; i--)
		change(p, &r, threads, corpus);
}

unsigned int batch_threads(const struct batch *b)
{
	unsigned int threads = 1;

	for (unsigned int i = 0; i < b->count; i++)
		for (unsigned int j = 0; j < b->programs[i].count; j++)
			if (b->programs[i].calls[j].thread >= threads)
				threads = b->programs[i].calls[j].thread + 1;

	return threads;
}

unsigned int batch_calls(const struct batch *b)
{
	unsigned int calls = 0;

	for (unsigned int i = 0; i < b->count; i++)
		calls += b->programs[i].count;

	return calls;
}

bool program_dies(const struct program *p)
{
	__u8 die;

	calls_find("die", &die);
	for (unsigned int i = 0; i < p->count; i++)
		if (p->calls[i].kind == die)
			return true;

	return false;
}

struct shrinking {
	struct batch *best;
	struct batch candidate;
	unsigned int tries;
	bool (*fails)(const struct batch *b, void *data);
	void *data;
};

static struct program *try_program(struct shrinking *s, unsigned int i)
{
	s->candidate = *s->best;

	return &s->candidate.programs[i];
}

static bool keep_if_fails(struct shrinking *s)
{
	if (!s->tries)
		return false;
	s->tries--;
	if (!s->fails(&s->candidate, s->data))
		return false;
	*s->best = s->candidate;

	return true;
}

static void remove_programs(struct batch *b, unsigned int at, unsigned int count)
{
	memmove(&b->programs[at], &b->programs[at + count],
		(b->count - at - count) * sizeof(*b->programs));
	b->count -= count;
}

static void shrink_programs(struct shrinking *s)
{
	for (unsigned int size = BATCH_PROGRAMS / 2; size; size /= 2) {
		unsigned int at = 0;

		while (s->tries && at + size <= s->best->count && s->best->count > size) {
			s->candidate = *s->best;
			remove_programs(&s->candidate, at, size);
			if (!keep_if_fails(s))
				at += size;
		}
	}
}

static void shrink_calls(struct shrinking *s, unsigned int i)
{
	const struct program *best = &s->best->programs[i];

	for (unsigned int size = PROGRAM_CALLS / 2; size; size /= 2) {
		unsigned int at = 0;

		while (s->tries && at + size <= best->count && best->count > size) {
			remove_calls(try_program(s, i), at, size);
			if (!keep_if_fails(s))
				at += size;
		}
	}
}

static void shrink_threads(struct shrinking *s)
{
	s->candidate = *s->best;
	for (unsigned int i = 0; i < s->candidate.count; i++)
		for (unsigned int j = 0; j < s->candidate.programs[i].count; j++)
			s->candidate.programs[i].calls[j].thread = 0;
	if (batch_threads(s->best) > 1)
		keep_if_fails(s);
}

static void shrink_values(struct shrinking *s, unsigned int i)
{
	const struct program *best = &s->best->programs[i];

	for (unsigned int j = 0; s->tries && j < best->count; j++) {
		if (!best->calls[j].value)
			continue;
		try_program(s, i)->calls[j].value = 0;
		keep_if_fails(s);
	}
}

void batch_shrink(struct batch *b, unsigned int tries,
		  bool (*fails)(const struct batch *b, void *data), void *data)
{
	static struct shrinking s;

	s.best = b;
	s.tries = tries;
	s.fails = fails;
	s.data = data;
	shrink_programs(&s);
	for (unsigned int i = 0; i < b->count; i++)
		shrink_calls(&s, i);
	shrink_threads(&s);
	for (unsigned int i = 0; i < b->count; i++)
		shrink_values(&s, i);
}

void program_print(const struct program *p, const char *prefix, FILE *out)
{
	for (unsigned int i = 0; i < p->count; i++) {
		const struct call *c = &p->calls[i];

		fprintf(out, "%s%u %s %x %x %llx\n", prefix, c->thread,
			calls_kind(c->kind)->name, c->a, c->b, c->value);
	}
}

void batch_print(const struct batch *b, const char *prefix, FILE *out)
{
	for (unsigned int i = 0; i < b->count; i++) {
		/* An empty line ends a program. */
		if (i)
			fprintf(out, "%s\n", prefix);
		program_print(&b->programs[i], prefix, out);
	}
}

static bool parse_call(const char *line, struct call *c)
{
	char name[32], rest;
	unsigned int thread, a;

	if (sscanf(line, "%u %31s %x %x %llx %c", &thread, name, &a, &c->b, &c->value,
		   &rest) != 5)
		return false;
	c->thread = thread;
	c->a = a;

	return thread < PROGRAM_THREADS && a <= 0xffff && calls_find(name, &c->kind);
}

struct program *corpus_add(struct corpus *corpus)
{
	struct program *programs = reallocarray(corpus->programs, corpus->count + 1,
						sizeof(*programs));

	if (!programs)
		return NULL;
	corpus->programs = programs;
	programs[corpus->count].count = 0;

	return &programs[corpus->count++];
}

int corpus_read(struct corpus *corpus, FILE *in)
{
	struct program *p = NULL;
	char line[128];

	for (int number = 1; fgets(line, sizeof(line), in); number++) {
		line[strcspn(line, "#\n")] = '\0';
		if (!line[strspn(line, " \t")]) {
			p = NULL;
			continue;
		}
		if (!p)
			p = corpus_add(corpus);
		if (!p || p->count == PROGRAM_CALLS || !parse_call(line, &p->calls[p->count]))
			return number;
		p->count++;
	}

	return 0;
}

void corpus_free(struct corpus *corpus)
{
	free(corpus->programs);
	corpus->programs = NULL;
	corpus->count = 0;
}
