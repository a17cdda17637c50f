/* Key-value pairs of objects: both families of calls (by C string, by length), ranges, iterators, compare. */
#include "../transcript.h"

static int write_op(rados_ioctx_t io, const char *object, rados_write_op_t op)
{
	int result = rados_write_op_operate(op, io, object, NULL, 0);

	rados_release_write_op(op);
	return result;
}

static void show_pairs(rados_omap_iter_t iter)
{
	char *key, *value;
	size_t key_length, value_length;

	SHOW(rados_omap_iter_size(iter));
	for (int n = 0; n < 40; n++) {
		key = value = NULL;
		key_length = value_length = 77;
		if (rados_omap_get_next2(iter, &key, &value, &key_length, &value_length) || !key)
			break;
		printf("  ");
		escaped(key, key_length);
		printf(" = ");
		escaped(value ? value : "", value_length > 64 ? 64 : value_length);
		putchar('\n');
	}
	printf("at the end: key %s, lengths %zu %zu\n", key ? "there" : "NULL", key_length, value_length);
	value_length = 77;
	CALL(rados_omap_get_next(iter, &key, &value, &value_length));
	SHOW(key == NULL && value == NULL && value_length == 0);
	rados_omap_get_end(iter);
}

static void all(rados_ioctx_t io, const char *object)
{
	rados_read_op_t op = rados_create_read_op();
	rados_omap_iter_t iter = NULL;
	unsigned char more = 77;
	int result = 77;

	rados_read_op_omap_get_vals2(op, "", "", 1000, &iter, &more, &result);
	CALL(rados_read_op_operate(op, io, object, 0));
	SHOW(result);
	SHOW(more);
	SHOW(iter != NULL);
	if (iter)
		show_pairs(iter);
	rados_release_read_op(op);
}

static void writing(rados_ioctx_t io)
{
	const char *keys[] = {"b", "a", "c"};
	const char *values[] = {"value of b", "", "v\0c"};
	const size_t lengths[] = {10, 0, 3};
	const char *odd_keys[] = {"d\0d", "", "e"};
	const size_t key_lengths[] = {3, 0, 1};
	rados_write_op_t op;

	section("writing");
	all(io, "map");
	op = rados_create_write_op();
	rados_write_op_omap_set(op, keys, values, lengths, 3);
	CALL(write_op(io, "map", op));
	all(io, "map");
	op = rados_create_write_op();
	rados_write_op_omap_set2(op, odd_keys, values, key_lengths, lengths, 3);
	CALL(write_op(io, "map", op));
	all(io, "map");
	op = rados_create_write_op();
	rados_write_op_omap_rm_keys(op, (const char *[]){"a", "nokey"}, 2);
	CALL(write_op(io, "map", op));
	op = rados_create_write_op();
	rados_write_op_omap_rm_keys2(op, odd_keys, key_lengths, 2);
	CALL(write_op(io, "map", op));
	all(io, "map");
	op = rados_create_write_op();
	rados_write_op_omap_rm_keys(op, keys, 1);
	CALL(write_op(io, "nowhere", op));
	op = rados_create_write_op();
	rados_write_op_omap_set(op, keys, values, lengths, 0);
	CALL(write_op(io, "nothing", op));
	all(io, "nothing");
	op = rados_create_write_op();
	rados_write_op_omap_clear(op);
	CALL(write_op(io, "map", op));
	all(io, "map");
	op = rados_create_write_op();
	rados_write_op_omap_clear(op);
	CALL(write_op(io, "cleared", op));
	all(io, "cleared");
}

static void fill(rados_ioctx_t io, const char *object)
{
	rados_write_op_t op = rados_create_write_op();
	char key[8], value[8];
	const char *keys[] = {key}, *values[] = {value};
	size_t length;

	for (int n = 0; n < 12; n++) {
		sprintf(key, "%c%02d", n < 6 ? 'k' : 'm', n);
		sprintf(value, "v%d", n);
		length = strlen(value);
		rados_write_op_omap_set(op, keys, values, &length, 1);
	}
	MUST(write_op(io, object, op));
}

