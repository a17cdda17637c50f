/* Pools: create, look up, list, delete, statistics, application metadata; I/O contexts on them. */
#include "../transcript.h"

static int listed(rados_t cluster, const char *name)
{
	char buffer[4096];

	MUST(rados_pool_list(cluster, buffer, sizeof(buffer)));
	for (char *at = buffer; *at; at += strlen(at) + 1)
		if (!strcmp(at, name))
			return 1;
	return 0;
}

static void pools(rados_t cluster)
{
	char name[64];
	int64_t id, tier = 77;
	int length;
	char *all;

	section("pools");
	CALL(rados_pool_lookup(cluster, "c-pool-b"));
	CALL(rados_pool_create(cluster, "c-pool-b"));
	CALL(rados_pool_create(cluster, "c-pool-b"));
	id = rados_pool_lookup(cluster, "c-pool-b");
	SHOW(id > 0);
	SHOW(listed(cluster, "c-pool-b"));
	for (size_t size = 0; size <= 10; size++) {
		memset(name, '.', sizeof(name));
		printf("rados_pool_reverse_lookup with %zu: %d ", size,
		       rados_pool_reverse_lookup(cluster, id, name, size));
		escaped(name, 12);
		putchar('\n');
	}
	CALL(rados_pool_reverse_lookup(cluster, 987654, name, sizeof(name)));
	CALL(rados_pool_get_base_tier(cluster, id, &tier));
	SHOW(tier == id);
	CALL(rados_pool_get_base_tier(cluster, 987654, &tier));
	CALL(rados_pool_create_with_auid(cluster, "c-pool-c", 5));
	CALL(rados_pool_create_with_auid(cluster, "c-pool-d", UINT64_MAX));
	CALL(rados_pool_create_with_crush_rule(cluster, "c-pool-e", 0));
	CALL(rados_pool_create_with_crush_rule(cluster, "c-pool-f", 99));
	CALL(rados_pool_create_with_all(cluster, "c-pool-g", 5, 0));
	CALL(rados_pool_create_with_all(cluster, "c-pool-h", UINT64_MAX, 0));
	for (char letter = 'b'; letter <= 'i'; letter++) {
		sprintf(name, "c-pool-%c", letter);
		printf("%s: %d, ", name, listed(cluster, name));
		CALL(rados_pool_delete(cluster, name));
	}
	CALL(rados_pool_create(cluster, ""));

	section("list");
	length = rados_pool_list(cluster, NULL, 0);
	SHOW(length > 2);
	all = malloc(length + 8);
	memset(all, '.', length + 8);
	SHOW(rados_pool_list(cluster, all, length - 1) == length);
	SHOW(all[length - 2] == 0);
	SHOW(rados_pool_list(cluster, all, 0) == length);
	SHOW(rados_pool_list(cluster, all, 1) == length);
	show_bytes("start", all, 1);
	SHOW(rados_pool_list(cluster, all, 2) == length);
	SHOW(rados_pool_list(cluster, all, length + 8) == length);
	show_bytes("end", all + length - 2, 4);
	free(all);
}

static void contexts(rados_t cluster, rados_ioctx_t io)
{
	rados_ioctx_t other;
	char name[64];
	int flag = 77;
	uint64_t number = 77;

	section("contexts");
	CALL(rados_ioctx_create(cluster, "c-nowhere", &other));
	CALL(rados_ioctx_create2(cluster, 987654, &other));
	CALL(rados_ioctx_create2(cluster, rados_ioctx_get_id(io), &other));
	SHOW(rados_ioctx_get_id(other) == rados_pool_lookup(cluster, "c-pool"));
	for (unsigned size = 0; size <= 8; size++) {
		memset(name, '.', sizeof(name));
		printf("rados_ioctx_get_pool_name with %u: %d ", size,
		       rados_ioctx_get_pool_name(other, name, size));
		escaped(name, 10);
		putchar('\n');
	}
	SHOW(rados_ioctx_get_cluster(other) != NULL);
	SHOW(rados_ioctx_cct(other) == rados_cct(cluster));
	CALL(rados_ioctx_pool_requires_alignment(other));
	CALL(rados_ioctx_pool_requires_alignment2(other, &flag));
	SHOW(flag);
	CALL(rados_ioctx_pool_required_alignment(other));
	CALL(rados_ioctx_pool_required_alignment2(other, &number));
	SHOW(number);
	CALL(rados_ioctx_pool_set_auid(other, 5));
	CALL(rados_ioctx_pool_get_auid(other, &number));
	CALL(rados_inconsistent_pg_list(cluster, rados_ioctx_get_id(io), name, sizeof(name)));
	rados_ioctx_destroy(other);

	section("a context of a deleted pool");
	MUST(rados_pool_create(cluster, "c-pool-gone"));
	MUST(rados_ioctx_create(cluster, "c-pool-gone", &other));
	MUST(rados_write_full(other, "x", "x", 1));
	CALL(rados_pool_delete(cluster, "c-pool-gone"));
	CALL(rados_pool_delete(cluster, "c-pool-gone"));
	CALL(rados_write_full(other, "x", "x", 1));
	CALL(rados_stat(other, "x", NULL, NULL));
	CALL(rados_ioctx_get_pool_name(other, name, sizeof(name)));
	SHOW(rados_ioctx_get_id(other) > 0);
	CALL(rados_ioctx_snap_create(other, "snap"));
	rados_ioctx_destroy(other);
}

