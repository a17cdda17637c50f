/* Copies and deep copies, differences, resizing, sparsifying. */
#include "images.h"

static void put(rbd_image_t image, uint64_t offset, size_t length, uint32_t seed)
{
	static char data[4 * MIB];

	pattern(data, length, seed);
	MUST(rbd_write(image, offset, length, data));
}

static int each(uint64_t offset, size_t length, int exists, void *arg)
{
	printf("  %" PRIu64 "+%zu %s\n", offset, length, exists ? "data" : "zero");
	return *(int *)arg;
}

static void differences(rbd_image_t image)
{
	int go = 0, stop = -EDOM;

	section("differences");
	CALL(rbd_diff_iterate(image, NULL, 0, 4 * MIB, each, &go));
	CALL(rbd_diff_iterate(image, "one", 0, 4 * MIB, each, &go));
	CALL(rbd_diff_iterate2(image, NULL, 0, 4 * MIB, 1, 0, each, &go));
	CALL(rbd_diff_iterate2(image, "one", 0, 4 * MIB, 1, 1, each, &go));
	CALL(rbd_diff_iterate2(image, NULL, 0, 4 * MIB, 1, 1, each, &go));
	CALL(rbd_diff_iterate2(image, "one", MIB / 2, MIB, 1, 1, each, &go));
	CALL(rbd_diff_iterate2(image, "one", MIB / 2, MIB, 1, 0, each, &go));
	CALL(rbd_diff_iterate2(image, "two", 0, 4 * MIB, 1, 0, each, &go));
	CALL(rbd_diff_iterate2(image, "nothing", 0, 4 * MIB, 1, 0, each, &go));
	CALL(rbd_diff_iterate2(image, NULL, 0, 4 * MIB, 1, 1, each, &stop));
	CALL(rbd_diff_iterate2(image, NULL, 100 * MIB, 1, 1, 1, each, &go));
	CALL(rbd_diff_iterate2(image, NULL, 0, 100 * MIB, 1, 1, each, &go));
	CALL(rbd_snap_set(image, "two"));
	CALL(rbd_diff_iterate2(image, "one", 0, 4 * MIB, 1, 0, each, &go));
	CALL(rbd_diff_iterate2(image, "two", 0, 4 * MIB, 1, 0, each, &go));
	CALL(rbd_snap_set(image, "one"));
	CALL(rbd_diff_iterate2(image, "two", 0, 4 * MIB, 1, 0, each, &go));
	CALL(rbd_snap_set(image, NULL));
}

static void show_copy(rados_ioctx_t io, const char *name)
{
	rbd_image_t image;
	rbd_image_info_t info;
	rbd_snap_info_t snaps[8];
	uint64_t features;
	int max = 8, count;

	if (CALL(rbd_open(io, name, &image, NULL)) < 0)
		return;
	MUST(rbd_stat(image, &info, sizeof(info)));
	MUST(rbd_get_features(image, &features));
	count = rbd_snap_list(image, snaps, &max);
	printf("%s: size %" PRIu64 ", order %d, features %" PRIu64 ", %d snapshots\n", name, info.size,
	       info.order, features, count);
	show_content(name, image);
	for (int n = 0; n < count; n++) {
		MUST(rbd_snap_set(image, snaps[n].name));
		show_content(snaps[n].name, image);
	}
	if (count > 0)
		rbd_snap_list_end(snaps);
	MUST(rbd_close(image));
}

