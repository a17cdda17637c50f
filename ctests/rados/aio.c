/* Asynchronous calls: both kinds of completion, callbacks that call back, flush, versions, early release. */
#include "../transcript.h"

static int called, inside;
/* Set while a call is being submitted by this thread, of which none may be called back. */
static __thread int submitting;

static void note(rados_completion_t completion, void *arg)
{
	(void)completion;
	inside += submitting;
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

#define ASYNC(call) ASYNC_AS("  result", call)
#define ASYNC_AS(label, call)                            \
	do {                                             \
		rados_completion_t c = new_completion(); \
		if (CALL(call) < 0)                      \
			rados_aio_release(c);            \
		else                                     \
			show_result(label, outcome(c));  \
	} while (0)

static void forms(rados_ioctx_t io)
{
	char buffer[64] = "", sum[64] = "";
	uint64_t size = 77;
	time_t when = 0;
	rados_xattrs_iter_t iter = NULL;
	const char *name, *value;
	size_t length;

	section("every form");
	ASYNC(rados_aio_read(io, "a", c, buffer, sizeof(buffer), 0));
	ASYNC(rados_aio_stat(io, "a", c, &size, &when));
	ASYNC(rados_aio_remove(io, "a", c));
	ASYNC(rados_aio_write(io, "a", c, "0123456789", 10, 0));
	ASYNC(rados_aio_append(io, "a", c, "abc", 3));
	ASYNC(rados_aio_read(io, "a", c, buffer, 5, 1));
	show_bytes("buffer", buffer, 6);
	ASYNC(rados_aio_read(io, "a", c, buffer, sizeof(buffer), 0));
	show_bytes("buffer", buffer, 14);
	ASYNC(rados_aio_read(io, "a", c, buffer, sizeof(buffer), 100));
	ASYNC_AS("  result with no room", rados_aio_read(io, "a", c, buffer, 0, 0));
	ASYNC(rados_aio_stat(io, "a", c, &size, &when));
	SHOW(size);
	SHOW(is_now(when));
	ASYNC(rados_aio_write_full(io, "a", c, "full", 4));
	ASYNC(rados_aio_writesame(io, "a", c, "xy", 2, 6, 4));
	ASYNC(rados_aio_writesame(io, "a", c, "xy", 2, 5, 4));
	ASYNC(rados_aio_cmpext(io, "a", c, "xyx", 3, 4));
	ASYNC(rados_aio_cmpext(io, "a", c, "xxx", 3, 4));
	ASYNC(rados_aio_setxattr(io, "a", c, "k", "value", 5));
	ASYNC(rados_aio_getxattr(io, "a", c, "k", sum, sizeof(sum)));
	show_bytes("value", sum, 6);
	ASYNC(rados_aio_getxattr(io, "a", c, "k", sum, 4));
	ASYNC(rados_aio_getxattr(io, "a", c, "k", sum, 5));
	ASYNC(rados_aio_getxattr(io, "a", c, "none", sum, 5));
	ASYNC(rados_aio_getxattrs(io, "a", c, &iter));
	CALL(rados_getxattrs_next(iter, &name, &value, &length));
	SHOW_TEXT(name);
	rados_getxattrs_end(iter);
	ASYNC(rados_aio_rmxattr(io, "a", c, "k"));
	ASYNC(rados_aio_getxattr(io, "a", c, "k", sum, 5));
	ASYNC(rados_aio_exec(io, "a", c, "hello", "say_hello", "Venus", 5, buffer, sizeof(buffer)));
	show_bytes("greeting", buffer, 13);
	ASYNC_AS("  result with little room",
		 rados_aio_exec(io, "a", c, "hello", "say_hello", "Venus", 5, buffer, 5));
	ASYNC(rados_aio_exec(io, "a", c, "hello", "no_method", "Venus", 5, buffer, 5));
	ASYNC(rados_aio_flush_async(io, c));
	ASYNC(rados_aio_remove(io, "a", c));
	ASYNC(rados_aio_write(io, "", c, "x", 1, 0));
	CALL(rados_aio_flush(io));
}

static void operations(rados_ioctx_t io)
{
	rados_write_op_t write = rados_create_write_op();
	rados_read_op_t read = rados_create_read_op();
	char buffer[64];
	size_t length = 77;
	int results[2] = {77, 77};

	section("operations");
	rados_write_op_cmpext(write, "op", 2, 0, &results[0]);
	rados_write_op_write_full(write, "operation", 9);
	ASYNC(rados_aio_write_op_operate(write, io, c, "b", NULL, 0));
	rados_release_write_op(write);
	write = rados_create_write_op();
	rados_write_op_write_full(write, "operation", 9);
	ASYNC(rados_aio_write_op_operate(write, io, c, "b", NULL, 0));
	rados_release_write_op(write);
	rados_read_op_read(read, 0, sizeof(buffer), buffer, &length, &results[1]);
	ASYNC(rados_aio_read_op_operate(read, io, c, "b", 0));
	SHOW(length);
	SHOW(results[1]);
	rados_release_read_op(read);
}

static void states(rados_ioctx_t io)
{
	rados_completion_t completion;
	uint64_t version;

	section("states of a completion");
	called = 0;
	MUST(rados_aio_create_completion(&called, note, note, &completion));
	MUST(rados_aio_write_full(io, "s", completion, "x", 1));
	CALL(rados_aio_wait_for_complete_and_cb(completion));
	CALL(rados_aio_wait_for_safe_and_cb(completion));
	SHOW(called);
	CALL(rados_aio_is_complete(completion));
	CALL(rados_aio_is_safe(completion));
	CALL(rados_aio_is_complete_and_cb(completion));
	CALL(rados_aio_is_safe_and_cb(completion));
	CALL(rados_aio_get_return_value(completion));
	version = rados_aio_get_version(completion);
	SHOW(version > 0);
	rados_aio_release(completion);
	MUST(rados_aio_create_completion(&called, NULL, note, &completion));
	CALL(rados_aio_is_complete(completion));
	CALL(rados_aio_is_safe(completion));
	CALL(rados_aio_get_return_value(completion));
	MUST(rados_aio_write_full(io, "s", completion, "y", 1));
	CALL(rados_aio_wait_for_safe(completion));
	SHOW(rados_aio_get_version(completion) == version + 1);
	rados_aio_release(completion);
	WAIT_UNTIL(called == 3);
	MUST(rados_aio_create_completion2(&called, note, &completion));
	MUST(rados_aio_read(io, "s", completion, (char[8]){0}, 8, 0));
	CALL(rados_aio_wait_for_complete_and_cb(completion));
	SHOW(rados_aio_get_version(completion) == version + 1);
	SHOW(called);
	rados_aio_release(completion);
	/* One that was never used. */
	MUST(rados_aio_create_completion2(&called, note, &completion));
	rados_aio_release(completion);
	SHOW(called);
}

struct chain {
	rados_ioctx_t io;
	int left;
	int done;
	char buffer[16];
};

/* Starts the next write from the callback of the last, and asks for things meanwhile. */
static void next(rados_completion_t completion, void *arg)
{
	struct chain *chain = arg;
	rados_completion_t again;

	if (rados_aio_get_return_value(completion) < 0 || !rados_aio_is_complete(completion))
		abort();
	rados_aio_release(completion);
	if (--chain->left == 0) {
		__atomic_store_n(&chain->done, 1, __ATOMIC_SEQ_CST);
		return;
	}
	MUST(rados_aio_create_completion2(chain, next, &again));
	if (chain->left % 2)
		MUST(rados_aio_read(chain->io, "chain", again, chain->buffer, 16, 0));
	else
		MUST(rados_aio_append(chain->io, "chain", again, "x", 1));
}

static void callbacks(rados_ioctx_t io)
{
	static struct chain chain;
	rados_completion_t completion;
	uint64_t size;

	section("a callback that calls");
	chain = (struct chain){.io = io, .left = 100};
	MUST(rados_aio_create_completion2(&chain, next, &completion));
	MUST(rados_aio_append(io, "chain", completion, "x", 1));
	WAIT_UNTIL(__atomic_load_n(&chain.done, __ATOMIC_SEQ_CST));
	CALL(rados_stat(io, "chain", &size, NULL));
	SHOW(size);
	SHOW(inside);
}

static void many(rados_ioctx_t io)
{
	enum { COUNT = 200 };
	rados_completion_t completions[COUNT];
	char name[16], buffers[COUNT][8];
	int good = 0;

	section("many at once");
	called = 0;
	for (int n = 0; n < COUNT; n++) {
		sprintf(name, "many%d", n % 10);
		MUST(rados_aio_create_completion2(&called, note, &completions[n]));
		submitting = 1;
		MUST(rados_aio_append(io, name, completions[n], "abc", 3));
		submitting = 0;
		/* The library keeps what it needs. */
		rados_aio_release(completions[n]);
	}
	CALL(rados_aio_flush(io));
	WAIT_UNTIL(called == COUNT);
	content(io, "many0");
	content(io, "many9");
	for (int n = 0; n < COUNT; n++) {
		MUST(rados_aio_create_completion2(&called, note, &completions[n]));
		MUST(rados_aio_read(io, "many3", completions[n], buffers[n], 3, 3 * (n % 20)));
	}
	for (int n = 0; n < COUNT; n++) {
		rados_aio_wait_for_complete_and_cb(completions[n]);
		good += rados_aio_get_return_value(completions[n]) == 3 && !memcmp(buffers[n], "abc", 3);
		rados_aio_release(completions[n]);
	}
	SHOW(good);
	SHOW(called);
	SHOW(inside);
}

static void order(rados_ioctx_t io)
{
	rados_completion_t completions[20];

	section("writes of one object keep their order");
	for (int n = 0; n < 20; n++) {
		completions[n] = new_completion();
		MUST(rados_aio_write_full(io, "ordered", completions[n], "abcdefghijklmnopqrst" + n, 1));
	}
	rados_aio_wait_for_complete(completions[19]);
	content(io, "ordered");
	for (int n = 0; n < 20; n++) {
		SHOW(rados_aio_is_complete(completions[n]));
		rados_aio_release(completions[n]);
	}
}

static void cancelled(rados_ioctx_t io)
{
	rados_completion_t completion = new_completion();

	section("cancel");
	MUST(rados_aio_write_full(io, "cancelled", completion, "x", 1));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_cancel(io, completion));
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	/* One in flight ends one way or the other. */
	completion = new_completion();
	MUST(rados_aio_write_full(io, "cancelled", completion, "y", 1));
	rados_aio_cancel(io, completion);
	rados_aio_wait_for_complete(completion);
	int result = rados_aio_get_return_value(completion);
	SHOW(result == 0 || result == -ECANCELED);
	rados_aio_release(completion);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-aio");

	forms(io);
	operations(io);
	states(io);
	callbacks(io);
	many(io);
	order(io);
	cancelled(io);
	finish(cluster, io, "c-aio");
	return 0;
}
