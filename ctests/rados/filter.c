/* Listing through filters: what an OSD's own filter and a class's take, and what is none. */
#include "../transcript.h"

#define POOL "c-filter"

/* Adds a text as Ceph encodes it. */
static char *add(char *at, const char *text)
{
	uint32_t length = strlen(text);

	memcpy(at, &length, 4);
	memcpy(at + 4, text, length);
	return at + 4 + length;
}

/* Lists through a filter in pages and prints what was found, in order of names. How many pages it takes depends on
 * the pool's groups: seek.c has that. */
static void list(rados_ioctx_t io, const char *what, const char *filter, size_t length, size_t max)
{
	rados_object_list_cursor at = rados_object_list_begin(io), end = rados_object_list_end(io);
	rados_object_list_item items[16];
	char *found[64];
	int count = 0, got = 0, rounds = 0;

	while (!rados_object_list_is_end(io, at) && rounds++ < 50) {
		got = rados_object_list(io, at, end, max, filter, length, items, &at);
		if (got < 0)
			break;
		for (int n = 0; n < got; n++)
			found[count++] = strndup(items[n].oid, items[n].oid_length);
		rados_object_list_free(got, items);
	}
	printf("%s: ", what);
	ANSWER(rados_object_list, got < 0 ? got : 0);
	qsort(found, count, sizeof(found[0]), compare_texts);
	for (int n = 0; n < count; n++) {
		printf(" %s", found[n]);
		free(found[n]);
	}
	printf("%s\n", rounds < 50 ? "" : " without end");
	rados_object_list_cursor_free(io, at);
	rados_object_list_cursor_free(io, end);
}

/* A filter of a kind that wants an xattr to have a value. */
static void by_value(rados_ioctx_t io, const char *kind, const char *xattr, const char *value)
{
	char filter[200], what[200];
	size_t length = add(add(add(filter, kind), xattr), value) - filter;

	for (size_t max = 1; max <= 16; max *= 4) {
		sprintf(what, "%s %s=%s by %zu", kind, xattr, value, max);
		list(io, what, filter, length, max);
	}
}

static void fill(rados_ioctx_t io)
{
	char name[16];

	for (int n = 0; n < 20; n++) {
		sprintf(name, "o%02d", n);
		MUST(rados_write_full(io, name, "x", 1));
		if (n % 3)
			MUST(rados_setxattr(io, name, "k", n % 3 == 1 ? "one" : "two", 3));
		if (n % 5 == 0)
			MUST(rados_setxattr(io, name, "empty", "", 0));
		if (n % 7 == 0)
			MUST(rados_setxattr(io, name, "zero", "a\0b", 3));
	}
}

static void filters(rados_ioctx_t io)
{
	section("filters");
	list(io, "none", NULL, 0, 16);
	list(io, "none, with a length", NULL, 7, 16);
	list(io, "of no bytes", "", 0, 16);
	by_value(io, "plain", "_k", "one");
	by_value(io, "plain", "_k", "two");
	by_value(io, "plain", "_k", "");
	by_value(io, "plain", "k", "one");
	by_value(io, "plain", "_empty", "");
	by_value(io, "plain", "_zero", "a");
	by_value(io, "plain", "", "");
	by_value(io, "plain", "", "x");
	by_value(io, "plain", "_", "");
	by_value(io, "plain", "_no", "");
	by_value(io, "hello.hello", "_k", "one");
	by_value(io, "hello.no", "_k", "one");
	by_value(io, "no.hello", "_k", "one");
	by_value(io, "parent", "_k", "one");
	by_value(io, "hello", "_k", "one");
	by_value(io, ".hello", "_k", "one");
	by_value(io, "hello.", "_k", "one");
	by_value(io, "", "_k", "one");
	by_value(io, "rbd.hello", "_k", "one");
	by_value(io, "lock.lock", "_k", "one");
}

static void malformed(rados_ioctx_t io)
{
	char filter[200];

	section("malformed");
	list(io, "one byte", "x", 1, 16);
	list(io, "four bytes", "xxxx", 4, 16);
	list(io, "a zero", "\0\0\0\0", 4, 16);
	list(io, "a kind only", filter, add(filter, "plain") - filter, 16);
	list(io, "no value", filter, add(add(filter, "plain"), "_k") - filter, 16);
	list(io, "half a value", filter, add(add(add(filter, "plain"), "_k"), "one") - filter - 1, 16);
	list(io, "too much", filter, add(add(add(add(filter, "plain"), "_k"), "one"), "one") - filter, 16);
	list(io, "an unknown kind only", filter, add(filter, "what") - filter, 16);
}

static void elsewhere(rados_ioctx_t io)
{
	rados_snap_t snap;

	section("namespaces and snapshots");
	rados_ioctx_set_namespace(io, "space");
	list(io, "an empty namespace", NULL, 0, 16);
	by_value(io, "plain", "_k", "one");
	MUST(rados_write_full(io, "inside", "x", 1));
	MUST(rados_setxattr(io, "inside", "k", "one", 3));
	by_value(io, "plain", "_k", "one");
	rados_ioctx_set_namespace(io, LIBRADOS_ALL_NSPACES);
	by_value(io, "plain", "_k", "one");
	rados_ioctx_set_namespace(io, "");
	MUST(rados_ioctx_selfmanaged_snap_create(io, &snap));
	MUST(rados_ioctx_selfmanaged_snap_set_write_ctx(io, snap, &snap, 1));
	MUST(rados_setxattr(io, "o01", "k", "two", 3));
	MUST(rados_remove(io, "o02"));
	by_value(io, "plain", "_k", "one");
	by_value(io, "plain", "_k", "two");
	by_value(io, "plain", "", "");
	rados_ioctx_snap_set_read(io, snap);
	by_value(io, "plain", "_k", "one");
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	section("an empty pool");
	by_value(io, "plain", "_k", "one");
	by_value(io, "parent", "_k", "one");
	fill(io);
	filters(io);
	malformed(io);
	elsewhere(io);
	finish(cluster, io, POOL);
	return 0;
}
