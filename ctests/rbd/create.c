/* Image options, every form of creating, opening and removing, and what can be asked of an image. */
#include "images.h"

static void options(void)
{
	rbd_image_options_t opts;
	uint64_t number = 77;
	char text[64];
	bool set = true;

	section("options");
	rbd_image_options_create(&opts);
	CALL(rbd_image_options_is_empty(opts));
	CALL(rbd_image_options_get_uint64(opts, RBD_IMAGE_OPTION_ORDER, &number));
	CALL(rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_ORDER, 20));
	CALL(rbd_image_options_get_uint64(opts, RBD_IMAGE_OPTION_ORDER, &number));
	SHOW(number);
	CALL(rbd_image_options_set_uint64(opts, 999, 20));
	CALL(rbd_image_options_get_uint64(opts, 999, &number));
	CALL(rbd_image_options_is_set(opts, 999, &set));
	CALL(rbd_image_options_is_set(opts, RBD_IMAGE_OPTION_ORDER, &set));
	SHOW(set);
	CALL(rbd_image_options_is_set(opts, RBD_IMAGE_OPTION_FORMAT, &set));
	SHOW(set);
	CALL(rbd_image_options_set_string(opts, RBD_IMAGE_OPTION_DATA_POOL, "data"));
	CALL(rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_DATA_POOL, 1));
	CALL(rbd_image_options_set_string(opts, RBD_IMAGE_OPTION_ORDER, "text"));
	for (size_t length = 0; length <= 6; length++) {
		memset(text, '.', sizeof(text));
		printf("rbd_image_options_get_string with %zu: %d ", length,
		       rbd_image_options_get_string(opts, RBD_IMAGE_OPTION_DATA_POOL, text, length));
		escaped(text, 6);
		putchar('\n');
	}
	CALL(rbd_image_options_get_uint64(opts, RBD_IMAGE_OPTION_DATA_POOL, &number));
	CALL(rbd_image_options_get_string(opts, RBD_IMAGE_OPTION_ORDER, text, sizeof(text)));
	CALL(rbd_image_options_is_empty(opts));
	CALL(rbd_image_options_unset(opts, RBD_IMAGE_OPTION_DATA_POOL));
	CALL(rbd_image_options_unset(opts, RBD_IMAGE_OPTION_DATA_POOL));
	CALL(rbd_image_options_unset(opts, 999));
	rbd_image_options_clear(opts);
	CALL(rbd_image_options_is_empty(opts));
	for (int option = 0; option <= 14; option++)
		printf("option %d: %d\n", option, rbd_image_options_set_uint64(opts, option, 1));
	rbd_image_options_destroy(opts);
}

static void features(void)
{
	char text[256];
	size_t size;
	uint64_t bits;

	section("features as text");
	for (size = 0; size <= 64; size += 16) {
		size_t length = size;

		memset(text, 0, sizeof(text));
		CALL(rbd_features_to_string(DEFAULT_FEATURES, text, &length));
		SHOW(length);
	}
	size = sizeof(text);
	CALL(rbd_features_to_string(DEFAULT_FEATURES, text, &size));
	SHOW_TEXT(text);
	size = sizeof(text);
	CALL(rbd_features_to_string(0, text, &size));
	SHOW_TEXT(text);
	size = sizeof(text);
	CALL(rbd_features_to_string(1ULL << 40, text, &size));
	CALL(rbd_features_from_string("layering,exclusive-lock", &bits));
	SHOW(bits);
	CALL(rbd_features_from_string("61", &bits));
	SHOW(bits);
	CALL(rbd_features_from_string("nonsense", &bits));
	CALL(rbd_features_from_string("", &bits));
	SHOW(bits);
}

static void show_image(rados_ioctx_t io, const char *name)
{
	rbd_image_t image;
	rbd_image_info_t info;
	uint64_t number;
	uint8_t old = 77;
	char text[64], id[64];
	size_t length = sizeof(text);

	printf("-- %s\n", name);
	if (CALL(rbd_open(io, name, &image, NULL)) < 0)
		return;
	memset(&info, 0, sizeof(info));
	CALL(rbd_stat(image, &info, sizeof(info)));
	printf("size %" PRIu64 ", object size %" PRIu64 ", objects %" PRIu64 ", order %d, parent %lld %s\n",
	       info.size, info.obj_size, info.num_objs, info.order, (long long)info.parent_pool,
	       info.parent_name);
	CALL(rbd_get_old_format(image, &old));
	SHOW(old);
	CALL(rbd_get_size(image, &number));
	SHOW(number);
	CALL(rbd_get_features(image, &number));
	SHOW(number);
	CALL(rbd_get_op_features(image, &number));
	SHOW(number);
	CALL(rbd_get_flags(image, &number));
	SHOW(number);
	CALL(rbd_get_stripe_unit(image, &number));
	SHOW(number);
	CALL(rbd_get_stripe_count(image, &number));
	SHOW(number);
	CALL(rbd_get_overlap(image, &number));
	SHOW(number);
	CALL(rbd_get_name(image, text, &length));
	SHOW_TEXT(text);
	CALL(rbd_get_id(image, id, sizeof(id)));
	CALL(rbd_get_block_name_prefix(image, text, sizeof(text)));
	SHOW(strncmp(text, "rbd_data.", 9));
	SHOW(strcmp(text + strlen(text) - strlen(id), id));
	SHOW(strncmp(info.block_name_prefix, text, RBD_MAX_BLOCK_NAME_SIZE - 1));
	SHOW(rbd_get_data_pool_id(image) == rados_ioctx_get_id(io));
	CALL(rbd_close(image));
}

