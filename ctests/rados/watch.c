/* Watch and notify: both families, acknowledgements, time-outs, several watchers, two connections. */
#include "../transcript.h"

#include <pthread.h>

struct watcher {
	rados_ioctx_t io;
	const char *object;
	uint64_t cookie;
	int seen, silent, errors, cookie_good;
	uint64_t notifier;
	char data[128];
	size_t length;
	const char *answer;
};

static void notified(void *arg, uint64_t notify_id, uint64_t handle, uint64_t notifier_id, void *data,
		     size_t data_len)
{
	struct watcher *w = arg;

	w->length = data_len;
	memcpy(w->data, data, data_len < sizeof(w->data) ? data_len : sizeof(w->data));
	w->notifier = notifier_id;
	w->cookie_good = handle == w->cookie;
	/* Before the acknowledgement, which may end the wait of who looks at it. */
	__atomic_add_fetch(&w->seen, 1, __ATOMIC_SEQ_CST);
	if (!w->silent)
		rados_notify_ack(w->io, w->object, notify_id, handle, w->answer,
				 w->answer ? (int)strlen(w->answer) : 0);
}

static void failed(void *arg, uint64_t cookie, int error)
{
	struct watcher *w = arg;

	(void)cookie;
	w->errors = error;
}

static void show_reply(rados_t cluster, char *reply, size_t length)
{
	struct notify_ack_t *acks = NULL;
	struct notify_timeout_t *timeouts = NULL;
	size_t ack_count = 77, timeout_count = 77;
	int us = 0;

	if (!reply) {
		puts("no reply");
		return;
	}
	CALL(rados_decode_notify_response(reply, length, &acks, &ack_count, &timeouts, &timeout_count));
	printf("%zu acks, %zu timeouts\n", ack_count, timeout_count);
	char *texts[8];

	for (size_t n = 0; n < ack_count && n < 8; n++) {
		us += acks[n].notifier_id == rados_get_instance_id(cluster);
		texts[n] = strndup(acks[n].payload ? acks[n].payload : "(NULL)",
				   acks[n].payload ? acks[n].payload_len : 6);
	}
	qsort(texts, ack_count, sizeof(texts[0]), compare_texts);
	for (size_t n = 0; n < ack_count; n++) {
		printf("  ack \"%s\"\n", texts[n]);
		free(texts[n]);
	}
	SHOW(us);
	rados_free_notify_response(acks, ack_count, timeouts);
	rados_buffer_free(reply);
}

static void newer(rados_t cluster, rados_ioctx_t io)
{
	struct watcher one = {.io = io, .object = "o", .answer = "one"};
	struct watcher two = {.io = io, .object = "o"};
	char *reply = NULL;
	size_t length = 77;

	section("newer family");
	CALL(rados_watch2(io, "o", &one.cookie, notified, failed, &one));
	CALL(rados_notify2(io, "o", "x", 1, 5000, &reply, &length));
	MUST(rados_write_full(io, "o", "x", 1));
	CALL(rados_notify2(io, "o", "hello", 5, 5000, &reply, &length));
	show_reply(cluster, reply, length);
	CALL(rados_watch2(io, "o", &one.cookie, notified, failed, &one));
	SHOW(one.cookie != 0);
	CALL(rados_watch_check(io, one.cookie) >= 0);
	reply = NULL;
	CALL(rados_notify2(io, "o", "hello", 5, 5000, &reply, &length));
	show_reply(cluster, reply, length);
	SHOW(one.seen);
	SHOW(one.cookie_good);
	SHOW(one.notifier == rados_get_instance_id(cluster));
	show_bytes("data", one.data, one.length);
	CALL(rados_watch3(io, "o", &two.cookie, notified, failed, 30, &two));
	SHOW(two.cookie != one.cookie);
	reply = NULL;
	CALL(rados_notify2(io, "o", "\0both", 5, 5000, &reply, &length));
	show_reply(cluster, reply, length);
	SHOW(one.seen);
	SHOW(two.seen);
	show_bytes("data", two.data, two.length);
	CALL(rados_notify2(io, "o", NULL, 0, 5000, NULL, NULL));
	SHOW(two.length);

	section("one that does not answer");
	two.silent = 1;
	reply = NULL;
	CALL(rados_notify2(io, "o", "wait", 4, 1000, &reply, &length));
	show_reply(cluster, reply, length);
	two.silent = 0;
	CALL(rados_unwatch2(io, two.cookie));
	CALL(rados_watch_flush(cluster));
	reply = NULL;
	CALL(rados_notify2(io, "o", "bye", 3, 5000, &reply, &length));
	show_reply(cluster, reply, length);
	SHOW(two.seen);
	CALL(rados_unwatch2(io, one.cookie));
	CALL(rados_notify2(io, "o", "nobody", 6, 5000, NULL, NULL));
	SHOW(one.errors);
}

static void removed(rados_ioctx_t io)
{
	struct watcher w = {.io = io, .object = "gone"};

	section("the object goes");
	MUST(rados_write_full(io, "gone", "x", 1));
	MUST(rados_watch2(io, "gone", &w.cookie, notified, failed, &w));
	CALL(rados_remove(io, "gone"));
	WAIT_UNTIL(w.errors);
	SHOW(w.errors);
	CALL(rados_watch_check(io, w.cookie));
	CALL(rados_unwatch2(io, w.cookie));
}

