/* What the steps of one operation see of each other: comparisons behind changes, methods behind changes. */
#include "../transcript.h"

#define POOL "c-order"

static const char *keys[] = {"k"}, *old[] = {"v"}, *new[] = {"w"};
static const size_t one[] = {1};

/* An object with data, an xattr and an omap entry; or none. */
static void prepare(rados_ioctx_t io, const char *object)
{
	rados_write_op_t op = rados_create_write_op();

	rados_remove(io, object);
	if (!strcmp(object, "there")) {
		rados_write_op_write_full(op, "0123456789", 10);
		rados_write_op_setxattr(op, "k", "v", 1);
		rados_write_op_omap_set(op, keys, old, one, 1);
		MUST(rados_write_op_operate(op, io, object, NULL, 0));
	}
	rados_release_write_op(op);
}

/* What an operation of these steps does to an object that is there and to one that is not. `op` is the operation,
 * `result` may be a step's own. */
#define OPERATE(steps)                                                                        \
	do {                                                                                  \
		for (int n_ = 0; n_ < 2; n_++) {                                              \
			const char *object_ = n_ ? "missing" : "there";                       \
			rados_write_op_t op = rados_create_write_op();                        \
			int result = 77;                                                      \
                                                                                              \
			prepare(io, object_);                                                 \
			steps;                                                                \
			printf("%s: ", object_);                                              \
			show_result(#steps, rados_write_op_operate(op, io, object_, NULL, 0)); \
			rados_release_write_op(op);                                           \
			if (result != 77)                                                     \
				SHOW(result);                                                 \
			content(io, object_);                                                 \
		}                                                                             \
	} while (0)

#define EQ LIBRADOS_CMPXATTR_OP_EQ

static void attributes(rados_ioctx_t io)
{
	section("xattrs");
	OPERATE(rados_write_op_setxattr(op, "k", "w", 1); rados_write_op_cmpxattr(op, "k", EQ, "v", 1));
	OPERATE(rados_write_op_setxattr(op, "k", "w", 1); rados_write_op_cmpxattr(op, "k", EQ, "w", 1));
	OPERATE(rados_write_op_setxattr(op, "z", "w", 1); rados_write_op_cmpxattr(op, "z", EQ, "", 0));
	OPERATE(rados_write_op_rmxattr(op, "k"); rados_write_op_cmpxattr(op, "k", EQ, "v", 1));
	OPERATE(rados_write_op_create(op, 0, NULL); rados_write_op_cmpxattr(op, "k", EQ, "v", 1));
	OPERATE(rados_write_op_create(op, 0, NULL); rados_write_op_cmpxattr(op, "z", EQ, "", 0));
	OPERATE(rados_write_op_remove(op); rados_write_op_cmpxattr(op, "k", EQ, "v", 1));
}

static void maps(rados_ioctx_t io)
{
	section("omap");
	OPERATE(rados_write_op_omap_set(op, keys, new, one, 1);
		rados_write_op_omap_cmp(op, "k", EQ, "v", 1, &result));
	OPERATE(rados_write_op_omap_set(op, keys, new, one, 1);
		rados_write_op_omap_cmp(op, "k", EQ, "w", 1, &result));
	OPERATE(rados_write_op_omap_clear(op); rados_write_op_omap_cmp(op, "k", EQ, "v", 1, &result));
	OPERATE(rados_write_op_omap_rm_keys(op, keys, 1); rados_write_op_omap_cmp(op, "k", EQ, "v", 1, &result));
	OPERATE(rados_write_op_remove(op); rados_write_op_omap_cmp(op, "k", EQ, "v", 1, &result));
}

static void data(rados_ioctx_t io)
{
	section("data");
	/* Not behind write_full: an OSD reads the data before with the checksum of the data after, and takes the object
	 * for damaged. */
	OPERATE(rados_write_op_write(op, "new", 3, 0); rados_write_op_cmpext(op, "0123", 4, 0, &result));
	OPERATE(rados_write_op_append(op, "abc", 3); rados_write_op_cmpext(op, "89abc", 5, 8, &result));
	OPERATE(rados_write_op_append(op, "abc", 3); rados_write_op_cmpext(op, "89\0\0\0", 5, 8, &result));
	OPERATE(rados_write_op_truncate(op, 3); rados_write_op_cmpext(op, "01234", 5, 0, &result));
	OPERATE(rados_write_op_truncate(op, 3); rados_write_op_cmpext(op, "012\0\0", 5, 0, &result));
	OPERATE(rados_write_op_truncate(op, 3); rados_write_op_cmpext(op, "34", 2, 3, &result));
	OPERATE(rados_write_op_zero(op, 2, 3); rados_write_op_cmpext(op, "01234", 5, 0, &result));
	OPERATE(rados_write_op_remove(op); rados_write_op_cmpext(op, "012", 3, 0, &result));
	OPERATE(rados_write_op_create(op, 0, NULL); rados_write_op_cmpext(op, "\0", 1, 0, &result));
	OPERATE(rados_write_op_cmpext(op, "012", 3, 0, &result); rados_write_op_write_full(op, "new", 3));
}

static void being(rados_ioctx_t io)
{
	section("whether it is there");
	OPERATE(rados_write_op_create(op, 0, NULL); rados_write_op_assert_exists(op));
	OPERATE(rados_write_op_remove(op); rados_write_op_assert_exists(op));
	OPERATE(rados_write_op_remove(op); rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL));
	OPERATE(rados_write_op_remove(op); rados_write_op_write(op, "x", 1, 2));
	OPERATE(rados_write_op_assert_exists(op); rados_write_op_create(op, 0, NULL));
	OPERATE(rados_write_op_cmpxattr(op, "k", EQ, "", 0); rados_write_op_create(op, 0, NULL));
	OPERATE(rados_write_op_omap_cmp(op, "k", EQ, "", 0, &result); rados_write_op_create(op, 0, NULL));
}

static void failing(rados_ioctx_t io)
{
	section("comparisons that may fail");
	OPERATE(rados_write_op_setxattr(op, "k", "w", 1); rados_write_op_cmpxattr(op, "k", EQ, "w", 1);
		rados_write_op_set_flags(op, LIBRADOS_OP_FLAG_FAILOK); rados_write_op_append(op, "!", 1));
}

static void methods(rados_ioctx_t io)
{
	section("methods");
	OPERATE(rados_write_op_write(op, "new", 3, 0);
		rados_write_op_exec(op, "hello", "turn_it_to_11", "", 0, &result));
	OPERATE(rados_write_op_create(op, 0, NULL);
		rados_write_op_exec(op, "hello", "turn_it_to_11", "", 0, &result));
	OPERATE(rados_write_op_exec(op, "hello", "turn_it_to_11", "", 0, &result);
		rados_write_op_cmpext(op, "0123", 4, 0, NULL));
	OPERATE(rados_write_op_write_full(op, "new", 3);
		rados_write_op_exec(op, "hello", "record_hello", "you", 3, &result));
	OPERATE(rados_write_op_exec(op, "hello", "record_hello", "you", 3, &result);
		rados_write_op_exec(op, "hello", "record_hello", "me", 2, NULL));
	OPERATE(rados_write_op_exec(op, "hello", "say_hello", "you", 3, &result);
		rados_write_op_write_full(op, "new", 3));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	attributes(io);
	maps(io);
	data(io);
	being(io);
	failing(io);
	methods(io);
	finish(cluster, io, POOL);
	return 0;
}