static void creating(rados_ioctx_t io)
{
	rbd_image_options_t opts;
	int order = 0;

	section("creating");
	CALL(rbd_create(io, "plain", 10 * MIB, &order));
	SHOW(order);
	CALL(rbd_create(io, "plain", 10 * MIB, &order));
	order = 20;
	CALL(rbd_create2(io, "second", 10 * MIB + 1, RBD_FEATURE_LAYERING, &order));
	order = 20;
	CALL(rbd_create3(io, "third", 16 * MIB, RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2, &order,
			 64 * KIB, 4));
	CALL(rbd_create3(io, "bad unit", 16 * MIB, RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2, &order,
			 63 * KIB, 4));
	CALL(rbd_create3(io, "no striping", 16 * MIB, RBD_FEATURE_LAYERING, &order, 64 * KIB, 4));
	CALL(rbd_create3(io, "trivial striping", 16 * MIB, RBD_FEATURE_LAYERING, &order, 1 * MIB, 1));
	CALL(rbd_create3(io, "half a stripe", 16 * MIB, RBD_FEATURE_STRIPINGV2, &order, 64 * KIB, 0));
	for (order = 10; order <= 27; order += order == 12 ? 13 : 1) {
		int same = order;

		printf("order %d: ", order);
		CALL(rbd_create2(io, "order", MIB, RBD_FEATURE_LAYERING, &same));
		rbd_remove(io, "order");
	}
	order = 22;
	CALL(rbd_create2(io, "unknown feature", MIB, 1ULL << 40, &order));
	CALL(rbd_create2(io, "map without lock", MIB, RBD_FEATURE_OBJECT_MAP, &order));
	CALL(rbd_create2(io, "diff without map", MIB, RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_FAST_DIFF,
			 &order));
	CALL(rbd_create2(io, "", MIB, RBD_FEATURE_LAYERING, &order));
	CALL(rbd_create2(io, "with/slash", MIB, RBD_FEATURE_LAYERING, &order));
	CALL(rbd_create2(io, "with@at", MIB, RBD_FEATURE_LAYERING, &order));
	CALL(rbd_create2(io, "nothing", 0, RBD_FEATURE_LAYERING, &order));
	CALL(rbd_create2(io, "huge", 1ULL << 50, RBD_FEATURE_LAYERING, &order));
	rbd_image_options_create(&opts);
	CALL(rbd_create4(io, "fourth", 8 * MIB, opts));
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_ORDER, 16);
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_FEATURES, RBD_FEATURE_LAYERING);
	CALL(rbd_create4(io, "fourth with options", 8 * MIB, opts));
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_FEATURES_SET, RBD_FEATURE_EXCLUSIVE_LOCK);
	CALL(rbd_create4(io, "features set", 8 * MIB, opts));
	rbd_image_options_unset(opts, RBD_IMAGE_OPTION_FEATURES);
	rbd_image_options_unset(opts, RBD_IMAGE_OPTION_FEATURES_SET);
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_FEATURES_CLEAR, RBD_FEATURE_FAST_DIFF);
	CALL(rbd_create4(io, "features cleared", 8 * MIB, opts));
	rbd_image_options_set_string(opts, RBD_IMAGE_OPTION_DATA_POOL, "c-nowhere");
	CALL(rbd_create4(io, "data elsewhere", 8 * MIB, opts));
	rbd_image_options_destroy(opts);
	show_image(io, "plain");
	show_image(io, "second");
	show_image(io, "third");
	show_image(io, "trivial striping");
	show_image(io, "nothing");
	show_image(io, "huge");
	show_image(io, "fourth");
	show_image(io, "fourth with options");
	show_image(io, "features set");
	show_image(io, "features cleared");
}