static void asynchronous(rados_t cluster, rados_ioctx_t io)
{
	struct watcher w = {.io = io, .object = "o", .answer = "async"};
	rados_completion_t completion;
	char *reply = NULL;
	size_t length = 77;

	section("asynchronous");
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	CALL(rados_aio_watch(io, "o", completion, &w.cookie, notified, failed, &w));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	CALL(rados_aio_notify(io, "o", completion, "data", 4, 5000, &reply, &length));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	show_reply(cluster, reply, length);
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	CALL(rados_aio_watch_flush(cluster, completion));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	CALL(rados_aio_unwatch(io, w.cookie, completion));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	CALL(rados_aio_watch2(io, "nowhere", completion, &w.cookie, notified, failed, 10, &w));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
}

static int old_seen;
static uint64_t old_version;

static void old_notified(uint8_t opcode, uint64_t ver, void *arg)
{
	(void)opcode;
	old_version = ver;
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

static void older(rados_ioctx_t io)
{
	uint64_t cookie = 0;

	section("older family");
	CALL(rados_watch(io, "nowhere", 0, &cookie, old_notified, &old_seen));
	CALL(rados_watch(io, "o", 0, &cookie, old_notified, &old_seen));
	SHOW(cookie != 0);
	CALL(rados_notify(io, "o", 0, "x", 1));
	WAIT_UNTIL(old_seen == 1);
	SHOW(old_version);
	CALL(rados_notify(io, "o", 0, NULL, 0));
	WAIT_UNTIL(old_seen == 2);
	CALL(rados_notify(io, "nowhere", 0, NULL, 0));
	CALL(rados_unwatch(io, "o", cookie));
	CALL(rados_notify(io, "o", 0, NULL, 0));
	SHOW(old_seen);
}

/* The calls without a time of their own have the client's. */
static void impatient(rados_ioctx_t io)
{
	struct watcher silent = {.io = io, .object = "o", .silent = 1};
	rados_t other;
	rados_ioctx_t far;

	section("a client with little patience");
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	CALL(rados_conf_set(other, "client_notify_timeout", "1"));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, "c-watch", &far));
	MUST(rados_watch2(io, "o", &silent.cookie, notified, failed, &silent));
	CALL(rados_notify(far, "o", 0, "", 0));
	SHOW(silent.seen);
	MUST(rados_unwatch2(io, silent.cookie));
	rados_ioctx_destroy(far);
	rados_shutdown(other);
}

static void across(rados_t cluster)
{
	rados_t other;
	rados_ioctx_t io, far;
	struct watcher near = {.object = "o", .answer = "near"}, w = {.object = "o", .answer = "far"};
	char *reply = NULL;
	size_t length;

	section("two connections");
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(cluster, "c-watch", &io));
	MUST(rados_ioctx_create(other, "c-watch", &far));
	near.io = io;
	w.io = far;
	MUST(rados_watch2(io, "o", &near.cookie, notified, failed, &near));
	MUST(rados_watch2(far, "o", &w.cookie, notified, failed, &w));
	CALL(rados_notify2(io, "o", "both", 4, 5000, &reply, &length));
	show_reply(cluster, reply, length);
	SHOW(near.seen);
	SHOW(w.seen);
	SHOW(w.notifier == rados_get_instance_id(cluster));
	MUST(rados_unwatch2(far, w.cookie));
	rados_ioctx_destroy(far);
	rados_shutdown(other);
	reply = NULL;
	CALL(rados_notify2(io, "o", "one", 3, 5000, &reply, &length));
	show_reply(cluster, reply, length);
	MUST(rados_unwatch2(io, near.cookie));
	rados_ioctx_destroy(io);
}

static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static int entered, left;

static void wants_lock(void *arg, uint64_t notify_id, uint64_t handle, uint64_t notifier_id, void *data, size_t data_len)
{
	(void)notifier_id, (void)data, (void)data_len;
	__atomic_store_n(&entered, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&busy);
	pthread_mutex_unlock(&busy);
	rados_notify_ack(arg, "o", notify_id, handle, NULL, 0);
	__atomic_store_n(&left, 1, __ATOMIC_SEQ_CST);
}

/* A watch is ended while its callback waits for who ends it. */
static void ended_while_called(rados_t cluster, rados_ioctx_t io)
{
	rados_completion_t completion;
	uint64_t cookie;

	section("a watch that is ended while its callback runs");
	MUST(rados_watch2(io, "o", &cookie, wants_lock, NULL, io));
	pthread_mutex_lock(&busy);
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	MUST(rados_aio_notify(io, "o", completion, "x", 1, 5000, NULL, NULL));
	while (!__atomic_load_n(&entered, __ATOMIC_SEQ_CST))
		usleep(1000);
	CALL(rados_unwatch2(io, cookie));
	SHOW(left);
	pthread_mutex_unlock(&busy);
	CALL(rados_watch_flush(cluster));
	SHOW(left);
	MUST(rados_aio_wait_for_complete(completion));
	show_result("the notification", rados_aio_get_return_value(completion));
	rados_aio_release(completion);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-watch");

	newer(cluster, io);
	removed(io);
	asynchronous(cluster, io);
	older(io);
	impatient(io);
	across(cluster);
	ended_while_called(cluster, io);
	finish(cluster, io, "c-watch");
	return 0;
}
