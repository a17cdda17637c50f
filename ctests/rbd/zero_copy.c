/* Asynchronous writes from the caller's memory in place: rbd_disable_zero_copy_writes = false.
 *
 * A buffer is filled anew as soon as its write has completed, so that a library which still looks at it then
 * writes what was not asked for.
 */
#include "images.h"

#define SIZE (4 * MIB)
#define BLOCK (16 * KIB)
#define DEPTH 16
#define ROUNDS 8

/* Writes the whole image block by block, always with DEPTH under way, and lets no buffer rest. */
static void write_all(rbd_image_t image, uint32_t seed)
{
	static unsigned char buffers[DEPTH][BLOCK];
	rbd_completion_t under_way[DEPTH] = { NULL };
	int failed = 0;

	for (int n = 0; n < SIZE / BLOCK + DEPTH; n++) {
		int slot = n % DEPTH;

		if (under_way[slot]) {
			failed += rbd_aio_wait_for_complete(under_way[slot]) < 0;
			failed += rbd_aio_get_return_value(under_way[slot]) < 0;
			rbd_aio_release(under_way[slot]);
			under_way[slot] = NULL;
			memset(buffers[slot], 0xee, BLOCK);
		}
		if (n >= SIZE / BLOCK)
			continue;
		pattern(buffers[slot], BLOCK, seed + (uint32_t)n);
		MUST(rbd_aio_create_completion(NULL, NULL, &under_way[slot]));
		if (n % 3) {
			MUST(rbd_aio_write(image, (uint64_t)n * BLOCK, BLOCK, (char *)buffers[slot], under_way[slot]));
		} else {
			struct iovec pieces[2] = { { buffers[slot], 100 }, { buffers[slot] + 100, BLOCK - 100 } };

			MUST(rbd_aio_writev(image, pieces, 2, (uint64_t)n * BLOCK, under_way[slot]));
		}
	}
	SHOW(failed);
}

/* How many blocks are not what was written. */
static int wrong(rbd_image_t image, uint32_t seed)
{
	static unsigned char found[BLOCK], wanted[BLOCK];
	int count = 0;

	for (int n = 0; n < SIZE / BLOCK; n++) {
		MUST(rbd_read(image, (uint64_t)n * BLOCK, BLOCK, (char *)found));
		pattern(wanted, BLOCK, seed + (uint32_t)n);
		count += memcmp(found, wanted, BLOCK) != 0;
	}
	return count;
}

int main(void)
{
	rados_t cluster;
	rados_ioctx_t io;
	rbd_image_t image;

	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(100);
	MUST(rados_create(&cluster, NULL));
	MUST(rados_conf_read_file(cluster, NULL));
	CALL(rados_conf_set(cluster, "rbd_disable_zero_copy_writes", "false"));
	CALL(rados_conf_set(cluster, "rbd_cache", "false"));
	MUST(rados_connect(cluster));
	io = new_pool(cluster, "ctests_zero_copy");
	MUST(rbd_pool_init(io, true));
	make_image(io, "image", SIZE, 20);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		MUST(rbd_open(io, "image", &image, NULL));
		write_all(image, round * 1000);
		SHOW(wrong(image, round * 1000));
		CALL(rbd_close(image));
	}
	/* The image's own option wins. */
	MUST(rbd_open(io, "image", &image, NULL));
	CALL(rbd_metadata_set(image, "conf_rbd_disable_zero_copy_writes", "true"));
	MUST(rbd_close(image));
	MUST(rbd_open(io, "image", &image, NULL));
	write_all(image, 77);
	SHOW(wrong(image, 77));
	CALL(rbd_close(image));
	CALL(rbd_remove(io, "image"));
	finish(cluster, io, "ctests_zero_copy");
	return 0;
}
