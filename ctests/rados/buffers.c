/* Every call that fills a buffer, with no room, with one byte, with one too few, with just enough and with plenty; and
 * without a buffer, where the original tolerates that. */
#include "../transcript.h"

#define POOL "c-buffers"

static char buffer[1 * MIB];

/* Calls with each size of room around `needed`, and shows what came and that nothing behind the room was touched. */
#define SIZES(needed, call)                                                                   \
	do {                                                                                  \
		const size_t sizes_[] = {0, 1, (needed)-1, needed, (needed) + 1, sizeof(buffer)}; \
		for (int n_ = 0; n_ < 6; n_++) {                                              \
			size_t size = sizes_[n_];                                             \
                                                                                              \
			memset(buffer, '.', sizeof(buffer));                                  \
			printf("room for %zu: ", size);                                       \
			CALL(call);                                                           \
			printf("  ");                                                         \
			escaped(buffer, (needed) + 2 < 24 ? (needed) + 2 : 24);               \
			printf(" %s\n", all_are(buffer + size, sizeof(buffer) - size, '.') ? "" : "TOO FAR"); \
		}                                                                             \
	} while (0)

static int aio_read(rados_ioctx_t io, size_t size)
{
	rados_completion_t c = new_completion();
	int result = rados_aio_read(io, "ten", c, buffer, size, 0);

	return result < 0 ? result : outcome(c);
}

static int aio_getxattr(rados_ioctx_t io, size_t size)
{
	rados_completion_t c = new_completion();
	int result = rados_aio_getxattr(io, "ten", c, "x", buffer, size);

	return result < 0 ? result : outcome(c);
}

static int aio_exec(rados_ioctx_t io, size_t size)
{
	rados_completion_t c = new_completion();
	int result = rados_aio_exec(io, "ten", c, "hello", "say_hello", "you", 3, buffer, size);

	return result < 0 ? result : outcome(c);
}

/* The read step; `used` is what it says was read, `own` its own result. */
static int step_read(rados_ioctx_t io, size_t size)
{
	rados_read_op_t op = rados_create_read_op();
	size_t used = 77;
	int own = 77, result;

	rados_read_op_read(op, 0, size, buffer, &used, &own);
	result = rados_read_op_operate(op, io, "ten", 0);
	printf("[%zu %d] ", used, own);
	rados_release_read_op(op);
	return result;
}

static int step_exec(rados_ioctx_t io, size_t size)
{
	rados_read_op_t op = rados_create_read_op();
	size_t used = 77;
	int own = 77, result;

	rados_read_op_exec_user_buf(op, "hello", "say_hello", "you", 3, buffer, size, &used, &own);
	result = rados_read_op_operate(op, io, "ten", 0);
	printf("[%zu %d] ", used, own);
	rados_release_read_op(op);
	return result;
}

static int step_checksum(rados_ioctx_t io, size_t size)
{
	rados_read_op_t op = rados_create_read_op();
	uint32_t zero = 0;
	int own = 77, result;

	rados_read_op_checksum(op, LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 0, 10, 5, buffer, size, &own);
	result = rados_read_op_operate(op, io, "ten", 0);
	printf("[%d] ", own);
	rados_release_read_op(op);
	return result;
}

static void objects(rados_ioctx_t io)
{
	uint32_t zero = 0;

	section("objects");
	MUST(rados_write_full(io, "ten", "0123456789", 10));
	MUST(rados_setxattr(io, "ten", "x", "value", 5));
	SIZES(10, rados_read(io, "ten", buffer, size, 0));
	/* Not without room: there the original writes all the same. */
	for (size_t size = 1; size <= 11; size += 5) {
		memset(buffer, '.', 16);
		CALL(aio_read(io, size));
		show_bytes("  ", buffer, 12);
	}
	SIZES(10, step_read(io, size));
	SIZES(5, rados_getxattr(io, "ten", "x", buffer, size));
	SIZES(5, aio_getxattr(io, size));
	SIZES(11, rados_exec(io, "ten", "hello", "say_hello", "you", 3, buffer, size));
	SIZES(11, step_exec(io, size));
	SIZES(12, rados_checksum(io, "ten", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 10, 0, 5, buffer, size));
	SIZES(12, step_checksum(io, size));
	/* Nor with too little here: see quirks.md. */
	memset(buffer, '.', 16);
	CALL(aio_exec(io, 11));
	show_bytes("  ", buffer, 12);
}

static void texts(rados_t cluster, rados_ioctx_t io)
{
	rados_t other;
	rados_snap_t snap;

	section("texts");
	rados_ioctx_set_namespace(io, "space");
	SIZES(6, rados_ioctx_get_namespace(io, buffer, (unsigned)size));
	rados_ioctx_set_namespace(io, "");
	SIZES(1, rados_ioctx_get_namespace(io, buffer, (unsigned)size));
	SIZES(strlen(POOL) + 1, rados_ioctx_get_pool_name(io, buffer, (unsigned)size));
	SIZES(strlen(POOL) + 1, rados_pool_reverse_lookup(cluster, rados_ioctx_get_id(io), buffer, size));
	MUST(rados_ioctx_snap_create(io, "snap"));
	MUST(rados_ioctx_snap_lookup(io, "snap", &snap));
	/* The original fills what is left of the room with zero bytes. */
	for (int size = 0; size <= 6; size += size ? 2 : 1) {
		memset(buffer, '.', 16);
		printf("room for %d: ", size);
		CALL(rados_ioctx_snap_get_name(io, snap, buffer, size));
		show_bytes("  ", buffer, 5);
	}
	CALL(rados_ioctx_snap_get_name(io, snap, buffer, sizeof(buffer)));
	SHOW_TEXT(buffer);
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_set(other, "client_mountpoint", "/abc"));
	SIZES(5, rados_conf_get(other, "client_mountpoint", buffer, size));
	MUST(rados_conf_set(other, "client_mountpoint", ""));
	SIZES(1, rados_conf_get(other, "client_mountpoint", buffer, size));
	rados_shutdown(other);
	for (size_t size = 35; size <= 38; size++) {
		memset(buffer, '.', 64);
		printf("room for %zu: ", size);
		CALL(rados_cluster_fsid(cluster, buffer, size));
		SHOW(all_are(buffer + size, 8, '.'));
	}
}

