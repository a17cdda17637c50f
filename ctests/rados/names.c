/* Names of all kinds: not UTF-8, with zero bytes where a length is given, as long as they may be and one longer; values
 * at their limits. */
#include "../transcript.h"

#define POOL "c-names"
#define ODD "\xff\xfe \xc3\x28\n\t\"%/\\"

/* A name of so many letters. */
static char *letters(size_t length)
{
	static char text[8192];

	memset(text, 'n', length);
	text[length] = 0;
	return text;
}

static void listed(rados_ioctx_t io)
{
	rados_list_ctx_t list;
	const char *name, *key, *space;
	size_t lengths[3];
	char *found[16];
	int count = 0;

	MUST(rados_nobjects_list_open(io, &list));
	while (count < 16 && !rados_nobjects_list_next2(list, &name, &key, &space, &lengths[0], &lengths[1], &lengths[2]))
		MUST(asprintf(&found[count++], "%s %zu, %s %zu, %s %zu", lengths[0] < 64 ? name : "long", lengths[0],
			      key && lengths[1] < 64 ? key : "-", lengths[1], space && lengths[2] < 64 ? space : "-",
			      lengths[2]));
	rados_nobjects_list_close(list);
	qsort(found, count, sizeof(found[0]), compare_texts);
	for (int n = 0; n < count; n++) {
		SHOW_TEXT(found[n]);
		free(found[n]);
	}
}

static void objects(rados_ioctx_t io)
{
	static const size_t lengths[] = {1, 255, 256, 2047, 2048, 2049, 4096};

	section("objects");
	CALL(rados_write_full(io, ODD, "odd", 3));
	content(io, ODD);
	CALL(rados_stat(io, "\xff\xfe", NULL, NULL));
	rados_ioctx_set_namespace(io, ODD);
	rados_ioctx_locator_set_key(io, ODD);
	CALL(rados_write_full(io, ODD, "all odd", 7));
	content(io, ODD);
	rados_ioctx_locator_set_key(io, NULL);
	content(io, ODD);
	rados_ioctx_set_namespace(io, LIBRADOS_ALL_NSPACES);
	listed(io);
	rados_ioctx_set_namespace(io, "");
	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		printf("a name of %zu: ", lengths[n]);
		CALL(rados_append(io, letters(lengths[n]), "x", 1));
		CALL(rados_stat(io, letters(lengths[n]), NULL, NULL));
		CALL(rados_read(io, letters(lengths[n]), letters(1), 1, 0) >= 0);
	}
	listed(io);
}

static void pools(rados_t cluster)
{
	static const char *names[] = {"c-names b/c", "c-names-\xc3\xbc", "c-names-\"q\"", ".c-names", "c-names:%25\n"};
	rados_ioctx_t io;
	char name[64];

	section("pools");
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		show_text("called", names[n]);
		if (CALL(rados_pool_create(cluster, names[n])) < 0)
			continue;
		CALL(rados_pool_lookup(cluster, names[n]) > 0);
		CALL(rados_ioctx_create(cluster, names[n], &io));
		CALL(rados_write_full(io, "o", "x", 1));
		CALL(rados_ioctx_get_pool_name(io, name, sizeof(name)));
		SHOW_TEXT(name);
		rados_ioctx_destroy(io);
		CALL(rados_pool_delete(cluster, names[n]));
	}
	for (size_t length = 127; length <= 4095; length = length * 2 + 1) {
		printf("a name of %zu: ", length);
		CALL(rados_pool_create(cluster, letters(length)));
		CALL(rados_pool_lookup(cluster, letters(length)) > 0);
		CALL(rados_pool_delete(cluster, letters(length)));
	}
}

static void attributes(rados_ioctx_t io)
{
	static char big[128 * KIB], back[128 * KIB];
	rados_xattrs_iter_t iter;
	const char *name, *value;
	size_t length;
	char zeros[8];

	section("xattrs");
	pattern(big, sizeof(big), 7);
	CALL(rados_setxattr(io, "x", ODD, "odd", 3));
	CALL(rados_getxattr(io, "x", ODD, back, 3));
	/* Not without a name: that one is an OSD's own. */
	CALL(rados_setxattr(io, "x", "zeros", "a\0b\0", 4));
	CALL(rados_getxattr(io, "x", "zeros", zeros, sizeof(zeros)));
	show_bytes("value", zeros, 4);
	CALL(rados_getxattrs(io, "x", &iter));
	while (!rados_getxattrs_next(iter, &name, &value, &length) && name) {
		show_text("name", name);
		show_bytes("  value", value, length);
	}
	rados_getxattrs_end(iter);
	for (int more = -1; more <= 1; more++) {
		printf("64 KiB%+d: ", more);
		CALL(rados_setxattr(io, "x", "big", big, 64 * KIB + more));
		CALL(rados_getxattr(io, "x", "big", back, sizeof(back)));
		SHOW(memcmp(big, back, 64 * KIB + more));
	}
	CALL(rados_setxattr(io, "x", "big", big, sizeof(big)));
	for (size_t n = 127; n <= 4095; n = n * 2 + 1) {
		printf("a name of %zu: ", n);
		CALL(rados_setxattr(io, "x", letters(n), "v", 1));
	}
}

