/* What came after 16.2.15: sizes and times in nanoseconds, and times of writing in nanoseconds, asynchronously. Its
 * reference is what 20.2.4's own library prints: see newer.sh. */
#include "../transcript.h"

#define POOL "c-newer"

static const struct timespec precise = {1234567891, 500000123};

/* A size and a time that are there before a call. */
struct answer {
	uint64_t size;
	struct timespec mtime;
};

static struct answer fresh(void)
{
	return (struct answer){77, {78, 79}};
}

static void show(struct answer answer)
{
	printf("  size %" PRIu64 ", time %lld.%09ld\n", answer.size, (long long)answer.mtime.tv_sec, answer.mtime.tv_nsec);
}

#define ASYNC(function, ...)                                                   \
	do {                                                                   \
		rados_completion_t c;                                          \
		MUST(rados_aio_create_completion2(NULL, NULL, &c));            \
		if (CALL(function(__VA_ARGS__)) < 0)                           \
			rados_aio_release(c);                                  \
		else                                                           \
			ANSWER(function, outcome(c));                          \
	} while (0)

static int operate(rados_ioctx_t io, const char *object, rados_read_op_t op)
{
	int result = rados_read_op_operate(op, io, object, 0);

	rados_release_read_op(op);
	return result;
}

/* An object of some bytes and the time `precise`. */
static void make(rados_ioctx_t io, const char *object, const char *data)
{
	struct timespec when = precise;
	rados_write_op_t op = rados_create_write_op();

	rados_write_op_write_full(op, data, strlen(data));
	ASYNC(rados_aio_write_op_operate2, op, io, c, object, &when, 0);
	rados_release_write_op(op);
}

static void at_once(rados_ioctx_t io)
{
	struct answer answer = fresh();
	time_t seconds = 77;

	section("at once");
	CALL(rados_stat2(io, "none", &answer.size, &answer.mtime));
	show(answer);
	make(io, "o", "0123456789");
	CALL(rados_stat2(io, "o", &answer.size, &answer.mtime));
	show(answer);
	CALL(rados_stat(io, "o", &answer.size, &seconds));
	SHOW(seconds);
	CALL(rados_stat2(io, "o", NULL, NULL));
	answer = fresh();
	CALL(rados_stat2(io, "o", &answer.size, NULL));
	show(answer);
	answer = fresh();
	CALL(rados_stat2(io, "o", NULL, &answer.mtime));
	show(answer);
	CALL(rados_stat2(io, "", &answer.size, &answer.mtime));
	MUST(rados_append(io, "o", "now", 3));
	CALL(rados_stat2(io, "o", &answer.size, &answer.mtime));
	SHOW(is_now(answer.mtime.tv_sec));
	SHOW(answer.mtime.tv_nsec >= 0 && answer.mtime.tv_nsec < 1000000000);
}

static void asynchronously(rados_ioctx_t io)
{
	struct answer answer = fresh();
	rados_write_op_t op = rados_create_write_op();

	section("asynchronously");
	ASYNC(rados_aio_stat2, io, "none", c, &answer.size, &answer.mtime);
	show(answer);
	make(io, "a", "12345");
	ASYNC(rados_aio_stat2, io, "a", c, &answer.size, &answer.mtime);
	show(answer);
	ASYNC(rados_aio_stat2, io, "a", c, NULL, NULL);
	answer = fresh();
	ASYNC(rados_aio_stat2, io, "a", c, NULL, &answer.mtime);
	show(answer);
	/* Without a time it is now; a refused operation changes nothing. */
	rados_write_op_append(op, "67", 2);
	ASYNC(rados_aio_write_op_operate2, op, io, c, "a", NULL, 0);
	rados_release_write_op(op);
	CALL(rados_stat2(io, "a", &answer.size, &answer.mtime));
	SHOW(answer.size);
	SHOW(is_now(answer.mtime.tv_sec));
	op = rados_create_write_op();
	rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, NULL);
	rados_write_op_write_full(op, "no", 2);
	ASYNC(rados_aio_write_op_operate2, op, io, c, "a", NULL, 0);
	rados_release_write_op(op);
	content(io, "a");
}

static void as_steps(rados_ioctx_t io)
{
	struct answer answer = fresh(), old = fresh();
	rados_read_op_t op;
	time_t seconds = 77;
	int result = 77, other = 77;

	section("as steps");
	make(io, "s", "123");
	op = rados_create_read_op();
	rados_read_op_stat2(op, &answer.size, &answer.mtime, &result);
	rados_read_op_stat(op, &old.size, &seconds, &other);
	ANSWER(rados_read_op_stat2, operate(io, "s", op));
	show(answer);
	SHOW(result);
	SHOW(old.size);
	SHOW(seconds);
	SHOW(other);
	op = rados_create_read_op();
	rados_read_op_stat2(op, NULL, NULL, NULL);
	ANSWER(rados_read_op_stat2, operate(io, "s", op));
	answer = fresh();
	op = rados_create_read_op();
	rados_read_op_stat2(op, &answer.size, &answer.mtime, &result);
	ANSWER(rados_read_op_stat2, operate(io, "none", op));
	show(answer);
	SHOW(result);
}

static void hints(rados_ioctx_t io)
{
	rados_write_op_t op = rados_create_write_op();

	section("hints");
	CALL(rados_set_alloc_hint2(io, "hinted", 4096, 4096, LIBRADOS_ALLOC_HINT_FLAG_LOG));
	rados_write_op_set_alloc_hint2(op, 4096, 4096, LIBRADOS_ALLOC_HINT_FLAG_LOG | LIBRADOS_ALLOC_HINT_FLAG_SHORTLIVED);
	ANSWER(rados_write_op_set_alloc_hint2, rados_write_op_operate(op, io, "hinted", NULL, 0));
	rados_release_write_op(op);
}

static void at_a_snapshot(rados_ioctx_t io)
{
	struct answer answer = fresh();
	rados_snap_t snap;

	section("at a snapshot");
	make(io, "kept", "before");
	MUST(rados_ioctx_snap_create(io, "one"));
	MUST(rados_ioctx_snap_lookup(io, "one", &snap));
	MUST(rados_write_full(io, "kept", "after it", 8));
	rados_ioctx_snap_set_read(io, snap);
	CALL(rados_stat2(io, "kept", &answer.size, &answer.mtime));
	show(answer);
	rados_ioctx_snap_set_read(io, LIBRADOS_SNAP_HEAD);
	MUST(rados_ioctx_snap_remove(io, "one"));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, POOL);

	at_once(io);
	asynchronously(io);
	as_steps(io);
	hints(io);
	at_a_snapshot(io);
	finish(cluster, io, POOL);
	return 0;
}
