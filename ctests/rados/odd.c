/* What is seldom asked for: steps whose result is another's, checksums cut off by the end, ranges of omap entries that the
 * same operation set, what changes no version, rolling back what is watched, and an object that only snapshots have. */
#include "../transcript.h"

#define POOL "c-odd"
#define EQ LIBRADOS_CMPXATTR_OP_EQ

static const size_t one[] = {1, 1, 1};

/* Behind a comparison of xattrs that held, some steps have its result and some their own. */
static void carried(rados_ioctx_t io)
{
	rados_omap_iter_t keys, values;
	rados_xattrs_iter_t attributes;
	uint64_t size;
	time_t when;
	char bytes[8], sum[16];
	size_t length;
	uint32_t seed = 0;

	section("results behind a comparison");
	MUST(rados_write_full(io, "o", "0123456789", 10));
	MUST(rados_setxattr(io, "o", "k", "v", 1));
	for (int last = 0; last < 9; last++) {
		rados_read_op_t op = rados_create_read_op();
		int result = 77, second = 77;

		rados_read_op_cmpxattr(op, "k", EQ, "v", 1);
		switch (last) {
		case 0: rados_read_op_stat(op, &size, &when, &result); break;
		case 1: rados_read_op_read(op, 0, 4, bytes, &length, &result); break;
		case 2: rados_read_op_omap_get_keys2(op, "", 5, &keys, NULL, &result); break;
		case 3: rados_read_op_omap_get_vals2(op, "", "", 5, &values, NULL, &result); break;
		case 4: rados_read_op_getxattrs(op, &attributes, &result); break;
		case 5: rados_read_op_assert_exists(op); break;
		case 6: rados_read_op_omap_cmp(op, "k", EQ, "", 0, &result); break;
		case 7: rados_read_op_checksum(op, LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&seed, 4, 0, 4, 0, sum, 16, &result); break;
		case 8: rados_read_op_cmpext(op, "01", 2, 0, &result); break;
		}
		rados_read_op_stat(op, &size, &when, &second);
		printf("%d: ", last);
		ANSWER(rados_read_op_operate, rados_read_op_operate(op, io, "o", 0));
		SHOW(result);
		SHOW(second);
		if (last == 2)
			rados_omap_get_end(keys);
		if (last == 3)
			rados_omap_get_end(values);
		if (last == 4)
			rados_getxattrs_end(attributes);
		rados_release_read_op(op);
	}
}

static void checksums(rados_ioctx_t io)
{
	static const struct {
		size_t off, length, chunk;
	} cases[] = {{0, 0, 0}, {0, 0, 5},  {0, 10, 5}, {0, 10, 3}, {0, 12, 4}, {0, 12, 5}, {0, 15, 5}, {5, 0, 0},
		     {5, 10, 5}, {5, 10, 2}, {5, 4, 4}, {9, 1, 1}, {9, 2, 2}, {9, 4, 1}, {10, 1, 1}, {10, 0, 0}, {11, 4, 2}, {99, 5, 0}, {99, 5, 3}};
	static const int kinds[] = {LIBRADOS_CHECKSUM_TYPE_XXHASH32, LIBRADOS_CHECKSUM_TYPE_XXHASH64,
				    LIBRADOS_CHECKSUM_TYPE_CRC32C};
	unsigned char sums[64];
	uint64_t seed = 7;

	section("checksums at the end");
	MUST(rados_write_full(io, "o", "0123456789", 10));
	MUST(rados_write_full(io, "empty", "", 0));
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
		for (int k = 0; k < 3; k++)
			for (int empty = 0; empty < 2; empty++) {
				rados_read_op_t op = rados_create_read_op();
				int result = 77;

				memset(sums, 0xee, sizeof(sums));
				rados_read_op_checksum(op, kinds[k], (char *)&seed, k == 1 ? 8 : 4, cases[n].off,
						       cases[n].length, cases[n].chunk, (char *)sums, sizeof(sums), &result);
				printf("%zu~%zu/%zu of kind %d%s: ", cases[n].off, cases[n].length, cases[n].chunk, k,
				       empty ? ", nothing" : "");
				ANSWER(rados_read_op_operate, rados_read_op_operate(op, io, empty ? "empty" : "o", 0));
				SHOW(result);
				show_bytes("sums", sums, 48);
				rados_release_read_op(op);
			}
}

static void show_omap(rados_ioctx_t io, const char *object)
{
	rados_read_op_t op = rados_create_read_op();
	rados_omap_iter_t entries;
	char *key, *value;
	size_t key_length, value_length;
	int result;

	rados_read_op_omap_get_vals2(op, "", "", 100, &entries, NULL, &result);
	show_result("entries", rados_read_op_operate(op, io, object, 0));
	while (rados_omap_get_next2(entries, &key, &value, &key_length, &value_length) == 0 && key)
		printf(" %.*s=%.*s", (int)key_length, key, (int)value_length, value);
	putchar('\n');
	rados_omap_get_end(entries);
	rados_release_read_op(op);
}

