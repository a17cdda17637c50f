/* A cache in front of a pool: where operations go, what flags say about it, snapshots, and what is left when it is
 * taken away. */
#include "orders.h"

#define BASE "c-base"
#define CACHE "c-cache"

static char data[64 * KIB];

static rados_ioctx_t base, cache;

static void tell(rados_t cluster, const char *var, const char *val)
{
	quietly(cluster, "osd pool set", "pool", CACHE, "var", var, "val", val, NULL);
}

/* Puts the cache in front. */
static void add(rados_t cluster)
{
	order(cluster, "osd tier add", "pool", BASE, "tierpool", CACHE, NULL);
	order(cluster, "osd tier cache-mode", "pool", CACHE, "mode", "writeback", NULL);
	order(cluster, "osd tier set-overlay", "pool", BASE, "overlaypool", CACHE, NULL);
	tell(cluster, "hit_set_type", "bloom");
	tell(cluster, "hit_set_count", "2");
	tell(cluster, "hit_set_period", "600");
	tell(cluster, "target_max_objects", "1000");
	/* What is read goes into the cache at once. */
	tell(cluster, "min_read_recency_for_promote", "0");
	tell(cluster, "min_write_recency_for_promote", "0");
	MUST(rados_wait_for_latest_osdmap(cluster));
}

/* Writes everything back and empties the cache, with Ceph's tool on Ceph's library. What is busy or pinned stays. */
static int flush(void)
{
	int result = -1;

	for (int tries = 0; tries < 5 && result; tries++)
		result = system("env -u LD_LIBRARY_PATH rados -p " CACHE " cache-flush-evict-all > /dev/null 2>&1");
	return result != 0;
}

static void list(const char *label, rados_ioctx_t io)
{
	rados_list_ctx_t context;
	const char *names[64], *name;
	int count = 0;

	MUST(rados_nobjects_list_open(io, &context));
	while (count < 64 && rados_nobjects_list_next(context, &name, NULL, NULL) == 0)
		names[count++] = strdup(name);
	rados_nobjects_list_close(context);
	qsort(names, count, sizeof(*names), compare_texts);
	printf("%s:", label);
	for (int n = 0; n < count; n++)
		printf(" %s", names[n]);
	putchar('\n');
}

/* An object as each pool has it; asked with flags that keep the cache from being filled by it. */
static int read_with(rados_ioctx_t io, const char *object, int flags)
{
	char buffer[32] = "";
	size_t length = 0;
	int result, inner = 0;
	rados_read_op_t op = rados_create_read_op();

	rados_read_op_read(op, 0, sizeof(buffer), buffer, &length, &inner);
	result = rados_read_op_operate(op, io, object, flags);
	if (result >= 0)
		show_bytes(object, buffer, length);
	rados_release_read_op(op);
	return result;
}

static int write_with(rados_ioctx_t io, const char *object, const char *text, int flags)
{
	rados_write_op_t op = rados_create_write_op();
	int result;

	rados_write_op_write_full(op, text, strlen(text));
	result = rados_write_op_operate(op, io, object, NULL, flags);
	rados_release_write_op(op);
	return result;
}

static void pools(rados_t cluster)
{
	int64_t found = 77;

	CALL(rados_pool_get_base_tier(cluster, rados_ioctx_get_id(cache), &found));
	SHOW(found == rados_ioctx_get_id(base));
	CALL(rados_pool_get_base_tier(cluster, rados_ioctx_get_id(base), &found));
	SHOW(found == rados_ioctx_get_id(base));
}

static void through(void)
{
	char buffer[64];
	uint64_t size = 77;

	section("through the cache");
	content(base, "old");
	content(base, "older");
	content(base, "nowhere");
	CALL(rados_write_full(base, "new", "written through", 15));
	CALL(rados_append(base, "old", ", and more", 10));
	CALL(rados_setxattr(base, "older", "x", "y", 1));
	CALL(rados_getxattr(base, "older", "x", buffer, sizeof(buffer)));
	CALL(rados_stat(base, "old", &size, NULL));
	SHOW(size);
	CALL(rados_exec(base, "greeting", "hello", "record_hello", NULL, 0, NULL, 0));
	CALL(rados_exec(base, "greeting", "hello", "replay", NULL, 0, buffer, sizeof(buffer)));
	CALL(rados_lock_exclusive(base, "old", "lock", "cookie", "", NULL, 0));
	CALL(rados_unlock(base, "old", "lock", "cookie"));
	CALL(rados_remove(base, "removed"));
	CALL(rados_remove(base, "removed"));
	content(base, "removed");
	content(cache, "old");
	content(cache, "new");
	list("base", base);
	CALL(read_with(base, "new", LIBRADOS_OPERATION_IGNORE_OVERLAY));
	CALL(read_with(base, "new", LIBRADOS_OPERATION_IGNORE_CACHE));
	CALL(read_with(base, "old", LIBRADOS_OPERATION_IGNORE_OVERLAY));
	CALL(read_with(base, "old", LIBRADOS_OPERATION_IGNORE_CACHE));
	CALL(read_with(base, "old", LIBRADOS_OPERATION_SKIPRWLOCKS));
	SHOW(flush());
	list("cache", cache);
	CALL(read_with(base, "new", LIBRADOS_OPERATION_IGNORE_OVERLAY));
	CALL(read_with(base, "old", LIBRADOS_OPERATION_IGNORE_OVERLAY));
	CALL(write_with(base, "apart", "past the cache", LIBRADOS_OPERATION_IGNORE_OVERLAY));
	CALL(read_with(base, "apart", LIBRADOS_OPERATION_IGNORE_OVERLAY));
	content(base, "apart");
	content(base, "removed");
}

