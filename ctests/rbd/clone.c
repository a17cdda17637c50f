/* Clones: both formats, parents, children, descendants, overlap, copy-up, flatten. */
#include "images.h"

static void put(rbd_image_t image, uint64_t offset, size_t length, uint32_t seed)
{
	static char data[4 * MIB];

	pattern(data, length, seed);
	MUST(rbd_write(image, offset, length, data));
}

static void parents(rbd_image_t image)
{
	rbd_linked_image_spec_t parent;
	rbd_snap_spec_t snap;
	char pool[64] = "", name[64] = "", id[64] = "", snapshot[64] = "";

	memset(&parent, 0, sizeof(parent));
	memset(&snap, 0, sizeof(snap));
	if (CALL(rbd_get_parent(image, &parent, &snap)) >= 0) {
		/* A snapshot in the trash has a random name. */
		printf("parent %s/%s/%s@%s, %s, type %d\n", parent.pool_name, parent.pool_namespace,
		       parent.image_name,
		       snap.namespace_type == RBD_SNAP_NAMESPACE_TYPE_TRASH ? "<trash>" : snap.name, parent.trash ? "in the trash" : "not in the trash",
		       snap.namespace_type);
		rbd_linked_image_spec_cleanup(&parent);
		rbd_snap_spec_cleanup(&snap);
	}
	CALL(rbd_get_parent_info(image, pool, sizeof(pool), name, sizeof(name), snapshot, sizeof(snapshot)));
	printf("%s %s %s\n", pool, name, strlen(snapshot) == 36 ? "<trash>" : snapshot);
	CALL(rbd_get_parent_info(image, pool, 2, name, sizeof(name), snapshot, sizeof(snapshot)));
	CALL(rbd_get_parent_info(image, NULL, 0, NULL, 0, NULL, 0));
	CALL(rbd_get_parent_info2(image, pool, sizeof(pool), name, sizeof(name), id, sizeof(id), snapshot,
				  sizeof(snapshot)));
	SHOW(strlen(id) > 0);
}

static int by_name(const void *left, const void *right)
{
	const rbd_linked_image_spec_t *l = left, *r = right;

	return strcmp(l->image_name, r->image_name);
}

static void children(rbd_image_t image)
{
	rbd_linked_image_spec_t found[8];
	size_t max = 8, pools_length = 256, images_length = 256;
	char pools[256], images[256];

	if (CALL(rbd_list_children3(image, found, &max)) >= 0) {
		qsort(found, max, sizeof(found[0]), by_name);
		for (size_t n = 0; n < max; n++)
			printf("  child %s/%s%s\n", found[n].pool_name, found[n].image_name,
			       found[n].trash ? " in the trash" : "");
		rbd_linked_image_spec_list_cleanup(found, max);
	}
	SHOW(max);
	max = 8;
	if (CALL(rbd_list_descendants(image, found, &max)) >= 0) {
		qsort(found, max, sizeof(found[0]), by_name);
		for (size_t n = 0; n < max; n++)
			printf("  descendant %s/%s\n", found[n].pool_name, found[n].image_name);
		rbd_linked_image_spec_list_cleanup(found, max);
	}
	max = 0;
	CALL(rbd_list_children3(image, NULL, &max));
	SHOW(max);
	CALL(rbd_list_children(image, pools, &pools_length, images, &images_length));
	SHOW(pools_length);
	SHOW(images_length);
	pools_length = images_length = 1;
	CALL(rbd_list_children(image, pools, &pools_length, images, &images_length));
	SHOW(pools_length);
}

static void cloning(rados_ioctx_t io)
{
	rbd_image_options_t opts;
	rbd_image_t parent;
	int order = 20;

	section("cloning");
	make_image(io, "parent", 4 * MIB, 20);
	parent = open_image(io, "parent");
	put(parent, 0, 2 * MIB, 1);
	put(parent, 3 * MIB + 100, 1000, 2);
	CALL(rbd_clone(io, "parent", "snap", io, "child", RBD_FEATURE_LAYERING, &order));
	MUST(rbd_snap_create(parent, "snap"));
	rbd_image_options_create(&opts);
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_CLONE_FORMAT, 1);
	CALL(rbd_clone3(io, "parent", "snap", io, "child", opts));
	CALL(rbd_snap_protect(parent, "snap"));
	CALL(rbd_clone3(io, "parent", "snap", io, "child", opts));
	CALL(rbd_clone3(io, "parent", "snap", io, "child", opts));
	CALL(rbd_clone3(io, "parent", "nothing", io, "other", opts));
	CALL(rbd_clone3(io, "nobody", "snap", io, "other", opts));
	CALL(rbd_clone(io, "parent", NULL, io, "other", RBD_FEATURE_LAYERING, &order));
	order = 0;
	CALL(rbd_clone(io, "parent", "snap", io, "child of clone", DEFAULT_FEATURES, &order));
	SHOW(order);
	order = 21;
	CALL(rbd_clone2(io, "parent", "snap", io, "child of clone2",
			RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2, &order, 64 * KIB, 2));
	CALL(rbd_clone2(io, "parent", "snap", io, "no layering", RBD_FEATURE_EXCLUSIVE_LOCK, &order, 0, 0));
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_CLONE_FORMAT, 2);
	CALL(rbd_clone3(io, "parent", "snap", io, "child of format 2", opts));
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_CLONE_FORMAT, 3);
	CALL(rbd_clone3(io, "parent", "snap", io, "child of format 3", opts));
	rbd_image_options_destroy(opts);
	CALL(rbd_snap_unprotect(parent, "snap"));
	CALL(rbd_snap_remove(parent, "snap"));
	put(parent, 0, 4 * MIB, 3);
	CALL(rbd_snap_set(parent, "snap"));
	show_content("parent at the snapshot", parent);
	children(parent);
	MUST(rbd_close(parent));
	parents(parent = open_image(io, "parent"));
	children(parent);
	MUST(rbd_close(parent));
}

