/* Erasure-coded pools: what they ask of writers, what they refuse, images with their data in one, an OSD that is
 * down. The data of each object is on two OSDs and its parity on a third. */
#include "orders.h"

#include "../rbd/images.h"

#define POOL "c-erasure"
#define IMAGES "c-erasure-images"
#define PROFILE "c-erasure-2-1"

static char data[64 * KIB], found[256 * KIB];

static rados_ioctx_t erasure_pool(rados_t cluster)
{
	rados_ioctx_t io;

	if (rados_pool_lookup(cluster, POOL) >= 0)
		MUST(rados_pool_delete(cluster, POOL));
	order(cluster, "osd erasure-code-profile set", "name", PROFILE, "profile",
	      "=[\"plugin=jerasure\", \"k=2\", \"m=1\", \"stripe_unit=4096\", \"crush-failure-domain=osd\"]", NULL);
	order(cluster, "osd pool create", "pool", POOL, "pg_num", "=8", "pool_type", "erasure",
	      "erasure_code_profile", PROFILE, NULL);
	MUST(rados_wait_for_latest_osdmap(cluster));
	MUST(rados_ioctx_create(cluster, POOL, &io));
	return io;
}

static void alignment(rados_ioctx_t io)
{
	int requires = 77;
	uint64_t bytes = 77;

	CALL(rados_ioctx_pool_requires_alignment(io));
	CALL(rados_ioctx_pool_requires_alignment2(io, &requires));
	SHOW(requires);
	CALL(rados_ioctx_pool_required_alignment(io));
	CALL(rados_ioctx_pool_required_alignment2(io, &bytes));
	SHOW(bytes);
}

static void writes(rados_ioctx_t io)
{
	uint64_t size = 77;

	CALL(rados_write_full(io, "a", data, 10000));
	CALL(rados_append(io, "a", data, 100));
	CALL(rados_write_full(io, "b", data, 8192));
	CALL(rados_append(io, "b", data + 8192, 8192));
	CALL(rados_append(io, "b", data + 16384, 100));
	CALL(rados_append(io, "b", data + 16484, 8192));
	CALL(rados_append(io, "new", data, 5));
	CALL(rados_append(io, "new", data, 5));
	CALL(rados_write(io, "c", data, 8192, 0));
	CALL(rados_write(io, "c", data, 8192, 8192));
	CALL(rados_write(io, "c", data, 8192, 0));
	CALL(rados_write(io, "c", data, 100, 50));
	CALL(rados_write(io, "c", data, 8192, 24576));
	CALL(rados_write(io, "far", data, 100, 8192));
	CALL(rados_trunc(io, "b", 8192));
	CALL(rados_trunc(io, "b", 100));
	CALL(rados_trunc(io, "b", 20000));
	CALL(rados_writesame(io, "c", "abcd", 4, 8192, 16384));
	CALL(rados_cmpext(io, "a", data, 100, 0));
	CALL(rados_cmpext(io, "a", data, 100, 1));
	for (const char *const *name = (const char *const[]){"a", "b", "c", "new", "far", NULL}; *name; name++) {
		content(io, *name);
		size = 77;
		CALL(rados_stat(io, *name, &size, NULL));
		SHOW(size);
	}
	CALL(rados_read(io, "a", found, 5000, 4000));
	SHOW(memcmp(found, data + 4000, 5000));
	CALL(rados_read(io, "a", found, sizeof(found), 9990));
	CALL(rados_read(io, "a", found, sizeof(found), 20000));
	CALL(rados_write_full(io, "a", "short", 5));
	content(io, "a");
}

static int operate(rados_ioctx_t io, const char *object, void (*steps)(rados_write_op_t op))
{
	rados_write_op_t op = rados_create_write_op();
	int result;

	steps(op);
	result = rados_write_op_operate(op, io, object, NULL, 0);
	rados_release_write_op(op);
	return result;
}

static void omap_set(rados_write_op_t op)
{
	rados_write_op_omap_set(op, (const char *const[]){"key"}, (const char *const[]){"value"}, (size_t[]){5}, 1);
}

