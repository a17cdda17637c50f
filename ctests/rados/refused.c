/* What each synchronous call refuses, as its documentation says: configuration, pools, contexts, objects, commands. */
#include "../transcript.h"

#define POOL "c-refused"

static void configuration(void)
{
	const char *bad[] = {"program", "--rbd_cache=neither"}, *rest[2];
	const char *path = "refused.conf";
	rados_t other;
	char value[64];

	section("configuration");
	MUST(rados_create(&other, NULL));
	CALL(rados_conf_get(other, "no_such_option", value, sizeof(value)));
	CALL(rados_conf_get(other, "rados_osd_op_timeout", value, 0));
	CALL(rados_conf_get(other, "rados_osd_op_timeout", value, 1));
	CALL(rados_conf_set(other, "no_such_option", "1"));
	CALL(rados_conf_set(other, "rados_osd_op_timeout", "nonsense"));
	CALL(rados_conf_parse_argv(other, 2, bad));
	CALL(rados_conf_parse_argv_remainder(other, 2, bad, rest));
	CALL(rados_conf_read_file(other, "/no/such/file"));
	for (int n = 0; n < 2; n++) {
		static const char *texts[] = {"[global\nno section\n", "[global]\n= nothing before it\n"};
		FILE *file = fopen(path, "w");

		fputs(texts[n], file);
		fclose(file);
		CALL(rados_conf_read_file(other, path));
	}
	unlink(path);
	rados_shutdown(other);
}

/* Sends a command whose answer is of no interest. */
static int tell_monitors(rados_t cluster, const char *command)
{
	return rados_mon_command(cluster, &command, 1, NULL, 0, NULL, NULL, NULL, NULL);
}

static void pools(rados_t cluster)
{
	rados_ioctx_t io;
	int aligned = 77;
	uint64_t alignment = 77;
	char name[32];

	section("pools");
	CALL(rados_pool_lookup(cluster, POOL "-x"));
	CALL(rados_pool_create_with_auid(cluster, POOL, UINT64_MAX));
	CALL(rados_pool_create_with_auid(cluster, POOL "-x", 1));
	CALL(rados_pool_create_with_crush_rule(cluster, POOL, 0));
	CALL(rados_pool_create_with_all(cluster, POOL, UINT64_MAX, 0));
	CALL(rados_pool_create_with_all(cluster, POOL "-x", UINT64_MAX, 99));
	MUST(rados_pool_create(cluster, POOL "-kept"));
	MUST(tell_monitors(cluster, "{\"prefix\": \"osd pool set\", \"pool\": \"" POOL "-kept\","
				    " \"var\": \"nodelete\", \"val\": \"true\"}"));
	CALL(rados_pool_delete(cluster, POOL "-kept"));
	MUST(tell_monitors(cluster, "{\"prefix\": \"osd pool set\", \"pool\": \"" POOL "-kept\","
				    " \"var\": \"nodelete\", \"val\": \"false\"}"));
	CALL(rados_pool_lookup(cluster, POOL "-kept") > 0);
	MUST(rados_ioctx_create(cluster, POOL "-kept", &io));
	CALL(rados_pool_delete(cluster, POOL "-kept"));

	section("a context of a pool that is gone");
	CALL(rados_ioctx_pool_requires_alignment2(io, &aligned));
	CALL(rados_ioctx_pool_required_alignment2(io, &alignment));
	CALL(rados_ioctx_pool_requires_alignment(io));
	CALL(rados_ioctx_pool_required_alignment(io));
	CALL(rados_ioctx_get_pool_name(io, name, sizeof(name)));
	CALL(rados_ioctx_snap_remove(io, "snap"));
	rados_ioctx_destroy(io);
}

