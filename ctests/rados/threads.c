/* Many threads on one context, callbacks that call the library, handles that go while operations are in flight, a process
 * that forks before, while and after it is connected. */
#include "../transcript.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define POOL "c-threads"

enum { THREADS = 8, ROUNDS = 40 };

struct worker {
	rados_ioctx_t io;
	int number, good;
};

static rados_completion_t fresh(rados_callback_t callback, void *arg)
{
	rados_completion_t completion;

	MUST(rados_aio_create_completion2(arg, callback, &completion));
	return completion;
}

/* Everything that needs no setting of the context, on objects of the thread's own and on one of all. */
static void *work(void *arg)
{
	struct worker *worker = arg;
	char name[32], buffer[64], text[32];
	uint64_t size;

	sprintf(name, "own%d", worker->number);
	for (int n = 0; n < ROUNDS; n++) {
		rados_completion_t c = fresh(NULL, NULL);
		rados_write_op_t op = rados_create_write_op();
		int good = 1;

		sprintf(text, "%d of %d", n, worker->number);
		good &= rados_write_full(worker->io, name, text, strlen(text)) == 0;
		good &= rados_read(worker->io, name, buffer, sizeof(buffer), 0) == (int)strlen(text);
		good &= !memcmp(buffer, text, strlen(text));
		good &= rados_setxattr(worker->io, name, "x", text, strlen(text)) == 0;
		good &= rados_getxattr(worker->io, name, "x", buffer, sizeof(buffer)) == (int)strlen(text);
		good &= rados_stat(worker->io, name, &size, NULL) == 0 && size == strlen(text);
		good &= rados_aio_append(worker->io, "all", c, "x", 1) == 0 && outcome(c) == 0;
		rados_write_op_append(op, "y", 1);
		good &= rados_write_op_operate(op, worker->io, "all", NULL, 0) == 0;
		rados_release_write_op(op);
		good &= rados_get_last_version(worker->io) > 0;
		worker->good += good;
	}
	return NULL;
}

static void many_threads(rados_t cluster)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	rados_ioctx_t io;
	uint64_t size;

	section("many threads on one context");
	MUST(rados_ioctx_create(cluster, POOL, &io));
	for (int n = 0; n < THREADS; n++) {
		workers[n] = (struct worker){io, n, 0};
		MUST(-pthread_create(&threads[n], NULL, work, &workers[n]));
	}
	for (int n = 0; n < THREADS; n++) {
		MUST(-pthread_join(threads[n], NULL));
		SHOW(workers[n].good);
	}
	CALL(rados_stat(io, "all", &size, NULL));
	SHOW(size);
	rados_ioctx_destroy(io);
}

struct inner {
	rados_t cluster;
	rados_ioctx_t io;
	uint64_t cookie;
	int seen, done, result;
	char buffer[16];
};

static void last(rados_completion_t completion, void *arg)
{
	struct inner *inner = arg;

	inner->result = rados_aio_get_return_value(completion);
	__atomic_store_n(&inner->done, 1, __ATOMIC_SEQ_CST);
}

/* A callback may start operations, look at completions and settings, make and end contexts and completions. */
static void called(rados_completion_t completion, void *arg)
{
	struct inner *inner = arg;
	rados_ioctx_t other;
	rados_completion_t c = fresh(last, inner);
	char name[32];

	if (!rados_aio_is_complete(completion) || rados_aio_get_version(completion) == 0)
		return;
	if (rados_ioctx_get_pool_name(inner->io, name, sizeof(name)) != (int)strlen(POOL))
		return;
	if (rados_ioctx_create2(inner->cluster, rados_ioctx_get_id(inner->io), &other))
		return;
	rados_ioctx_set_namespace(other, "inner");
	MUST(rados_aio_write_full(other, "o", c, "from inside", 11));
	rados_aio_release(c);
	rados_ioctx_destroy(other);
}

/* A watch's callback acknowledges, and may do what waits: it has a thread of its own. */
static void notified(void *arg, uint64_t notify_id, uint64_t handle, uint64_t notifier_id, void *data, size_t length)
{
	struct inner *inner = arg;
	char buffer[16];

	(void)notifier_id, (void)data, (void)length;
	inner->result = rados_read(inner->io, "watched", buffer, sizeof(buffer), 0);
	inner->seen++;
	MUST(rados_notify_ack(inner->io, "watched", notify_id, handle, buffer, inner->result));
}

