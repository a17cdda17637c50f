/* Operations of several parts: each part's result, flags, all or nothing, comparisons. */
#include "../transcript.h"

static int run(rados_ioctx_t io, const char *object, rados_write_op_t op, int flags)
{
	int result = rados_write_op_operate(op, io, object, NULL, flags);

	rados_release_write_op(op);
	return result;
}

static void writing(rados_ioctx_t io)
{
	rados_write_op_t op;
	time_t when = 1234567890;
	struct timespec precise = {1234567891, 500000000};
	uint64_t size;

	section("writing");
	op = rados_create_write_op();
	CALL(run(io, "empty", op, 0));
	content(io, "empty");
	op = rados_create_write_op();
	rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	rados_write_op_write(op, "0123456789", 10, 0);
	rados_write_op_append(op, "abc", 3);
	rados_write_op_zero(op, 2, 3);
	rados_write_op_setxattr(op, "x", "y", 1);
	rados_write_op_writesame(op, "zy", 2, 6, 20);
	rados_write_op_set_alloc_hint(op, 4 * MIB, 4 * MIB);
	rados_write_op_set_alloc_hint2(op, 4 * MIB, 4 * MIB, LIBRADOS_ALLOC_HINT_FLAG_SHORTLIVED);
	CALL(rados_write_op_operate(op, io, "one", &when, 0));
	content(io, "one");
	CALL(rados_stat(io, "one", &size, &when));
	SHOW(size);
	SHOW(when);
	CALL(rados_write_op_operate(op, io, "one", &when, 0));
	rados_release_write_op(op);
	op = rados_create_write_op();
	rados_write_op_truncate(op, 4);
	rados_write_op_write_full(op, "full", 4);
	rados_write_op_truncate(op, 6);
	rados_write_op_rmxattr(op, "x");
	CALL(rados_write_op_operate2(op, io, "one", &precise, 0));
	rados_release_write_op(op);
	content(io, "one");
	CALL(rados_stat(io, "one", NULL, &when));
	SHOW(when);
	op = rados_create_write_op();
	rados_write_op_remove(op);
	CALL(run(io, "one", op, 0));
	content(io, "one");
	op = rados_create_write_op();
	rados_write_op_remove(op);
	CALL(run(io, "one", op, 0));
	op = rados_create_write_op();
	rados_write_op_create(op, LIBRADOS_CREATE_IDEMPOTENT, "category");
	CALL(run(io, "one", op, 0));
	op = rados_create_write_op();
	rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	CALL(run(io, "one", op, 0));
	op = rados_create_write_op();
	rados_write_op_zero(op, 0, 10);
	CALL(run(io, "zeroed", op, 0));
	content(io, "zeroed");
	op = rados_create_write_op();
	rados_write_op_truncate(op, 10);
	CALL(run(io, "truncated", op, 0));
	content(io, "truncated");
}

