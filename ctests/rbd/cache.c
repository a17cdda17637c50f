/* The client's cache: with every policy, what was acknowledged is what is read, whatever is still under way: writes over
 * writes, over several objects, from memory that is used again at once; discards, flushes, snapshots, another client,
 * closing. */
#include "images.h"

enum { OBJECT = 1 << 16, SIZE = 8 * OBJECT, PIECE = 1 << 15, ROUNDS = 300 };

static char model[SIZE], buffer[SIZE];
static uint32_t state = 1;

static uint32_t below(uint32_t limit)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % limit;
}

/* One request at a time, acknowledged when this returns. */
static long long ended(int submitted, rbd_completion_t c)
{
	long long result = submitted;

	if (submitted >= 0) {
		rbd_aio_wait_for_complete(c);
		result = rbd_aio_get_return_value(c);
	}
	rbd_aio_release(c);
	return result;
}

static rbd_completion_t completion(void)
{
	rbd_completion_t c;

	MUST(rbd_aio_create_completion(NULL, NULL, &c));
	return c;
}

static void change(rbd_image_t image, uint32_t number, int flags)
{
	uint64_t off = below(SIZE), len = 1 + below(PIECE);
	rbd_completion_t c = completion();
	char *data;

	if (len > SIZE - off)
		len = SIZE - off;
	if (below(6) == 0) {
		memset(model + off, 0, len);
		MUST(ended(rbd_aio_write_zeroes(image, off, len, c, 0, 0), c));
		return;
	}
	memset(model + off, 'a' + (int)(number % 26), len);
	data = malloc(len);
	memcpy(data, model + off, len);
	MUST(ended(rbd_aio_write2(image, off, len, data, c, flags), c));
	/* What an acknowledged write was given is the program's again. */
	memset(data, '!', len);
	free(data);
}

static int differs(rbd_image_t image, uint64_t off, size_t len)
{
	rbd_completion_t c = completion();

	if (ended(rbd_aio_read(image, off, len, buffer, c), c) != (long long)len)
		return 1;
	return memcmp(buffer, model + off, len) != 0;
}

static void work(rbd_image_t image)
{
	int wrong = 0, failed = 0;

	for (uint32_t number = 0; number < ROUNDS; number++) {
		change(image, number, below(8) ? 0 : LIBRADOS_OP_FLAG_FADVISE_FUA);
		if (below(2)) {
			uint64_t off = below(SIZE);

			wrong += differs(image, off, 1 + below(SIZE - (uint32_t)off));
		}
		if (below(40) == 0)
			failed += rbd_flush(image) < 0;
		if (below(60) == 0)
			failed += rbd_invalidate_cache(image) < 0;
	}
	SHOW(wrong);
	SHOW(failed);
}

static void under(rados_ioctx_t io, const char *policy, const char *through)
{
	rbd_image_t image, other;
	uint64_t mismatch = 0;

	printf("-- %s, write-through until a flush: %s\n", policy, through);
	make_image(io, policy, SIZE, 16);
	image = open_image(io, policy);
	MUST(rbd_metadata_set(image, "conf_rbd_cache_policy", policy));
	MUST(rbd_metadata_set(image, "conf_rbd_cache_writethrough_until_flush", through));
	MUST(rbd_metadata_set(image, "conf_rbd_cache_max_dirty", "200000"));
	MUST(rbd_close(image));
	memset(model, 0, SIZE);
	image = open_image(io, policy);
	work(image);
	/* A snapshot has what was acknowledged before it. */
	change(image, 1, 0);
	CALL(rbd_snap_create(image, "snap"));
	memcpy(buffer, model, SIZE);
	show_bytes("before", buffer, SIZE);
	change(image, 2, 0);
	CALL(rbd_snap_set(image, "snap"));
	show_content("snapshot", image);
	CALL(rbd_snap_set(image, NULL));
	SHOW(differs(image, 0, SIZE));
	/* Compared with what was acknowledged. Under the other policies the original then reads zeros there (16.2.15). */
	if (strcmp(policy, "writearound") == 0) {
		memset(model, 'x', 512);
		MUST(rbd_write(image, 0, 512, model));
		memset(model, 'y', 512);
		memset(buffer, 'x', 512);
		CALL(rbd_compare_and_write(image, 0, 512, buffer, model, &mismatch, 0));
		SHOW(differs(image, 0, SIZE));
	}
	/* Another client, who gets the lock, sees all of it. */
	change(image, 3, 0);
	other = open_image(io, policy);
	MUST(rbd_write(other, SIZE - 1, 1, "o"));
	model[SIZE - 1] = 'o';
	SHOW(differs(other, 0, SIZE));
	MUST(rbd_close(other));
	SHOW(differs(image, 0, SIZE));
	/* Closing without a flush. */
	change(image, 4, 0);
	CALL(rbd_close(image));
	image = open_image(io, policy);
	SHOW(differs(image, 0, SIZE));
	MUST(rbd_close(image));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-cache");

	section("policies");
	under(io, "writearound", "true");
	under(io, "writeback", "false");
	under(io, "writethrough", "true");
	finish(cluster, io, "c-rbd-cache");
	return 0;
}
