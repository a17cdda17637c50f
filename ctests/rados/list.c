/* Listing objects: both iterators, cursors, slices, namespaces, positions. */
#include "../transcript.h"

static char *found[512];
static int count;

static void add(const char *name, const char *key, const char *space)
{
	MUST(asprintf(&found[count++], "%s/%s%s%s", space ? space : "", name, key && *key ? "@" : "",
		      key && *key ? key : ""));
}

/* Prints what was found, sorted. */
static void show_found(int names)
{
	qsort(found, count, sizeof(found[0]), compare_texts);
	printf("found %d:", count);
	for (int n = 0; n < count; n++) {
		if (names)
			printf(" %s", found[n]);
		free(found[n]);
	}
	putchar('\n');
	count = 0;
}

static void iterate(rados_ioctx_t io, const char *space, int names)
{
	rados_list_ctx_t list;
	const char *name, *key, *in;
	int result;

	if (space)
		rados_ioctx_set_namespace(io, space);
	MUST(rados_nobjects_list_open(io, &list));
	while ((result = rados_nobjects_list_next(list, &name, &key, &in)) == 0)
		add(name, key, in);
	show_result("rados_nobjects_list_next at the end", result);
	CALL(rados_nobjects_list_next(list, &name, &key, &in));
	rados_nobjects_list_close(list);
	show_found(names);
	rados_ioctx_set_namespace(io, "");
}

static void iterators(rados_ioctx_t io)
{
	rados_list_ctx_t list;
	const char *name, *key, *space;
	size_t sizes[3];
	int result;

	section("an empty pool");
	iterate(io, NULL, 1);

	section("iterators");
	for (int n = 0; n < 6; n++)
		MUST(rados_write_full(io, (char[]){'a' + n, 0}, "x", 1));
	rados_ioctx_locator_set_key(io, "key");
	MUST(rados_write_full(io, "located", "x", 1));
	rados_ioctx_locator_set_key(io, NULL);
	rados_ioctx_set_namespace(io, "space");
	MUST(rados_write_full(io, "inside", "x", 1));
	MUST(rados_write_full(io, "a", "x", 1));
	rados_ioctx_set_namespace(io, "");
	iterate(io, NULL, 1);
	iterate(io, "space", 1);
	iterate(io, "nobody", 1);
	iterate(io, LIBRADOS_ALL_NSPACES, 1);
	MUST(rados_nobjects_list_open(io, &list));
	while ((result = rados_nobjects_list_next2(list, &name, &key, &space, &sizes[0], &sizes[1],
						   &sizes[2])) == 0) {
		if (sizes[0] != strlen(name) || sizes[1] != (key ? strlen(key) : 0) || sizes[2])
			puts("sizes differ");
		add(name, key, space);
	}
	show_result("rados_nobjects_list_next2 at the end", result);
	show_found(1);
	rados_nobjects_list_close(list);
	MUST(rados_nobjects_list_open(io, &list));
	CALL(rados_nobjects_list_next(list, &name, NULL, NULL));
	rados_nobjects_list_close(list);
	CALL(rados_objects_list_open(io, &list));
}

static void positions(rados_ioctx_t io)
{
	rados_list_ctx_t list;
	rados_object_list_cursor cursor;
	const char *name;
	char third[16];
	int again = 0;

	section("positions");
	MUST(rados_nobjects_list_open(io, &list));
	for (int n = 0; n < 3; n++) {
		MUST(rados_nobjects_list_get_cursor(list, &cursor));
		MUST(rados_nobjects_list_next(list, &name, NULL, NULL));
		strcpy(third, name);
		if (n < 2)
			rados_object_list_cursor_free(io, cursor);
	}
	CALL(rados_nobjects_list_seek_cursor(list, cursor) <= UINT32_MAX);
	while (rados_nobjects_list_next(list, &name, NULL, NULL) == 0)
		again += !strcmp(third, name);
	SHOW(again);
	rados_object_list_cursor_free(io, cursor);
	CALL(rados_nobjects_list_seek(list, 0));
	CALL(rados_nobjects_list_get_pg_hash_position(list));
	while (rados_nobjects_list_next(list, &name, NULL, NULL) == 0)
		add(name, NULL, NULL);
	show_found(1);
	rados_nobjects_list_close(list);
}