static void data_and_omap(rados_write_op_t op)
{
	rados_write_op_write_full(op, "changed", 7);
	omap_set(op);
}

static void omap_clear(rados_write_op_t op)
{
	rados_write_op_omap_clear(op);
}

static void zero(rados_write_op_t op)
{
	rados_write_op_zero(op, 0, 4);
}

static void data_and_xattr(rados_write_op_t op)
{
	rados_write_op_write_full(op, "together", 8);
	rados_write_op_setxattr(op, "x", "y", 1);
}

static void omap(rados_ioctx_t io)
{
	rados_read_op_t op;
	rados_omap_iter_t iterator;
	char buffer[64];
	unsigned char more = 77;
	int result = 77;

	CALL(rados_write_full(io, "o", "as it was", 9));
	CALL(operate(io, "o", omap_set));
	CALL(operate(io, "o", data_and_omap));
	CALL(operate(io, "o", omap_clear));
	CALL(operate(io, "only omap", omap_set));
	CALL(rados_stat(io, "only omap", NULL, NULL));
	content(io, "o");
	op = rados_create_read_op();
	rados_read_op_omap_get_vals2(op, "", "", 10, &iterator, &more, &result);
	CALL(rados_read_op_operate(op, io, "o", 0));
	SHOW(result);
	rados_release_read_op(op);
	CALL(operate(io, "o", zero));
	content(io, "o");
	CALL(operate(io, "o", data_and_xattr));
	content(io, "o");
	CALL(rados_getxattr(io, "o", "x", buffer, sizeof(buffer)));
	CALL(rados_rmxattr(io, "o", "x"));
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "", NULL, 0));
	CALL(rados_lock_exclusive(io, "o", "lock", "other", "", NULL, 0));
	CALL(rados_unlock(io, "o", "lock", "cookie"));
	CALL(rados_exec(io, "hello", "hello", "record_hello", NULL, 0, NULL, 0));
	CALL(rados_exec(io, "hello", "hello", "replay", NULL, 0, buffer, sizeof(buffer)));
	CALL(rados_exec(io, "rbd_directory", "rbd", "dir_list", "\0\0\0\0\5\0\0\0", 12, buffer, sizeof(buffer)));
}

static void snapshots(rados_ioctx_t io)
{
	rados_snap_t snap;

	CALL(rados_write_full(io, "s", data, 9000));
	CALL(rados_ioctx_snap_create(io, "one"));
	CALL(rados_write_full(io, "s", "after", 5));
	CALL(rados_ioctx_snap_lookup(io, "one", &snap) >= 0);
	rados_ioctx_snap_set_read(io, snap);
	content(io, "s");
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	CALL(rados_ioctx_snap_rollback(io, "s", "one"));
	content(io, "s");
	CALL(rados_remove(io, "s"));
	CALL(rados_ioctx_snap_remove(io, "one"));
	content(io, "s");
	/* It is listed until the OSDs have trimmed the snapshot. */
	WAIT_UNTIL(!is_listed(io, "s"));
}

static void list(rados_ioctx_t io)
{
	rados_list_ctx_t context;
	const char *names[64], *name;
	int count = 0;

	MUST(rados_nobjects_list_open(io, &context));
	while (count < 64 && rados_nobjects_list_next(context, &name, NULL, NULL) == 0)
		names[count++] = strdup(name);
	rados_nobjects_list_close(context);
	qsort(names, count, sizeof(*names), compare_texts);
	for (int n = 0; n < count; n++)
		printf("%s%s", n ? ", " : "there are: ", names[n]);
	putchar('\n');
}

static void make(rados_ioctx_t io)
{
	rbd_image_options_t options;

	rbd_image_options_create(&options);
	rbd_image_options_set_string(options, RBD_IMAGE_OPTION_DATA_POOL, POOL);
	rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_ORDER, 20);
	CALL(rbd_create4(io, "image", 8 * MIB, options));
	rbd_image_options_destroy(options);
}