static void listing(rados_ioctx_t io)
{
	rbd_image_spec_t specs[32];
	char names[1024];
	size_t length = 0, count = 0;

	section("listing");
	CALL(rbd_list(io, NULL, &length));
	SHOW(length);
	count = length - 1;
	CALL(rbd_list(io, names, &count));
	SHOW(count == length);
	CALL(rbd_list(io, names, &length));
	show_names("names", names, length);
	count = 2;
	CALL(rbd_list2(io, specs, &count));
	SHOW(count);
	count = 32;
	CALL(rbd_list2(io, specs, &count));
	for (size_t n = 0; n < count; n++)
		printf("%s: %s\n", specs[n].name, strlen(specs[n].id) ? "has an id" : "has no id");
	rbd_image_spec_list_cleanup(specs, count);
}

static void opened(rbd_completion_t completion, void *arg)
{
	(void)completion;
	*(int *)arg += 1;
}

static void opening(rados_ioctx_t io)
{
	rbd_image_t image, second;
	rbd_completion_t completion;
	char id[64], small[8], name[64];
	int called = 0;
	size_t length;

	section("opening");
	CALL(rbd_open(io, "nowhere", &image, NULL));
	CALL(rbd_open_read_only(io, "nowhere", &image, NULL));
	CALL(rbd_open_by_id(io, "nowhere", &image, NULL));
	CALL(rbd_open(io, "", &image, NULL));
	CALL(rbd_open(io, "plain", &image, "no snapshot"));
	CALL(rbd_open(io, "plain", &image, ""));
	CALL(rbd_get_id(image, small, 4));
	CALL(rbd_get_id(image, id, sizeof(id)));
	CALL(rbd_get_id(image, name, strlen(id) + 1));
	for (length = 4; length <= 7;) {
		size_t room = length++;

		CALL(rbd_get_name(image, name, &room));
		SHOW(room);
	}
	CALL(rbd_get_block_name_prefix(image, small, sizeof(small)));
	CALL(rbd_open_read_only(io, "plain", &second, NULL));
	CALL(rbd_write(second, 0, 1, "x"));
	CALL(rbd_resize(second, MIB));
	CALL(rbd_snap_create(second, "snap"));
	CALL(rbd_close(second));
	CALL(rbd_open_by_id(io, id, &second, NULL));
	CALL(rbd_close(second));
	CALL(rbd_open_by_id_read_only(io, id, &second, NULL));
	CALL(rbd_discard(second, 0, 1));
	CALL(rbd_close(second));
	CALL(rbd_aio_create_completion(&called, opened, &completion));
	CALL(rbd_aio_open(io, "plain", &second, NULL, completion));
	CALL(rbd_aio_wait_for_complete(completion));
	CALL(rbd_aio_get_return_value(completion));
	rbd_aio_release(completion);
	CALL(rbd_aio_create_completion(&called, opened, &completion));
	CALL(rbd_aio_close(second, completion));
	CALL(rbd_aio_wait_for_complete(completion));
	CALL(rbd_aio_get_return_value(completion));
	rbd_aio_release(completion);
	WAIT_UNTIL(called == 2);
	MUST(rbd_aio_create_completion(NULL, NULL, &completion));
	CALL(rbd_aio_open_by_id_read_only(io, id, &second, NULL, completion));
	CALL(rbd_aio_wait_for_complete(completion));
	CALL(rbd_aio_get_return_value(completion));
	rbd_aio_release(completion);
	CALL(rbd_write(second, 0, 1, "x"));
	CALL(rbd_close(second));
	MUST(rbd_aio_create_completion(NULL, NULL, &completion));
	CALL(rbd_aio_open_read_only(io, "nowhere", &second, NULL, completion));
	CALL(rbd_aio_wait_for_complete(completion));
	CALL(rbd_aio_get_return_value(completion));
	rbd_aio_release(completion);
	CALL(rbd_close(image));
}

static void renaming_and_removing(rados_ioctx_t io)
{
	struct progress progress = {0};
	rbd_image_t image;

	section("renaming and removing");
	CALL(rbd_rename(io, "plain", "renamed"));
	CALL(rbd_rename(io, "plain", "again"));
	CALL(rbd_rename(io, "second", "renamed"));
	CALL(rbd_open(io, "plain", &image, NULL));
	CALL(rbd_open(io, "renamed", &image, NULL));
	CALL(rbd_remove(io, "renamed"));
	CALL(rbd_close(image));
	CALL(rbd_remove(io, "renamed"));
	CALL(rbd_remove(io, "renamed"));
	CALL(rbd_remove(io, ""));
	CALL(rbd_remove_with_progress(io, "second", on_progress, &progress));
	show_progress(&progress);
	listing(io);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-create");
	int major, minor, extra;

	rbd_version(&major, &minor, &extra);
	SHOW(major);
	options();
	features();
	creating(io);
	listing(io);
	opening(io);
	renaming_and_removing(io);
	finish(cluster, io, "c-rbd-create");
	return 0;
}
