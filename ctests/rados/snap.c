/* Snapshots: of the pool, and managed by the client: create, list, read at, roll back, remove. */
#include "../transcript.h"

static void read_at(rados_ioctx_t io, const char *label, rados_snap_t snap, const char *object)
{
	rados_ioctx_snap_set_read(io, snap);
	printf("at %s: ", label);
	content(io, object);
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
}

static void of_the_pool(rados_ioctx_t io)
{
	rados_snap_t first = 77, second = 77, snaps[8];
	char name[16];
	time_t when = 0;
	uint64_t size;

	section("of the pool");
	CALL(rados_ioctx_snap_list(io, snaps, 8));
	CALL(rados_ioctx_snap_lookup(io, "first", &first));
	MUST(rados_write_full(io, "a", "one", 3));
	CALL(rados_ioctx_snap_create(io, "first"));
	CALL(rados_ioctx_snap_create(io, "first"));
	CALL(rados_ioctx_snap_create(io, ""));
	CALL(rados_ioctx_snap_remove(io, ""));
	MUST(rados_write_full(io, "a", "two, longer", 11));
	MUST(rados_write_full(io, "b", "later", 5));
	CALL(rados_ioctx_snap_create(io, "second"));
	CALL(rados_remove(io, "a"));
	CALL(rados_append(io, "b", " on", 3));
	CALL(rados_ioctx_snap_lookup(io, "first", &first));
	CALL(rados_ioctx_snap_lookup(io, "second", &second));
	SHOW(second > first);
	CALL(rados_ioctx_snap_list(io, snaps, 8));
	SHOW(snaps[0] == first && snaps[1] == second);
	CALL(rados_ioctx_snap_list(io, snaps, 2));
	CALL(rados_ioctx_snap_list(io, snaps, 1));
	CALL(rados_ioctx_snap_list(io, snaps, 0));
	for (int length = 0; length <= 7; length++) {
		memset(name, '.', sizeof(name));
		printf("rados_ioctx_snap_get_name with %d: %d ", length,
		       rados_ioctx_snap_get_name(io, second, name, length));
		escaped(name, 8);
		putchar('\n');
	}
	CALL(rados_ioctx_snap_get_name(io, 987654, name, sizeof(name)));
	CALL(rados_ioctx_snap_get_stamp(io, first, &when));
	SHOW(is_now(when));
	CALL(rados_ioctx_snap_get_stamp(io, 987654, &when));
	read_at(io, "first", first, "a");
	read_at(io, "second", second, "a");
	read_at(io, "head", LIBRADOS_SNAP_HEAD, "a");
	read_at(io, "first", first, "b");
	read_at(io, "second", second, "b");
	read_at(io, "head", LIBRADOS_SNAP_HEAD, "b");
	rados_ioctx_snap_set_read(io, first);
	CALL(rados_stat(io, "a", &size, NULL));
	SHOW(size);
	CALL(rados_stat(io, "b", &size, NULL));
	CALL(rados_write_full(io, "b", "no", 2));
	CALL(rados_remove(io, "b"));
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	CALL(rados_ioctx_snap_rollback(io, "a", "first"));
	content(io, "a");
	CALL(rados_rollback(io, "a", "second"));
	content(io, "a");
	CALL(rados_ioctx_snap_rollback(io, "b", "first"));
	content(io, "b");
	CALL(rados_ioctx_snap_rollback(io, "a", "third"));
	CALL(rados_ioctx_snap_rollback(io, "nowhere", "first"));
	CALL(rados_ioctx_snap_remove(io, "first"));
	CALL(rados_ioctx_snap_remove(io, "first"));
	CALL(rados_ioctx_snap_list(io, snaps, 8));
	CALL(rados_ioctx_snap_rollback(io, "a", "first"));
	read_at(io, "second", second, "a");
	CALL(rados_ioctx_selfmanaged_snap_create(io, &first));
	CALL(rados_ioctx_snap_remove(io, "second"));
}

