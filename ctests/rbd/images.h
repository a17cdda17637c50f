/* What the programs for librbd share: images to work on, and what is shown of them. */
#ifndef CTESTS_IMAGES_H
#define CTESTS_IMAGES_H

#include "../transcript.h"

#include <rbd/librbd.h>

#define DEFAULT_FEATURES                                                                            \
	(RBD_FEATURE_LAYERING | RBD_FEATURE_EXCLUSIVE_LOCK | RBD_FEATURE_OBJECT_MAP |               \
	 RBD_FEATURE_FAST_DIFF | RBD_FEATURE_DEEP_FLATTEN)

/* An image of the default features with objects of 1 << order bytes. */
static MAYBE_UNUSED void make_image(rados_ioctx_t io, const char *name, uint64_t size, int order)
{
	MUST(rbd_create2(io, name, size, DEFAULT_FEATURES, &order));
}

static MAYBE_UNUSED rbd_image_t open_image(rados_ioctx_t io, const char *name)
{
	rbd_image_t image;

	MUST(rbd_open(io, name, &image, NULL));
	return image;
}

/* Progress: that it moves forward within its bounds and ends at the end; how often is not compared. */
struct progress {
	int calls, wrong;
	uint64_t last, total;
	int stop;
};

static MAYBE_UNUSED int on_progress(uint64_t offset, uint64_t total, void *arg)
{
	struct progress *progress = arg;

	progress->calls++;
	if (offset > total)
		progress->wrong++;
	progress->last = offset;
	progress->total = total;
	return progress->stop;
}

static MAYBE_UNUSED void show_progress(const struct progress *progress)
{
	printf("progress: %s, %s\n", progress->calls ? "called" : "never called",
	       progress->wrong ? "out of bounds" : "within bounds");
}

/* The checksum of an image's content as it is read now. */
static MAYBE_UNUSED void show_content(const char *label, rbd_image_t image)
{
	static char buffer[16 * MIB];
	ssize_t got = rbd_read(image, 0, sizeof(buffer), buffer);

	if (got < 0)
		show_result(label, got);
	else
		show_bytes(label, buffer, (size_t)got);
}

/* Lists of NUL-terminated names in a buffer. */
static MAYBE_UNUSED void show_names(const char *label, const char *names, size_t length)
{
	printf("%s:", label);
	for (size_t used = 0; used < length && names[used]; used += strlen(names + used) + 1)
		printf(" %s", names + used);
	putchar('\n');
}

#endif
