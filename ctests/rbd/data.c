/* Image data: every form, odd offsets, over the end, discard, zeroes, same, compare and write, iterate. */
#include "images.h"

#define SIZE (4 * MIB + 4096)

static char model[SIZE + MIB], buffer[SIZE + MIB];

static void check(rbd_image_t image)
{
	ssize_t got = rbd_read(image, 0, SIZE, buffer);

	printf("as the model: %s, %zd\n", got == SIZE && !memcmp(buffer, model, SIZE) ? "yes" : "NO", got);
}

static void put(rbd_image_t image, uint64_t offset, size_t length, uint32_t seed)
{
	static char data[SIZE];
	ssize_t result;

	pattern(data, length, seed);
	result = rbd_write(image, offset, length, data);
	printf("rbd_write %zu at %" PRIu64 ": %zd\n", length, offset, result);
	if (result > 0)
		memcpy(model + offset, data, (size_t)result);
}

/* After a discard, which may leave what is smaller than its granularity: takes over what is there. */
static void adopt(rbd_image_t image)
{
	MUST(rbd_read(image, 0, SIZE, model));
	show_bytes("content", model, SIZE);
}

static void plain(rbd_image_t image)
{
	section("reading and writing");
	check(image);
	put(image, 0, 0, 1);
	put(image, 0, 1, 1);
	put(image, 511, 3, 2);
	put(image, MIB - 7, 20, 3);
	put(image, MIB, MIB, 4);
	put(image, 2 * MIB + 12345, MIB, 5);
	put(image, SIZE - 1, 1, 6);
	put(image, SIZE - 4097, 4097, 7);
	check(image);

	section("over the end");
	put(image, SIZE, 1, 1);
	put(image, SIZE + 100, 10, 1);
	put(image, SIZE - 5, 10, 8);
	put(image, UINT64_MAX - 1, 1, 8);
	CALL(rbd_read(image, SIZE, 1, buffer));
	CALL(rbd_read(image, SIZE - 5, 10, buffer));
	CALL(rbd_read(image, SIZE + 100, 10, buffer));
	CALL(rbd_read(image, UINT64_MAX - 1, 1, buffer));
	CALL(rbd_read(image, 0, 0, buffer));
	CALL(rbd_read(image, SIZE, 0, buffer));
	CALL(rbd_write(image, SIZE, 0, buffer));
	CALL(rbd_discard(image, SIZE, 10));
	CALL(rbd_discard(image, SIZE - 5, 10));
	adopt(image);

	section("flags");
	CALL(rbd_write2(image, 10, 3, "abc", LIBRADOS_OP_FLAG_FADVISE_FUA));
	memcpy(model + 10, "abc", 3);
	CALL(rbd_read2(image, 9, 5, buffer, LIBRADOS_OP_FLAG_FADVISE_DONTNEED));
	CALL(rbd_write2(image, 13, 3, "def", LIBRADOS_OP_FLAG_FADVISE_RANDOM | LIBRADOS_OP_FLAG_FADVISE_NOCACHE));
	memcpy(model + 13, "def", 3);
	check(image);
	CALL(rbd_flush(image));
	CALL(rbd_invalidate_cache(image));
	check(image);
}

static void clearing(rbd_image_t image)
{
	section("discard");
	CALL(rbd_discard(image, 0, 0));
	CALL(rbd_discard(image, 5, 10));
	adopt(image);
	CALL(rbd_discard(image, 100, 200000));
	adopt(image);
	CALL(rbd_discard(image, MIB, MIB));
	adopt(image);
	CALL(rbd_discard(image, 2 * MIB + 4096, MIB));
	adopt(image);
	CALL(rbd_read(image, MIB, MIB, buffer));
	SHOW(all_are(buffer, MIB, 0));
	CALL(rbd_discard(image, 0, (uint64_t)INT32_MAX + 1));

	section("write zeroes");
	CALL(rbd_write_zeroes(image, 3 * MIB + 100, 1000, 0, 0));
	memset(model + 3 * MIB + 100, 0, 1000);
	CALL(rbd_write_zeroes(image, 3 * MIB + 5000, 9000, RBD_WRITE_ZEROES_FLAG_THICK_PROVISION, 0));
	memset(model + 3 * MIB + 5000, 0, 9000);
	CALL(rbd_write_zeroes(image, 0, 0, 0, 0));
	CALL(rbd_write_zeroes(image, 0, 512, 1 << 7, 0));
	CALL(rbd_write_zeroes(image, SIZE - 10, 20, 0, 0));
	memset(model + SIZE - 10, 0, 10);
	CALL(rbd_read(image, 3 * MIB + 100, 1000, buffer));
	SHOW(all_are(buffer, 1000, 0));
	check(image);
}