static void managed(rados_ioctx_t io)
{
	rados_snap_t snaps[4], removed;
	rados_completion_t completion;

	section("managed by the client");
	for (int n = 3; n >= 0; n--) {
		char text[] = "content 0";

		text[8] = '0' + n;
		MUST(rados_write_full(io, "a", text, 9));
		if (n == 2) {
			snaps[n] = 77;
			MUST(rados_aio_create_completion2(NULL, NULL, &completion));
			rados_aio_ioctx_selfmanaged_snap_create(io, &snaps[n], completion);
			CALL(rados_aio_wait_for_complete(completion));
			CALL(rados_aio_get_return_value(completion));
			rados_aio_release(completion);
		} else {
			CALL(rados_ioctx_selfmanaged_snap_create(io, &snaps[n]));
		}
		if (n < 3)
			SHOW(snaps[n] > snaps[n + 1]);
		CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[n], &snaps[n], 4 - n));
	}
	MUST(rados_write(io, "a", "CONTENT", 7, 0));
	content(io, "a");
	for (int n = 0; n < 4; n++)
		read_at(io, (char[]){'0' + n, 0}, snaps[n], "a");
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[1], &snaps[0], 4));
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[0], (rados_snap_t[]){snaps[1], snaps[0]}, 2));
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[0], snaps, 4));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "a", snaps[2]));
	content(io, "a");
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "nowhere", snaps[2]));
	CALL(rados_write_full(io, "late", "late", 4));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "late", snaps[2]));
	content(io, "late");
	CALL(rados_remove(io, "a"));
	content(io, "a");
	read_at(io, "3", snaps[3], "a");
	CALL(rados_remove(io, "a"));
	CALL(rados_ioctx_selfmanaged_snap_remove(io, snaps[3]));
	CALL(rados_ioctx_selfmanaged_snap_remove(io, snaps[3]));
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	rados_aio_ioctx_selfmanaged_snap_remove(io, snaps[2], completion);
	CALL(rados_aio_wait_for_complete(completion));
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[0], snaps, 2));
	read_at(io, "1", snaps[1], "a");
	CALL(rados_ioctx_snap_create(io, "named"));
	MUST(rados_ioctx_selfmanaged_snap_create(io, &removed));
	CALL(rados_ioctx_selfmanaged_snap_remove(io, removed));
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(io, 0, NULL, 0));
	CALL(rados_write_full(io, "plain", "x", 1));
}

static void parts(rados_ioctx_t io)
{
	rados_snap_t snap, snaps[2];
	char buffer[64];

	section("what a snapshot keeps");
	MUST(rados_write_full(io, "p", "0123456789", 10));
	MUST(rados_setxattr(io, "p", "x", "before", 6));
	MUST(rados_ioctx_selfmanaged_snap_create(io, &snap));
	MUST(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snap, &snap, 1));
	MUST(rados_trunc(io, "p", 4));
	MUST(rados_trunc(io, "p", 12));
	MUST(rados_setxattr(io, "p", "x", "after", 5));
	content(io, "p");
	read_at(io, "snap", snap, "p");
	rados_ioctx_snap_set_read(io, snap);
	memset(buffer, 0, sizeof(buffer));
	CALL(rados_getxattr(io, "p", "x", buffer, sizeof(buffer)));
	SHOW_TEXT(buffer);
	CALL(rados_read(io, "p", buffer, 3, 8));
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	MUST(rados_ioctx_selfmanaged_snap_rollback(io, "p", snap));
	content(io, "p");
	memset(buffer, 0, sizeof(buffer));
	CALL(rados_getxattr(io, "p", "x", buffer, sizeof(buffer)));
	SHOW_TEXT(buffer);
	snaps[1] = snap;
	MUST(rados_ioctx_selfmanaged_snap_create(io, &snaps[0]));
	MUST(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[0], snaps, 2));
	MUST(rados_remove(io, "p"));
	MUST(rados_write_full(io, "p", "new life", 8));
	read_at(io, "newer", snaps[0], "p");
	read_at(io, "older", snaps[1], "p");
	content(io, "p");
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-snap");

	of_the_pool(io);
	rados_ioctx_destroy(io);
	io = new_pool(cluster, "c-snap");
	managed(io);
	parts(io);
	finish(cluster, io, "c-snap");
	return 0;
}