static void maps(rados_ioctx_t io)
{
	static char key[64 * KIB], value[1 * MIB];
	const char *keys[1], *values[1];
	size_t key_lengths[1], lengths[1];
	char *at, *found;
	rados_omap_iter_t iter;

	section("omap");
	pattern(value, sizeof(value), 9);
	memset(key, 'k', sizeof(key));
	key[1] = 0;
	keys[0] = key;
	values[0] = value;
	for (size_t n = 0; n <= sizeof(key); n = n * 16 + (n == 0)) {
		for (size_t size = 0; size <= sizeof(value); size = size * 1024 + (size == 0)) {
			rados_write_op_t write = rados_create_write_op();
			rados_read_op_t read = rados_create_read_op();

			key_lengths[0] = n;
			lengths[0] = size;
			printf("key of %zu, value of %zu: ", n, size);
			rados_write_op_omap_set2(write, keys, values, key_lengths, lengths, 1);
			CALL(rados_write_op_operate(write, io, "m", NULL, 0));
			rados_read_op_omap_get_vals_by_keys2(read, keys, 1, key_lengths, &iter, NULL);
			MUST(rados_read_op_operate(read, io, "m", 0));
			SHOW(rados_omap_iter_size(iter));
			MUST(rados_omap_get_next2(iter, &at, &found, key_lengths, lengths));
			printf("  %zu %zu %d\n", key_lengths[0], lengths[0],
			       at ? memcmp(at, key, n) || memcmp(found, value, size) : 2);
			rados_omap_get_end(iter);
			rados_release_read_op(read);
			rados_release_write_op(write);
		}
	}
}

/* Calls with a completion `c`; prints what the call said and what the completion says. */
#define ASYNC(function, ...)                                                   \
	do {                                                                   \
		rados_completion_t c;                                          \
		MUST(rados_aio_create_completion2(NULL, NULL, &c));            \
		if (CALL(function(__VA_ARGS__)) >= 0) {                        \
			rados_aio_wait_for_complete(c);                        \
			ANSWER(function, rados_aio_get_return_value(c));       \
		}                                                              \
		rados_aio_release(c);                                          \
	} while (0)

/* osd_max_write_size is 90 MiB, osd_max_object_size 128 MiB. */
static void sizes(rados_ioctx_t io)
{
	static const size_t lengths[] = {90 * MIB - 1, 90 * MIB, 90 * MIB + 1, 128 * MIB, 128 * MIB + 1};
	rados_write_op_t op;
	char *big = calloc(1, 128 * MIB + 1);
	uint64_t size;

	section("sizes of writes");
	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		printf("%zu: ", lengths[n]);
		CALL(rados_write_full(io, "big", big, lengths[n]));
		if (n == 1)
			MUST(rados_stat(io, "big", &size, NULL));
	}
	SHOW(size);
	CALL(rados_write(io, "big", big, 64 * MIB, 64 * MIB));
	CALL(rados_write(io, "big", big, 64 * MIB, 64 * MIB + 1));
	CALL(rados_append(io, "big", "x", 1));
	CALL(rados_write(io, "big", big, 90 * MIB + 1, 0));
	CALL(rados_append(io, "big", big, 90 * MIB + 1));
	CALL(rados_writesame(io, "big", big, 91 * MIB, 91 * MIB, 0));
	ASYNC(rados_aio_write, io, "big", c, big, 90 * MIB + 1, 0);
	ASYNC(rados_aio_write_full, io, "big", c, big, 90 * MIB + 1);
	ASYNC(rados_aio_append, io, "big", c, big, 90 * MIB + 1);
	ASYNC(rados_aio_writesame, io, "big", c, big, 91 * MIB, 91 * MIB, 0);
	CALL(rados_writesame(io, "big", big, MIB, 128 * MIB, 0));
	CALL(rados_writesame(io, "big", big, MIB, 129 * MIB, 0));
	/* What counts is what an operation carries. */
	op = rados_create_write_op();
	rados_write_op_write(op, big, 60 * MIB, 0);
	rados_write_op_write(op, big, 60 * MIB, 60 * MIB);
	CALL(rados_write_op_operate(op, io, "two", NULL, 0));
	rados_release_write_op(op);
	CALL(rados_remove(io, "big"));
	free(big);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	objects(io);
	pools(cluster);
	attributes(io);
	maps(io);
	sizes(io);
	finish(cluster, io, POOL);
	return 0;
}