static void working(rados_ioctx_t io, const char *name)
{
	static char buffer[4 * MIB];
	rbd_image_t child = open_image(io, name);
	struct progress progress = {0};
	uint64_t overlap;

	section(name);
	parents(child);
	CALL(rbd_get_overlap(child, &overlap));
	SHOW(overlap);
	show_content("as the parent", child);
	put(child, MIB + 500, 100, 4);
	put(child, 2 * MIB + 500, 100, 5);
	show_content("written", child);
	CALL(rbd_discard(child, 0, MIB));
	CALL(rbd_read(child, 0, MIB, buffer));
	SHOW(all_are(buffer, MIB, 0));
	CALL(rbd_compare_and_write(child, 3 * MIB + 100, 4, "none", "some", NULL, 0));
	CALL(rbd_snap_create(child, "snap of the child"));
	CALL(rbd_resize(child, 2 * MIB));
	CALL(rbd_get_overlap(child, &overlap));
	SHOW(overlap);
	CALL(rbd_resize(child, 4 * MIB));
	CALL(rbd_get_overlap(child, &overlap));
	SHOW(overlap);
	show_content("shrunk and grown", child);
	CALL(rbd_snap_set(child, "snap of the child"));
	CALL(rbd_get_overlap(child, &overlap));
	SHOW(overlap);
	show_content("at its snapshot", child);
	CALL(rbd_snap_set(child, NULL));
	CALL(rbd_flatten_with_progress(child, on_progress, &progress));
	show_progress(&progress);
	show_content("flattened", child);
	CALL(rbd_get_overlap(child, &overlap));
	SHOW(overlap);
	parents(child);
	CALL(rbd_flatten(child));
	CALL(rbd_snap_set(child, "snap of the child"));
	show_content("at its snapshot", child);
	CALL(rbd_snap_set(child, NULL));
	CALL(rbd_snap_remove(child, "snap of the child"));
	MUST(rbd_close(child));
	CALL(rbd_remove(io, name));
}

static void a_parent_that_goes(rados_ioctx_t io)
{
	rbd_image_options_t opts;
	rbd_image_t parent, child;

	section("format 2: the snapshot may go first");
	make_image(io, "old", 2 * MIB, 20);
	parent = open_image(io, "old");
	put(parent, 0, MIB, 6);
	MUST(rbd_snap_create(parent, "snap"));
	rbd_image_options_create(&opts);
	rbd_image_options_set_uint64(opts, RBD_IMAGE_OPTION_CLONE_FORMAT, 2);
	CALL(rbd_clone3(io, "old", "snap", io, "young", opts));
	rbd_image_options_destroy(opts);
	CALL(rbd_snap_remove(parent, "snap"));
	int max = 4;
	rbd_snap_info_t snaps[4];
	rbd_snap_namespace_type_t type;
	char name[64];
	int count = CALL(rbd_snap_list(parent, snaps, &max));

	if (count == 1) {
		CALL(rbd_snap_get_namespace_type(parent, snaps[0].id, &type));
		SHOW(type);
		CALL(rbd_snap_get_trash_namespace(parent, snaps[0].id, name, 4));
		CALL(rbd_snap_get_trash_namespace(parent, snaps[0].id, name, sizeof(name)));
		SHOW_TEXT(name);
	}
	if (count > 0)
		rbd_snap_list_end(snaps);
	child = open_image(io, "young");
	show_content("young", child);
	parents(child);
	CALL(rbd_flatten(child));
	show_content("young", child);
	MUST(rbd_close(child));
	max = 4;
	CALL(rbd_snap_list(parent, snaps, &max));
	MUST(rbd_close(parent));
	CALL(rbd_remove(io, "old"));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-clone");
	rbd_image_t parent;

	cloning(io);
	working(io, "child");
	working(io, "child of clone");
	working(io, "child of clone2");
	working(io, "child of format 2");
	parent = open_image(io, "parent");
	CALL(rbd_snap_unprotect(parent, "snap"));
	CALL(rbd_snap_remove(parent, "snap"));
	MUST(rbd_close(parent));
	CALL(rbd_remove(io, "parent"));
	a_parent_that_goes(io);
	finish(cluster, io, "c-rbd-clone");
	return 0;
}
