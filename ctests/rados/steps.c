/* What each step of an operation refuses, and what each writes into its own result: reading, writing, both cursors. */
#include "../transcript.h"

#define POOL "c-steps"

static int read_with(rados_ioctx_t io, const char *object, rados_read_op_t op)
{
	int result = rados_read_op_operate(op, io, object, 0);

	rados_release_read_op(op);
	return result;
}

static int write_with(rados_ioctx_t io, const char *object, rados_write_op_t op)
{
	int result = rados_write_op_operate(op, io, object, NULL, 0);

	rados_release_write_op(op);
	return result;
}

/* Adds one step to a new operation, runs it on an object, and prints what came of it as the step's answer. */
#define READ_STEP(object, step, ...)                                                           \
	do {                                                                                   \
		rados_read_op_t op_ = rados_create_read_op();                                  \
		step(op_, ##__VA_ARGS__);                                                      \
		ANSWER(step, read_with(io, object, op_));                                      \
	} while (0)
#define WRITE_STEP(object, step, ...)                                                          \
	do {                                                                                   \
		rados_write_op_t op_ = rados_create_write_op();                                \
		step(op_, ##__VA_ARGS__);                                                      \
		ANSWER(step, write_with(io, object, op_));                                     \
	} while (0)

static void refused_reading(rados_ioctx_t io)
{
	uint64_t size = 77, version;
	uint32_t zero = 0;
	time_t when;
	size_t length = 77;
	char buffer[16], sum[16], *out = NULL;
	int result = 77;
	unsigned char more = 77;
	rados_omap_iter_t map = NULL;
	rados_xattrs_iter_t attributes = NULL;
	const char *keys[] = {"k"};

	section("reading steps, refused");
	MUST(rados_write_full(io, "o", "0123456789", 10));
	MUST(rados_append(io, "o", "", 0));
	version = rados_get_last_version(io);
	READ_STEP("o", rados_read_op_assert_exists);
	READ_STEP("no", rados_read_op_assert_exists);
	READ_STEP("o", rados_read_op_assert_version, version);
	READ_STEP("o", rados_read_op_assert_version, version - 1);
	READ_STEP("o", rados_read_op_assert_version, 0);
	READ_STEP("o", rados_read_op_assert_version, version + 1000);
	READ_STEP("o", rados_read_op_cmpxattr, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1);
	READ_STEP("no", rados_read_op_cmpxattr, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1);
	READ_STEP("o", rados_read_op_cmpext, "0X23", 4, 0, &result);
	SHOW(result);
	READ_STEP("no", rados_read_op_cmpext, "0X23", 4, 0, &result);
	SHOW(result);
	READ_STEP("o", rados_read_op_omap_cmp, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1, &result);
	SHOW(result);
	READ_STEP("o", rados_read_op_omap_cmp2, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1, 1, &result);
	SHOW(result);
	READ_STEP("no", rados_read_op_omap_cmp2, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1, 1, &result);
	SHOW(result);
	READ_STEP("no", rados_read_op_stat, &size, &when, &result);
	SHOW(result);
	READ_STEP("no", rados_read_op_read, 0, 4, buffer, &length, &result);
	SHOW(result);
	SHOW(length);
	READ_STEP("o", rados_read_op_checksum, LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 3, 0, 10, 0, sum, 8,
		  &result);
	ANSWER(rados_read_op_checksum, result);
	READ_STEP("o", rados_read_op_checksum, LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 0, 10, 0, sum, 7,
		  &result);
	ANSWER(rados_read_op_checksum, result);
	READ_STEP("o", rados_read_op_checksum, LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 0, 10, 3, sum, 16,
		  &result);
	ANSWER(rados_read_op_checksum, result);
	READ_STEP("no", rados_read_op_checksum, LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 0, 10, 0, sum, 8,
		  &result);
	SHOW(result);
	READ_STEP("o", rados_read_op_exec, "hello", "no_method", "", 0, &out, &length, &result);
	SHOW(result);
	READ_STEP("o", rados_read_op_exec_user_buf, "hello", "say_hello", "x", 1, buffer, 4, &length, &result);
	ANSWER(rados_read_op_exec_user_buf, result);
	SHOW(length);
	READ_STEP("no", rados_read_op_getxattrs, &attributes, &result);
	SHOW(result);
	/* Iterators are there, and the caller's, also of steps that failed. */
	rados_getxattrs_end(attributes);
	READ_STEP("no", rados_read_op_omap_get_vals, "", "", 5, &map, &result);
	SHOW(result);
	rados_omap_get_end(map);
	READ_STEP("no", rados_read_op_omap_get_vals2, "", "", 5, &map, &more, &result);
	SHOW(result);
	rados_omap_get_end(map);
	SHOW(more);
	READ_STEP("no", rados_read_op_omap_get_keys, "", 5, &map, &result);
	SHOW(result);
	rados_omap_get_end(map);
	READ_STEP("no", rados_read_op_omap_get_keys2, "", 5, &map, &more, &result);
	SHOW(result);
	rados_omap_get_end(map);
	READ_STEP("no", rados_read_op_omap_get_vals_by_keys, keys, 1, &map, &result);
	SHOW(result);
	rados_omap_get_end(map);
	READ_STEP("no", rados_read_op_omap_get_vals_by_keys2, keys, 1, (size_t[]){1}, &map, &result);
	SHOW(result);
	rados_omap_get_end(map);
}

static void refused_writing(rados_ioctx_t io)
{
	static const char *keys[] = {"k"}, *values[] = {"v"};
	static const size_t one[] = {1};
	uint64_t version;
	int result = 77;

	section("writing steps, refused");
	MUST(rados_write_full(io, "o", "0123456789", 10));
	MUST(rados_append(io, "o", "", 0));
	version = rados_get_last_version(io);
	WRITE_STEP("o", rados_write_op_assert_exists);
	WRITE_STEP("no", rados_write_op_assert_exists);
	WRITE_STEP("o", rados_write_op_assert_version, version);
	WRITE_STEP("o", rados_write_op_assert_version, version - 1);
	WRITE_STEP("o", rados_write_op_assert_version, 0);
	WRITE_STEP("o", rados_write_op_assert_version, version + 1000);
	WRITE_STEP("no", rados_write_op_assert_version, 1);
	WRITE_STEP("o", rados_write_op_create, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	WRITE_STEP("o", rados_write_op_cmpxattr, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1);
	WRITE_STEP("no", rados_write_op_cmpxattr, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1);
	WRITE_STEP("o", rados_write_op_cmpext, "01X3", 4, 0, &result);
	SHOW(result);
	WRITE_STEP("no", rados_write_op_cmpext, "01X3", 4, 0, &result);
	SHOW(result);
	WRITE_STEP("o", rados_write_op_omap_cmp, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1, &result);
	SHOW(result);
	WRITE_STEP("o", rados_write_op_omap_cmp2, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1, 1, &result);
	SHOW(result);
	WRITE_STEP("o", rados_write_op_exec, "hello", "no_method", "", 0, &result);
	SHOW(result);
	WRITE_STEP("o", rados_write_op_exec, "hello", "say_hello", "x", 1, &result);
	SHOW(result);
	WRITE_STEP("no", rados_write_op_remove);
	WRITE_STEP("no", rados_write_op_rmxattr, "k");
	WRITE_STEP("o", rados_write_op_rmxattr, "k");
	WRITE_STEP("o", rados_write_op_write, "x", 1, 128 * MIB);
	WRITE_STEP("o", rados_write_op_truncate, 128 * MIB + 1);
	WRITE_STEP("o", rados_write_op_zero, 128 * MIB, 1);
	WRITE_STEP("o", rados_write_op_writesame, "abc", 3, 10, 0);
	WRITE_STEP("o", rados_write_op_writesame, "abc", 3, 0, 0);
	WRITE_STEP("no", rados_write_op_omap_rm_keys, keys, 1);
	WRITE_STEP("no", rados_write_op_omap_rm_keys2, keys, one, 1);
	WRITE_STEP("no", rados_write_op_omap_clear);
	WRITE_STEP("no2", rados_write_op_omap_rm_range2, "a", 1, "b", 1);
	content(io, "o");

	section("writing steps, done");
	WRITE_STEP("w", rados_write_op_write, "x", 1, 1);
	WRITE_STEP("w", rados_write_op_append, "y", 1);
	WRITE_STEP("w", rados_write_op_setxattr, "k", "v", 1);
	WRITE_STEP("w", rados_write_op_omap_set, keys, values, one, 1);
	WRITE_STEP("w", rados_write_op_omap_set2, keys, values, one, one, 1);
	WRITE_STEP("w", rados_write_op_set_alloc_hint, 1, 1);
	WRITE_STEP("w", rados_write_op_set_alloc_hint2, 1, 1, 0);
	WRITE_STEP("w", rados_write_op_writesame, "ab", 2, 4, 2);
	WRITE_STEP("w", rados_write_op_zero, 3, 2);
	WRITE_STEP("w", rados_write_op_truncate, 7);
	content(io, "w");
	WRITE_STEP("w", rados_write_op_write_full, "full", 4);
	content(io, "w");
}

/* A step that failed and the flag that lets it, between steps that do not: whose result is what. */
static void results_of_each(rados_ioctx_t io)
{
	char before[8], after[8], *out = NULL;
	size_t lengths[3] = {77, 77, 77};
	int results[6];
	uint64_t size = 77;

	section("one result for each step");
	for (int failok = 0; failok <= 1; failok++) {
		rados_read_op_t op = rados_create_read_op();

		memset(results, 77, sizeof(results));
		lengths[0] = lengths[1] = lengths[2] = size = 77;
		out = NULL;
		rados_read_op_read(op, 0, 3, before, &lengths[0], &results[0]);
		rados_read_op_cmpext(op, "zz", 2, 0, &results[1]);
		if (failok)
			rados_read_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
		rados_read_op_stat(op, &size, NULL, &results[2]);
		rados_read_op_exec(op, "hello", "no_method", "", 0, &out, &lengths[2], &results[3]);
		if (failok)
			rados_read_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
		rados_read_op_read(op, 4, 3, after, &lengths[1], &results[4]);
		CALL(read_with(io, "o", op));
		for (int n = 0; n < 5; n++)
			printf("result %d: %d\n", n, results[n]);
		printf("lengths %zu %zu, size %d, out %s\n", lengths[0], lengths[1], (int)size, out ? "there" : "NULL");
		rados_buffer_free(out);
	}
	for (int failok = 0; failok <= 1; failok++) {
		rados_write_op_t op = rados_create_write_op();

		memset(results, 77, sizeof(results));
		rados_write_op_write_full(op, "all of it", 9);
		rados_write_op_omap_cmp(op, "none", LIBRADOS_CMPXATTR_OP_EQ, "v", 1, &results[0]);
		if (failok)
			rados_write_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
		rados_write_op_exec(op, "hello", "no_method", "", 0, &results[1]);
		if (failok)
			rados_write_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
		rados_write_op_append(op, "!", 1);
		CALL(write_with(io, "failing", op));
		show_result("comparison", results[0]);
		show_result("method", results[1]);
		content(io, "failing");
	}
}

/* The cursors by string and by length, taken in turns on one iterator. */
static void cursors(rados_ioctx_t io)
{
	static const char *keys[] = {"a\0a", "b", "", "c\xff"};
	static const char *values[] = {"1", "", "\0two", "three"};
	static const size_t key_lengths[] = {3, 1, 0, 2}, lengths[] = {1, 0, 4, 5};
	rados_write_op_t write = rados_create_write_op();
	rados_omap_iter_t iter;
	char *key, *value;
	size_t key_length, length;

	section("both cursors");
	rados_write_op_omap_set2(write, keys, values, key_lengths, lengths, 4);
	MUST(write_with(io, "map", write));
	for (int first = 0; first <= 1; first++) {
		rados_read_op_t op = rados_create_read_op();

		rados_read_op_omap_get_vals2(op, "", "", 10, &iter, NULL, NULL);
		MUST(read_with(io, "map", op));
		for (int n = first; n < first + 6; n++) {
			key_length = length = 77;
			if (n % 2)
				CALL(rados_omap_get_next(iter, &key, &value, &length));
			else
				CALL(rados_omap_get_next2(iter, &key, &value, &key_length, &length));
			printf("key %s, lengths %zu %zu: ", key ? "there" : "NULL", key_length, length);
			escaped(key ? key : "", key && n % 2 ? strlen(key) : key ? key_length : 0);
			escaped(value ? value : "", value ? length : 0);
			putchar('\n');
		}
		rados_omap_get_end(iter);
	}
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	refused_reading(io);
	refused_writing(io);
	results_of_each(io);
	cursors(io);
	finish(cluster, io, POOL);
	return 0;
}
