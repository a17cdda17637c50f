/* What few programs call: the old listing calls, versions in read operations, cache pins, tmaps, managers, services;
 * and what came after 16.2.15, which a program finds with dlsym. */
#include "../transcript.h"

#include <dlfcn.h>

/* Not in the headers any more, but in the library. */
int rados_tmap_update(rados_ioctx_t io, const char *o, const char *commands, size_t length);
int rados_tmap_put(rados_ioctx_t io, const char *o, const char *buffer, size_t length);
int rados_tmap_get(rados_ioctx_t io, const char *o, char *buffer, size_t length);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void old_listing(rados_ioctx_t io)
{
	const char *entry, *key;
	rados_list_ctx_t list;
	char *names[8];
	size_t count = 0;

	section("the old listing calls");
	MUST(rados_write_full(io, "one", "1", 1));
	MUST(rados_write_full(io, "two", "2", 1));
	MUST(rados_write_full(io, "three", "3", 1));
	CALL(rados_objects_list_open(io, &list));
	SHOW(rados_objects_list_get_pg_hash_position(list));
	while (count < 8 && rados_objects_list_next(list, &entry, &key) == 0) {
		SHOW(key == NULL);
		names[count++] = strdup(entry);
	}
	qsort(names, count, sizeof(*names), by_name);
	for (size_t n = 0; n < count; n++) {
		SHOW_TEXT(names[n]);
		free(names[n]);
	}
	CALL(rados_objects_list_next(list, &entry, &key));
	CALL(rados_objects_list_seek(list, 0));
	CALL(rados_objects_list_next(list, &entry, &key));
	rados_objects_list_close(list);
}

static void versions(rados_ioctx_t io)
{
	rados_read_op_t op;
	uint64_t version;
	char buffer[8];
	size_t length;
	int result;

	section("versions in read operations");
	MUST(rados_write_full(io, "versioned", "1234", 4));
	MUST(rados_write_full(io, "versioned", "12345", 5));
	version = rados_get_last_version(io);
	for (int step = -1; step <= 1; step++) {
		op = rados_create_read_op();
		rados_read_op_assert_version(op, version + step);
		rados_read_op_read(op, 0, sizeof(buffer), buffer, &length, &result);
		CALL(rados_read_op_operate(op, io, "versioned", 0));
		rados_release_read_op(op);
	}
}

static void pins(rados_ioctx_t io)
{
	section("pins, outside a cache tier");
	CALL(rados_cache_pin(io, "one"));
	CALL(rados_cache_unpin(io, "one"));
	CALL(rados_cache_pin(io, "not there"));
}

static void daemons(rados_t cluster)
{
	const char *command = "{\"prefix\": \"no such command\"}";
	rados_t apart;
	char *out = NULL, *status = NULL;
	size_t out_length, status_length;
	int8_t osd = -1, client = -1, required = -1;

	section("daemons");
	/* A command to a manager that is not there waits for it on a cluster, for ever. */
	CALL(rados_mgr_command(cluster, &command, 1, NULL, 0, &out, &out_length, &status, &status_length));
	printf("status: ");
	escaped(status, status_length);
	putchar('\n');
	rados_buffer_free(out);
	rados_buffer_free(status);
	CALL(rados_ping_monitor(cluster, "no such monitor", &out, &out_length));
	CALL(rados_ping_monitor(cluster, "a", &out, &out_length));
	SHOW(strstr(out, "health") != NULL);
	rados_buffer_free(out);
	MUST(rados_create(&apart, NULL));
	MUST(rados_conf_read_file(apart, NULL));
	CALL(rados_ping_monitor(apart, "a", &out, &out_length));
	SHOW(strstr(out, "health") != NULL);
	rados_buffer_free(out);
	/* Once only: the original dies of an assertion when an unconnected handle asks twice. */
	rados_shutdown(apart);
	/* The name of no manager in particular is that of the active one. */
	CALL(rados_mgr_command_target(cluster, "", &command, 1, NULL, 0, &out, &out_length, &status,
				      &status_length));
	rados_buffer_free(out);
	rados_buffer_free(status);
	CALL(rados_get_min_compatible_osd(cluster, &osd));
	SHOW(osd);
	CALL(rados_get_min_compatible_client(cluster, &client, &required));
	SHOW(client);
	SHOW(required);
	CALL(rados_service_register(cluster, "ctests", "one", "key\0value\0\0"));
	CALL(rados_service_register(cluster, "ctests", "two", "key\0value\0\0"));
	CALL(rados_service_update_status(cluster, "state\0fine\0\0"));
}

static void on_line(void *arg, const char *line, const char *channel, const char *who, const char *name, uint64_t seconds,
		    uint64_t nanoseconds, uint64_t seq, const char *level, const char *message)
{
	(void)who, (void)nanoseconds, (void)seq;
	if (!strstr(message, "a line of rare.c") || !strstr(line, message) || !seconds)
		return;
	if (!strcmp(channel, "cluster") && !strcmp(name, "client.admin") && !strcmp(level, "[INF]"))
		*(volatile int *)arg = 1;
}

static void on_old_line(void *arg, const char *line, const char *who, uint64_t seconds, uint64_t nanoseconds,
			uint64_t seq, const char *level, const char *message)
{
	(void)arg, (void)line, (void)who, (void)seconds, (void)nanoseconds, (void)seq, (void)level, (void)message;
}

static void cluster_log(rados_t cluster)
{
	const char *command = "{\"prefix\": \"log\", \"logtext\": [\"a line of rare.c\"]}";
	volatile int seen = 0;

	section("the cluster's log");
	CALL(rados_monitor_log(cluster, "no such level", on_old_line, NULL));
	CALL(rados_monitor_log2(cluster, "no such level", on_line, (void *)&seen));
	if (CALL(rados_monitor_log2(cluster, "info", on_line, (void *)&seen)) == 0) {
		MUST(rados_mon_command(cluster, &command, 1, NULL, 0, NULL, NULL, NULL, NULL));
		WAIT_UNTIL(seen);
		CALL(rados_monitor_log2(cluster, "", NULL, NULL));
	}
}

static void removed(rados_ioctx_t io)
{
	char buffer[8];

	section("tmaps, which are gone");
	CALL(rados_tmap_update(io, "one", "x", 1));
	CALL(rados_tmap_put(io, "one", "x", 1));
	CALL(rados_tmap_get(io, "one", buffer, sizeof(buffer)));
}

typedef int (*stat2_t)(rados_ioctx_t, const char *, uint64_t *, struct timespec *);

/* The library of the reference may be too old for these: then what they must answer is printed. */
static void younger(rados_ioctx_t io)
{
	stat2_t stat2 = (stat2_t)dlsym(RTLD_DEFAULT, "rados_stat2");
	struct timespec time = { 0, 0 };
	uint64_t size = 0;
	time_t seconds = 0;

	section("what came later");
	MUST(rados_write_full(io, "one", "12345", 5));
	MUST(rados_stat(io, "one", &size, &seconds));
	time.tv_sec = seconds;
	if (stat2) {
		size = 0;
		MUST(stat2(io, "one", &size, &time));
	}
	SHOW(size);
	SHOW(time.tv_sec == seconds);
	show_result("stat2 of nothing", stat2 ? stat2(io, "not there", &size, &time) : -ENOENT);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rare");

	old_listing(io);
	versions(io);
	pins(io);
	removed(io);
	younger(io);
	cluster_log(cluster);
	daemons(cluster);
	finish(cluster, io, "c-rare");
	return 0;
}