static void callbacks(rados_t cluster, rados_ioctx_t io)
{
	struct inner inner = {.cluster = cluster, .io = io};
	rados_completion_t c = fresh(called, &inner);
	char *reply = NULL;
	size_t length = 0;

	section("callbacks that call");
	CALL(rados_aio_write_full(io, "outer", c, "x", 1));
	rados_aio_release(c);
	WAIT_UNTIL(__atomic_load_n(&inner.done, __ATOMIC_SEQ_CST));
	SHOW(inner.result);
	rados_ioctx_set_namespace(io, "inner");
	content(io, "o");
	rados_ioctx_set_namespace(io, "");
	MUST(rados_write_full(io, "watched", "seen", 4));
	CALL(rados_watch2(io, "watched", &inner.cookie, notified, NULL, &inner));
	CALL(rados_notify2(io, "watched", "", 0, 5000, &reply, &length));
	SHOW(inner.seen);
	SHOW(inner.result);
	SHOW(memmem(reply, length, "seen", 4) != NULL);
	rados_buffer_free(reply);
	CALL(rados_unwatch2(io, inner.cookie));
}

static void noted(rados_completion_t completion, void *arg)
{
	(void)completion;
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

/* The context goes at once, the cluster after a flush of what was begun: all of it is there. */
static void in_flight(rados_ioctx_t io)
{
	enum { COUNT = 50 };
	rados_t other;
	rados_ioctx_t far;
	static int ended;
	uint64_t size;

	section("shutdown with operations in flight");
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, POOL, &far));
	for (int n = 0; n < COUNT; n++) {
		rados_completion_t c = fresh(noted, &ended);

		MUST(rados_aio_append(far, "flushed", c, "x", 1));
		rados_aio_release(c);
	}
	CALL(rados_aio_flush(far));
	rados_ioctx_destroy(far);
	rados_shutdown(other);
	WAIT_UNTIL(__atomic_load_n(&ended, __ATOMIC_SEQ_CST) == COUNT);
	CALL(rados_stat(io, "flushed", &size, NULL));
	SHOW(size);
	/* Without a flush: what was not done is given up, nothing hangs or is half done. */
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, POOL, &far));
	for (int n = 0; n < COUNT; n++) {
		rados_completion_t c = fresh(NULL, NULL);

		MUST(rados_aio_append(far, "given up", c, "four", 4));
		rados_aio_release(c);
	}
	rados_ioctx_destroy(far);
	rados_shutdown(other);
	size = 0;
	rados_stat(io, "given up", &size, NULL);
	SHOW(size % 4);
}

static void woken(void *arg, uint64_t notify_id, uint64_t handle, uint64_t notifier_id, void *data, size_t length)
{
	rados_ioctx_t io = arg;

	(void)notifier_id, (void)data, (void)length;
	rados_notify_ack(io, "child", notify_id, handle, "here", 4);
}

/* What needs every thread of the library: 0, or the number of the line that failed. */
static int live(rados_t cluster)
{
	rados_ioctx_t io;
	rados_completion_t c;
	uint64_t cookie;
	char buffer[16], *reply = NULL;
	size_t length = 0;
	int called = 0;

#define TRY(call) do { if ((call) < 0) return __LINE__; } while (0)
	TRY(rados_connect(cluster));
	TRY(rados_wait_for_latest_osdmap(cluster));
	if (rados_pool_lookup(cluster, POOL "-forked") == -ENOENT)
		TRY(rados_pool_create(cluster, POOL "-forked"));
	TRY(rados_ioctx_create(cluster, POOL "-forked", &io));
	c = fresh(noted, &called);
	TRY(rados_aio_write_full(io, "child", c, "of a child", 10));
	TRY(rados_aio_wait_for_complete_and_cb(c));
	TRY(called == 1 ? rados_aio_get_return_value(c) : -1);
	rados_aio_release(c);
	TRY(rados_read(io, "child", buffer, sizeof(buffer), 0) == 10 ? 0 : -1);
	TRY(rados_watch2(io, "child", &cookie, woken, NULL, io));
	TRY(rados_notify2(io, "child", "", 0, 5000, &reply, &length));
	TRY(memmem(reply, length, "here", 4) ? 0 : -1);
	rados_buffer_free(reply);
	TRY(rados_unwatch2(io, cookie));
	rados_ioctx_destroy(io);
	rados_shutdown(cluster);
	return 0;
#undef TRY
}

static rados_t configured(void)
{
	rados_t cluster;

	MUST(rados_create(&cluster, NULL));
	MUST(rados_conf_read_file(cluster, NULL));
	return cluster;
}