static void range(rados_ioctx_t io, rados_object_list_cursor from, rados_object_list_cursor to, size_t step)
{
	rados_object_list_cursor at = from, next;
	rados_object_list_item items[64];
	int got;

	for (int round = 0; round < 200; round++) {
		memset(items, 0, sizeof(items));
		/* The call replaces what the cursor holds. */
		next = rados_object_list_begin(io);
		got = rados_object_list(io, at, to, step, NULL, 0, items, &next);
		if (at != from)
			rados_object_list_cursor_free(io, at);
		at = next;
		if (got < 0) {
			show_result("rados_object_list", got);
			break;
		}
		for (int n = 0; n < got; n++) {
			/* Older versions of the original do not end these with a NUL. */
			char *name = strndup(items[n].oid, items[n].oid_length);
			char *key = strndup(items[n].locator, items[n].locator_length);
			char *space = strndup(items[n].nspace, items[n].nspace_length);

			add(name, key, space);
			free(name);
			free(key);
			free(space);
		}
		rados_object_list_free(step, items);
		if (rados_object_list_is_end(io, at) || rados_object_list_cursor_cmp(io, at, to) >= 0)
			break;
	}
	if (at != from)
		rados_object_list_cursor_free(io, at);
}

static void cursors(rados_ioctx_t io)
{
	rados_object_list_cursor begin = rados_object_list_begin(io), end = rados_object_list_end(io);
	rados_object_list_cursor from, to, next, last = NULL;
	rados_object_list_item items[3] = {0};
	char name[16];

	section("cursors");
	SHOW(rados_object_list_is_end(io, begin));
	SHOW(rados_object_list_is_end(io, end));
	SHOW(rados_object_list_cursor_cmp(io, begin, end) < 0);
	SHOW(rados_object_list_cursor_cmp(io, end, begin) > 0);
	SHOW(rados_object_list_cursor_cmp(io, begin, begin));
	for (size_t step = 1; step <= 64; step *= 4) {
		range(io, begin, end, step);
		show_found(1);
	}
	for (int n = 0; n < 150; n++) {
		sprintf(name, "more%03d", n);
		MUST(rados_write_full(io, name, "x", 1));
	}
	range(io, begin, end, 10);
	show_found(1);
	next = rados_object_list_begin(io);
	CALL(rados_object_list(io, begin, end, 3, NULL, 0, items, &next));
	rados_object_list_free(3, items);
	CALL(rados_object_list(io, end, end, 3, NULL, 0, items, &next));
	rados_object_list_free(3, items);
	rados_object_list_cursor_free(io, next);
	iterate(io, NULL, 0);
	for (size_t n = 0; n < 5; n++) {
		from = rados_object_list_begin(io);
		to = rados_object_list_begin(io);
		rados_object_list_slice(io, begin, end, n, 5, &from, &to);
		if (n == 0)
			SHOW(rados_object_list_cursor_cmp(io, from, begin));
		if (last)
			SHOW(rados_object_list_cursor_cmp(io, last, from));
		range(io, from, to, 7);
		rados_object_list_cursor_free(io, from);
		if (last)
			rados_object_list_cursor_free(io, last);
		last = to;
	}
	SHOW(rados_object_list_is_end(io, last));
	rados_object_list_cursor_free(io, last);
	show_found(0);
	rados_object_list_cursor_free(io, begin);
	rados_object_list_cursor_free(io, end);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-list");

	iterators(io);
	positions(io);
	cursors(io);
	finish(cluster, io, "c-list");
	return 0;
}
