/* Where listings stand: positions and cursors after each call, seeking, pages, cut ranges; and filters. */
#include "../transcript.h"

#define POOL "c-seek"

static rados_t cluster;

/* A pool whose groups are the same in number everywhere. */
static rados_ioctx_t grouped_pool(const char *name, int groups)
{
	char command[200];
	const char *commands[] = {command};
	rados_ioctx_t io;

	if (rados_pool_lookup(cluster, name) >= 0)
		MUST(rados_pool_delete(cluster, name));
	sprintf(command,
		"{\"prefix\": \"osd pool create\", \"pool\": \"%s\", \"pg_num\": %d, \"pgp_num\": %d, "
		"\"autoscale_mode\": \"off\"}",
		name, groups, groups);
	MUST(rados_mon_command(cluster, commands, 1, NULL, 0, NULL, NULL, NULL, NULL));
	MUST(rados_wait_for_latest_osdmap(cluster));
	MUST(rados_ioctx_create(cluster, name, &io));
	return io;
}

/* What can be known of a listing without moving it. */
static void show_place(rados_ioctx_t io, rados_list_ctx_t list, const char *when)
{
	rados_object_list_cursor at, begin = rados_object_list_begin(io);

	MUST(rados_nobjects_list_get_cursor(list, &at));
	printf("%s: position %08x, end %d, begin %d\n", when, rados_nobjects_list_get_pg_hash_position(list),
	       rados_object_list_is_end(io, at), rados_object_list_cursor_cmp(io, at, begin));
	rados_object_list_cursor_free(io, at);
	rados_object_list_cursor_free(io, begin);
}

/* How the places of two cursors compare. */
static void compare(rados_ioctx_t io, const char *what, rados_object_list_cursor left, rados_object_list_cursor right)
{
	printf("%s: %d\n", what, rados_object_list_cursor_cmp(io, left, right));
}

/* What the rest of a listing gives: how many and the first. */
static void show_rest(rados_list_ctx_t list)
{
	const char *name, *key, *space;
	int count = 0, result;

	while ((result = rados_nobjects_list_next(list, &name, &key, &space)) == 0)
		if (count++ < 3)
			printf(" %s/%s%s%s", space, name, key ? "@" : "", key ? key : "");
	printf(" ... %d, ", count);
	show_result("then", result);
}

static void fill(rados_ioctx_t io, int count)
{
	char name[32];

	for (int n = 0; n < count; n++) {
		sprintf(name, "o%04d", n);
		MUST(rados_write_full(io, name, "x", 1));
	}
	rados_ioctx_set_namespace(io, "space");
	for (int n = 0; n < count / 2; n++) {
		sprintf(name, "s%04d", n);
		MUST(rados_write_full(io, name, "x", 1));
	}
	rados_ioctx_set_namespace(io, "");
	rados_ioctx_locator_set_key(io, "key");
	for (int n = 0; n < count / 4; n++) {
		sprintf(name, "l%04d", n);
		MUST(rados_write_full(io, name, "x", 1));
	}
	rados_ioctx_locator_set_key(io, NULL);
}

static void walking(rados_ioctx_t io, int steps)
{
	rados_list_ctx_t list;
	rados_object_list_cursor at, again;
	const char *name;
	char label[40];

	MUST(rados_nobjects_list_open(io, &list));
	show_place(io, list, "opened");
	for (int n = 0; n < steps; n++) {
		if (rados_nobjects_list_next(list, &name, NULL, NULL) < 0)
			break;
		sprintf(label, "at %s", name);
		show_place(io, list, label);
	}
	MUST(rados_nobjects_list_get_cursor(list, &at));
	CALL(rados_nobjects_list_seek_cursor(list, at));
	show_place(io, list, "there again");
	MUST(rados_nobjects_list_get_cursor(list, &again));
	compare(io, "the cursors", at, again);
	show_rest(list);
	show_place(io, list, "at the end");
	CALL(rados_nobjects_list_seek_cursor(list, at));
	show_rest(list);
	rados_object_list_cursor_free(io, at);
	rados_object_list_cursor_free(io, again);
	at = rados_object_list_end(io);
	CALL(rados_nobjects_list_seek_cursor(list, at));
	show_place(io, list, "sought the end");
	show_rest(list);
	rados_object_list_cursor_free(io, at);
	at = rados_object_list_begin(io);
	CALL(rados_nobjects_list_seek_cursor(list, at));
	show_place(io, list, "sought the beginning");
	show_rest(list);
	rados_object_list_cursor_free(io, at);
	rados_nobjects_list_close(list);
}