/* In a child of this process: the line of live() that failed, -1 where the child did not come to its end. */
static int child_of(rados_t cluster, int grandchildren)
{
	int ends[2], line = -1;
	pid_t child;

	MUST(pipe(ends));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(30);
		line = live(cluster);
		if (line == 0 && grandchildren)
			line = child_of(configured(), grandchildren - 1);
		_exit(write(ends[1], &line, sizeof(line)) == sizeof(line) ? 0 : 1);
	}
	close(ends[1]);
	MUST(waitpid(child, NULL, 0));
	if (read(ends[0], &line, sizeof(line)) != sizeof(line))
		line = -1;
	close(ends[0]);
	return line;
}

/* A handle made before a fork is the child's and the parent's, each to connect for itself. */
static void forked(const char *title, int grandchildren)
{
	rados_t both = configured();
	int line;

	section(title);
	line = child_of(both, grandchildren);
	printf("%s: the child %s\n", title, line == 0 ? "lived" : "did not");
	if (line)
		fprintf(stderr, "the child ended in line %d\n", line);
	SHOW(live(both));
}

/* A child that ends what it inherited, as the destructors of a program do, ends nothing of its parent's. */
static void inherited(void)
{
	rados_t other = configured();
	rados_ioctx_t far;
	uint64_t cookie;
	int status = -1;
	pid_t child;

	section("a child ends what it inherited");
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, POOL, &far));
	MUST(rados_write_full(far, "child", "of a parent", 11));
	MUST(rados_watch2(far, "child", &cookie, woken, NULL, far));
	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(3);
		rados_ioctx_destroy(far);
		rados_shutdown(other);
		_exit(0);
	}
	MUST(waitpid(child, &status, 0));
	printf("the child %s\n", WIFEXITED(status) ? "came to its end" : "hung or crashed");
	SHOW(rados_watch_check(far, cookie) >= 0);
	CALL(rados_notify2(far, "child", "", 0, 5000, NULL, NULL));
	content(far, "child");
	CALL(rados_unwatch2(far, cookie));
	rados_ioctx_destroy(far);
	rados_shutdown(other);
}

/* Watches, forks, and is killed while its child lives on, who gives its number. */
static void die_watching(int end)
{
	rados_t cluster = configured();
	rados_ioctx_t io;
	uint64_t cookie;
	pid_t child;

	MUST(rados_connect(cluster));
	MUST(rados_ioctx_create(cluster, POOL "-forked", &io));
	MUST(rados_watch3(io, "child", &cookie, woken, NULL, 6, io));
	child = fork();
	if (child == 0) {
		alarm(60);
		for (;;)
			pause();
	}
	MUST(write(end, &child, sizeof(child)) == sizeof(child) ? 0 : -1);
	raise(SIGKILL);
}

/* Nobody waits for the dead because of what their children inherited. */
static void outlived(void)
{
	rados_t cluster = configured();
	rados_ioctx_t io;
	pid_t parent, child;
	int ends[2];

	section("a child outlives its parent, which watched");
	MUST(pipe(ends));
	fflush(stdout);
	parent = fork();
	if (parent == 0)
		die_watching(ends[1]);
	MUST(waitpid(parent, NULL, 0));
	MUST(read(ends[0], &child, sizeof(child)) == sizeof(child) ? 0 : -1);
	MUST(rados_connect(cluster));
	MUST(rados_ioctx_create(cluster, POOL "-forked", &io));
	WAIT_UNTIL(rados_notify2(io, "child", "", 0, 500, NULL, NULL) == 0);
	SHOW(kill(child, 0));
	kill(child, SIGKILL);
	rados_ioctx_destroy(io);
	rados_shutdown(cluster);
	close(ends[0]);
	close(ends[1]);
}

/* What is documented of a handle after its end: there is none, so only another one is asked for. */
static void again(void)
{
	rados_t other;
	rados_ioctx_t far;

	section("after rados_shutdown, another handle");
	for (int n = 0; n < 3; n++) {
		MUST(rados_create(&other, NULL));
		MUST(rados_conf_read_file(other, NULL));
		CALL(rados_connect(other));
		CALL(rados_ioctx_create(other, POOL, &far));
		content(far, "flushed");
		rados_ioctx_destroy(far);
		rados_shutdown(other);
	}
	MUST(rados_create(&other, NULL));
	rados_shutdown(other);
}

int main(void)
{
	rados_t cluster;
	rados_ioctx_t io;

	setvbuf(stdout, NULL, _IOLBF, 0);
	/* Before the process has any thread of the library. */
	forked("a fork before connecting", 0);
	forked("a fork after everything was shut down", 2);
	outlived();
	cluster = connect_cluster();
	io = new_pool(cluster, POOL);
	many_threads(cluster);
	callbacks(cluster, io);
	in_flight(io);
	forked("a fork while other handles are connected", 2);
	inherited();
	again();
	CALL(rados_pool_delete(cluster, POOL "-forked"));
	finish(cluster, io, POOL);
	return 0;
}
