/* What every C program here shares: a connection, a pool, and a transcript that never varies.
 *
 * A program prints each call as it is written and what came back: CALL(rados_stat(io, "a", &size, NULL)).
 * Values that differ from run to run (ids, times, addresses) are not printed, but compared.
 */
#ifndef CTESTS_TRANSCRIPT_H
#define CTESTS_TRANSCRIPT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rados/librados.h>

/* Deprecated functions are part of what is compared. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define MAYBE_UNUSED __attribute__((unused))

#define KIB 1024
#define MIB (1024 * 1024)

/* A result as text: an errno by its name. */
static MAYBE_UNUSED void show_result(const char *what, long long value)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np((int)-value) : NULL;

	if (name)
		printf("%s: -%s\n", what, name);
	else
		printf("%s: %lld\n", what, value);
}

/* Calls, and prints the call as it is written and its result. The value is the result. */
#define CALL(call)                                        \
	({                                                \
		long long result_ = (long long)(call);    \
		show_result(#call, result_);                   \
		result_;                                  \
	})

/* Prints an expression and its value. */
#define SHOW(expression) show_result(#expression, (long long)(expression))
#define SHOW_TEXT(expression) show_text(#expression, expression)

/* What a function answered that has no result of its own: an asynchronous call, a step of an operation. */
#define ANSWER(function, value)                                                  \
	do {                                                                     \
		(void)sizeof(&function);                                         \
		show_result(#function ", answered", (long long)(value));         \
	} while (0)

/* Calls what must work for the rest to make sense. */
#define MUST(call)                                                              \
	do {                                                                    \
		long long must_ = (long long)(call);                            \
		if (must_ < 0) {                                                \
			show_result("FAILED " #call, must_);                         \
			exit(1);                                                \
		}                                                               \
	} while (0)

static MAYBE_UNUSED void section(const char *title)
{
	printf("== %s\n", title);
}

/* A short text, with what is not printable escaped. */
static MAYBE_UNUSED void escaped(const char *bytes, size_t length)
{
	putchar('"');
	for (size_t n = 0; n < length; n++) {
		unsigned char c = (unsigned char)bytes[n];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (isprint(c))
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	putchar('"');
}

static MAYBE_UNUSED uint32_t checksum(const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint32_t sum = 2166136261u;

	while (length--)
		sum = (sum ^ *at++) * 16777619u;
	return sum;
}

/* Bytes: as text when short, else their length and checksum. */
static MAYBE_UNUSED void show_bytes(const char *what, const void *bytes, size_t length)
{
	printf("%s: ", what);
	if (length > 64)
		printf("%zu bytes, checksum %08x", length, checksum(bytes, length));
	else
		escaped(bytes, length);
	putchar('\n');
}

static MAYBE_UNUSED void show_text(const char *what, const char *value)
{
	if (value)
		show_bytes(what, value, strlen(value));
	else
		printf("%s: NULL\n", what);
}

/* Bytes that are different at every place and for every seed. */
static MAYBE_UNUSED void pattern(void *buffer, size_t length, uint32_t seed)
{
	unsigned char *at = buffer;
	uint32_t state = seed * 2654435761u + 1;

	for (size_t n = 0; n < length; n++) {
		state = state * 1664525u + 1013904223u;
		at[n] = (unsigned char)(state >> 24);
	}
}

/* Whether a buffer holds one value throughout. */
static MAYBE_UNUSED int all_are(const void *buffer, size_t length, int value)
{
	const unsigned char *at = buffer;

	for (size_t n = 0; n < length; n++)
		if (at[n] != (unsigned char)value)
			return 0;
	return 1;
}

/* Polls until the condition holds, and prints whether it did. */
#define WAIT_LONG(condition, seconds)                                           \
	do {                                                                    \
		time_t end_ = time(NULL) + (seconds);                           \
		while (!(condition) && time(NULL) <= end_)                      \
			usleep(5000);                                           \
		printf("%s: %s\n", #condition, (condition) ? "yes" : "no, not in time"); \
	} while (0)
#define WAIT_UNTIL(condition) WAIT_LONG(condition, 15)

/* Whether a time is about now. */
static MAYBE_UNUSED int is_now(time_t when)
{
	time_t now = time(NULL);

	return when >= now - 60 && when <= now + 5;
}

static MAYBE_UNUSED int compare_texts(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* A connection by the usual configuration file. A hang ends the program. */
static MAYBE_UNUSED rados_t connect_cluster(void)
{
	rados_t cluster;

	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(getenv("CTESTS_SLOWLY") ? 600 : getenv("CTESTS_TIMEOUT") ? atoi(getenv("CTESTS_TIMEOUT")) * 5 / 6 : 100);
	MUST(rados_create(&cluster, NULL));
	MUST(rados_conf_read_file(cluster, NULL));
	MUST(rados_connect(cluster));
	return cluster;
}

/* An I/O context on a new pool. */
static MAYBE_UNUSED rados_ioctx_t new_pool(rados_t cluster, const char *name)
{
	rados_ioctx_t io;

	if (rados_pool_lookup(cluster, name) >= 0)
		MUST(rados_pool_delete(cluster, name));
	MUST(rados_pool_create(cluster, name));
	MUST(rados_ioctx_create(cluster, name, &io));
	return io;
}

/* Ends what new_pool and connect_cluster began. */
static MAYBE_UNUSED void finish(rados_t cluster, rados_ioctx_t io, const char *pool)
{
	rados_ioctx_destroy(io);
	MUST(rados_pool_delete(cluster, pool));
	rados_shutdown(cluster);
	puts("done");
}

/* The content of an object, whatever it is. */
static MAYBE_UNUSED void content(rados_ioctx_t io, const char *object)
{
	static char buffer[4 * MIB];
	int got = rados_read(io, object, buffer, sizeof(buffer), 0);

	printf("content of ");
	escaped(object, strlen(object));
	if (got < 0)
		show_result("", got);
	else
		show_bytes("", buffer, (size_t)got);
}

/* A completion without callback. */
static MAYBE_UNUSED rados_completion_t new_completion(void)
{
	rados_completion_t completion;

	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	return completion;
}

/* Waits for an asynchronous call, and gives its result. */
static MAYBE_UNUSED int outcome(rados_completion_t completion)
{
	int result;

	rados_aio_wait_for_complete(completion);
	result = rados_aio_get_return_value(completion);
	rados_aio_release(completion);
	return result;
}

#endif