static void image(rados_t cluster)
{
	rados_ioctx_t io = new_pool(cluster, IMAGES);
	rbd_image_t image;
	int order = 20;

	make(io);
	image = open_image(io, "image");
	CALL(rbd_write(image, 0, 30000, data));
	CALL(rbd_write(image, 1 * MIB - 100, 200, data));
	CALL(rbd_write(image, 5 * MIB + 1, 4096, data));
	CALL(rbd_snap_create(image, "one"));
	CALL(rbd_write(image, 10, 50000, data));
	CALL(rbd_discard(image, 1 * MIB, 64 * KIB));
	CALL(rbd_write_zeroes(image, 5 * MIB, 8192, 0, 0));
	CALL(rbd_resize(image, 6 * MIB + 5));
	show_content("head", image);
	CALL(rbd_snap_set(image, "one"));
	show_content("at one", image);
	CALL(rbd_snap_set(image, NULL));
	CALL(rbd_snap_protect(image, "one"));
	CALL(rbd_clone(io, "image", "one", io, "child", 1, &order));
	CALL(rbd_snap_rollback(image, "one"));
	show_content("rolled back", image);
	CALL(rbd_close(image));
	image = open_image(io, "child");
	CALL(rbd_write(image, 4000, 10, "0123456789"));
	show_content("child", image);
	CALL(rbd_flatten(image));
	show_content("flattened", image);
	CALL(rbd_close(image));
	CALL(rbd_remove(io, "child"));
	image = open_image(io, "image");
	CALL(rbd_snap_unprotect(image, "one"));
	CALL(rbd_snap_remove(image, "one"));
	CALL(rbd_close(image));
	CALL(rbd_remove(io, "image"));
	rados_ioctx_destroy(io);
	CALL(rados_pool_delete(cluster, IMAGES));
}

/* Each OSD once: holes at every place of the acting sets, and other primaries. */
static void degraded(rados_t cluster, rados_ioctx_t io)
{
	int up = osds_up(cluster);

	fill(io, "many", 24, 0);
	order(cluster, "osd set", "key", "noup", NULL);
	for (int osd = 0; osd < up; osd++) {
		char ids[16];

		sprintf(ids, "=[\"%d\"]", osd);
		quietly(cluster, "osd down", "ids", ids, NULL);
		MUST(rados_wait_for_latest_osdmap(cluster));
		SHOW(up - osds_up(cluster));
		verify(io, "many", 24, osd);
		fill(io, "many", 24, osd + 1);
		verify(io, "many", 24, osd + 1);
		CALL(rados_write(io, "many1", data, 100, 4000));
		CALL(rados_read(io, "many1", found, 100, 4000));
		fill(io, "many", 24, osd + 1);
		order(cluster, "osd unset", "key", "noup", NULL);
		WAIT_LONG(osds_up(cluster) == up, 60);
		verify(io, "many", 24, osd + 1);
		WAIT_LONG(is_clean(cluster), 60);
		order(cluster, "osd set", "key", "noup", NULL);
	}
	order(cluster, "osd unset", "key", "noup", NULL);
	verify(io, "many", 24, up);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io;

	heal(cluster);
	pattern(data, sizeof(data), 1);
	section("as it is made");
	io = erasure_pool(cluster);
	alignment(io);
	writes(io);
	omap(io);
	snapshots(io);
	list(io);
	section("with overwrites");
	rados_ioctx_destroy(io);
	/* Once it had snapshots of its own, images would not have it. */
	io = erasure_pool(cluster);
	order(cluster, "osd pool set", "pool", POOL, "var", "allow_ec_overwrites", "val", "true", NULL);
	MUST(rados_wait_for_latest_osdmap(cluster));
	alignment(io);
	writes(io);
	omap(io);
	list(io);
	section("an image with its data there");
	image(cluster);
	section("with an OSD down");
	degraded(cluster, io);
	rados_ioctx_destroy(io);
	MUST(rados_pool_delete(cluster, POOL));
	order(cluster, "osd crush rule rm", "name", POOL, NULL);
	order(cluster, "osd erasure-code-profile rm", "name", PROFILE, NULL);
	rados_shutdown(cluster);
	puts("done");
	return 0;
}
