/* What each asynchronous call refuses, as its documentation says: at once, or in its completion. */
#include "../transcript.h"

#define POOL "c-refused-aio"

/* Calls with a completion `c`; prints what the call said and, unless it was refused, what the completion says. */
#define ASYNC(function, ...)                                                   \
	do {                                                                   \
		rados_completion_t c = new_completion(); \
		int submitted = CALL(function(__VA_ARGS__));                   \
		if (submitted < 0)                                             \
			rados_aio_release(c);                                  \
		else                                                           \
			ANSWER(function, outcome(c));                          \
	} while (0)

static void never(void *arg, uint64_t notify_id, uint64_t handle, uint64_t notifier_id, void *data, size_t length)
{
	(void)notify_id, (void)handle, (void)notifier_id, (void)data, (void)length;
	*(int *)arg += 1;
}

static void read_only(rados_ioctx_t io)
{
	rados_write_op_t op = rados_create_write_op();

	section("a context that reads a snapshot");
	MUST(rados_write_full(io, "o", "data", 4));
	rados_ioctx_snap_set_read(io, 1);
	ASYNC(rados_aio_write, io, "o", c, "x", 1, 0);
	ASYNC(rados_aio_write_full, io, "o", c, "x", 1);
	ASYNC(rados_aio_append, io, "o", c, "x", 1);
	ASYNC(rados_aio_writesame, io, "o", c, "x", 1, 2, 0);
	ASYNC(rados_aio_remove, io, "o", c);
	ASYNC(rados_aio_setxattr, io, "o", c, "k", "v", 1);
	ASYNC(rados_aio_rmxattr, io, "o", c, "k");
	rados_write_op_write_full(op, "x", 1);
	ASYNC(rados_aio_write_op_operate, op, io, c, "o", NULL, 0);
	rados_release_write_op(op);
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	content(io, "o");
}

static void too_large(rados_ioctx_t io)
{
	char buffer[8] = "";

	section("too large");
	ASYNC(rados_aio_read, io, "o", c, buffer, (size_t)INT32_MAX + 1, 0);
	ASYNC(rados_aio_write, io, "o", c, buffer, (size_t)UINT32_MAX, 0);
	ASYNC(rados_aio_write_full, io, "o", c, buffer, (size_t)UINT32_MAX);
	ASYNC(rados_aio_append, io, "o", c, buffer, (size_t)UINT32_MAX);
	ASYNC(rados_aio_writesame, io, "o", c, buffer, 1, (size_t)UINT32_MAX, 0);
	MUST(rados_write(io, "o", "x", 1, 128 * MIB - 1));
	ASYNC(rados_aio_write, io, "o", c, "x", 1, 128 * MIB);
	ASYNC(rados_aio_append, io, "o", c, "x", 1);
	ASYNC(rados_aio_writesame, io, "o", c, "x", 1, 2, 128 * MIB - 1);
	MUST(rados_remove(io, "o"));
}

static void objects(rados_ioctx_t io)
{
	rados_xattrs_iter_t iter;
	uint64_t size, cookie;
	time_t when;
	char buffer[8];
	int seen = 0;

	section("objects that are not there");
	ASYNC(rados_aio_read, io, "no", c, buffer, 8, 0);
	ASYNC(rados_aio_stat, io, "no", c, &size, &when);
	ASYNC(rados_aio_remove, io, "no", c);
	ASYNC(rados_aio_getxattr, io, "no", c, "k", buffer, 8);
	ASYNC(rados_aio_getxattrs, io, "no", c, &iter);
	ASYNC(rados_aio_rmxattr, io, "no", c, "k");
	ASYNC(rados_aio_cmpext, io, "no", c, "x", 1, 0);
	ASYNC(rados_aio_exec, io, "no", c, "lock", "unlock", "", 0, buffer, 8);
	ASYNC(rados_aio_unlock, io, "no", "l", "c", c);
	ASYNC(rados_aio_watch, io, "no", c, &cookie, never, NULL, &seen);
	ASYNC(rados_aio_watch2, io, "no", c, &cookie, never, NULL, 5, &seen);
	ASYNC(rados_aio_notify, io, "no", c, "", 0, 1000, NULL, NULL);
	MUST(rados_write_full(io, "o", "data", 4));
	ASYNC(rados_aio_getxattr, io, "o", c, "k", buffer, 8);
	MUST(rados_setxattr(io, "o", "k", "0123456789", 10));
	ASYNC(rados_aio_getxattr, io, "o", c, "k", buffer, 8);
	ASYNC(rados_aio_rmxattr, io, "o", c, "k");
	ASYNC(rados_aio_rmxattr, io, "o", c, "k");
	ASYNC(rados_aio_cmpext, io, "o", c, "daXa", 4, 0);
	ASYNC(rados_aio_exec, io, "o", c, "no_class", "x", "", 0, buffer, 8);
	ASYNC(rados_aio_exec, io, "o", c, "hello", "no_method", "", 0, buffer, 8);
	ASYNC(rados_aio_unlock, io, "o", "l", "c", c);

	section("a watcher that does not answer");
	ASYNC(rados_aio_watch, io, "o", c, &cookie, never, NULL, &seen);
	ASYNC(rados_aio_notify, io, "o", c, "", 0, 1000, NULL, NULL);
	ASYNC(rados_aio_unwatch, io, cookie, c);
	SHOW(seen);
	/* Of no watch: the original asserts that it is one. */
}

/* Snapshots of the pool and managed ones do not go together. */
static void snapshots(rados_ioctx_t io)
{
	rados_completion_t c = new_completion();
	rados_snap_t snap;

	section("a pool with snapshots of the pool");
	MUST(rados_ioctx_snap_create(io, "one"));
	rados_aio_ioctx_selfmanaged_snap_create(io, &snap, c);
	ANSWER(rados_aio_ioctx_selfmanaged_snap_create, outcome(c));
	c = new_completion();
	rados_aio_ioctx_selfmanaged_snap_remove(io, 1, c);
	ANSWER(rados_aio_ioctx_selfmanaged_snap_remove, outcome(c));
	CALL(rados_ioctx_selfmanaged_snap_remove(io, 1));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	read_only(io);
	too_large(io);
	objects(io);
	snapshots(io);
	finish(cluster, io, POOL);
	return 0;
}
