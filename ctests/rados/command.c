/* Commands to the monitors and others: results, output, input, what is not a command; blocklisting. */
#include "../transcript.h"

/* Sends one command; shows its result and whether it answered, not what, which is the cluster's. */
static char *send_command(rados_t cluster, const char *command)
{
	char *out = NULL, *status = NULL;
	size_t out_length = 77, status_length = 77;
	int result = rados_mon_command(cluster, &command, 1, "", 0, &out, &out_length, &status,
				       &status_length);
	char *copy = strndup(out ? out : "", out ? out_length : 0);

	show_result(command, result);
	printf("  output: %s, %s; status: %s\n", out ? "there" : "NULL", out_length ? "not empty" : "empty",
	       status ? "there" : "NULL");
	rados_buffer_free(out);
	rados_buffer_free(status);
	return copy;
}

static void monitors(rados_t cluster)
{
	static const char *commands[] = {
		"{\"prefix\": \"fsid\"}",
		"{\"prefix\": \"df\", \"format\": \"json\"}",
		"{\"prefix\": \"status\", \"format\": \"json\"}",
		"{\"prefix\": \"osd dump\", \"format\": \"json\"}",
		"{\"prefix\": \"mon dump\", \"format\": \"json\"}",
		"{\"prefix\": \"osd pool ls\"}",
		"{\"prefix\": \"osd pool get\", \"pool\": \"c-command\", \"var\": \"size\", \"format\": \"json\"}",
		"{\"prefix\": \"osd pool get\", \"pool\": \"c-nowhere\", \"var\": \"size\"}",
		"{\"prefix\": \"no such command\"}",
		"{\"prefix\": \"\"}",
		"{}",
		"not json",
		"",
	};
	char fsid[64], *out, *at;

	section("monitors");
	for (size_t n = 0; n < sizeof(commands) / sizeof(commands[0]); n++) {
		out = send_command(cluster, commands[n]);
		if (n == 0) {
			MUST(rados_cluster_fsid(cluster, fsid, sizeof(fsid)));
			SHOW(strncmp(out, fsid, 36));
		}
		if (n == 5) {
			at = strstr(out, "c-command");
			SHOW(at != NULL);
		}
		free(out);
	}
}

/* Frees what a command left, if anything. */
static void release(char **out, char **status)
{
	rados_buffer_free(*out);
	rados_buffer_free(*status);
	*out = *status = NULL;
}

static void elsewhere(rados_t cluster)
{
	const char *command = "{\"prefix\": \"fsid\"}";
	char *out = NULL, *status = NULL;
	size_t out_length = 77, status_length = 77;

	section("other forms");
	CALL(rados_mon_command(cluster, &command, 1, NULL, 0, NULL, NULL, NULL, NULL));
	CALL(rados_mon_command(cluster, &command, 1, NULL, 0, &out, &out_length, NULL, NULL));
	SHOW(out_length >= 36);
	release(&out, &status);
	CALL(rados_mon_command(cluster, &command, 0, NULL, 0, &out, &out_length, &status, &status_length));
	release(&out, &status);
	CALL(rados_mon_command_target(cluster, "zzz", &command, 1, NULL, 0, &out, &out_length, &status,
				      &status_length));
	release(&out, &status);
	CALL(rados_pg_command(cluster, "not a pg", &command, 1, NULL, 0, &out, &out_length, &status,
			      &status_length));
	release(&out, &status);
	CALL(rados_osd_command(cluster, 98765, &command, 1, NULL, 0, &out, &out_length, &status,
			       &status_length));
	release(&out, &status);
	rados_buffer_free(NULL);
	CALL(rados_service_update_status(cluster, "a\0b\0"));
	CALL(rados_monitor_log(cluster, "no such level", NULL, NULL));
	CALL(rados_monitor_log(cluster, "warn", NULL, NULL));
	CALL(rados_monitor_log2(cluster, "no such level", NULL, NULL));
}

static void blocklist(rados_t cluster)
{
	char address[] = "127.0.0.1:0/3710147553";
	char nonsense[] = "nonsense";
	char *out;

	section("blocklist");
	CALL(rados_blocklist_add(cluster, address, 60));
	out = send_command(cluster, "{\"prefix\": \"osd blocklist ls\", \"format\": \"json\"}");
	SHOW(strstr(out, address) != NULL);
	free(out);
	CALL(rados_blacklist_add(cluster, address, 0));
	CALL(rados_blocklist_add(cluster, nonsense, 60));
	CALL(rados_wait_for_latest_osdmap(cluster));
}

static void ourselves(rados_t cluster)
{
	rados_t other;
	rados_ioctx_t far;
	char *address = NULL;

	section("a client that is blocklisted");
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, "c-command", &far));
	CALL(rados_write_full(far, "a", "before", 6));
	MUST(rados_getaddrs(other, &address));
	CALL(rados_blocklist_add(cluster, address, 60));
	free(address);
	MUST(rados_wait_for_latest_osdmap(other));
	CALL(rados_write_full(far, "a", "after", 5));
	CALL(rados_stat(far, "a", NULL, NULL));
	rados_ioctx_destroy(far);
	rados_shutdown(other);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-command");

	monitors(cluster);
	elsewhere(cluster);
	blocklist(cluster);
	ourselves(cluster);
	content(io, "a");
	finish(cluster, io, "c-command");
	return 0;
}