static void pinned(void)
{
	section("pinned");
	CALL(rados_write_full(base, "pin", "stays", 5));
	CALL(rados_cache_pin(base, "pin"));
	CALL(rados_cache_pin(cache, "pin"));
	CALL(rados_cache_pin(base, "nowhere"));
	CALL(rados_cache_unpin(base, "nowhere"));
	CALL(rados_cache_unpin(base, "old"));
	SHOW(flush());
	list("cache", cache);
	CALL(rados_cache_unpin(base, "pin"));
	CALL(rados_cache_unpin(base, "pin"));
	SHOW(flush());
	list("cache", cache);
	content(base, "pin");
}

static void read_at(const char *label, rados_snap_t snap, const char *object)
{
	rados_ioctx_snap_set_read(base, snap);
	printf("at %s: ", label);
	content(base, object);
	rados_ioctx_snap_set_read(base, LIBRADOS_SNAP_HEAD);
}

static void snapshots(void)
{
	rados_snap_t first, snaps[2];

	section("snapshots");
	MUST(rados_write_full(base, "s", "one", 3));
	CALL(rados_ioctx_selfmanaged_snap_create(base, &first));
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(base, first, &first, 1));
	CALL(rados_write_full(base, "s", "two", 3));
	read_at("first", first, "s");
	CALL(rados_ioctx_selfmanaged_snap_rollback(base, "s", first));
	content(base, "s");
	CALL(rados_write_full(base, "s", "two", 3));
	/* Rolling back to what is in the base pool only crashes an OSD of 16.2.15 (kick_object_context_blocked). */
	flush();
	read_at("first", first, "s");
	CALL(rados_ioctx_selfmanaged_snap_create(base, &snaps[0]));
	snaps[1] = first;
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(base, snaps[0], snaps, 2));
	CALL(rados_remove(base, "s"));
	content(base, "s");
	read_at("second", snaps[0], "s");
	read_at("first", first, "s");
	flush();
	content(base, "s");
	read_at("second", snaps[0], "s");
	CALL(rados_ioctx_selfmanaged_snap_remove(base, first));
	CALL(rados_ioctx_selfmanaged_snap_remove(base, snaps[0]));
	CALL(rados_ioctx_selfmanaged_snap_set_write_ctx(base, 0, NULL, 0));
	CALL(rados_ioctx_snap_create(base, "named"));
	CALL(rados_ioctx_snap_create(cache, "named"));
}

/* A read that finds its object in the base pool only is sent there by the OSD, or served by it, by the mode. */
static void modes(rados_t cluster)
{
	static const char *const names[] = {"readproxy", "proxy"};

	for (int n = 0; n < 2; n++) {
		section(names[n]);
		/* A snapshot may still be on its way out. */
		flush();
		order(cluster, "osd tier cache-mode", "pool", CACHE, "mode", names[n], NULL);
		MUST(rados_wait_for_latest_osdmap(cluster));
		content(base, "old");
		CALL(rados_write_full(base, "by mode", names[n], strlen(names[n])));
		content(base, "by mode");
		CALL(rados_append(base, "old", ".", 1));
		content(base, "old");
	}
}

/* Whether the cache holds objects of these names; it is flushed before. */
static bool holds(const char *prefix)
{
	flush();
	return is_listed(cache, prefix);
}

/* Operations under way while the cache comes and goes find their objects. */
static void busy(rados_t cluster)
{
	section("while it comes and goes");
	fill(base, "many", 16, 1);
	/* What is there still would hide what is written to the base pool. */
	WAIT_UNTIL(!holds("many"));
	order(cluster, "osd tier remove-overlay", "pool", BASE, NULL);
	verify(base, "many", 16, 1);
	order(cluster, "osd tier set-overlay", "pool", BASE, "overlaypool", CACHE, NULL);
	/* Not waiting for the map: an OSD that knows better says so. */
	verify(base, "many", 16, 1);
	/* Looked at in the end only: at once, OSDs of 18.2.7 sometimes answer what was there before. */
	fill(base, "many", 16, 2);
}

static void taken_away(rados_t cluster)
{
	section("taken away");
	order(cluster, "osd tier cache-mode", "pool", CACHE, "mode", "proxy", NULL);
	flush();
	order(cluster, "osd tier remove-overlay", "pool", BASE, NULL);
	order(cluster, "osd tier remove", "pool", BASE, "tierpool", CACHE, NULL);
	MUST(rados_wait_for_latest_osdmap(cluster));
	list("base", base);
	content(base, "old");
	content(base, "new");
	verify(base, "many", 16, 2);
	pools(cluster);
}

int main(void)
{
	rados_t cluster = connect_cluster();

	heal(cluster);
	quietly(cluster, "osd tier remove-overlay", "pool", BASE, NULL);
	quietly(cluster, "osd tier remove", "pool", BASE, "tierpool", CACHE, NULL);
	pattern(data, sizeof(data), 1);
	base = new_pool(cluster, BASE);
	cache = new_pool(cluster, CACHE);
	MUST(rados_write_full(base, "old", "there before", 12));
	MUST(rados_write_full(base, "older", "too", 3));
	MUST(rados_write_full(base, "removed", "soon", 4));
	add(cluster);
	pools(cluster);
	through();
	pinned();
	snapshots();
	modes(cluster);
	order(cluster, "osd tier cache-mode", "pool", CACHE, "mode", "writeback", NULL);
	busy(cluster);
	taken_away(cluster);
	rados_ioctx_destroy(cache);
	CALL(rados_pool_delete(cluster, CACHE));
	finish(cluster, base, BASE);
	return 0;
}