/* Removing a range does not find what the same operation set. */
static void ranges(rados_ioctx_t io)
{
	static const char *some[] = {"a", "b", "c"}, *other[] = {"b", "d"}, *values[] = {"1", "2", "3"};

	section("ranges of entries set before");
	for (int steps = 0; steps < 8; steps++) {
		rados_write_op_t op = rados_create_write_op();

		rados_remove(io, "m");
		rados_write_op_omap_set2(op, some, values, one, one, 3);
		if (steps != 7)
			MUST(rados_write_op_operate(op, io, "m", NULL, 0));
		rados_release_write_op(op);
		op = rados_create_write_op();
		if (steps == 1)
			rados_write_op_omap_clear(op);
		if (steps == 2 || steps == 6)
			rados_write_op_remove(op);
		if (steps == 3)
			rados_write_op_omap_rm_keys2(op, other, one, 2);
		if (steps == 4)
			rados_write_op_create(op, LIBRADOS_CREATE_IDEMPOTENT, NULL);
		rados_write_op_omap_set2(op, other, values, one, one, 2);
		rados_write_op_omap_rm_range2(op, "a", 1, steps == 5 ? "b" : "z", 1);
		if (steps == 6)
			rados_write_op_omap_set2(op, some, values, one, one, 1);
		printf("%d: ", steps);
		ANSWER(rados_write_op_operate, rados_write_op_operate(op, io, "m", NULL, 0));
		rados_release_write_op(op);
		show_omap(io, "m");
	}
}

/* Whether an operation made a new version. */
static void changed(rados_ioctx_t io, const char *what, rados_write_op_t op, const char *object)
{
	uint64_t before, after, size;
	time_t when;

	MUST(rados_stat(io, object, &size, &when));
	before = rados_get_last_version(io);
	printf("%s: ", what);
	ANSWER(rados_write_op_operate, rados_write_op_operate(op, io, object, NULL, 0));
	rados_release_write_op(op);
	after = rados_get_last_version(io);
	printf("  answered a version %s, ", after == before ? "as before" : after > before ? "that is new" : "that is older");
	MUST(rados_stat(io, object, &size, &when));
	after = rados_get_last_version(io);
	puts(after == before ? "nothing changed" : "changed");
}

#define CHANGES(steps)                                                                  \
	do {                                                                            \
		rados_write_op_t op = rados_create_write_op();                          \
		steps;                                                                  \
		changed(io, #steps, op, "v");                                           \
	} while (0)

static void versions(rados_ioctx_t io)
{
	static const char *keys[] = {"no"}, *values[] = {"v"};
	uint64_t version;

	section("what changes the version");
	MUST(rados_write_full(io, "v", "0123456789", 10));
	CHANGES();
	CHANGES(rados_write_op_create(op, LIBRADOS_CREATE_IDEMPOTENT, NULL));
	CHANGES(rados_write_op_assert_exists(op));
	CHANGES(rados_write_op_cmpext(op, "0", 1, 0, NULL));
	CHANGES(rados_write_op_cmpext(op, "1", 1, 0, NULL));
	CHANGES(rados_write_op_omap_clear(op));
	CHANGES(rados_write_op_omap_rm_keys2(op, keys, one, 1));
	CHANGES(rados_write_op_omap_rm_range2(op, "a", 1, "b", 1));
	CHANGES(rados_write_op_omap_set2(op, keys, values, one, one, 0));
	CHANGES(rados_write_op_omap_clear(op));
	CHANGES(rados_write_op_omap_set2(op, keys, values, one, one, 1));
	CHANGES(rados_write_op_omap_clear(op));
	CHANGES(rados_write_op_omap_clear(op));
	CHANGES(rados_write_op_rmxattr(op, "no"));
	CHANGES(rados_write_op_write(op, "", 0, 3));
	CHANGES(rados_write_op_append(op, "", 0));
	CHANGES(rados_write_op_zero(op, 100, 5));
	CHANGES(rados_write_op_zero(op, 100, 128 << 20));
	CHANGES(rados_write_op_zero(op, 100, (128 << 20) + 1));
	CHANGES(rados_write_op_zero(op, 5, 128 << 20));
	CHANGES(rados_write_op_writesame(op, "ab", 2, 0, 100));
	CHANGES(rados_write_op_assert_version(op, 1));
	CHANGES(rados_write_op_truncate(op, 10));
	CHANGES(rados_write_op_set_alloc_hint(op, 10, 10));
	CHANGES(rados_write_op_write_full(op, "0123456789", 10));
	CHANGES(rados_write_op_exec(op, "hello", "say_hello", "", 0, NULL));
	CHANGES(rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL));
	CHANGES(rados_write_op_assert_version(op, 1000000));
	CHANGES(rados_write_op_cmpxattr(op, "no", EQ, "x", 1));
	MUST(rados_stat(io, "v", NULL, NULL));
	version = rados_get_last_version(io);
	CALL(rados_stat(io, "nothing", NULL, NULL));
	SHOW(rados_get_last_version(io) == version);
	SHOW(rados_get_last_version(io));
}

