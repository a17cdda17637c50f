/* Flags of the whole cluster: reads or writes that wait and go on, OSDs that are down and may not come up. */
#include "orders.h"

static char buffer[64];

static void paused(rados_t cluster, rados_ioctx_t io, const char *flag)
{
	struct pending write, read, change, watched;
	size_t length = 0;

	section(flag);
	MUST(rados_write_full(io, "a", "before", 6));
	order(cluster, "osd set", "key", flag, NULL);
	MUST(rados_wait_for_latest_osdmap(cluster));
	memset(buffer, 0, sizeof(buffer));
	write = BEGIN(rados_aio_write_full(io, "a", completion, "after", 5));
	read = BEGIN(rados_aio_read(io, "b", completion, buffer, sizeof(buffer), 0));
	change = BEGIN(rados_aio_exec(io, "c", completion, "hello", "record_hello", NULL, 0, NULL, 0));
	watched = BEGIN(rados_aio_stat(io, "a", completion, &length, NULL));
	show_waiting(write);
	show_waiting(read);
	show_waiting(change);
	show_waiting(watched);
	order(cluster, "osd unset", "key", flag, NULL);
	show_end(write);
	show_end(read);
	show_end(change);
	show_end(watched);
	content(io, "a");
	MUST(rados_remove(io, "c"));
}

static void impatient(rados_t cluster)
{
	rados_t other;
	rados_ioctx_t io;

	section("with rados_osd_op_timeout");
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	MUST(rados_conf_set(other, "rados_osd_op_timeout", "1"));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, "c-flags", &io));
	order(cluster, "osd set", "key", "pause", NULL);
	MUST(rados_wait_for_latest_osdmap(other));
	CALL(rados_write_full(io, "late", "x", 1));
	CALL(rados_read(io, "a", buffer, sizeof(buffer), 0));
	order(cluster, "osd unset", "key", "pause", NULL);
	MUST(rados_wait_for_latest_osdmap(other));
	CALL(rados_write_full(io, "late", "x", 1));
	content(io, "late");
	rados_ioctx_destroy(io);
	rados_shutdown(other);
}

enum { KEPT = 24 };

/* Writes and reads of objects on OSDs that are down wait; which these are is the cluster's affair. */
static void down(rados_t cluster, rados_ioctx_t io)
{
	struct pending writes[KEPT], reads[KEPT];
	static char found[KEPT][16];
	int count = osds_up(cluster), failed = 0;
	char name[16];

	section("an OSD is down");
	fill(io, "kept", KEPT, 1);
	order(cluster, "osd set", "key", "noup", NULL);
	order(cluster, "osd down", "ids", "=[\"0\"]", NULL);
	MUST(rados_wait_for_latest_osdmap(cluster));
	SHOW(count - osds_up(cluster));
	for (int n = 0; n < KEPT; n++) {
		sprintf(name, "kept%d", n);
		reads[n] = BEGIN(rados_aio_read(io, name, completion, found[n], sizeof(found[n]), 0));
		sprintf(name, "new%d", n);
		writes[n] = BEGIN(rados_aio_write_full(io, name, completion, "without", 7));
	}
	usleep(500000);
	order(cluster, "osd unset", "key", "noup", NULL);
	WAIT_LONG(osds_up(cluster) == count, 60);
	for (int n = 0; n < KEPT; n++) {
		rados_aio_wait_for_complete(reads[n].completion);
		rados_aio_wait_for_complete(writes[n].completion);
		failed += rados_aio_get_return_value(reads[n].completion) != sizeof(found[n]);
		failed += rados_aio_get_return_value(writes[n].completion) != 0;
		rados_aio_release(reads[n].completion);
		rados_aio_release(writes[n].completion);
	}
	SHOW(failed);
	verify(io, "kept", KEPT, 1);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io;

	heal(cluster);
	io = new_pool(cluster, "c-flags");
	MUST(rados_write_full(io, "b", "read me", 7));
	paused(cluster, io, "pause");
	impatient(cluster);
	down(cluster, io);
	finish(cluster, io, "c-flags");
	return 0;
}
