/* What the programs for clusters share: commands to the monitors, and the state that they leave. */
#ifndef CTESTS_ORDERS_H
#define CTESTS_ORDERS_H

#include "../transcript.h"

#include <stdarg.h>

/* Runs a monitor command: its prefix, then names and values up to NULL. A value after '=' goes as it is, any other
 * as a text. `*output`, if wanted, is to be freed. */
static int run_order(rados_t cluster, char **output, const char *prefix, va_list more)
{
	char json[2048], *out = NULL;
	const char *command = json, *name;
	size_t out_length = 0;
	int at = snprintf(json, sizeof(json), "{\"prefix\": \"%s\", \"format\": \"json\"", prefix), result;

	while ((name = va_arg(more, const char *))) {
		const char *value = va_arg(more, const char *), *quote = *value == '=' ? "" : "\"";

		at += snprintf(json + at, sizeof(json) - at, ", \"%s\": %s%s%s", name, quote, value + !*quote, quote);
	}
	snprintf(json + at, sizeof(json) - at, "}");
	result = rados_mon_command(cluster, &command, 1, "", 0, &out, &out_length, NULL, NULL);
	if (output)
		*output = strndup(out ? out : "", out_length);
	rados_buffer_free(out);
	return result;
}

/* A command whose result belongs into the transcript. */
static MAYBE_UNUSED int order(rados_t cluster, const char *prefix, ...)
{
	va_list more;
	const char *text;
	int result;

	va_start(more, prefix);
	result = run_order(cluster, NULL, prefix, more);
	va_end(more);
	printf("%s", prefix);
	va_start(more, prefix);
	while ((text = va_arg(more, const char *)))
		printf(" %s", text);
	va_end(more);
	show_result("", result);
	return result;
}

/* A command for what it says. */
static MAYBE_UNUSED char *asked(rados_t cluster, const char *prefix, ...)
{
	va_list more;
	char *output;
	int result;

	va_start(more, prefix);
	result = run_order(cluster, &output, prefix, more);
	va_end(more);
	if (result < 0) {
		printf("FAILED %s: %d\n", prefix, result);
		exit(1);
	}
	return output;
}

/* A command that must work. */
#define DEMAND(...) free(asked(__VA_ARGS__))

/* A command that may fail: what an earlier run left may be there or not. */
static MAYBE_UNUSED void quietly(rados_t cluster, const char *prefix, ...)
{
	va_list more;

	va_start(more, prefix);
	run_order(cluster, NULL, prefix, more);
	va_end(more);
}

/* Whether a pool has a flag, as the monitors name it; the client has the map of that moment then. */
static MAYBE_UNUSED bool pool_has(rados_t cluster, const char *pool, const char *flag)
{
	char *dump = asked(cluster, "osd dump", NULL), name[128], *at, *end;
	bool found = false;

	snprintf(name, sizeof(name), "\"pool_name\":\"%s\"", pool);
	if ((at = strstr(dump, name)) && (at = strstr(at, "\"flags_names\":\"")) && (end = strchr(at + 15, '"'))) {
		char flags[256];

		snprintf(flags, sizeof(flags), ",%.*s,", (int)(end - at - 15), at + 15);
		snprintf(name, sizeof(name), ",%s,", flag);
		found = strstr(flags, name);
	}
	free(dump);
	MUST(rados_wait_for_latest_osdmap(cluster));
	return found;
}

/* Whether all that is stored is where it belongs, as often as it should be. */
static MAYBE_UNUSED bool is_clean(rados_t cluster)
{
	char *status = asked(cluster, "status", NULL);
	const char *states = strstr(status, "\"pgs_by_state\":["), *total = strstr(status, "\"num_pgs\":");
	int clean = 0, all = 0;

	for (const char *at = states; at && total && at < total && (at = strstr(at, "\"state_name\":\""));) {
		int count = 0;
		bool is_clean = !strncmp(at + 14, "active+clean", 12);

		at = strstr(at, "\"count\":");
		if (at && sscanf(at, "\"count\":%d", &count) == 1 && is_clean)
			clean += count;
	}
	if (total)
		sscanf(total, "\"num_pgs\":%d", &all);
	free(status);
	return all > 0 && clean == all;
}

/* The OSDs that are up. */
static MAYBE_UNUSED int osds_up(rados_t cluster)
{
	char *stat = asked(cluster, "osd stat", NULL), *at = strstr(stat, "\"num_up_osds\":");
	int up = at ? atoi(at + 14) : -1;

	free(stat);
	return up;
}