static void seeking(rados_ioctx_t io)
{
	static const uint32_t places[] = {0, 1, 2, 3, 5, 0x80000000, 0x40000000, 0xffffffff, 0x7fffffff, 12345, 0x12345678};
	rados_list_ctx_t list;
	rados_object_list_cursor at, begin = rados_object_list_begin(io);

	MUST(rados_nobjects_list_open(io, &list));
	for (size_t n = 0; n < sizeof(places) / sizeof(places[0]); n++) {
		printf("to %08x: %08x\n", places[n], rados_nobjects_list_seek(list, places[n]));
		show_place(io, list, "sought");
		MUST(rados_nobjects_list_get_cursor(list, &at));
		compare(io, "cursor to the beginning", at, begin);
		show_rest(list);
		printf("group %u\n", rados_nobjects_list_seek_cursor(list, at));
		show_rest(list);
		rados_object_list_cursor_free(io, at);
	}
	rados_object_list_cursor_free(io, begin);
	rados_nobjects_list_close(list);
}

/* Prints one page: how many, its ends, and where the next begins, against the place of a listing. */
static void page(rados_ioctx_t io, rados_object_list_cursor from, rados_object_list_cursor to, size_t max,
		 const char *filter, size_t length, rados_object_list_cursor *next)
{
	rados_object_list_item *items = calloc(max + 1, sizeof(*items));
	rados_list_ctx_t list;
	int got;

	got = rados_object_list(io, from, to, max, filter, length, items, next);
	ANSWER(rados_object_list, got);
	if (got > 0)
		printf("%.*s to %.*s\n", (int)items[0].oid_length, items[0].oid, (int)items[got - 1].oid_length,
		       items[got - 1].oid);
	MUST(rados_nobjects_list_open(io, &list));
	printf("next: group %u, ", rados_nobjects_list_seek_cursor(list, *next));
	show_place(io, list, "place");
	printf("against the end of the range: %d\n", rados_object_list_cursor_cmp(io, *next, to));
	rados_nobjects_list_close(list);
	if (got >= 0)
		rados_object_list_free(max, items);
	free(items);
}

static void pages(rados_ioctx_t io, size_t max, int rounds)
{
	rados_object_list_cursor begin = rados_object_list_begin(io), end = rados_object_list_end(io);
	rados_object_list_cursor at = rados_object_list_begin(io), next;

	printf("pages of %zu\n", max);
	for (int n = 0; n < rounds && !rados_object_list_is_end(io, at); n++) {
		next = rados_object_list_begin(io);
		page(io, at, end, max, NULL, 0, &next);
		rados_object_list_cursor_free(io, at);
		at = next;
	}
	page(io, begin, at, max, NULL, 0, &next);
	page(io, at, begin, max, NULL, 0, &next);
	page(io, end, end, max, NULL, 0, &next);
	page(io, end, begin, max, NULL, 0, &next);
	page(io, begin, begin, max, NULL, 0, &next);
	page(io, begin, end, 0, NULL, 0, &next);
	rados_object_list_cursor_free(io, next);
	rados_object_list_cursor_free(io, begin);
	rados_object_list_cursor_free(io, end);
}

