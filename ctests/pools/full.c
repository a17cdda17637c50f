/* Pools at their quota and OSDs that are full: who waits, who is told, and that those who wait go on. */
#include "orders.h"

#define POOL "c-full"

static char buffer[64];

static void set_quota(rados_t cluster, const char *number)
{
	order(cluster, "osd pool set-quota", "pool", POOL, "field", "max_objects", "val", number, NULL);
}

static int operate(rados_ioctx_t io, const char *object, int flags)
{
	rados_write_op_t op = rados_create_write_op();
	int result;

	rados_write_op_write_full(op, "new", 3);
	result = rados_write_op_operate(op, io, object, NULL, flags);
	rados_release_write_op(op);
	return result;
}

enum { OPERATIONS = 5 };

/* One operation of each kind, on a pool that is full. */
static void begin(rados_ioctx_t io, struct pending ops[OPERATIONS])
{
	ops[0] = BEGIN(rados_aio_write_full(io, "new", completion, "waited", 6));
	ops[1] = BEGIN(rados_aio_append(io, "a", completion, ", more", 6));
	ops[2] = BEGIN(rados_aio_remove(io, "b", completion));
	ops[3] = BEGIN(rados_aio_read(io, "c", completion, buffer, sizeof(buffer), 0));
	ops[4] = BEGIN(rados_aio_rmxattr(io, "c", completion, "x"));
	for (int n = 0; n < OPERATIONS; n++)
		show_waiting(ops[n]);
}

/* Those who do not want to wait. */
static void try(rados_ioctx_t io)
{
	CALL(operate(io, "tried", LIBRADOS_OPERATION_FULL_TRY));
	rados_set_pool_full_try(io);
	CALL(rados_write_full(io, "tried", "x", 1));
	CALL(rados_append(io, "d", "x", 1));
	CALL(rados_setxattr(io, "d", "x", "y", 1));
	CALL(rados_trunc(io, "d", 2));
	content(io, "d");
	CALL(rados_remove(io, "d"));
	content(io, "d");
	rados_unset_pool_full_try(io);
	CALL(operate(io, "forced", LIBRADOS_OPERATION_FULL_FORCE));
}

/* There is room again. */
static void go_on(rados_ioctx_t io, struct pending ops[OPERATIONS])
{
	for (int n = 0; n < OPERATIONS; n++)
		show_end(ops[n]);
	for (const char *const *name = (const char *const[]){"a", "b", "new", "tried", "forced", NULL}; *name; name++)
		content(io, *name);
}

static void objects(rados_ioctx_t io)
{
	static const char *const names[] = {"a", "b", "c", "d"};

	for (int n = 0; n < 4; n++) {
		MUST(rados_write_full(io, names[n], "four", 4));
		MUST(rados_setxattr(io, names[n], "x", "1", 1));
	}
}

static void quota(rados_t cluster, rados_ioctx_t io)
{
	struct pending ops[OPERATIONS];

	section("a pool at its quota");
	objects(io);
	set_quota(cluster, "2");
	WAIT_UNTIL(pool_has(cluster, POOL, "full_quota"));
	SHOW(pool_has(cluster, POOL, "full"));
	begin(io, ops);
	try(io);
	set_quota(cluster, "0");
	WAIT_UNTIL(!pool_has(cluster, POOL, "full_quota"));
	go_on(io, ops);
}

static void full(rados_t cluster, rados_ioctx_t io)
{
	struct pending ops[OPERATIONS];

	section("OSDs that are full");
	objects(io);
	order(cluster, "osd set-nearfull-ratio", "ratio", "=0.001", NULL);
	order(cluster, "osd set-backfillfull-ratio", "ratio", "=0.002", NULL);
	order(cluster, "osd set-full-ratio", "ratio", "=0.003", NULL);
	WAIT_LONG(pool_has(cluster, POOL, "full"), 60);
	SHOW(pool_has(cluster, POOL, "full_quota"));
	/* The OSDs learn it with their next maps. */
	usleep(1500000);
	begin(io, ops);
	try(io);
	heal(cluster);
	WAIT_LONG(!pool_has(cluster, POOL, "full"), 60);
	go_on(io, ops);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io;

	heal(cluster);
	io = new_pool(cluster, POOL);
	quota(cluster, io);
	rados_ioctx_destroy(io);
	io = new_pool(cluster, POOL);
	full(cluster, io);
	finish(cluster, io, POOL);
	return 0;
}