static void same(rbd_image_t image)
{
	char block[512];

	section("write the same");
	pattern(block, sizeof(block), 9);
	CALL(rbd_writesame(image, 512, 4096, block, 512, 0));
	for (int n = 0; n < 8; n++)
		memcpy(model + 512 + n * 512, block, 512);
	CALL(rbd_writesame(image, MIB - 512, 1024, block, 512, 0));
	memcpy(model + MIB - 512, block, 512);
	memcpy(model + MIB, block, 512);
	CALL(rbd_writesame(image, 0, 1000, block, 512, 0));
	CALL(rbd_writesame(image, 0, 1024, block, 0, 0));
	CALL(rbd_writesame(image, 0, 0, block, 512, 0));
	CALL(rbd_writesame(image, 7, 30, "abc", 3, 0));
	for (int n = 0; n < 10; n++)
		memcpy(model + 7 + n * 3, "abc", 3);
	memset(block, 0, sizeof(block));
	CALL(rbd_writesame(image, 1024, 1024, block, 512, 0));
	memset(model + 1024, 0, 1024);
	check(image);
}

static void comparing(rbd_image_t image)
{
	uint64_t mismatch = 77;

	section("compare and write");
	MUST(rbd_write(image, 8192, 16, "0123456789abcdef"));
	memcpy(model + 8192, "0123456789abcdef", 16);
	CALL(rbd_compare_and_write(image, 8192, 16, "0123456789abcdef", "ABCDEFGHIJKLMNOP", &mismatch, 0));
	memcpy(model + 8192, "ABCDEFGHIJKLMNOP", 16);
	SHOW(mismatch);
	check(image);
	CALL(rbd_compare_and_write(image, 8192, 16, "ABCDXFGHIJKLMNOP", "0123456789abcdef", &mismatch, 0));
	SHOW(mismatch);
	check(image);
	CALL(rbd_compare_and_write(image, MIB - 8, 16, "ABCDXFGHIJKLMNOP", "0123456789abcdef", &mismatch, 0));
	CALL(rbd_compare_and_write(image, SIZE, 4, "abcd", "abcd", &mismatch, 0));
	check(image);
}

static uint64_t next_offset, bytes, zeroes;

static int each(uint64_t offset, size_t length, const char *data, void *arg)
{
	if (offset != next_offset)
		puts("a gap");
	next_offset = offset + length;
	bytes += length;
	if (!data)
		zeroes += length;
	else if (memcmp(data, model + offset, length))
		puts("differs from the model");
	return *(int *)arg;
}

static void iterating(rbd_image_t image)
{
	int stop = 0;

	section("iterating");
	CALL(rbd_read_iterate2(image, 0, SIZE, each, &stop));
	SHOW(bytes);
	bytes = 0;
	next_offset = 100;
	CALL(rbd_read_iterate(image, 100, 5000, each, &stop));
	SHOW(bytes);
	next_offset = 0;
	stop = -EDOM;
	CALL(rbd_read_iterate2(image, 0, SIZE, each, &stop));
}

static void striped(rados_ioctx_t io)
{
	rbd_image_t image;
	int order = 16;

	section("striped");
	memset(model, 0, sizeof(model));
	MUST(rbd_create3(io, "striped", SIZE, RBD_FEATURE_LAYERING | RBD_FEATURE_STRIPINGV2, &order, 4096, 3));
	image = open_image(io, "striped");
	put(image, 0, MIB, 1);
	put(image, 4095, 2, 2);
	put(image, 100000, 200001, 3);
	put(image, SIZE - 5000, 5000, 4);
	check(image);
	CALL(rbd_discard(image, 10000, 50000));
	CALL(rbd_read(image, 10000, 50000, buffer));
	SHOW(all_are(buffer, 50000, 0));
	MUST(rbd_close(image));
}

static void tiny(rados_ioctx_t io)
{
	rbd_image_t image;

	section("an image of 100 bytes, and one of nothing");
	make_image(io, "tiny", 100, 12);
	image = open_image(io, "tiny");
	CALL(rbd_write(image, 0, 100, model));
	CALL(rbd_write(image, 0, 101, model));
	CALL(rbd_read(image, 0, 200, buffer));
	CALL(rbd_write(image, 99, 1, "x"));
	CALL(rbd_write(image, 100, 1, "x"));
	MUST(rbd_close(image));
	make_image(io, "empty", 0, 12);
	image = open_image(io, "empty");
	CALL(rbd_write(image, 0, 1, "x"));
	CALL(rbd_read(image, 0, 1, buffer));
	CALL(rbd_read(image, 0, 0, buffer));
	CALL(rbd_discard(image, 0, 1));
	MUST(rbd_close(image));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-data");
	rbd_image_t image;

	make_image(io, "image", SIZE, 20);
	image = open_image(io, "image");
	plain(image);
	clearing(image);
	same(image);
	comparing(image);
	iterating(image);
	MUST(rbd_close(image));
	image = open_image(io, "image");
	check(image);
	MUST(rbd_close(image));
	striped(io);
	tiny(io);
	finish(cluster, io, "c-rbd-data");
	return 0;
}