static void slices(rados_ioctx_t io)
{
	static const size_t parts[][2] = {{0, 1}, {0, 3}, {1, 3}, {2, 3}, {0, 7}, {6, 7}, {3, 2}, {5, 2}, {2, 2}};
	rados_object_list_cursor begin = rados_object_list_begin(io), end = rados_object_list_end(io);
	rados_object_list_cursor from = rados_object_list_begin(io), to = rados_object_list_begin(io);
	rados_object_list_cursor last = rados_object_list_begin(io);

	for (size_t n = 0; n < sizeof(parts) / sizeof(parts[0]); n++) {
		printf("part %zu of %zu\n", parts[n][0], parts[n][1]);
		rados_object_list_slice(io, begin, end, parts[n][0], parts[n][1], &from, &to);
		compare(io, "first to the beginning", from, begin);
		compare(io, "last to the end", to, end);
		compare(io, "first to last", from, to);
		compare(io, "first to last of before", from, last);
		if (parts[n][0] < parts[n][1])
			page(io, from, to, 5, NULL, 0, &last);
	}
	rados_object_list_slice(io, end, begin, 1, 3, &from, &to);
	compare(io, "backwards", from, to);
	compare(io, "backwards, to the end", to, end);
	rados_object_list_slice(io, end, end, 1, 3, &from, &to);
	compare(io, "of nothing", from, to);
	rados_object_list_slice(io, begin, begin, 1, 3, &from, &to);
	compare(io, "of nothing at the beginning", from, to);
	rados_object_list_cursor_free(io, begin);
	rados_object_list_cursor_free(io, end);
	rados_object_list_cursor_free(io, from);
	rados_object_list_cursor_free(io, to);
	rados_object_list_cursor_free(io, last);
}

/* More than one answer holds, and what the pages of a listing leave. */
static void many(void)
{
	rados_ioctx_t io = grouped_pool(POOL, 3);
	rados_completion_t done[1300];
	rados_list_ctx_t list;
	const char *name;
	char label[40];
	int count = 0;

	section("many");
	for (int n = 0; n < 1300; n++) {
		sprintf(label, "m%d", n);
		MUST(rados_aio_create_completion2(NULL, NULL, &done[n]));
		MUST(rados_aio_write_full(io, label, done[n], "x", 1));
	}
	for (int n = 0; n < 1300; n++) {
		MUST(rados_aio_wait_for_complete(done[n]));
		MUST(rados_aio_get_return_value(done[n]));
		rados_aio_release(done[n]);
	}
	MUST(rados_nobjects_list_open(io, &list));
	while (rados_nobjects_list_next(list, &name, NULL, NULL) == 0)
		if (count++ % 100 == 0)
			show_place(io, list, name);
	SHOW(count);
	rados_nobjects_list_close(list);
	pages(io, 700, 4);
	pages(io, 1024, 4);
	pages(io, 1200, 4);
	rados_ioctx_destroy(io);
}

/* Older versions have places too, and count for a page. */
static void versions(void)
{
	rados_ioctx_t io = grouped_pool(POOL, 2);
	rados_list_ctx_t list;
	rados_object_list_cursor at, head;
	rados_snap_t snaps[3];
	const char *object;
	char name[8];

	section("versions");
	for (int n = 0; n < 3; n++) {
		for (int o = 0; o < 12; o++) {
			sprintf(name, "v%d", o);
			if (o % 3 <= n)
				MUST(rados_write_full(io, name, (char[]){'a' + n}, 1));
		}
		/* The newest first. */
		MUST(rados_ioctx_selfmanaged_snap_create(io, &snaps[2 - n]));
		MUST(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snaps[2 - n], snaps + 2 - n, n + 1));
	}
	for (int o = 0; o < 12; o += 4) {
		sprintf(name, "v%d", o);
		MUST(rados_remove(io, name));
	}
	pages(io, 1, 30);
	pages(io, 2, 30);
	pages(io, 5, 30);
	walking(io, 20);
	MUST(rados_nobjects_list_open(io, &list));
	MUST(rados_nobjects_list_next(list, &object, NULL, NULL));
	MUST(rados_nobjects_list_get_cursor(list, &head));
	rados_nobjects_list_close(list);
	rados_ioctx_snap_set_read(io, snaps[2]);
	MUST(rados_nobjects_list_open(io, &list));
	MUST(rados_nobjects_list_next(list, &object, NULL, NULL));
	MUST(rados_nobjects_list_get_cursor(list, &at));
	SHOW_TEXT(object);
	compare(io, "of a snapshot to the head's", at, head);
	show_rest(list);
	CALL(rados_nobjects_list_seek_cursor(list, at));
	show_rest(list);
	rados_nobjects_list_close(list);
	rados_object_list_cursor_free(io, at);
	rados_object_list_cursor_free(io, head);
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	rados_ioctx_destroy(io);
}

