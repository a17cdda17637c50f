/* What few programs call: quiesce callbacks, children in the old form, pool mirroring and its peers, images opened by
 * id in the background, copies with options, purging of the trash. */
#include "images.h"

#include <pthread.h>

struct quiesce {
	rbd_image_t image;
	uint64_t handle;
	int quiesced, unquiesced, answer;
};

static void on_quiesce(void *arg)
{
	struct quiesce *quiesce = arg;

	quiesce->quiesced++;
	rbd_quiesce_complete(quiesce->image, quiesce->handle, quiesce->answer);
}

static void on_unquiesce(void *arg)
{
	((struct quiesce *)arg)->unquiesced++;
}

static void quiescing(rados_ioctx_t io)
{
	struct quiesce quiesce = { 0 };
	struct progress progress = { 0 };
	rbd_image_t image;

	section("quiesce callbacks");
	make_image(io, "quiesced", 4 * MIB, 20);
	quiesce.image = open_image(io, "quiesced");
	image = open_image(io, "quiesced");
	CALL(rbd_quiesce_watch(quiesce.image, on_quiesce, on_unquiesce, &quiesce, &quiesce.handle));
	CALL(rbd_snap_create(image, "calm"));
	SHOW(quiesce.quiesced);
	SHOW(quiesce.unquiesced);
	CALL(rbd_snap_create2(image, "unasked", RBD_SNAP_CREATE_SKIP_QUIESCE, on_progress, &progress));
	SHOW(quiesce.quiesced);
	quiesce.answer = -EBUSY;
	CALL(rbd_snap_create(image, "refused"));
	SHOW(quiesce.quiesced);
	SHOW(quiesce.unquiesced);
	CALL(rbd_snap_create2(image, "all the same", RBD_SNAP_CREATE_IGNORE_QUIESCE_ERROR, on_progress, &progress));
	SHOW(quiesce.quiesced);
	SHOW(quiesce.unquiesced);
	CALL(rbd_quiesce_unwatch(quiesce.image, quiesce.handle));
	CALL(rbd_snap_create(image, "alone"));
	SHOW(quiesce.quiesced);
	MUST(rbd_close(quiesce.image));
	MUST(rbd_close(image));
}

static void children(rados_ioctx_t io)
{
	rbd_child_info_t children[4];
	rbd_image_t image;
	int count, order = 20;

	section("children in the old form");
	make_image(io, "parent", 4 * MIB, 20);
	image = open_image(io, "parent");
	MUST(rbd_snap_create(image, "s"));
	MUST(rbd_snap_protect(image, "s"));
	MUST(rbd_clone(io, "parent", "s", io, "child", RBD_FEATURE_LAYERING, &order));
	count = 0;
	CALL(rbd_list_children2(image, children, &count));
	SHOW(count);
	count = 4;
	CALL(rbd_list_children2(image, children, &count));
	SHOW(count);
	for (int n = 0; n < count; n++) {
		SHOW_TEXT(children[n].pool_name);
		SHOW_TEXT(children[n].image_name);
		SHOW(children[n].trash);
	}
	rbd_list_children_cleanup(children, (size_t)count);
	MUST(rbd_close(image));
}

static void in_the_background(rados_ioctx_t io)
{
	rbd_completion_t completion;
	rbd_image_t image;
	char id[64];

	section("opened by id in the background");
	image = open_image(io, "parent");
	MUST(rbd_get_id(image, id, sizeof(id)));
	MUST(rbd_close(image));
	MUST(rbd_aio_create_completion(NULL, NULL, &completion));
	CALL(rbd_aio_open_by_id(io, id, &image, NULL, completion));
	rbd_aio_wait_for_complete(completion);
	CALL(rbd_aio_get_return_value(completion));
	rbd_aio_release(completion);
	MUST(rbd_close(image));
	MUST(rbd_aio_create_completion(NULL, NULL, &completion));
	CALL(rbd_aio_open_by_id_read_only(io, id, &image, "s", completion));
	rbd_aio_wait_for_complete(completion);
	CALL(rbd_aio_get_return_value(completion));
	rbd_aio_release(completion);
	CALL(rbd_write(image, 0, 1, "x"));
	MUST(rbd_close(image));
	MUST(rbd_aio_create_completion(NULL, NULL, &completion));
	CALL(rbd_aio_open_by_id(io, "no such id", &image, NULL, completion));
	rbd_aio_wait_for_complete(completion);
	CALL(rbd_aio_get_return_value(completion));
	rbd_aio_release(completion);
}

