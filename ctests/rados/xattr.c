/* Extended attributes: set, get at odd sizes, remove, iterate, limits. */
#include "../transcript.h"

static void iterate(rados_ioctx_t io, const char *object)
{
	rados_xattrs_iter_t iter;
	const char *name, *value;
	size_t length;
	int result = CALL(rados_getxattrs(io, object, &iter));

	if (result < 0)
		return;
	for (int n = 0; n < 20; n++) {
		name = value = "?";
		length = 77;
		result = rados_getxattrs_next(iter, &name, &value, &length);
		printf("rados_getxattrs_next: %d, length %zu, ", result, length);
		if (!name) {
			printf("the end, value %s\n", value ? "too" : "NULL");
			break;
		}
		printf("%s = ", name);
		if (value)
			escaped(value, length > 64 ? 64 : length);
		else
			printf("NULL");
		putchar('\n');
	}
	CALL(rados_getxattrs_next(iter, &name, &value, &length));
	SHOW(name == NULL);
	rados_getxattrs_end(iter);
}

static void attributes(rados_ioctx_t io)
{
	char value[64];

	section("attributes");
	CALL(rados_getxattr(io, "object", "a", value, sizeof(value)));
	CALL(rados_rmxattr(io, "object", "a"));
	iterate(io, "object");
	CALL(rados_setxattr(io, "object", "a", "0123456789", 10));
	CALL(rados_stat(io, "object", NULL, NULL));
	for (size_t length = 0; length <= 11; length++) {
		memset(value, '.', sizeof(value));
		printf("rados_getxattr with %zu: %d ", length,
		       rados_getxattr(io, "object", "a", value, length));
		escaped(value, 12);
		putchar('\n');
	}
	CALL(rados_getxattr(io, "object", "a", NULL, 0));
	CALL(rados_getxattr(io, "object", "b", value, sizeof(value)));
	CALL(rados_getxattr(io, "object", "b", value, 0));
	CALL(rados_setxattr(io, "object", "empty", "", 0));
	CALL(rados_getxattr(io, "object", "empty", value, sizeof(value)));
	CALL(rados_getxattr(io, "object", "empty", value, 0));
	CALL(rados_setxattr(io, "object", "binary", "\0\1\xff", 3));
	iterate(io, "object");
	CALL(rados_setxattr(io, "object", "a", "new", 3));
	CALL(rados_getxattr(io, "object", "a", value, sizeof(value)));
	CALL(rados_rmxattr(io, "object", "a"));
	CALL(rados_rmxattr(io, "object", "a"));
	CALL(rados_getxattr(io, "object", "a", value, sizeof(value)));
	CALL(rados_remove(io, "object"));
	CALL(rados_setxattr(io, "object", "b", "b", 1));
	iterate(io, "object");
}

static void limits(rados_ioctx_t io)
{
	static char big[128 * KIB], back[128 * KIB];
	char name[258];

	section("limits");
	pattern(big, sizeof(big), 1);
	CALL(rados_setxattr(io, "big", "v", big, 64 * KIB));
	CALL(rados_getxattr(io, "big", "v", back, 64 * KIB));
	SHOW(memcmp(big, back, 64 * KIB));
	CALL(rados_getxattr(io, "big", "v", back, 64 * KIB - 1));
	CALL(rados_setxattr(io, "big", "v", big, 64 * KIB + 1));
	for (size_t length = 99; length <= 101; length++) {
		memset(name, 'm', length);
		name[length] = 0;
		printf("a name of %zu: ", length);
		CALL(rados_setxattr(io, "names", name, "x", 1));
		CALL(rados_getxattr(io, "names", name, back, 1));
		CALL(rados_rmxattr(io, "names", name));
	}
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-xattr");

	attributes(io);
	limits(io);
	finish(cluster, io, "c-xattr");
	return 0;
}
