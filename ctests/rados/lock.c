/* Advisory locks: exclusive, shared, duration, renewal, listing at odd sizes, breaking, unlocking. */
#include "../transcript.h"

static void list(rados_ioctx_t io, const char *name, size_t room)
{
	char tag[64] = "", clients[256] = "", cookies[64] = "", addresses[512] = "";
	size_t lengths[4] = {room, room, room, room * 2};
	int exclusive = 77;
	ssize_t count = rados_list_lockers(io, "o", name, &exclusive, tag, &lengths[0], clients, &lengths[1],
					   cookies, &lengths[2], addresses, &lengths[3]);

	show_result("rados_list_lockers", count);
	if (count < 0) {
		/* How long the names of clients and addresses are differs from run to run. */
		printf("  needed: tag %zu, cookies %zu\n", lengths[0], lengths[2]);
		return;
	}
	printf("  exclusive %d, tag ", exclusive);
	escaped(tag, strlen(tag));
	printf(" %zu, cookies", lengths[0]);
	for (size_t used = 0; used < lengths[2]; used += strlen(cookies + used) + 1)
		printf(" %s", cookies + used);
	printf(", lengths %d\n", (lengths[1] > 0) + 2 * (lengths[3] > 0));
}

static void first_client(rados_ioctx_t io, const char *name, char *client)
{
	char tag[64], cookies[64], addresses[512];
	size_t lengths[4] = {64, 256, 64, 512};
	int exclusive;

	rados_list_lockers(io, "o", name, &exclusive, tag, &lengths[0], client, &lengths[1], cookies,
			   &lengths[2], addresses, &lengths[3]);
}

static void exclusive_locks(rados_ioctx_t io)
{
	struct timeval soon = {1, 0}, negative = {-1, 0};

	section("exclusive");
	list(io, "lock", 64);
	CALL(rados_unlock(io, "o", "lock", "cookie"));
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "a description", NULL, 0));
	list(io, "lock", 64);
	list(io, "other", 64);
	list(io, "lock", 0);
	list(io, "lock", 6);
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "a description", NULL, 0));
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie2", "a description", NULL, 0));
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "again", NULL, LIBRADOS_LOCK_FLAG_RENEW));
	CALL(rados_lock_shared(io, "o", "lock", "cookie", "tag", "", NULL, 0));
	CALL(rados_unlock(io, "o", "lock", "wrong"));
	CALL(rados_unlock(io, "o", "lock", "cookie"));
	CALL(rados_unlock(io, "o", "lock", "cookie"));
	CALL(rados_unlock(io, "nowhere", "lock", "cookie"));
	list(io, "lock", 64);
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "", NULL, LIBRADOS_LOCK_FLAG_MUST_RENEW));
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "", NULL, LIBRADOS_LOCK_FLAG_MAY_RENEW));
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "", NULL, LIBRADOS_LOCK_FLAG_MUST_RENEW));
	CALL(rados_lock_exclusive(io, "o", "lock", "cookie", "", NULL, 1 << 5));
	CALL(rados_unlock(io, "o", "lock", "cookie"));
	CALL(rados_lock_exclusive(io, "o", "", "cookie", "", NULL, 0));
	CALL(rados_lock_exclusive(io, "o", "lock", "", "", NULL, 0));
	CALL(rados_unlock(io, "o", "lock", ""));
	CALL(rados_lock_exclusive(io, "o", "brief", "c1", "", &soon, 0));
	CALL(rados_lock_exclusive(io, "o", "brief", "c2", "", &soon, 0));
	WAIT_UNTIL(rados_lock_exclusive(io, "o", "brief", "c2", "", NULL, 0) == 0 ||
		   rados_lock_exclusive(io, "o", "brief", "c2", "", NULL, 0) == -EEXIST);
	list(io, "brief", 64);
	CALL(rados_unlock(io, "o", "brief", "c2"));
	CALL(rados_lock_exclusive(io, "o", "negative", "c1", "", &negative, 0));
	CALL(rados_stat(io, "o", NULL, NULL));
}

static void shared_locks(rados_ioctx_t io)
{
	section("shared");
	CALL(rados_lock_shared(io, "o", "s", "c1", "tag", "description", NULL, 0));
	CALL(rados_lock_shared(io, "o", "s", "c2", "tag", "description", NULL, 0));
	CALL(rados_lock_shared(io, "o", "s", "c2", "tag", "description", NULL, 0));
	CALL(rados_lock_shared(io, "o", "s", "c3", "another", "description", NULL, 0));
	CALL(rados_lock_exclusive(io, "o", "s", "c4", "description", NULL, 0));
	list(io, "s", 64);
	list(io, "s", 5);
	CALL(rados_unlock(io, "o", "s", "c1"));
	list(io, "s", 64);
	CALL(rados_unlock(io, "o", "s", "c2"));
	list(io, "s", 64);
}

