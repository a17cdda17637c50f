/* The placement groups whose copies differ, on a pool where one does: run.sh has damaged an object. */
#include "../transcript.h"

#define POOL "c-damaged"

int main(void)
{
	rados_t cluster = connect_cluster();
	int64_t pool = rados_pool_lookup(cluster, POOL);
	char buffer[64];
	int needed;

	MUST(pool);
	needed = rados_inconsistent_pg_list(cluster, pool, buffer, sizeof(buffer));
	SHOW(needed);
	show_bytes("list", buffer, needed > 0 ? needed : 0);
	for (size_t room = 0; room <= 6; room++) {
		memset(buffer, '.', sizeof(buffer));
		printf("room for %zu: ", room);
		CALL(rados_inconsistent_pg_list(cluster, pool, buffer, room));
		show_bytes("  ", buffer, room);
		SHOW(all_are(buffer + room, sizeof(buffer) - room, '.'));
	}
	CALL(rados_inconsistent_pg_list(cluster, 98765, buffer, sizeof(buffer)));
	rados_shutdown(cluster);
	return 0;
}
