/* Snapshots of images: create, list, information, protect, read at, roll back, rename, remove, limit. */
#include "images.h"

static void list(rbd_image_t image)
{
	rbd_snap_info_t snaps[16];
	int max = 16, count;

	count = rbd_snap_list(image, snaps, &max);
	printf("snapshots (%d, %d):", count, max);
	for (int n = 0; n < count; n++)
		printf(" %s of %" PRIu64, snaps[n].name, snaps[n].size);
	putchar('\n');
	if (count > 0)
		rbd_snap_list_end(snaps);
}

static void put(rbd_image_t image, uint64_t offset, size_t length, uint32_t seed)
{
	static char data[4 * MIB];

	pattern(data, length, seed);
	MUST(rbd_write(image, offset, length, data));
}

static void creating(rbd_image_t image)
{
	rbd_snap_info_t snaps[2];
	struct progress progress = {0};
	bool exists = true;
	int max = 0;

	section("creating");
	list(image);
	CALL(rbd_snap_create(image, "one"));
	CALL(rbd_snap_create(image, "one"));
	CALL(rbd_snap_create(image, ""));
	put(image, 0, MIB, 2);
	CALL(rbd_snap_create2(image, "two", RBD_SNAP_CREATE_SKIP_QUIESCE, on_progress, &progress));
	show_progress(&progress);
	put(image, MIB + 5, 1000, 3);
	CALL(rbd_resize(image, 5 * MIB));
	CALL(rbd_snap_create(image, "three"));
	list(image);
	max = 0;
	CALL(rbd_snap_list(image, NULL, &max));
	SHOW(max);
	max = 2;
	CALL(rbd_snap_list(image, snaps, &max));
	SHOW(max);
	CALL(rbd_snap_exists(image, "one", &exists));
	SHOW(exists);
	CALL(rbd_snap_exists(image, "four", &exists));
	SHOW(exists);
}

static void asking(rbd_image_t image)
{
	rbd_snap_namespace_type_t type = 77;
	struct timespec when = {0};
	uint64_t id = 77, limit = 77;
	char name[16];
	size_t length;
	int protected = 77;

	section("asking");
	CALL(rbd_snap_get_id(image, "two", &id));
	CALL(rbd_snap_get_id(image, "nothing", &limit));
	for (size_t room = 2; room <= 5; room++) {
		memset(name, '.', sizeof(name));
		length = room;
		CALL(rbd_snap_get_name(image, id, name, &length));
		SHOW(length);
		show_bytes("name", name, 6);
	}
	length = sizeof(name);
	CALL(rbd_snap_get_name(image, 987654, name, &length));
	CALL(rbd_snap_get_timestamp(image, id, &when));
	SHOW(is_now(when.tv_sec));
	CALL(rbd_snap_get_namespace_type(image, id, &type));
	SHOW(type);
	CALL(rbd_snap_get_namespace_type(image, 987654, &type));
	CALL(rbd_snap_get_trash_namespace(image, id, name, sizeof(name)));
	CALL(rbd_snap_is_protected(image, "two", &protected));
	SHOW(protected);
	CALL(rbd_snap_protect(image, "two"));
	CALL(rbd_snap_protect(image, "two"));
	CALL(rbd_snap_is_protected(image, "two", &protected));
	SHOW(protected);
	CALL(rbd_snap_is_protected(image, "nothing", &protected));
	CALL(rbd_snap_protect(image, "nothing"));
	CALL(rbd_snap_remove(image, "two"));
	CALL(rbd_snap_remove_by_id(image, id));
	CALL(rbd_snap_unprotect(image, "two"));
	CALL(rbd_snap_unprotect(image, "two"));

	section("limit");
	CALL(rbd_snap_get_limit(image, &limit));
	SHOW(limit == UINT64_MAX);
	CALL(rbd_snap_set_limit(image, 3));
	CALL(rbd_snap_get_limit(image, &limit));
	SHOW(limit);
	CALL(rbd_snap_create(image, "four"));
	CALL(rbd_snap_set_limit(image, 2));
	CALL(rbd_snap_set_limit(image, UINT64_MAX));
}

