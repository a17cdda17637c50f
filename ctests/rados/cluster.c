/* Handles of clusters and their configuration: the life of a handle, options, arguments, environment. */
#include "../transcript.h"

static void option(rados_t cluster, const char *name)
{
	char value[256] = "";
	int result = rados_conf_get(cluster, name, value, sizeof(value));

	printf("%s: %d ", name, result);
	escaped(value, strlen(value));
	putchar('\n');
}

static void versions(void)
{
	int major = -1, minor = -1, extra = -1;

	section("version");
	rados_version(&major, &minor, &extra);
	printf("%d.%d.%d\n", major, minor, extra);
	rados_version(NULL, NULL, NULL);
	rados_version(&major, NULL, NULL);
	printf("header: %d\n", LIBRADOS_VERSION_CODE);
}

static void configuration(void)
{
	rados_t cluster;
	char value[64];

	section("configuration");
	CALL(rados_create(&cluster, "someone"));
	option(cluster, "name");
	option(cluster, "rados_osd_op_timeout");
	CALL(rados_conf_set(cluster, "rados_osd_op_timeout", "17"));
	option(cluster, "rados_osd_op_timeout");
	CALL(rados_conf_set(cluster, "rados osd op timeout", "18"));
	option(cluster, "rados_osd_op_timeout");
	CALL(rados_conf_set(cluster, "rbd_cache", "off"));
	option(cluster, "rbd_cache");
	CALL(rados_conf_set(cluster, "rbd_cache", "neither"));
	CALL(rados_conf_set(cluster, "no_such_option", "1"));
	CALL(rados_conf_set(cluster, "rbd_cache_size", "1_M"));
	CALL(rados_conf_set(cluster, "rbd_cache_size", "4M"));
	option(cluster, "rbd_cache_size");
	option(cluster, "no_such_option");
	CALL(rados_conf_set(cluster, "client_mountpoint", "/abc"));
	for (size_t length = 0; length <= 6; length++) {
		memset(value, '.', sizeof(value));
		printf("rados_conf_get with %zu: %d ", length,
		       rados_conf_get(cluster, "client_mountpoint", value, length));
		escaped(value, 8);
		putchar('\n');
	}
	CALL(rados_conf_read_file(cluster, "/no/such/file"));
	rados_shutdown(cluster);
}

static void arguments(void)
{
	const char *args[] = {"program", "--rbd_cache=false", "operand", "--rados-osd-op-timeout", "19",
			      "-x", "--unknown", "--", "--rbd_cache=true"};
	const char *rest[9] = {NULL};
	rados_t cluster;

	section("arguments and environment");
	MUST(rados_create2(&cluster, "ceph", "client.other", 0));
	option(cluster, "name");
	CALL(rados_conf_parse_argv_remainder(cluster, 9, args, rest));
	for (int n = 0; n < 9; n++)
		show_text("rest", rest[n]);
	option(cluster, "rbd_cache");
	option(cluster, "rados_osd_op_timeout");
	CALL(rados_conf_parse_argv(cluster, 2, (const char *[]){"program", "--rbd_cache=true"}));
	option(cluster, "rbd_cache");
	setenv("CTESTS_ARGS", "--rbd_cache false --rados_osd_op_timeout=21", 1);
	CALL(rados_conf_parse_env(cluster, "CTESTS_ARGS"));
	option(cluster, "rbd_cache");
	option(cluster, "rados_osd_op_timeout");
	CALL(rados_conf_parse_env(cluster, "CTESTS_NOT_SET"));
	setenv("CEPH_ARGS", "--rados_osd_op_timeout=22", 1);
	CALL(rados_conf_parse_env(cluster, NULL));
	option(cluster, "rados_osd_op_timeout");
	unsetenv("CEPH_ARGS");
	rados_shutdown(cluster);
	CALL(rados_create2(&cluster, "ceph", "no dot", 0));
	CALL(rados_create2(&cluster, NULL, "client.third", 0));
	rados_shutdown(cluster);
	CALL(rados_create2(&cluster, "ceph", NULL, 0));
}

static void life(void)
{
	rados_t cluster, second;
	rados_ioctx_t io;
	char fsid[64], value[64];
	struct rados_cluster_stat_t stat;
	char *addresses = NULL;

	section("life");
	MUST(rados_create(&cluster, NULL));
	MUST(rados_conf_read_file(cluster, NULL));
	CALL(rados_ioctx_create(cluster, "any", &io));
	CALL(rados_pool_lookup(cluster, "any"));
	CALL(rados_pool_create(cluster, "any"));
	CALL(rados_pool_list(cluster, NULL, 0));
	CALL(rados_connect(cluster));
	CALL(rados_connect(cluster));
	SHOW(rados_get_instance_id(cluster) > 0);
	memset(fsid, '.', sizeof(fsid));
	CALL(rados_cluster_fsid(cluster, fsid, 0));
	CALL(rados_cluster_fsid(cluster, fsid, 36));
	show_bytes("untouched", fsid, 4);
	CALL(rados_cluster_fsid(cluster, fsid, 37));
	SHOW(strlen(fsid));
	CALL(rados_cluster_stat(cluster, &stat));
	SHOW(stat.kb > 0);
	SHOW(stat.kb_avail <= stat.kb);
	CALL(rados_wait_for_latest_osdmap(cluster));
	CALL(rados_getaddrs(cluster, &addresses));
	SHOW(addresses != NULL);
	free(addresses);
	SHOW(rados_cct(cluster) != NULL);
	CALL(rados_create_with_context(&second, rados_cct(cluster)));
	CALL(rados_conf_set(cluster, "client_mountpoint", "/shared"));
	CALL(rados_conf_get(second, "client_mountpoint", value, sizeof(value)));
	SHOW_TEXT(value);
	CALL(rados_connect(second));
	CALL(rados_cluster_fsid(second, value, sizeof(value)));
	SHOW(strcmp(fsid, value));
	SHOW(rados_get_instance_id(second) != rados_get_instance_id(cluster));
	rados_shutdown(second);
	CALL(rados_wait_for_latest_osdmap(cluster));
	rados_shutdown(cluster);
}

static void unreachable(void)
{
	rados_t cluster;

	section("nowhere to connect to");
	MUST(rados_create(&cluster, NULL));
	CALL(rados_conf_set(cluster, "mon_host", ""));
	CALL(rados_connect(cluster));
	rados_shutdown(cluster);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(getenv("CTESTS_SLOWLY") ? 600 : 100);
	versions();
	configuration();
	arguments();
	life();
	unreachable();
	return 0;
}