static void show_list(const char *what, const char *buffer, size_t length)
{
	size_t used = 0;

	printf("%s:", what);
	while (used < length && buffer[used]) {
		printf(" %s", buffer + used);
		used += strlen(buffer + used) + 1;
	}
	putchar('\n');
}

static void applications(rados_ioctx_t io)
{
	char keys[64], values[64];
	size_t keys_length, values_length;

	section("applications");
	values_length = sizeof(values);
	CALL(rados_application_list(io, values, &values_length));
	SHOW(values_length);
	CALL(rados_application_metadata_set(io, "app1", "key", "value"));
	CALL(rados_application_enable(io, "app1", 0));
	CALL(rados_application_enable(io, "app1", 0));
	CALL(rados_application_enable(io, "app2", 0));
	CALL(rados_application_enable(io, "app2", 1));
	for (size_t size = 0; size <= 10; size += 9) {
		values_length = size;
		CALL(rados_application_list(io, values, &values_length));
		SHOW(values_length);
	}
	values_length = sizeof(values);
	CALL(rados_application_list(io, values, &values_length));
	SHOW(values_length);
	show_list("applications", values, values_length);
	CALL(rados_application_metadata_set(io, "app1", "key2", "value2"));
	CALL(rados_application_metadata_set(io, "app1", "key1", "value1"));
	CALL(rados_application_metadata_set(io, "nobody", "key1", "value1"));
	for (size_t size = 5; size <= 8; size++) {
		memset(values, '.', sizeof(values));
		values_length = size;
		CALL(rados_application_metadata_get(io, "app1", "key1", values, &values_length));
		SHOW(values_length);
		show_bytes("value", values, 8);
	}
	CALL(rados_application_metadata_get(io, "app1", "key3", values, &values_length));
	CALL(rados_application_metadata_get(io, "nobody", "key3", values, &values_length));
	for (size_t size = 9; size <= 15; size += 1) {
		keys_length = values_length = size;
		CALL(rados_application_metadata_list(io, "app1", keys, &keys_length, values,
						     &values_length));
		SHOW(keys_length);
		SHOW(values_length);
	}
	show_list("keys", keys, keys_length);
	show_list("values", values, values_length);
	CALL(rados_application_metadata_list(io, "nobody", keys, &keys_length, values, &values_length));
	CALL(rados_application_metadata_remove(io, "app1", "key1"));
	CALL(rados_application_metadata_remove(io, "app1", "key1"));
	CALL(rados_application_metadata_remove(io, "nobody", "key1"));
	keys_length = values_length = sizeof(keys);
	CALL(rados_application_metadata_list(io, "app1", keys, &keys_length, values, &values_length));
	show_list("keys", keys, keys_length);
}

static void statistics(rados_ioctx_t io)
{
	static char big[64 * KIB];
	struct rados_pool_stat_t stat;

	section("statistics");
	MUST(rados_write_full(io, "a", "12345", 5));
	MUST(rados_write_full(io, "b", "12345", 5));
	CALL(rados_ioctx_pool_stat(io, &stat));
	SHOW(sizeof(stat) >= 96);

	/* On a cluster the numbers come after a while, through the manager. */
	section("what was read and written");
	MUST(rados_write_full(io, "c", big, sizeof(big)));
	for (int n = 0; n < 10; n++)
		MUST(rados_read(io, "c", big, sizeof(big), 0));
	WAIT_UNTIL(rados_ioctx_pool_stat(io, &stat) == 0 && stat.num_rd >= 10 && stat.num_wr >= 3);
	SHOW(stat.num_rd >= 10 && stat.num_rd < 20);
	SHOW(stat.num_rd_kb >= 640 && stat.num_rd_kb < 700);
	SHOW(stat.num_wr >= 3 && stat.num_wr < 10);
	SHOW(stat.num_wr_kb >= 66 && stat.num_wr_kb < 80);
	SHOW(stat.num_objects);
}

int main(void)
{
	rados_t cluster = connect_cluster();
	rados_ioctx_t io = new_pool(cluster, "c-pool");

	pools(cluster);
	contexts(cluster, io);
	applications(io);
	statistics(io);
	finish(cluster, io, "c-pool");
	return 0;
}