static void numbers(rados_ioctx_t io)
{
	rados_snap_t snaps[8];

	section("snapshots of a pool");
	MUST(rados_ioctx_snap_create(io, "second"));
	for (int room = 0; room <= 4; room++) {
		memset(snaps, 0xee, sizeof(snaps));
		CALL(rados_ioctx_snap_list(io, snaps, room));
		SHOW(all_are(snaps + room, sizeof(snaps) - room * sizeof(snaps[0]), 0xee));
	}
	MUST(rados_ioctx_snap_remove(io, "second"));
	MUST(rados_ioctx_snap_remove(io, "snap"));
}

/* Each of the four buffers of a locker, one too short at a time. */
static void lockers(rados_ioctx_t io)
{
	char tag[64], clients[256], cookies[64], addresses[256];
	size_t exact[4] = {64, 256, 64, 256}, lengths[4];
	int exclusive = 77;

	section("lockers");
	MUST(rados_lock_shared(io, "locked", "l", "cookie", "tag", "text", NULL, 0));
	CALL(rados_list_lockers(io, "locked", "l", &exclusive, tag, &exact[0], clients, &exact[1], cookies, &exact[2],
				addresses, &exact[3]));
	SHOW(exclusive);
	for (int shorter = -1; shorter < 4; shorter++) {
		for (int n = 0; n < 4; n++)
			lengths[n] = exact[n] - (n == shorter);
		CALL(rados_list_lockers(io, "locked", "l", &exclusive, tag, &lengths[0], clients, &lengths[1], cookies,
					&lengths[2], addresses, &lengths[3]));
		for (int n = 0; n < 4; n++)
			printf(" %d", (int)(lengths[n] - exact[n]));
		putchar('\n');
	}
	SHOW(exact[0]);
	SHOW(exact[2]);
	MUST(rados_unlock(io, "locked", "l", "cookie"));
}

static void applications(rados_ioctx_t io)
{
	size_t size, other;

	section("applications");
	MUST(rados_application_enable(io, "app", 0));
	MUST(rados_application_metadata_set(io, "app", "key", "value"));
	MUST(rados_application_metadata_set(io, "app", "none", ""));
	for (size_t room = 3; room <= 5; room++) {
		size = room;
		memset(buffer, '.', 64);
		CALL(rados_application_list(io, buffer, &size));
		/* The original writes a zero byte behind the room that it was given. */
		printf("  %zu ", size);
		escaped(buffer, room);
		putchar('\n');
	}
	for (size_t room = 0; room <= 7; room++) {
		size = room;
		memset(buffer, '.', 64);
		CALL(rados_application_metadata_get(io, "app", "key", buffer, &size));
		printf("  %zu ", size);
		escaped(buffer, 8);
		putchar('\n');
	}
	for (size_t room = 6; room <= 10; room++) {
		size = room;
		other = 16 - room;
		memset(buffer, '.', 64);
		CALL(rados_application_metadata_list(io, "app", buffer, &size, buffer + 32, &other));
		printf("  %zu %zu ", size, other);
		escaped(buffer, room);
		escaped(buffer + 32, 16 - room);
		putchar('\n');
	}
}

/* Outputs that nobody wants. */
static void nowhere(rados_t cluster, rados_ioctx_t io)
{
	rados_read_op_t op = rados_create_read_op();
	rados_completion_t c = new_completion();
	const char *name, *command = "{\"prefix\": \"fsid\"}";
	rados_list_ctx_t list;
	size_t length;

	section("no place for the answer");
	CALL(rados_stat(io, "ten", NULL, NULL));
	CALL(rados_read(io, "ten", NULL, 0, 0));
	CALL(rados_getxattr(io, "ten", "x", NULL, 0));
	MUST(rados_aio_stat(io, "ten", c, NULL, NULL));
	ANSWER(rados_aio_stat, outcome(c));
	rados_read_op_stat(op, NULL, NULL, NULL);
	rados_read_op_read(op, 0, 10, buffer, &length, NULL);
	rados_read_op_cmpext(op, "0", 1, 0, NULL);
	rados_read_op_exec_user_buf(op, "hello", "say_hello", "you", 3, buffer, sizeof(buffer), &length, NULL);
	CALL(rados_read_op_operate(op, io, "ten", 0));
	rados_release_read_op(op);
	CALL(rados_mon_command(cluster, &command, 1, NULL, 0, NULL, NULL, NULL, NULL));
	MUST(rados_nobjects_list_open(io, &list));
	CALL(rados_nobjects_list_next(list, &name, NULL, NULL));
	CALL(rados_nobjects_list_next2(list, &name, NULL, NULL, NULL, NULL, NULL));
	CALL(rados_nobjects_list_next2(list, &name, NULL, NULL, NULL, NULL, NULL));
	rados_nobjects_list_close(list);
	CALL(rados_notify2(io, "ten", NULL, 0, 1000, NULL, NULL));
	CALL(rados_ping_monitor(cluster, "a", NULL, NULL));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	objects(io);
	texts(cluster, io);
	numbers(io);
	lockers(io);
	applications(io);
	nowhere(cluster, io);
	finish(cluster, io, POOL);
	return 0;
}