static void on_notify(void *arg, uint64_t id, uint64_t handle, uint64_t notifier, void *data, size_t length)
{
	(void)arg, (void)id, (void)handle, (void)notifier, (void)data, (void)length;
}

static void on_error(void *arg, uint64_t cookie, int error)
{
	(void)arg, (void)cookie, (void)error;
}

static void watched(rados_ioctx_t io)
{
	rados_snap_t snaps[2];
	uint64_t cookie, size;
	time_t when;

	section("rolling back what is watched");
	MUST(rados_write_full(io, "old", "old", 3));
	MUST(rados_ioctx_selfmanaged_snap_create(io, &snaps[1]));
	MUST(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[1], &snaps[1], 1));
	MUST(rados_write_full(io, "new", "new", 3));
	MUST(rados_write_full(io, "old", "changed", 7));
	MUST(rados_watch2(io, "new", &cookie, on_notify, on_error, NULL));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "new", snaps[1]));
	CALL(rados_stat(io, "new", &size, &when));
	CALL(rados_unwatch2(io, cookie));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "new", snaps[1]));
	CALL(rados_stat(io, "new", &size, &when));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "new", snaps[1]));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "nothing", snaps[1]));
	MUST(rados_watch2(io, "old", &cookie, on_notify, on_error, NULL));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "old", snaps[1]));
	content(io, "old");
	CALL(rados_unwatch2(io, cookie));
	MUST(rados_ioctx_selfmanaged_snap_create(io, &snaps[0]));
	MUST(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[0], snaps, 2));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "old", snaps[0]));
	content(io, "old");
	MUST(rados_remove(io, "old"));

	section("an object that only snapshots have");
	CALL(rados_stat(io, "old", &size, &when));
	CALL(rados_remove(io, "old"));
	CALL(rados_rmxattr(io, "old", "k"));
	CALL(rados_trunc(io, "old", 5));
	CALL(rados_stat(io, "old", &size, &when));
	cookie = 0;
	CALL(rados_watch2(io, "old", &cookie, on_notify, on_error, NULL));
	if (cookie)
		MUST(rados_unwatch2(io, cookie));
	CALL(rados_getxattr(io, "old", "k", (char[8]){0}, 8));
	CALL(rados_cmpext(io, "old", "", 0, 0));
	CALL(rados_cmpext(io, "old", "\0", 1, 0));
	CALL(rados_setxattr(io, "old", "k", "v", 1));
	content(io, "old");
	CALL(rados_remove(io, "old"));
	CALL(rados_append(io, "old", "again", 5));
	content(io, "old");
	rados_ioctx_snap_set_read(io, snaps[1]);
	content(io, "old");
	rados_ioctx_snap_set_read(io, snaps[0]);
	content(io, "old");
	CALL(rados_write(io, "old", "x", 1, 0));
	CALL(rados_remove(io, "old"));
	CALL(rados_ioctx_selfmanaged_snap_rollback(io, "old", snaps[1]));
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	MUST(rados_ioctx_selfmanaged_snap_set_write_ctx(io, 0, NULL, 0));
}

/* Outputs of steps that change something come back if they are asked for, and short. */
static void outputs(rados_ioctx_t io)
{
	char *input = "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";

	section("outputs of a write");
	for (int flags = 0; flags < 2; flags++)
		for (int length = 55; length < 59; length++) {
			rados_write_op_t op = rados_create_write_op();
			int result = 77;

			MUST(rados_write_full(io, "out", "", 0));
			rados_write_op_append(op, "x", 1);
			rados_write_op_exec(op, "hello", "say_hello", input, length, &result);
			printf("%d with flags %d: ", length, flags);
			ANSWER(rados_write_op_operate,
			       rados_write_op_operate(op, io, "out", NULL, flags ? LIBRADOS_OPERATION_RETURNVEC : 0));
			SHOW(result);
			rados_release_write_op(op);
		}
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	carried(io);
	checksums(io);
	ranges(io);
	versions(io);
	watched(io);
	outputs(io);
	finish(cluster, io, POOL);
	return 0;
}