static void reading(rados_ioctx_t io, rbd_image_t image)
{
	rbd_image_t at;
	uint64_t size, id;

	section("reading at a snapshot");
	show_content("head", image);
	for (int n = 0; n < 3; n++) {
		const char *names[] = {"one", "two", "three"};

		CALL(rbd_open(io, "image", &at, names[n]));
		CALL(rbd_get_size(at, &size));
		SHOW(size);
		show_content(names[n], at);
		CALL(rbd_write(at, 0, 1, "x"));
		CALL(rbd_close(at));
		CALL(rbd_snap_set(image, names[n]));
		show_content(names[n], image);
		CALL(rbd_write(image, 0, 1, "x"));
		CALL(rbd_discard(image, 0, 1));
		CALL(rbd_snap_create(image, "from a snapshot"));
	}
	CALL(rbd_snap_set(image, "nothing"));
	CALL(rbd_snap_set(image, NULL));
	CALL(rbd_snap_get_id(image, "one", &id));
	CALL(rbd_snap_set_by_id(image, id));
	show_content("one", image);
	CALL(rbd_snap_set_by_id(image, 987654));
	CALL(rbd_snap_set(image, ""));
	show_content("head", image);
}

static void rolling_back(rbd_image_t image)
{
	struct progress progress = {0};
	uint64_t size;

	section("rolling back");
	put(image, 0, 3 * MIB, 9);
	CALL(rbd_snap_rollback(image, "one"));
	CALL(rbd_get_size(image, &size));
	SHOW(size);
	show_content("as one", image);
	CALL(rbd_snap_rollback_with_progress(image, "three", on_progress, &progress));
	show_progress(&progress);
	CALL(rbd_get_size(image, &size));
	SHOW(size);
	show_content("as three", image);
	CALL(rbd_snap_rollback(image, "nothing"));
}

static void ending(rbd_image_t image)
{
	struct progress progress = {0};
	uint64_t id;

	section("renaming and removing");
	CALL(rbd_snap_rename(image, "one", "first"));
	CALL(rbd_snap_rename(image, "one", "first"));
	CALL(rbd_snap_rename(image, "two", "first"));
	CALL(rbd_snap_rename(image, "two", "two"));
	list(image);
	CALL(rbd_snap_remove(image, "two"));
	CALL(rbd_snap_remove(image, "two"));
	list(image);
	CALL(rbd_snap_protect(image, "first"));
	CALL(rbd_snap_remove2(image, "first", 0, on_progress, &progress));
	CALL(rbd_snap_remove2(image, "first", RBD_SNAP_REMOVE_FORCE, on_progress, &progress));
	CALL(rbd_snap_get_id(image, "three", &id));
	CALL(rbd_snap_remove_by_id(image, id));
	CALL(rbd_snap_remove_by_id(image, id));
	list(image);
	show_content("head", image);
}

static void of_a_removed_image(rados_ioctx_t io)
{
	rbd_image_t image;

	section("an image with snapshots is not removed");
	make_image(io, "kept", MIB, 20);
	image = open_image(io, "kept");
	MUST(rbd_snap_create(image, "snap"));
	MUST(rbd_close(image));
	CALL(rbd_remove(io, "kept"));
	image = open_image(io, "kept");
	MUST(rbd_snap_remove(image, "snap"));
	MUST(rbd_close(image));
	CALL(rbd_remove(io, "kept"));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-snapshots");
	rbd_image_t image;

	make_image(io, "image", 4 * MIB, 20);
	image = open_image(io, "image");
	put(image, 0, 2 * MIB, 1);
	creating(image);
	asking(image);
	reading(io, image);
	rolling_back(image);
	ending(image);
	MUST(rbd_close(image));
	of_a_removed_image(io);
	finish(cluster, io, "c-rbd-snapshots");
	return 0;
}