static void copies(rados_ioctx_t io, rbd_image_t image)
{
	rbd_image_options_t opts;
	rbd_image_t destination;
	struct progress progress = {0};

	section("copies");
	CALL(rbd_copy(image, io, "copy"));
	show_copy(io, "copy");
	CALL(rbd_copy(image, io, "copy"));
	CALL(rbd_copy_with_progress(image, io, "copy with progress", on_progress, &progress));
	show_progress(&progress);
	make_image(io, "copy2", 5 * MIB, 21);
	destination = open_image(io, "copy2");
	CALL(rbd_copy2(image, destination));
	MUST(rbd_close(destination));
	show_copy(io, "copy2");
	make_image(io, "too small", 1 * MIB, 21);
	destination = open_image(io, "too small");
	CALL(rbd_copy2(image, destination));
	MUST(rbd_close(destination));
	rbd_image_options_create(&opts);
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_ORDER, 21);
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_FEATURES, RBD_FEATURE_LAYERING);
	CALL(rbd_copy3(image, io, "copy3", opts));
	show_copy(io, "copy3");
	CALL(rbd_copy4(image, io, "copy4", opts, 4096));
	CALL(rbd_copy4(image, io, "copy of odd sparse size", opts, 1000));
	CALL(rbd_snap_set(image, "one"));
	CALL(rbd_copy3(image, io, "copy of one", opts));
	CALL(rbd_snap_set(image, NULL));
	show_copy(io, "copy of one");

	section("deep copies");
	CALL(rbd_deep_copy(image, io, "deep", opts));
	show_copy(io, "deep");
	CALL(rbd_deep_copy(image, io, "deep", opts));
	rbd_image_options_clear(opts);
	memset(&progress, 0, sizeof(progress));
	CALL(rbd_deep_copy_with_progress(image, io, "deep as it is", opts, on_progress, &progress));
	show_progress(&progress);
	show_copy(io, "deep as it is");
	rbd_image_options_destroy(opts);
}

static void resizing(rados_ioctx_t io)
{
	struct progress progress = {0};
	rbd_image_t image;
	uint64_t size;

	section("resizing");
	make_image(io, "resized", 2 * MIB, 20);
	image = open_image(io, "resized");
	put(image, 0, 2 * MIB, 9);
	CALL(rbd_resize(image, 3 * MIB + 10));
	CALL(rbd_get_size(image, &size));
	SHOW(size);
	show_content("grown", image);
	CALL(rbd_resize2(image, MIB + 17, false, on_progress, &progress));
	CALL(rbd_resize2(image, MIB + 17, true, on_progress, &progress));
	show_progress(&progress);
	show_content("shrunk", image);
	CALL(rbd_resize_with_progress(image, 2 * MIB, on_progress, &progress));
	show_content("grown again", image);
	CALL(rbd_resize(image, 2 * MIB));
	CALL(rbd_resize(image, 0));
	CALL(rbd_get_size(image, &size));
	SHOW(size);
	CALL(rbd_write(image, 0, 1, "x"));
	CALL(rbd_resize(image, 1));
	CALL(rbd_write(image, 0, 1, "x"));
	show_content("of one byte", image);
	MUST(rbd_close(image));
}

static void sparsifying(rados_ioctx_t io)
{
	struct progress progress = {0};
	static char zeroes[MIB];
	int go = 0;
	rbd_image_t image;

	section("sparsifying");
	make_image(io, "sparse", 3 * MIB, 20);
	image = open_image(io, "sparse");
	put(image, 0, MIB, 9);
	MUST(rbd_write(image, MIB, MIB, zeroes));
	MUST(rbd_flush(image));
	CALL(rbd_sparsify(image, 1000));
	CALL(rbd_sparsify_with_progress(image, 4096, on_progress, &progress));
	show_progress(&progress);
	show_content("sparse", image);
	CALL(rbd_rebuild_object_map(image, on_progress, &progress));
	CALL(rbd_diff_iterate2(image, NULL, 0, 3 * MIB, 1, 1, each, &go));
	MUST(rbd_close(image));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-copy");
	rbd_image_t image;

	make_image(io, "image", 4 * MIB, 20);
	image = open_image(io, "image");
	put(image, 0, MIB + 5000, 1);
	MUST(rbd_snap_create(image, "one"));
	put(image, 2 * MIB + 4096, 8192, 2);
	put(image, 512, 512, 3);
	MUST(rbd_snap_create(image, "two"));
	MUST(rbd_discard(image, 0, MIB));
	put(image, 3 * MIB, 100, 4);
	MUST(rbd_flush(image));
	differences(image);
	copies(io, image);
	MUST(rbd_close(image));
	resizing(io);
	sparsifying(io);
	finish(cluster, io, "c-rbd-copy");
	return 0;
}
