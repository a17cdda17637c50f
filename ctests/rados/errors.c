/* NULL where the original tolerates it, handles before and after their use, calls in a wrong state. */
#include "../transcript.h"

static void optional_results(rados_ioctx_t io)
{
	rados_write_op_t write = rados_create_write_op();
	rados_read_op_t read = rados_create_read_op();
	rados_omap_iter_t iter = NULL;
	const char *keys[] = {"k"}, *values[] = {"v"};
	size_t lengths[] = {1}, got = 77;
	char buffer[16];

	section("results nobody wants");
	rados_write_op_cmpext(write, "", 0, 0, NULL);
	rados_write_op_create(write, LIBRADOS_CREATE_IDEMPOTENT, NULL);
	rados_write_op_write_full(write, "data", 4);
	rados_write_op_omap_set(write, keys, values, lengths, 1);
	rados_write_op_exec(write, "lock", "unlock", "", 0, NULL);
	rados_write_op_set_flags(write, LIBRADOS_OP_FLAG_FAILOK);
	CALL(rados_write_op_operate(write, io, "a", NULL, 0));
	CALL(rados_write_op_operate2(write, io, "a", NULL, 0));
	rados_release_write_op(write);
	content(io, "a");
	write = rados_create_write_op();
	rados_write_op_cmpext(write, "", 0, 0, NULL);
	rados_write_op_write_full(write, "data", 4);
	rados_write_op_omap_set(write, keys, values, lengths, 1);
	CALL(rados_write_op_operate(write, io, "a", NULL, 0));
	rados_release_write_op(write);
	content(io, "a");
	rados_read_op_stat(read, NULL, NULL, NULL);
	rados_read_op_read(read, 0, sizeof(buffer), buffer, &got, NULL);
	rados_read_op_omap_get_vals2(read, "", "", 10, &iter, NULL, NULL);
	rados_read_op_cmpext(read, "data", 4, 0, NULL);
	rados_read_op_omap_cmp(read, "k", LIBRADOS_CMPXATTR_OP_EQ, "v", 1, NULL);
	CALL(rados_read_op_operate(read, io, "a", 0));
	SHOW(got);
	SHOW(rados_omap_iter_size(iter));
	rados_omap_get_end(iter);
	rados_release_read_op(read);
	/* Operations that are made and never used. */
	write = rados_create_write_op();
	rados_write_op_write_full(write, "data", 4);
	rados_release_write_op(write);
	read = rados_create_read_op();
	rados_read_op_omap_get_vals2(read, "", "", 10, &iter, NULL, NULL);
	rados_read_op_stat(read, NULL, NULL, NULL);
	rados_release_read_op(read);
	rados_omap_get_end(iter);
}

static void nothing_to_free(void)
{
	section("nothing to free");
	rados_buffer_free(NULL);
	rados_free_notify_response(NULL, 0, NULL);
	puts("survived");
}

static void iterators_left_early(rados_ioctx_t io)
{
	rados_xattrs_iter_t attributes;
	rados_list_ctx_t list;
	const char *name, *value;
	size_t length;

	section("iterators left early");
	MUST(rados_setxattr(io, "a", "x", "1", 1));
	MUST(rados_setxattr(io, "a", "y", "2", 1));
	MUST(rados_getxattrs(io, "a", &attributes));
	rados_getxattrs_end(attributes);
	MUST(rados_getxattrs(io, "a", &attributes));
	CALL(rados_getxattrs_next(attributes, &name, &value, &length));
	rados_getxattrs_end(attributes);
	MUST(rados_nobjects_list_open(io, &list));
	rados_nobjects_list_close(list);
	MUST(rados_nobjects_list_open(io, &list));
	CALL(rados_nobjects_list_next(list, &name, NULL, NULL));
	rados_nobjects_list_close(list);
}

static void handles(rados_t cluster)
{
	rados_t other;
	rados_ioctx_t io, second;
	rados_completion_t completion;

	section("handles");
	CALL(rados_create(&other, NULL));
	rados_shutdown(other);
	MUST(rados_create(&other, NULL));
	MUST(rados_conf_read_file(other, NULL));
	MUST(rados_connect(other));
	MUST(rados_ioctx_create(other, "c-errors", &io));
	MUST(rados_ioctx_create(other, "c-errors", &second));
	rados_ioctx_set_namespace(io, "space");
	CALL(rados_write_full(io, "b", "in space", 8));
	content(second, "b");
	rados_ioctx_destroy(io);
	CALL(rados_write_full(second, "b", "outside", 7));
	content(second, "b");
	/* A context goes while a write is on its way. */
	MUST(rados_aio_create_completion2(NULL, NULL, &completion));
	MUST(rados_aio_write_full(second, "late", completion, "late", 4));
	rados_ioctx_destroy(second);
	rados_aio_wait_for_complete(completion);
	CALL(rados_aio_get_return_value(completion));
	rados_aio_release(completion);
	rados_shutdown(other);
	MUST(rados_ioctx_create(cluster, "c-errors", &io));
	content(io, "late");
	rados_ioctx_destroy(io);
}

static void wrong_state(void)
{
	rados_t other;
	rados_ioctx_t io;

	section("before connecting");
	MUST(rados_create(&other, NULL));
	CALL(rados_ioctx_create(other, "c-errors", &io));
	CALL(rados_ioctx_create2(other, 1, &io));
	CALL(rados_pool_lookup(other, "c-errors"));
	CALL(rados_pool_create(other, "c-errors"));
	CALL(rados_pool_delete(other, "c-errors"));
	rados_shutdown(other);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-errors");

	optional_results(io);
	nothing_to_free();
	iterators_left_early(io);
	handles(cluster);
	wrong_state();
	finish(cluster, io, "c-errors");
	return 0;
}
