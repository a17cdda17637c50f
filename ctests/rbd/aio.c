/* Asynchronous image calls: every form, vectors, callbacks, event notification by eventfd and by pipe. */
#include "images.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

static int called, inside;
/* Set while a call is being submitted by this thread, of which none may be called back. */
static __thread int submitting;

static void note(rbd_completion_t completion, void *arg)
{
	(void)completion;
	inside += submitting;
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

#define ASYNC(call)                                                                        \
	do {                                                                               \
		rbd_completion_t c;                                                        \
		MUST(rbd_aio_create_completion(&called, note, &c));                        \
		if (CALL(call) >= 0) {                                                     \
			rbd_aio_wait_for_complete(c);                                      \
			show_result("  result", rbd_aio_get_return_value(c));              \
		}                                                                          \
		rbd_aio_release(c);                                                        \
	} while (0)

static void forms(rbd_image_t image)
{
	char buffer[64], part[3][8];
	struct iovec out[] = {{"abc", 3}, {"", 0}, {"defgh", 5}};
	struct iovec in[] = {{part[0], 2}, {part[1], 0}, {part[2], 6}};
	uint64_t mismatch = 77;

	section("every form");
	ASYNC(rbd_aio_write(image, 0, 10, "0123456789", c));
	ASYNC(rbd_aio_read(image, 2, 4, buffer, c));
	show_bytes("buffer", buffer, 4);
	ASYNC(rbd_aio_write2(image, 10, 3, "abc", c, LIBRADOS_OP_FLAG_FADVISE_FUA));
	ASYNC(rbd_aio_read2(image, 8, 5, buffer, c, LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL));
	show_bytes("buffer", buffer, 5);
	ASYNC(rbd_aio_writev(image, out, 3, MIB - 4, c));
	ASYNC(rbd_aio_readv(image, in, 3, MIB - 4, c));
	show_bytes("part", part[0], 2);
	show_bytes("part", part[2], 6);
	ASYNC(rbd_aio_writev(image, out, 0, 0, c));
	ASYNC(rbd_aio_readv(image, in, 0, 0, c));
	ASYNC(rbd_aio_writev(image, out, -1, 0, c));
	ASYNC(rbd_aio_discard(image, 2, 3, c));
	ASYNC(rbd_aio_read(image, 0, 8, buffer, c));
	show_bytes("buffer", buffer, 8);
	ASYNC(rbd_aio_write_zeroes(image, 0, 2, c, 0, 0));
	ASYNC(rbd_aio_writesame(image, 100, 12, "abc", 3, c, 0));
	ASYNC(rbd_aio_writesame(image, 100, 10, "abc", 3, c, 0));
	ASYNC(rbd_aio_compare_and_write(image, 100, 6, "abcabc", "ABCDEF", c, &mismatch, 0));
	SHOW(mismatch);
	ASYNC(rbd_aio_compare_and_write(image, 100, 6, "ABCxEF", "abcabc", c, &mismatch, 0));
	SHOW(mismatch);
	ASYNC(rbd_aio_read(image, 100, 12, buffer, c));
	show_bytes("buffer", buffer, 12);
	ASYNC(rbd_aio_flush(image, c));
	ASYNC(rbd_aio_write(image, 0, 0, "", c));
	ASYNC(rbd_aio_read(image, 0, 0, buffer, c));
	ASYNC(rbd_aio_write(image, 2 * MIB, 1, "x", c));
	ASYNC(rbd_aio_write(image, 2 * MIB - 1, 2, "xy", c));
	ASYNC(rbd_aio_read(image, 2 * MIB, 1, buffer, c));
	ASYNC(rbd_aio_read(image, 2 * MIB - 1, 2, buffer, c));
	ASYNC(rbd_aio_discard(image, 2 * MIB, 1, c));
}

static void completions(rbd_image_t image)
{
	rbd_completion_t completion;
	int argument = 0;

	section("completions");
	MUST(rbd_aio_create_completion(&argument, note, &completion));
	CALL(rbd_aio_is_complete(completion));
	SHOW(rbd_aio_get_arg(completion) == &argument);
	MUST(rbd_aio_write(image, 0, 1, "x", completion));
	CALL(rbd_aio_wait_for_complete(completion));
	CALL(rbd_aio_is_complete(completion));
	CALL(rbd_aio_get_return_value(completion));
	WAIT_UNTIL(argument == 1);
	rbd_aio_release(completion);
	/* Released while on its way. */
	MUST(rbd_aio_create_completion(&argument, note, &completion));
	MUST(rbd_aio_write(image, 0, 1, "y", completion));
	rbd_aio_release(completion);
	WAIT_UNTIL(argument == 2);
	/* Never used. */
	MUST(rbd_aio_create_completion(NULL, NULL, &completion));
	rbd_aio_release(completion);
}

struct chain {
	rbd_image_t image;
	int left, done, wrong;
	char buffer[16];
};

static void next(rbd_completion_t completion, void *arg)
{
	struct chain *chain = arg;
	rbd_completion_t again;

	if (rbd_aio_get_return_value(completion) < 0 || rbd_aio_get_arg(completion) != arg)
		chain->wrong++;
	rbd_aio_release(completion);
	if (--chain->left == 0) {
		__atomic_store_n(&chain->done, 1, __ATOMIC_SEQ_CST);
		return;
	}
	MUST(rbd_aio_create_completion(chain, next, &again));
	if (chain->left % 3 == 0)
		MUST(rbd_aio_flush(chain->image, again));
	else if (chain->left % 3 == 1)
		MUST(rbd_aio_read(chain->image, chain->left * 512, 16, chain->buffer, again));
	else
		MUST(rbd_aio_write(chain->image, chain->left * 512, 16, "0123456789abcdef", again));
}

static void callbacks(rbd_image_t image)
{
	static struct chain chain;
	rbd_completion_t completion;
	int count = 0;

	section("callbacks that call");
	chain = (struct chain){.image = image, .left = 100};
	MUST(rbd_aio_create_completion(&chain, next, &completion));
	MUST(rbd_aio_write(image, 0, 1, "x", completion));
	WAIT_UNTIL(__atomic_load_n(&chain.done, __ATOMIC_SEQ_CST));
	SHOW(chain.wrong);

	section("many at once");
	for (int n = 0; n < 300; n++) {
		MUST(rbd_aio_create_completion(&count, note, &completion));
		submitting = 1;
		MUST(rbd_aio_write(image, n * 1000, 10, "abcdefghij", completion));
		submitting = 0;
		rbd_aio_release(completion);
	}
	CALL(rbd_flush(image));
	WAIT_UNTIL(__atomic_load_n(&count, __ATOMIC_SEQ_CST) == 300);
	SHOW(inside);
}

static void events(rados_ioctx_t io, int type)
{
	rbd_completion_t completions[20], got[20];
	rbd_image_t image = open_image(io, "image");
	int fds[2], count = 0, seen = 0, first;
	static char buffers[20][16];
	struct pollfd wait;

	section(type == EVENT_TYPE_EVENTFD ? "events by eventfd" : "events by pipe");
	if (type == EVENT_TYPE_EVENTFD)
		fds[0] = fds[1] = eventfd(0, EFD_NONBLOCK);
	else
		MUST(pipe2(fds, O_NONBLOCK));
	CALL(rbd_poll_io_events(image, got, 20));
	CALL(rbd_set_image_notification(image, fds[1], 77));
	CALL(rbd_set_image_notification(image, fds[1], type));
	CALL(rbd_poll_io_events(image, got, 20));
	for (int n = 0; n < 20; n++) {
		MUST(rbd_aio_create_completion(&completions[n], NULL, &completions[n]));
		if (n % 2)
			MUST(rbd_aio_read(image, n * 512, 16, buffers[n], completions[n]));
		else
			MUST(rbd_aio_write(image, n * 512, 16, "0123456789abcdef", completions[n]));
	}
	for (int round = 0; round < 1000 && count < 20; round++) {
		char drop[64];

		wait = (struct pollfd){.fd = fds[0], .events = POLLIN};
		poll(&wait, 1, 5000);
		if (read(fds[0], drop, type == EVENT_TYPE_EVENTFD ? 8 : 1) < 0)
			continue;
		first = rbd_poll_io_events(image, got, 3);
		if (first < 0) {
			show_result("rbd_poll_io_events", first);
			break;
		}
		/* More than asked for remain for the next call. */
		while (first > 0) {
			for (int n = 0; n < first; n++) {
				seen += rbd_aio_get_arg(got[n]) >= (void *)&completions[0] &&
					rbd_aio_get_return_value(got[n]) >= 0;
				rbd_aio_release(got[n]);
			}
			count += first;
			first = rbd_poll_io_events(image, got, 3);
		}
	}
	SHOW(count);
	SHOW(seen);
	CALL(rbd_poll_io_events(image, got, 20));
	MUST(rbd_close(image));
	close(fds[0]);
	if (fds[1] != fds[0])
		close(fds[1]);
}

/* The caller's buffer is the caller's again when the call returns, whatever comes before the write: the lock, the
 * object map, the parent's data. */
static void reused(rbd_image_t image)
{
	rbd_completion_t c[16];
	struct iovec pieces[2];
	char first[8], second[8], back[17];

	section("buffers reused at once");
	for (int n = 0; n < 16; n++) {
		memset(first, 'a' + n, sizeof(first));
		memset(second, 'A' + n, sizeof(second));
		pieces[0] = (struct iovec){first, sizeof(first)};
		pieces[1] = (struct iovec){second, sizeof(second)};
		MUST(rbd_aio_create_completion(NULL, NULL, &c[n]));
		if (n % 4 == 0)
			MUST(rbd_aio_write(image, n * 128 * KIB, sizeof(first), first, c[n]));
		else if (n % 4 == 1)
			MUST(rbd_aio_writev(image, pieces, 2, n * 128 * KIB, c[n]));
		else if (n % 4 == 2)
			MUST(rbd_aio_writesame(image, n * 128 * KIB, 2 * sizeof(first), first, sizeof(first), c[n], 0));
		else
			MUST(rbd_aio_compare_and_write(image, n * 128 * KIB, sizeof(first), "\0\0\0\0\0\0\0", first, c[n],
						       &(uint64_t){0}, 0));
		memset(first, '?', sizeof(first));
		memset(second, '?', sizeof(second));
	}
	for (int n = 0; n < 16; n++) {
		rbd_aio_wait_for_complete(c[n]);
		show_result("result", rbd_aio_get_return_value(c[n]));
		rbd_aio_release(c[n]);
		MUST(rbd_read(image, n * 128 * KIB, 16, back));
		show_bytes("written", back, 16);
	}
}

/* On an image, then on a clone of it. */
static void reused_everywhere(rados_ioctx_t io)
{
	rbd_image_t image;
	int order = 17;

	make_image(io, "reused", 2 * MIB, 17);
	image = open_image(io, "reused");
	reused(image);
	MUST(rbd_discard(image, 0, 2 * MIB));
	MUST(rbd_write(image, MIB, 4, "data"));
	MUST(rbd_write(image, 4, 4, "data"));
	MUST(rbd_snap_create(image, "snap"));
	MUST(rbd_snap_protect(image, "snap"));
	MUST(rbd_close(image));
	MUST(rbd_clone(io, "reused", "snap", io, "reused-clone", DEFAULT_FEATURES, &order));
	image = open_image(io, "reused-clone");
	reused(image);
	MUST(rbd_close(image));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-rbd-aio");
	rbd_image_t image;

	make_image(io, "image", 2 * MIB, 20);
	image = open_image(io, "image");
	forms(image);
	completions(image);
	callbacks(image);
	show_content("image", image);
	MUST(rbd_close(image));
	events(io, EVENT_TYPE_EVENTFD);
	events(io, EVENT_TYPE_PIPE);
	reused_everywhere(io);
	finish(cluster, io, "c-rbd-aio");
	return 0;
}