static void applications(rados_ioctx_t io)
{
	char keys[8], values[8];
	size_t keys_length = sizeof(keys), values_length = sizeof(values);

	section("applications");
	CALL(rados_application_metadata_get(io, "nobody", "k", values, &values_length));
	CALL(rados_application_metadata_set(io, "nobody", "k", "v"));
	CALL(rados_application_metadata_remove(io, "nobody", "k"));
	CALL(rados_application_metadata_list(io, "nobody", keys, &keys_length, values, &values_length));
	MUST(rados_application_enable(io, "one", 0));
	CALL(rados_application_enable(io, "two", 0));
	MUST(rados_application_metadata_set(io, "one", "key", "0123456789"));
	CALL(rados_application_metadata_get(io, "one", "key", values, &values_length));
	SHOW(values_length);
	values_length = sizeof(values);
	CALL(rados_application_metadata_list(io, "one", keys, &keys_length, values, &values_length));
	values_length = 1;
	CALL(rados_application_list(io, values, &values_length));
}

/* Every call that changes something, on a context that reads a snapshot. */
static void read_only(rados_ioctx_t io)
{
	rados_write_op_t op = rados_create_write_op();

	section("a context that reads a snapshot");
	MUST(rados_write_full(io, "o", "data", 4));
	rados_ioctx_snap_set_read(io, 1);
	CALL(rados_write(io, "o", "x", 1, 0));
	CALL(rados_write_full(io, "o", "x", 1));
	CALL(rados_append(io, "o", "x", 1));
	CALL(rados_writesame(io, "o", "x", 1, 2, 0));
	CALL(rados_trunc(io, "o", 1));
	CALL(rados_remove(io, "o"));
	CALL(rados_setxattr(io, "o", "k", "v", 1));
	CALL(rados_rmxattr(io, "o", "k"));
	CALL(rados_set_alloc_hint(io, "o", 1, 1));
	CALL(rados_set_alloc_hint2(io, "o", 1, 1, 0));
	CALL(rados_lock_exclusive(io, "o", "l", "c", "", NULL, 0));
	rados_write_op_write_full(op, "x", 1);
	CALL(rados_write_op_operate(op, io, "o", NULL, 0));
	CALL(rados_ioctx_snap_rollback(io, "o", "none"));
	rados_release_write_op(op);
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	content(io, "o");
}

static void too_large(rados_ioctx_t io)
{
	char buffer[8] = "";

	section("too large");
	CALL(rados_read(io, "o", buffer, (size_t)INT32_MAX + 1, 0));
	CALL(rados_write(io, "o", buffer, (size_t)UINT32_MAX, 0));
	CALL(rados_write_full(io, "o", buffer, (size_t)UINT32_MAX));
	CALL(rados_append(io, "o", buffer, (size_t)UINT32_MAX));
	CALL(rados_writesame(io, "o", buffer, 1, (size_t)UINT32_MAX, 0));
	MUST(rados_write(io, "o", "x", 1, 128 * MIB - 1));
	CALL(rados_write(io, "o", "x", 1, 128 * MIB));
	CALL(rados_append(io, "o", "x", 1));
	CALL(rados_writesame(io, "o", "x", 1, 2, 128 * MIB - 1));
	CALL(rados_trunc(io, "o", 128 * MIB));
	CALL(rados_trunc(io, "o", 128 * MIB + 1));
	MUST(rados_remove(io, "o"));
}

static void never(void *arg, uint64_t notify_id, uint64_t handle, uint64_t notifier_id, void *data, size_t length)
{
	(void)arg, (void)notify_id, (void)handle, (void)notifier_id, (void)data, (void)length;
	abort();
}

