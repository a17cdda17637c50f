/* Object data: every form of writing and reading, odd sizes, limits, namespaces, locators, versions. */
#include "../transcript.h"

static void writing(rados_ioctx_t io)
{
	uint64_t size = 77;
	time_t when = 0;
	char buffer[64];

	section("writing");
	CALL(rados_read(io, "one", buffer, sizeof(buffer), 0));
	CALL(rados_stat(io, "one", &size, &when));
	SHOW(size);
	CALL(rados_remove(io, "one"));
	CALL(rados_write(io, "one", "0123456789", 10, 0));
	content(io, "one");
	CALL(rados_write(io, "one", "abc", 3, 3));
	CALL(rados_write(io, "one", "end", 3, 20));
	content(io, "one");
	CALL(rados_append(io, "one", "+more", 5));
	CALL(rados_append(io, "appended", "first", 5));
	CALL(rados_append(io, "appended", "", 0));
	content(io, "one");
	content(io, "appended");
	CALL(rados_trunc(io, "one", 5));
	CALL(rados_trunc(io, "one", 8));
	content(io, "one");
	CALL(rados_stat(io, "one", &size, &when));
	SHOW(size);
	SHOW(is_now(when));
	CALL(rados_stat(io, "one", NULL, NULL));
	CALL(rados_stat(io, "one", &size, NULL));
	CALL(rados_stat(io, "one", NULL, &when));
	CALL(rados_trunc(io, "truncated", 10));
	content(io, "truncated");
	CALL(rados_write_full(io, "one", "new", 3));
	content(io, "one");
	CALL(rados_write_full(io, "one", "", 0));
	content(io, "one");
	CALL(rados_write(io, "empty", "", 0, 0));
	CALL(rados_stat(io, "empty", &size, NULL));
	CALL(rados_write(io, "empty", "", 0, 100));
	CALL(rados_stat(io, "empty", &size, NULL));
	SHOW(size);
	CALL(rados_remove(io, "one"));
	CALL(rados_remove(io, "one"));
	content(io, "one");
}

static void reading(rados_ioctx_t io)
{
	char buffer[64];
	int got;

	section("reading at odd sizes");
	MUST(rados_write_full(io, "ten", "0123456789", 10));
	for (size_t length = 0; length <= 12; length++) {
		memset(buffer, '.', sizeof(buffer));
		got = rados_read(io, "ten", buffer, length, 0);
		printf("read %zu: %d ", length, got);
		escaped(buffer, 14);
		putchar('\n');
	}
	for (uint64_t offset = 8; offset <= 12; offset++) {
		memset(buffer, '.', sizeof(buffer));
		got = rados_read(io, "ten", buffer, 4, offset);
		printf("read 4 at %d: %d ", (int)offset, got);
		escaped(buffer, 6);
		putchar('\n');
	}
	CALL(rados_read(io, "ten", buffer, 4, 1ULL << 40));
	CALL(rados_read(io, "ten", buffer, 4, UINT64_MAX - 2));
	CALL(rados_read(io, "ten", NULL, 0, 0));
	CALL(rados_read(io, "ten", buffer, (size_t)INT32_MAX + 1, 0));
	CALL(rados_write(io, "ten", buffer, (size_t)UINT32_MAX, 0));
	CALL(rados_write_full(io, "ten", buffer, (size_t)UINT32_MAX));
	CALL(rados_append(io, "ten", buffer, (size_t)UINT32_MAX));
	content(io, "ten");
}