static void copies(rados_ioctx_t io)
{
	struct progress progress = { 0 };
	rbd_image_options_t options;
	rbd_image_t from, to;

	section("copies");
	make_image(io, "original", 4 * MIB, 20);
	make_image(io, "existing", 4 * MIB, 20);
	from = open_image(io, "original");
	MUST(rbd_write(from, MIB + 5, 7, "content"));
	to = open_image(io, "existing");
	CALL(rbd_copy_with_progress2(from, to, on_progress, &progress));
	show_progress(&progress);
	show_content("existing", to);
	MUST(rbd_close(to));
	rbd_image_options_create(&options);
	MUST(rbd_image_options_set_uint64(options, RBD_IMAGE_OPTION_ORDER, 22));
	memset(&progress, 0, sizeof(progress));
	CALL(rbd_copy_with_progress3(from, io, "third", options, on_progress, &progress));
	show_progress(&progress);
	CALL(rbd_copy_with_progress4(from, io, "fourth", options, on_progress, &progress, 4096));
	CALL(rbd_copy_with_progress4(from, io, "fourth", options, on_progress, &progress, 4096));
	to = open_image(io, "fourth");
	show_content("fourth", to);
	MUST(rbd_close(to));
	MUST(rbd_close(from));
	rbd_image_options_destroy(options);
}

static void mirroring(rados_ioctx_t io)
{
	rbd_mirror_peer_site_t sites[4];
	rbd_mirror_image_info_t info;
	rbd_mirror_image_mode_t image_mode;
	rbd_mirror_mode_t mode;
	rbd_image_t image;
	char uuid[64], other[64];
	size_t length;
	int count;

	section("pool mirroring");
	CALL(rbd_mirror_mode_get(io, &mode));
	SHOW(mode);
	CALL(rbd_mirror_peer_site_add(io, uuid, sizeof(uuid), RBD_MIRROR_PEER_DIRECTION_RX_TX, "there", "client.x"));
	CALL(rbd_mirror_mode_set(io, RBD_MIRROR_MODE_IMAGE));
	CALL(rbd_mirror_mode_get(io, &mode));
	SHOW(mode);
	length = sizeof(uuid);
	CALL(rbd_mirror_uuid_get(io, uuid, &length));
	CALL(rbd_mirror_peer_site_add(io, uuid, sizeof(uuid), RBD_MIRROR_PEER_DIRECTION_RX_TX, "there", "client.x"));
	CALL(rbd_mirror_peer_site_add(io, other, sizeof(other), RBD_MIRROR_PEER_DIRECTION_RX_TX, "there", "client.x"));
	CALL(rbd_mirror_peer_site_set_name(io, uuid, "elsewhere"));
	CALL(rbd_mirror_peer_site_set_client_name(io, uuid, "client.y"));
	CALL(rbd_mirror_peer_site_set_direction(io, uuid, RBD_MIRROR_PEER_DIRECTION_RX));
	CALL(rbd_mirror_peer_site_set_name(io, "no such peer", "elsewhere"));
	count = 4;
	CALL(rbd_mirror_peer_site_list(io, sites, &count));
	SHOW(count);
	for (int n = 0; n < count; n++) {
		SHOW_TEXT(sites[n].site_name);
		SHOW_TEXT(sites[n].client_name);
		SHOW(sites[n].direction);
	}
	rbd_mirror_peer_site_list_cleanup(sites, count);
	CALL(rbd_mirror_peer_site_remove(io, uuid));
	CALL(rbd_mirror_peer_site_remove(io, uuid));
	image = open_image(io, "original");
	CALL(rbd_mirror_image_get_info(image, &info, sizeof(info)));
	SHOW(info.state);
	SHOW(info.primary);
	rbd_mirror_image_get_info_cleanup(&info);
	CALL(rbd_mirror_image_get_mode(image, &image_mode));
	MUST(rbd_close(image));
	CALL(rbd_mirror_mode_set(io, RBD_MIRROR_MODE_DISABLED));
	CALL(rbd_mirror_mode_get(io, &mode));
	SHOW(mode);
}

static void purging(rados_ioctx_t io)
{
	struct progress progress = { 0 };
	rbd_trash_image_info_t entries[4];
	size_t count = 4;

	section("purging the trash");
	make_image(io, "discarded", 4 * MIB, 20);
	make_image(io, "kept", 4 * MIB, 20);
	MUST(rbd_trash_move(io, "discarded", 0));
	MUST(rbd_trash_move(io, "kept", 3600));
	CALL(rbd_trash_purge_with_progress(io, time(NULL) + 60, -1, on_progress, &progress));
	show_progress(&progress);
	CALL(rbd_trash_list(io, entries, &count));
	SHOW(count);
	for (size_t n = 0; n < count; n++)
		SHOW_TEXT(entries[n].name);
	rbd_trash_list_cleanup(entries, count);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-rare");

	MUST(rbd_pool_init(io, true));
	quiescing(io);
	children(io);
	in_the_background(io);
	copies(io);
	mirroring(io);
	purging(io);
	finish(cluster, io, "c-rbd-rare");
	return 0;
}