/* Whether the map says of any OSD how full it is. One that is down then is not let in by some releases. */
static MAYBE_UNUSED bool any_full(rados_t cluster)
{
	char *dump = asked(cluster, "osd dump", NULL);
	bool found = strstr(dump, "\"nearfull\"") || strstr(dump, "\"backfillfull\"") || strstr(dump, "\"full\"");

	free(dump);
	return found;
}

/* What these programs change for all is as it was; for what one before left that ended in the middle. */
static MAYBE_UNUSED void heal(rados_t cluster)
{
	static const char *const flags[] = {"pause", "noup", "nodown", "noout", NULL};

	for (const char *const *flag = flags; *flag; flag++)
		quietly(cluster, "osd unset", "key", *flag, NULL);
	quietly(cluster, "osd set-full-ratio", "ratio", "=0.95", NULL);
	quietly(cluster, "osd set-backfillfull-ratio", "ratio", "=0.90", NULL);
	quietly(cluster, "osd set-nearfull-ratio", "ratio", "=0.85", NULL);
	for (int tries = 0; tries < 600 && any_full(cluster); tries++)
		usleep(50000);
	/* An OSD that is called down too often ends itself. */
	quietly(cluster, "config set", "who", "osd", "name", "osd_max_markdown_count", "value", "10000", NULL);
}

/* Objects named PREFIX0, PREFIX1, ..., each full of what belongs to its number and `version`. */
static MAYBE_UNUSED void fill(rados_ioctx_t io, const char *prefix, int count, int version)
{
	char name[64], buffer[9000];
	int failed = 0;

	for (int n = 0; n < count; n++) {
		snprintf(name, sizeof(name), "%s%d", prefix, n);
		pattern(buffer, sizeof(buffer), version * 1000 + n);
		failed += rados_write_full(io, name, buffer, sizeof(buffer)) < 0;
	}
	printf("wrote %s0 to %s%d, version %d: %d failed\n", prefix, prefix, count - 1, version, failed);
}

/* The version of number `n` that a buffer holds, up to `newest`; -1 for none. */
static MAYBE_UNUSED int version_of(const char *found, int n, int newest)
{
	char wanted[9000];

	for (; newest >= 0; newest--) {
		pattern(wanted, sizeof(wanted), newest * 1000 + n);
		if (!memcmp(wanted, found, sizeof(wanted)))
			return newest;
	}
	return -1;
}

/* Reads them all. */
static MAYBE_UNUSED void verify(rados_ioctx_t io, const char *prefix, int count, int version)
{
	char name[64], found[9001];
	int wrong = 0;

	for (int n = 0; n < count; n++) {
		int got, is;

		snprintf(name, sizeof(name), "%s%d", prefix, n);
		memset(found, 0, sizeof(found));
		got = rados_read(io, name, found, sizeof(found), 0);
		is = version_of(found, n, version);
		if (got == 9000 && is == version)
			continue;
		wrong++;
		printf("%s: result %d, version %d\n", name, got, is);
	}
	printf("read %s0 to %s%d, version %d: %d wrong\n", prefix, prefix, count - 1, version, wrong);
}

/* An operation under way: what it is, and its completion. */
struct pending {
	const char *what;
	rados_completion_t completion;
};

#define BEGIN(call_with_completion)                                                      \
	({                                                                               \
		rados_completion_t completion;                                           \
		MUST(rados_aio_create_completion2(NULL, NULL, &completion));             \
		MUST(call_with_completion);                                              \
		(struct pending){#call_with_completion, completion};                     \
	})

/* Says that it waits: it has not ended within a while. Else how it ended. */
static MAYBE_UNUSED void show_waiting(struct pending op)
{
	for (int n = 0; n < 60 && !rados_aio_is_complete(op.completion); n++)
		usleep(10000);
	if (rados_aio_is_complete(op.completion))
		show_result(op.what, rados_aio_get_return_value(op.completion));
	else
		printf("%s: waits\n", op.what);
}

/* Waits for its end. */
static MAYBE_UNUSED void show_end(struct pending op)
{
	rados_aio_wait_for_complete(op.completion);
	show_result(op.what, rados_aio_get_return_value(op.completion));
	rados_aio_release(op.completion);
}

/* Whether a listing shows an object whose name begins so. */
static MAYBE_UNUSED bool is_listed(rados_ioctx_t io, const char *prefix)
{
	rados_list_ctx_t context;
	const char *name;
	bool found = false;

	MUST(rados_nobjects_list_open(io, &context));
	while (rados_nobjects_list_next(context, &name, NULL, NULL) == 0)
		found |= !strncmp(name, prefix, strlen(prefix));
	rados_nobjects_list_close(context);
	return found;
}

#endif