static void same_and_compared(rados_ioctx_t io)
{
	section("writesame");
	CALL(rados_writesame(io, "same", "abcd", 4, 16, 0));
	CALL(rados_writesame(io, "same", "xy", 2, 4, 30));
	CALL(rados_writesame(io, "same", "abc", 3, 16, 0));
	CALL(rados_writesame(io, "same", "abcd", 4, 0, 0));
	CALL(rados_writesame(io, "same", "", 0, 16, 0));
	CALL(rados_writesame(io, "same", "abcd", 4, 2, 0));
	CALL(rados_writesame(io, "same", "abcd", 4, (size_t)UINT32_MAX, 0));
	content(io, "same");

	section("cmpext");
	CALL(rados_cmpext(io, "same", "abcd", 4, 4));
	CALL(rados_cmpext(io, "same", "Abcd", 4, 4));
	CALL(rados_cmpext(io, "same", "abcD", 4, 4));
	CALL(rados_cmpext(io, "same", "", 0, 4));
	CALL(rados_cmpext(io, "same", "xyxy\0\0", 6, 30));
	CALL(rados_cmpext(io, "same", "xyxy\0a", 6, 30));
	CALL(rados_cmpext(io, "same", "\0\0", 2, 1000));
	CALL(rados_cmpext(io, "same", "\0a", 2, 1000));
	CALL(rados_cmpext(io, "nowhere", "\0\0", 2, 0));
	CALL(rados_cmpext(io, "nowhere", "a", 1, 0));
}

static void named(rados_ioctx_t io)
{
	char name[2051];
	char space[2051];

	section("names");
	for (size_t length = 2047; length <= 2049; length++) {
		memset(name, 'n', length);
		name[length] = 0;
		printf("%zu: ", length);
		CALL(rados_write_full(io, name, "x", 1));
		CALL(rados_stat(io, name, NULL, NULL));
		CALL(rados_remove(io, name));
	}
	CALL(rados_write_full(io, "", "x", 1));
	CALL(rados_stat(io, "", NULL, NULL));
	CALL(rados_write_full(io, "a/b c\n%\xc3\xbc\\\xff", "odd", 3));
	content(io, "a/b c\n%\xc3\xbc\\\xff");
	for (size_t length = 255; length <= 257; length++) {
		memset(space, 'm', length);
		space[length] = 0;
		printf("namespace of %zu: ", length);
		rados_ioctx_set_namespace(io, space);
		CALL(rados_write_full(io, "x", "x", 1));
	}
	rados_ioctx_set_namespace(io, "");
	for (size_t length = 2047; length <= 2049; length++) {
		memset(space, 'l', length);
		space[length] = 0;
		printf("locator of %zu: ", length);
		rados_ioctx_locator_set_key(io, space);
		CALL(rados_write_full(io, "x", "x", 1));
	}
	rados_ioctx_locator_set_key(io, NULL);
	CALL(rados_stat(io, "x", NULL, NULL));
}

static void places(rados_ioctx_t io)
{
	char name[16];

	section("namespaces and locators");
	MUST(rados_write_full(io, "here", "default", 7));
	for (unsigned length = 0; length <= 7; length++) {
		memset(name, '.', sizeof(name));
		rados_ioctx_set_namespace(io, "other");
		printf("rados_ioctx_get_namespace with %u: %d ", length,
		       rados_ioctx_get_namespace(io, name, length));
		escaped(name, 8);
		putchar('\n');
	}
	content(io, "here");
	CALL(rados_write_full(io, "here", "other", 5));
	rados_ioctx_set_namespace(io, NULL);
	CALL(rados_ioctx_get_namespace(io, name, sizeof(name)));
	SHOW_TEXT(name);
	content(io, "here");
	rados_ioctx_locator_set_key(io, "key");
	content(io, "here");
	CALL(rados_write_full(io, "here", "located", 7));
	rados_ioctx_locator_set_key(io, "second");
	content(io, "here");
	rados_ioctx_locator_set_key(io, "key");
	content(io, "here");
	rados_ioctx_locator_set_key(io, "");
	content(io, "here");
}