static void objects(rados_ioctx_t io)
{
	char buffer[8], sum[8];
	uint32_t zero = 0;
	uint64_t size, cookie;
	rados_xattrs_iter_t iter;

	section("objects that are not there");
	CALL(rados_read(io, "no", buffer, 1, 0));
	CALL(rados_stat(io, "no", &size, NULL));
	CALL(rados_remove(io, "no"));
	CALL(rados_getxattr(io, "no", "k", buffer, 8));
	CALL(rados_rmxattr(io, "no", "k"));
	CALL(rados_getxattrs(io, "no", &iter));
	CALL(rados_cmpext(io, "no", "x", 1, 0));
	CALL(rados_checksum(io, "no", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 1, 0, 0, sum, 8));
	CALL(rados_watch(io, "no", 0, &cookie, NULL, NULL));
	CALL(rados_watch2(io, "no", &cookie, NULL, NULL, NULL));
	CALL(rados_watch3(io, "no", &cookie, NULL, NULL, 5, NULL));
	CALL(rados_watch2(io, "no", &cookie, never, NULL, NULL));
	CALL(rados_watch3(io, "no", &cookie, never, NULL, 5, NULL));
	CALL(rados_notify(io, "no", 0, "", 0));
	CALL(rados_notify2(io, "no", "", 0, 0, NULL, NULL));
	CALL(rados_unlock(io, "no", "l", "c"));
	CALL(rados_rollback(io, "no", "no such snapshot"));
	MUST(rados_write_full(io, "o", "data", 4));
	CALL(rados_getxattr(io, "o", "k", buffer, 8));
	CALL(rados_rmxattr(io, "o", "k"));
	CALL(rados_cmpext(io, "o", "dXta", 4, 0));
	CALL(rados_checksum(io, "o", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 3, 4, 0, 0, sum, 8));
	CALL(rados_checksum(io, "o", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 4, 0, 0, sum, 7));
	CALL(rados_checksum(io, "o", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 4, 0, 1, sum, 8));
	CALL(rados_checksum(io, "o", LIBRADOS_CHECKSUM_TYPE_XXHASH64, (char *)&zero, 4, 4, 0, 0, sum, 8));
	CALL(rados_exec(io, "o", "hello", "say_hello", "x", 1, buffer, 2));
	CALL(rados_exec(io, "o", "no_class", "x", "", 0, buffer, 2));
	CALL(rados_exec(io, "o", "hello", "no_method", "", 0, buffer, 2));
}

static void answers(void)
{
	struct notify_ack_t *acks = NULL;
	struct notify_timeout_t *timeouts = NULL;
	size_t ack_count = 77, timeout_count = 77;
	char nothing[1];

	/* Of bytes that are no answer the original dies. */
	section("no answer of watchers");
	CALL(rados_decode_notify_response(nothing, 0, &acks, &ack_count, &timeouts, &timeout_count));
}

/* Sends a command each way; the answer is the cluster's. */
static void commands(rados_t cluster)
{
	const char *none = "{\"prefix\": \"no such command\"}", *version = "{\"prefix\": \"version\"}";
	const char *balancer = "{\"prefix\": \"balancer status\"}";
	char address[] = "nonsense", pg[32];

	section("commands");
	sprintf(pg, "%" PRId64 ".0", rados_pool_lookup(cluster, POOL));
	CALL(rados_mon_command(cluster, &none, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mon_command_target(cluster, "a", &none, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mon_command_target(cluster, "a", &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mgr_command(cluster, &none, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mgr_command(cluster, &balancer, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mgr_command_target(cluster, "x", &none, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mgr_command_target(cluster, "x", &balancer, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mgr_command_target(cluster, "x", &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mgr_command_target(cluster, "", &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_osd_command(cluster, 0, &none, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_osd_command(cluster, 0, &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_osd_command(cluster, 98765, &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_pg_command(cluster, pg, &none, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_pg_command(cluster, pg, &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_pg_command(cluster, "no pg", &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_pg_command(cluster, "98765.0", &version, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_blocklist_add(cluster, address, 60));
	CALL(rados_blacklist_add(cluster, address, 60));
	CALL(rados_monitor_log(cluster, "no such level", NULL, NULL));
	CALL(rados_ping_monitor(cluster, "zzz", NULL, NULL));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	configuration();
	pools(cluster);
	applications(io);
	read_only(io);
	too_large(io);
	objects(io);
	answers();
	commands(cluster);
	finish(cluster, io, POOL);
	return 0;
}