static void breaking(rados_ioctx_t io)
{
	rados_completion_t completion;
	rados_t other;
	rados_ioctx_t far;
	char client[256] = "";

	section("breaking");
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, "c-lock", &far));
	CALL(rados_lock_exclusive(far, "o", "lock", "far", "", NULL, 0));
	CALL(rados_lock_exclusive(io, "o", "lock", "far", "", NULL, 0));
	CALL(rados_unlock(io, "o", "lock", "far"));
	first_client(io, "lock", client);
	SHOW(strtoull(client + 7, NULL, 10) == rados_get_instance_id(other));
	SHOW(strncmp(client, "client.", 7));
	CALL(rados_break_lock(io, "o", "lock", "client.987654", "far"));
	CALL(rados_break_lock(io, "o", "lock", client, "wrong"));
	CALL(rados_break_lock(io, "o", "lock", "nonsense", "far"));
	CALL(rados_break_lock(io, "o", "lock", client, "far"));
	CALL(rados_break_lock(io, "o", "lock", client, "far"));
	CALL(rados_lock_exclusive(io, "o", "lock", "near", "", NULL, 0));
	CALL(rados_lock_exclusive(far, "o", "lock", "far", "", NULL, 0));
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	CALL(rados_aio_unlock(io, "o", "lock", "near", completion));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	CALL(rados_aio_unlock(io, "o", "lock", "near", completion));
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	rados_ioctx_destroy(far);
	rados_shutdown(other);
}

/* Whether nobody holds a lock, so also when it has run out. */
static int nobody_has(rados_ioctx_t io, const char *name)
{
	char tag[64], clients[256], cookies[64], addresses[512];
	size_t lengths[4] = {64, 256, 64, 512};
	int exclusive;

	return rados_list_lockers(io, "o", name, &exclusive, tag, &lengths[0], clients, &lengths[1], cookies,
				  &lengths[2], addresses, &lengths[3]) == 0;
}

/* Locks that ran out: who held them, holds them no more, whatever is done to them. */
static void expired(rados_ioctx_t io)
{
	struct timeval soon = {1, 0}, long_time = {1000, 0};
	char client[256] = "";

	section("expired");
	CALL(rados_lock_exclusive(io, "o", "e1", "c", "", &soon, 0));
	first_client(io, "e1", client);
	CALL(rados_lock_exclusive(io, "o", "e2", "c", "", &soon, 0));
	CALL(rados_lock_shared(io, "o", "e3", "c1", "tag", "", &soon, 0));
	CALL(rados_lock_shared(io, "o", "e3", "c2", "tag", "", NULL, 0));
	CALL(rados_lock_exclusive(io, "o", "e4", "c", "", &soon, 0));
	CALL(rados_lock_exclusive(io, "o", "e5", "c", "", &soon, 0));
	CALL(rados_lock_exclusive(io, "o", "e5", "c", "", &long_time, LIBRADOS_LOCK_FLAG_MUST_RENEW));
	WAIT_UNTIL(nobody_has(io, "e1") && nobody_has(io, "e2") && nobody_has(io, "e4"));
	list(io, "e1", 64);
	CALL(rados_break_lock(io, "o", "e1", client, "c"));
	CALL(rados_unlock(io, "o", "e1", "c"));
	CALL(rados_lock_exclusive(io, "o", "e2", "c", "", NULL, LIBRADOS_LOCK_FLAG_MUST_RENEW));
	CALL(rados_lock_exclusive(io, "o", "e2", "c", "", NULL, LIBRADOS_LOCK_FLAG_MAY_RENEW));
	CALL(rados_lock_exclusive(io, "o", "e2", "c", "", NULL, 0));
	CALL(rados_unlock(io, "o", "e2", "c"));
	list(io, "e3", 64);
	CALL(rados_lock_shared(io, "o", "e3", "c1", "tag", "", NULL, LIBRADOS_LOCK_FLAG_MUST_RENEW));
	CALL(rados_lock_shared(io, "o", "e3", "c3", "another", "", NULL, 0));
	CALL(rados_break_lock(io, "o", "e3", client, "c1"));
	CALL(rados_break_lock(io, "o", "e3", client, "c2"));
	CALL(rados_lock_exclusive(io, "o", "e3", "c4", "", NULL, 0));
	CALL(rados_lock_shared(io, "o", "e4", "d", "tag", "", NULL, 0));
	list(io, "e4", 64);
	list(io, "e5", 64);
	CALL(rados_unlock(io, "o", "e5", "c"));
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-lock");

	exclusive_locks(io);
	shared_locks(io);
	breaking(io);
	expired(io);
	finish(cluster, io, "c-lock");
	return 0;
}