static void ranges(rados_ioctx_t io)
{
	rados_write_op_t op;
	rados_read_op_t read = rados_create_read_op();
	rados_omap_iter_t iter[8];
	unsigned char more[8];
	int results[8];
	const char *wanted[] = {"m06", "nokey", "k01"};
	const size_t wanted_lengths[] = {3, 5, 2};

	section("reading");
	fill(io, "map");
	memset(iter, 0, sizeof(iter));
	memset(more, 77, sizeof(more));
	memset(results, 77, sizeof(results));
	rados_read_op_omap_get_vals2(read, "k04", "", 4, &iter[0], &more[0], &results[0]);
	rados_read_op_omap_get_vals2(read, "", "m", 3, &iter[1], &more[1], &results[1]);
	rados_read_op_omap_get_vals2(read, "m09", "m", 3, &iter[2], &more[2], &results[2]);
	rados_read_op_omap_get_vals2(read, "zz", "", 3, &iter[3], &more[3], &results[3]);
	rados_read_op_omap_get_keys2(read, "k02", 5, &iter[4], &more[4], &results[4]);
	rados_read_op_omap_get_vals_by_keys(read, wanted, 3, &iter[5], &results[5]);
	rados_read_op_omap_get_vals_by_keys2(read, wanted, 3, wanted_lengths, &iter[6], &results[6]);
	rados_read_op_omap_get_vals2(read, "", "", 0, &iter[7], &more[7], &results[7]);
	CALL(rados_read_op_operate(read, io, "map", 0));
	for (int n = 0; n < 8; n++) {
		printf("%d: result %d, more %d\n", n, results[n], n == 5 || n == 6 ? -1 : more[n]);
		if (iter[n])
			show_pairs(iter[n]);
	}
	rados_release_read_op(read);
	read = rados_create_read_op();
	rados_read_op_omap_get_vals(read, "k04", "", 2, &iter[0], &results[0]);
	rados_read_op_omap_get_keys(read, "", 2, &iter[1], NULL);
	CALL(rados_read_op_operate(read, io, "map", 0));
	SHOW(results[0]);
	show_pairs(iter[0]);
	show_pairs(iter[1]);
	rados_release_read_op(read);

	section("removing a range");
	op = rados_create_write_op();
	rados_write_op_omap_rm_range2(op, "k02", 3, "m07", 3);
	CALL(write_op(io, "map", op));
	all(io, "map");
	op = rados_create_write_op();
	rados_write_op_omap_rm_range2(op, "m09", 3, "m08", 3);
	CALL(write_op(io, "map", op));
	op = rados_create_write_op();
	rados_write_op_omap_rm_range2(op, "a", 1, "b", 1);
	CALL(write_op(io, "nowhere2", op));
	all(io, "map");
}

static void compare(rados_ioctx_t io)
{
	static const char *names[] = {"", "EQ", "NE", "GT", "GTE", "LT", "LTE", "7"};
	static const char *values[] = {"v", "v1", "v0", "v2", "w", ""};

	section("comparing");
	fill(io, "compared");
	for (uint8_t how = 0; how <= 7; how++)
		for (size_t n = 0; n < 6; n++) {
			rados_read_op_t op = rados_create_read_op();
			int result = 77;

			rados_read_op_omap_cmp(op, "k01", how, values[n], strlen(values[n]), &result);
			printf("k01 %s %s: %d ", names[how], values[n],
			       rados_read_op_operate(op, io, "compared", 0));
			printf("%d\n", result);
			rados_release_read_op(op);
		}
	rados_read_op_t op = rados_create_read_op();
	rados_write_op_t write;
	int result = 77;

	rados_read_op_omap_cmp2(op, "k01x", LIBRADOS_CMPXATTR_OP_EQ, "v1x", 3, 2, &result);
	CALL(rados_read_op_operate(op, io, "compared", 0));
	SHOW(result);
	rados_release_read_op(op);
	for (int n = 0; n < 3; n++) {
		const char *keys[] = {"nokey", "k01", "k02"};

		result = 77;
		write = rados_create_write_op();
		rados_write_op_omap_cmp(write, keys[n], LIBRADOS_CMPXATTR_OP_EQ, "v1", 2, &result);
		rados_write_op_write_full(write, "changed", 7);
		CALL(write_op(io, "compared", write));
		SHOW(result);
		content(io, "compared");
	}
	write = rados_create_write_op();
	rados_write_op_omap_cmp2(write, "k01", LIBRADOS_CMPXATTR_OP_EQ, "v1", 3, 2, NULL);
	rados_write_op_write_full(write, "again", 5);
	CALL(write_op(io, "compared", write));
	content(io, "compared");
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-omap");

	writing(io);
	ranges(io);
	compare(io);
	finish(cluster, io, "c-omap");
	return 0;
}
