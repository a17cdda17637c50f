/* A client on a disk that is full, or becomes so: errors, and nothing that was acknowledged is lost.
 *
 *   full fill DIR      writes blocks to an image in a store until there is no space; prints how many it wrote
 *   full check DIR N   the store has N blocks of it, and takes another one
 */
#include "../transcript.h"

#include <rbd/librbd.h>

#define BLOCK (4 * KIB)
/* Each block in an object of its own. */
#define STRIDE (4 * MIB)
#define BLOCKS_MAX 1024

static rados_t cluster;
static rados_ioctx_t io;
static rbd_image_t image;

/* What -ENOSPC stands in the way of: it says so, and is all that may. */
static bool refused(const char *what, int result)
{
	if (result < 0 && result != -ENOSPC && result != -EEXIST) {
		show_result(what, result);
		exit(1);
	}
	return result == -ENOSPC;
}

static bool open_image(const char *dir)
{
	char host[512];
	int order = 22;

	snprintf(host, sizeof(host), "local:%s", dir);
	MUST(rados_create(&cluster, "admin"));
	MUST(rados_conf_set(cluster, "mon_host", host));
	if (refused("connect", rados_connect(cluster)) || refused("pool", rados_pool_create(cluster, "full")))
		return false;
	MUST(rados_ioctx_create(cluster, "full", &io));
	if (refused("create", rbd_create(io, "image", (uint64_t)BLOCKS_MAX * STRIDE, &order)))
		return false;
	return !refused("open", rbd_open(io, "image", &image, NULL));
}

static void fill_block(char *block, int number)
{
	memset(block, 'a' + number % 26, BLOCK);
	memcpy(block, &number, sizeof(number));
}

static int fill(void)
{
	char block[BLOCK];
	int number;

	for (number = 0; number < BLOCKS_MAX; number++) {
		fill_block(block, number);
		int written = (int)rbd_write(image, (uint64_t)number * STRIDE, BLOCK, block);

		if (refused("write", written))
			break;
	}
	/* Reading needs no space. */
	if (number > 0 && rbd_read(image, 0, BLOCK, block) != BLOCK)
		exit(1);
	return number;
}

static void check(int blocks)
{
	char block[BLOCK], expected[BLOCK];

	for (int number = 0; number < blocks; number++) {
		fill_block(expected, number);
		MUST(rbd_read(image, (uint64_t)number * STRIDE, BLOCK, block));
		if (memcmp(block, expected, BLOCK) != 0) {
			printf("block %d of %d is not what was written\n", number, blocks);
			exit(1);
		}
	}
	MUST(rbd_write(image, (uint64_t)blocks * STRIDE, BLOCK, block));
	MUST(rbd_flush(image));
}

int main(int argc, char **argv)
{
	bool opened;

	if (argc < 3)
		return 2;
	opened = open_image(argv[2]);
	if (strcmp(argv[1], "fill") == 0) {
		printf("%d\n", opened ? fill() : 0);
		fflush(stdout);
		/* Whatever a full disk makes of these, they return. */
		if (image)
			rbd_close(image);
	} else {
		if (!opened)
			return 1;
		check(atoi(argv[3]));
		MUST(rbd_close(image));
	}
	if (io)
		rados_ioctx_destroy(io);
	rados_shutdown(cluster);
	return 0;
}