/* A cursor of one pool in another, and a pool that goes while it is listed. */
static void strangers(void)
{
	rados_ioctx_t io = grouped_pool(POOL, 2), other = grouped_pool("c-seek-other", 2);
	rados_object_list_cursor at, end = rados_object_list_end(io), next = rados_object_list_begin(io);
	rados_list_ctx_t list;
	const char *name;

	section("strangers");
	fill(io, 8);
	fill(other, 8);
	MUST(rados_nobjects_list_open(io, &list));
	MUST(rados_nobjects_list_next(list, &name, NULL, NULL));
	MUST(rados_nobjects_list_get_cursor(list, &at));
	page(other, at, end, 3, NULL, 0, &next);
	rados_ioctx_destroy(other);
	MUST(rados_pool_delete(cluster, POOL));
	MUST(rados_wait_for_latest_osdmap(cluster));
	CALL(rados_nobjects_list_next(list, &name, NULL, NULL));
	while (rados_nobjects_list_next(list, &name, NULL, NULL) == 0)
		;
	CALL(rados_nobjects_list_next(list, &name, NULL, NULL));
	/* Not seeking: the original ends the process when there is no pool. */
	CALL(rados_object_list(io, at, end, 1, NULL, 0, (rados_object_list_item[1]){0}, &next));
	compare(io, "after a failure, to the end", next, end);
	rados_nobjects_list_close(list);
	CALL(rados_nobjects_list_open(io, &list));
	CALL(rados_nobjects_list_next(list, &name, NULL, NULL));
	rados_nobjects_list_close(list);
	rados_object_list_cursor_free(io, at);
	rados_object_list_cursor_free(io, end);
	rados_object_list_cursor_free(io, next);
	rados_ioctx_destroy(io);
	MUST(rados_pool_delete(cluster, "c-seek-other"));
}

int main(void)
{
	rados_ioctx_t io;

	cluster = connect_cluster();
	for (int groups = 1; groups <= 12; groups += groups == 1 ? 4 : 7) {
		io = grouped_pool(POOL, groups);
		printf("groups: %d\n", groups);
		section("an empty pool");
		walking(io, 2);
		pages(io, 3, 2);
		fill(io, 24);
		section("walking");
		walking(io, 4);
		rados_ioctx_set_namespace(io, "space");
		walking(io, 4);
		rados_ioctx_set_namespace(io, LIBRADOS_ALL_NSPACES);
		walking(io, 4);
		walking(io, 100);
		rados_ioctx_set_namespace(io, "");
		section("seeking");
		seeking(io);
		section("pages");
		pages(io, 1, 5);
		pages(io, 5, 5);
		pages(io, 1000, 5);
		rados_ioctx_set_namespace(io, "space");
		pages(io, 1, 5);
		pages(io, 5, 100);
		rados_ioctx_set_namespace(io, "");
		section("slices");
		slices(io);
		rados_ioctx_destroy(io);
	}
	many();
	versions();
	strangers();
	rados_shutdown(cluster);
	puts("done");
	return 0;
}