static void all_or_nothing(rados_ioctx_t io)
{
	rados_write_op_t op;
	uint64_t version;
	int result = 77;
	char out[64];

	section("all or nothing");
	MUST(rados_write_full(io, "atom", "before", 6));
	version = rados_get_last_version(io);
	op = rados_create_write_op();
	rados_write_op_write_full(op, "after", 5);
	rados_write_op_cmpxattr(op, "x", LIBRADOS_CMPXATTR_OP_EQ, "y", 1);
	CALL(run(io, "atom", op, 0));
	content(io, "atom");
	op = rados_create_write_op();
	rados_write_op_setxattr(op, "x", "y", 1);
	rados_write_op_cmpxattr(op, "x", LIBRADOS_CMPXATTR_OP_EQ, "y", 1);
	CALL(run(io, "what the operation itself set", op, 0));
	MUST(rados_setxattr(io, "atom", "x", "y", 1));
	op = rados_create_write_op();
	rados_write_op_cmpxattr(op, "x", LIBRADOS_CMPXATTR_OP_EQ, "y", 1);
	rados_write_op_append(op, " x is y", 7);
	CALL(run(io, "atom", op, 0));
	content(io, "atom");
	op = rados_create_write_op();
	rados_write_op_assert_version(op, version);
	rados_write_op_append(op, "!", 1);
	CALL(run(io, "atom", op, 0));
	op = rados_create_write_op();
	rados_write_op_assert_version(op, version + 1000000);
	rados_write_op_append(op, "!", 1);
	CALL(run(io, "atom", op, 0));
	CALL(rados_stat(io, "atom", NULL, NULL));
	version = rados_get_last_version(io);
	op = rados_create_write_op();
	rados_write_op_assert_version(op, version);
	rados_write_op_append(op, "!", 1);
	CALL(run(io, "atom", op, 0));
	content(io, "atom");
	op = rados_create_write_op();
	rados_write_op_assert_exists(op);
	rados_write_op_append(op, "?", 1);
	CALL(run(io, "nowhere", op, 0));
	CALL(rados_stat(io, "nowhere", NULL, NULL));
	op = rados_create_write_op();
	rados_write_op_assert_exists(op);
	rados_write_op_append(op, "?", 1);
	CALL(run(io, "atom", op, 0));

	section("cmpext");
	op = rados_create_write_op();
	rados_write_op_cmpext(op, "before", 6, 0, &result);
	rados_write_op_write(op, "BEFORE", 6, 0);
	CALL(run(io, "atom", op, 0));
	SHOW(result);
	op = rados_create_write_op();
	result = 77;
	rados_write_op_cmpext(op, "BEFoRE", 6, 0, &result);
	rados_write_op_write(op, "before", 6, 0);
	CALL(run(io, "atom", op, 0));
	SHOW(result);
	op = rados_create_write_op();
	result = 77;
	rados_write_op_cmpext(op, "a", 1, 1000, &result);
	rados_write_op_append(op, "a", 1);
	CALL(run(io, "atom", op, 0));
	SHOW(result);
	op = rados_create_write_op();
	result = 77;
	rados_write_op_cmpext(op, "a", 1, 0, &result);
	rados_write_op_append(op, "a", 1);
	CALL(run(io, "nowhere", op, 0));
	SHOW(result);
	content(io, "atom");

	section("parts that may fail");
	op = rados_create_write_op();
	rados_write_op_rmxattr(op, "not there");
	rados_write_op_append(op, "1", 1);
	CALL(run(io, "atom", op, 0));
	op = rados_create_write_op();
	rados_write_op_remove(op);
	rados_write_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
	rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	rados_write_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
	rados_write_op_write(op, "made", 4, 0);
	CALL(run(io, "nowhere", op, 0));
	content(io, "nowhere");
	op = rados_create_write_op();
	rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	rados_write_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
	rados_write_op_append(op, " more", 5);
	CALL(run(io, "nowhere", op, 0));
	content(io, "nowhere");
	op = rados_create_write_op();
	rados_write_op_append(op, " twice", 6);
	rados_write_op_set_flags(op, LIBRADOS_OP_FLAG_FADVISE_DONTNEED | LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
	CALL(run(io, "nowhere", op, LIBRADOS_OPERATION_BALANCE_READS | LIBRADOS_OPERATION_IGNORE_CACHE));
	content(io, "nowhere");
	op = rados_create_write_op();
	result = 77;
	rados_write_op_exec(op, "hello", "record_hello", "Venus", 5, &result);
	CALL(run(io, "greeting", op, 0));
	SHOW(result);
	content(io, "greeting");
	op = rados_create_write_op();
	result = 77;
	rados_write_op_exec(op, "hello", "record_hello", "Venus", 5, &result);
	CALL(run(io, "greeting", op, 0));
	SHOW(result);
	op = rados_create_write_op();
	result = 77;
	rados_write_op_exec(op, "hello", "no_method", "Venus", 5, &result);
	CALL(run(io, "greeting", op, 0));
	SHOW(result);
	CALL(rados_exec(io, "greeting", "hello", "say_hello", "Mars", 4, out, sizeof(out)));
}

static void reading(rados_ioctx_t io)
{
	rados_read_op_t op;
	char first[8], second[64], sum[16];
	size_t lengths[4] = {77, 77, 77, 77}, used = 77;
	uint64_t size = 77;
	uint32_t zero = 0;
	time_t when = 77;
	int results[8];
	rados_xattrs_iter_t iter = NULL;
	const char *name, *value;
	char *out = NULL;

	section("reading");
	MUST(rados_write_full(io, "data", "0123456789", 10));
	MUST(rados_setxattr(io, "data", "x", "y", 1));
	memset(results, 77, sizeof(results));
	memset(sum, 0, sizeof(sum));
	op = rados_create_read_op();
	rados_read_op_assert_exists(op);
	rados_read_op_read(op, 2, 4, first, &lengths[0], &results[0]);
	rados_read_op_read(op, 8, 64, second, &lengths[1], &results[1]);
	rados_read_op_read(op, 20, 8, second + 32, &lengths[2], &results[2]);
	rados_read_op_stat(op, &size, &when, &results[3]);
	rados_read_op_getxattrs(op, &iter, &results[4]);
	rados_read_op_checksum(op, LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 0, 10, 0, sum, 8,
			       &results[5]);
	rados_read_op_exec(op, "hello", "say_hello", "Venus", 5, &out, &lengths[3], &results[6]);
	rados_read_op_cmpext(op, "34", 2, 3, &results[7]);
	CALL(rados_read_op_operate(op, io, "data", 0));
	for (int n = 0; n < 8; n++)
		printf("result %d: %d\n", n, results[n]);
	for (int n = 0; n < 4; n++)
		printf("length %d: %zu\n", n, lengths[n]);
	show_bytes("first", first, 4);
	show_bytes("second", second, 2);
	show_bytes("sum", sum, 8);
	if (out)
		show_bytes("greeting", out, lengths[3]);
	rados_buffer_free(out);
	SHOW(size);
	SHOW(is_now(when));
	SHOW(iter != NULL);
	if (iter) {
		CALL(rados_getxattrs_next(iter, &name, &value, &used));
		SHOW_TEXT(name);
		rados_getxattrs_end(iter);
	}
	rados_release_read_op(op);

	section("reading what is not there");
	memset(results, 77, sizeof(results));
	op = rados_create_read_op();
	rados_read_op_stat(op, &size, NULL, &results[0]);
	rados_read_op_read(op, 0, 4, first, &lengths[0], &results[1]);
	CALL(rados_read_op_operate(op, io, "missing", 0));
	SHOW(results[0]);
	SHOW(results[1]);
	SHOW(lengths[0]);
	rados_release_read_op(op);
	op = rados_create_read_op();
	rados_read_op_assert_exists(op);
	CALL(rados_read_op_operate(op, io, "missing", 0));
	rados_release_read_op(op);
	op = rados_create_read_op();
	CALL(rados_read_op_operate(op, io, "missing", 0));
	CALL(rados_read_op_operate(op, io, "data", 0));
	rados_release_read_op(op);

	section("a part that fails");
	memset(results, 77, sizeof(results));
	lengths[0] = lengths[1] = 77;
	op = rados_create_read_op();
	rados_read_op_read(op, 0, 4, first, &lengths[0], &results[0]);
	rados_read_op_exec_user_buf(op, "hello", "say_hello", "Venus", 5, second, 5, &used, &results[1]);
	rados_read_op_read(op, 0, 4, first, &lengths[1], &results[2]);
	CALL(rados_read_op_operate(op, io, "data", 0));
	SHOW(results[0]);
	SHOW(results[1]);
	SHOW(results[2]);
	SHOW(lengths[0]);
	SHOW(lengths[1]);
	rados_release_read_op(op);
	op = rados_create_read_op();
	rados_read_op_exec_user_buf(op, "hello", "say_hello", "Venus", 5, second, sizeof(second), &used,
				    &results[1]);
	CALL(rados_read_op_operate(op, io, "data", 0));
	SHOW(results[1]);
	SHOW(used);
	rados_release_read_op(op);
	memset(results, 77, sizeof(results));
	lengths[0] = lengths[1] = 77;
	op = rados_create_read_op();
	rados_read_op_read(op, 0, 4, first, &lengths[0], &results[0]);
	rados_read_op_exec(op, "hello", "no_method", "", 0, &out, &lengths[3], &results[1]);
	rados_read_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK);
	rados_read_op_read(op, 4, 4, second, &lengths[1], &results[2]);
	CALL(rados_read_op_operate(op, io, "data", 0));
	SHOW(results[0]);
	SHOW(results[1]);
	SHOW(results[2]);
	rados_release_read_op(op);
	for (int n = 0; n < 2; n++) {
		memset(results, 77, sizeof(results));
		op = rados_create_read_op();
		rados_read_op_cmpxattr(op, "x", LIBRADOS_CMPXATTR_OP_EQ, n ? "z" : "y", 1);
		rados_read_op_read(op, 0, 4, first, &lengths[0], &results[0]);
		CALL(rados_read_op_operate(op, io, "data", 0));
		SHOW(results[0]);
		rados_release_read_op(op);
	}
	memset(results, 77, sizeof(results));
	op = rados_create_read_op();
	rados_read_op_cmpext(op, "3x", 2, 3, &results[0]);
	rados_read_op_read(op, 0, 4, first, &lengths[0], &results[1]);
	CALL(rados_read_op_operate(op, io, "data", 0));
	SHOW(results[0]);
	SHOW(results[1]);
	rados_release_read_op(op);
}

static void xattr_comparisons(rados_ioctx_t io)
{
	static const char *names[] = {"0", "EQ", "NE", "GT", "GTE", "LT", "LTE", "7"};
	static const char *values[] = {"m", "l", "n", "mm", ""};

	section("comparing attributes");
	MUST(rados_setxattr(io, "data", "m", "m", 1));
	for (uint8_t how = 0; how <= 7; how++)
		for (int n = 0; n < 5; n++) {
			rados_read_op_t op = rados_create_read_op();

			rados_read_op_cmpxattr(op, "m", how, values[n], strlen(values[n]));
			printf("m %s %s: %d\n", names[how], values[n],
			       rados_read_op_operate(op, io, "data", 0));
			rados_release_read_op(op);
		}
	for (int n = 0; n < 2; n++) {
		rados_read_op_t op = rados_create_read_op();

		rados_read_op_cmpxattr(op, "no such", LIBRADOS_CMPXATTR_OP_EQ, n ? "" : "x", !n);
		CALL(rados_read_op_operate(op, io, "data", 0));
		rados_release_read_op(op);
	}
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-op");

	writing(io);
	all_or_nothing(io);
	reading(io);
	xattr_comparisons(io);
	finish(cluster, io, "c-op");
	return 0;
}
