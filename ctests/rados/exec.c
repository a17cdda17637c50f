/* Methods of object classes: results, errors, output at odd sizes. */
#include "../transcript.h"

static void hello(rados_ioctx_t io)
{
	char out[128];

	section("class hello");
	CALL(rados_exec(io, "nowhere", "hello", "say_hello", NULL, 0, NULL, 0));
	MUST(rados_write_full(io, "there", "", 0));
	for (size_t length = 0; length <= 14; length += length == 0 ? 11 : 1) {
		memset(out, '.', sizeof(out));
		printf("say_hello with %zu: %d ", length,
		       rados_exec(io, "there", "hello", "say_hello", "Venus", 5, out, length));
		escaped(out, 15);
		putchar('\n');
	}
	CALL(rados_exec(io, "there", "hello", "say_hello", "", 0, out, sizeof(out)));
	show_bytes("out", out, 13);
	CALL(rados_exec(io, "there", "hello", "say_hello", NULL, 0, NULL, 0));
	memset(out, 'n', 101);
	CALL(rados_exec(io, "there", "hello", "say_hello", out, 101, out, sizeof(out)));
	CALL(rados_stat(io, "nowhere", NULL, NULL));
	CALL(rados_exec(io, "greeting", "hello", "record_hello", "Mars", 4, out, sizeof(out)));
	CALL(rados_exec(io, "greeting", "hello", "record_hello", "Mars", 4, out, sizeof(out)));
	content(io, "greeting");
	CALL(rados_exec(io, "greeting", "hello", "replay", NULL, 0, out, sizeof(out)));
	show_bytes("out", out, 12);
	CALL(rados_exec(io, "greeting", "hello", "turn_it_to_11", NULL, 0, out, sizeof(out)));
	content(io, "greeting");
	CALL(rados_exec(io, "not yet there", "hello", "turn_it_to_11", NULL, 0, out, sizeof(out)));
	CALL(rados_exec(io, "greeting", "hello", "bad_reader", NULL, 0, out, sizeof(out)));
	CALL(rados_exec(io, "written", "hello", "write_return_data", NULL, 0, out, sizeof(out)));
}

static void others(rados_ioctx_t io)
{
	char out[128];

	section("others");
	CALL(rados_exec(io, "greeting", "hello", "no_method", NULL, 0, out, sizeof(out)));
	CALL(rados_exec(io, "greeting", "no_class", "no_method", NULL, 0, out, sizeof(out)));
	CALL(rados_exec(io, "greeting", "", "", NULL, 0, out, sizeof(out)));
	CALL(rados_exec(io, "greeting", "rbd", "get_size", "short", 5, out, sizeof(out)));
	CALL(rados_exec(io, "greeting", "lock", "lock", "short", 5, out, sizeof(out)));
	CALL(rados_exec(io, "nowhere", "rbd", "get_features", NULL, 0, out, sizeof(out)));
	CALL(rados_exec(io, "nowhere", "lock", "list_locks", NULL, 0, out, sizeof(out)));
	CALL(rados_exec(io, "", "hello", "say_hello", NULL, 0, out, sizeof(out)));
	/* Number of images in a directory object, encoded: start "", at most 10. */
	CALL(rados_exec(io, "greeting", "rbd", "dir_list", "\0\0\0\0\x0a\0\0\0\0\0\0\0", 12, out, sizeof(out)));
	show_bytes("out", out, 4);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-exec");

	hello(io);
	others(io);
	finish(cluster, io, "c-exec");
	return 0;
}