static void limits(rados_ioctx_t io)
{
	static char big[3 * MIB], back[4 * MIB];
	uint64_t size;

	section("limits");
	pattern(big, sizeof(big), 1);
	CALL(rados_write_full(io, "big", big, sizeof(big)));
	CALL(rados_read(io, "big", back, sizeof(back), 0));
	SHOW(memcmp(big, back, sizeof(big)));
	CALL(rados_read(io, "big", back, 12345, 1048573));
	SHOW(memcmp(big + 1048573, back, 12345));
	CALL(rados_write(io, "sparse", "x", 1, 127 * MIB));
	CALL(rados_read(io, "sparse", back, 100, 50 * MIB));
	SHOW(all_are(back, 100, 0));
	CALL(rados_write(io, "sparse", "xy", 2, 128 * MIB - 1));
	CALL(rados_write(io, "sparse", "x", 1, 128 * MIB));
	CALL(rados_write(io, "sparse", "x", 1, 128 * MIB - 1));
	CALL(rados_write(io, "sparse", "", 0, 128 * MIB));
	CALL(rados_write(io, "sparse", "x", 1, 1ULL << 40));
	CALL(rados_write(io, "sparse", "x", 1, UINT64_MAX));
	CALL(rados_append(io, "sparse", "x", 1));
	CALL(rados_trunc(io, "sparse", 128 * MIB));
	CALL(rados_trunc(io, "sparse", 128 * MIB + 1));
	CALL(rados_trunc(io, "sparse", UINT64_MAX));
	CALL(rados_stat(io, "sparse", &size, NULL));
	SHOW(size);
	CALL(rados_remove(io, "sparse"));
}

static void versions(rados_ioctx_t io)
{
	uint64_t first, second;

	section("versions");
	MUST(rados_write_full(io, "versioned", "1", 1));
	first = rados_get_last_version(io);
	MUST(rados_write_full(io, "versioned", "2", 1));
	second = rados_get_last_version(io);
	SHOW(second > first);
	MUST(rados_stat(io, "versioned", NULL, NULL));
	SHOW(rados_get_last_version(io) == second);
	CALL(rados_stat(io, "nowhere", NULL, NULL));
	SHOW(rados_get_last_version(io) == second);
}

static void checksums(rados_ioctx_t io)
{
	uint32_t zero = 0;
	uint64_t zero64 = 0;
	struct {
		uint32_t count;
		uint32_t value[3];
	} small;
	char large[64];

	section("checksums");
	MUST(rados_write_full(io, "summed", "0123456789abcdef", 16));
	memset(&small, 0, sizeof(small));
	CALL(rados_checksum(io, "summed", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 16, 0, 0,
			    (char *)&small, 8));
	show_bytes("crc32c", &small, 8);
	CALL(rados_checksum(io, "summed", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 16, 0, 8,
			    (char *)&small, 12));
	show_bytes("crc32c of halves", &small, 12);
	CALL(rados_checksum(io, "summed", LIBRADOS_CHECKSUM_TYPE_XXHASH32, (char *)&zero, 4, 16, 0, 0,
			    (char *)&small, 8));
	show_bytes("xxhash32", &small, 8);
	memset(large, 0, sizeof(large));
	CALL(rados_checksum(io, "summed", LIBRADOS_CHECKSUM_TYPE_XXHASH64, (char *)&zero64, 8, 16, 0, 0,
			    large, sizeof(large)));
	show_bytes("xxhash64", large, 12);
	CALL(rados_checksum(io, "summed", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 16, 0, 5,
			    (char *)&small, 12));
	CALL(rados_checksum(io, "nowhere", LIBRADOS_CHECKSUM_TYPE_CRC32C, (char *)&zero, 4, 16, 0, 0,
			    (char *)&small, 8));
}

static void hints(rados_ioctx_t io)
{
	uint64_t size = 77;

	section("hints and flags");
	CALL(rados_set_alloc_hint(io, "hinted", 4 * MIB, 4096));
	CALL(rados_stat(io, "hinted", &size, NULL));
	SHOW(size);
	CALL(rados_set_alloc_hint2(io, "hinted", 4 * MIB, 4096, LIBRADOS_ALLOC_HINT_FLAG_COMPRESSIBLE));
	rados_set_osdmap_full_try(io);
	rados_unset_osdmap_full_try(io);
	rados_set_pool_full_try(io);
	CALL(rados_write_full(io, "hinted", "x", 1));
	rados_unset_pool_full_try(io);
	content(io, "hinted");
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-io");

	writing(io);
	reading(io);
	same_and_compared(io);
	named(io);
	places(io);
	limits(io);
	versions(io);
	checksums(io);
	hints(io);
	finish(cluster, io, "c-io");
	return 0;
}
