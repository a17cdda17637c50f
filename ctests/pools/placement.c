/* Where objects are is changed under the client: it finds all of them at once, and afterwards. */
#include "orders.h"

#define POOL "c-place"

enum { OBJECTS = 48 };

static rados_t cluster;
static rados_ioctx_t io;
static int version;

/* After a change: everything is read and written again, by where it is said to be now. */
static void found(const char *change)
{
	char name[32];

	section(change);
	verify(io, "o", OBJECTS, version);
	fill(io, "o", OBJECTS, ++version);
	verify(io, "o", OBJECTS, version);
	for (int n = 0; n < OBJECTS; n++) {
		sprintf(name, "o%d", n);
		MUST(rados_setxattr(io, name, "change", change, strlen(change)));
	}
}

/* The two OSDs that have a placement group of the pool, and the third of the first three that has not. */
static void acting(int group, int *first, int *second, int *other)
{
	char id[64], *map, *at;

	sprintf(id, "%" PRIi64 ".%x", rados_ioctx_get_id(io), group);
	map = asked(cluster, "pg map", "pgid", id, NULL);
	at = strstr(map, "\"up\":[");
	if (!at || sscanf(at + 6, "%d,%d", first, second) != 2) {
		printf("FAILED pg map: %s\n", map);
		exit(1);
	}
	*other = 3 - *first - *second;
	free(map);
}

/* Changes every second group by `make`, and says how many of the commands failed. */
static void groups(const char *label, void (*make)(const char *group, int first, int second, int other))
{
	for (int group = 0; group < 8; group += 2) {
		int first, second, other;
		char id[64];

		acting(group, &first, &second, &other);
		sprintf(id, "%" PRIi64 ".%x", rados_ioctx_get_id(io), group);
		make(id, first, second, other);
	}
	found(label);
}

static char text[64];

static const char *number(int value)
{
	sprintf(text, "=%d", value);
	return text;
}

static void temporary(const char *group, int first, int second, int other)
{
	char list[64];

	(void)first;
	sprintf(list, "=[%d,%d]", second, other);
	DEMAND(cluster, "osd pg-temp", "pgid", group, "id", list, NULL);
}

static void temporary_primary(const char *group, int first, int second, int other)
{
	(void)first, (void)other;
	DEMAND(cluster, "osd primary-temp", "pgid", group, "id", number(second), NULL);
}

/* One that is left there for a group that moves on crashes OSDs of 18.2.7 and 20.2.4 (init_hb_stamps). */
static void no_temporary_primary(const char *group, int first, int second, int other)
{
	(void)first, (void)second, (void)other;
	quietly(cluster, "osd primary-temp", "pgid", group, "id", "=-1", NULL);
	/* As 20.2 has it. */
	quietly(cluster, "osd rm-primary-temp", "pgid", group, NULL);
}

static void elsewhere(const char *group, int first, int second, int other)
{
	char list[64];

	(void)second;
	sprintf(list, "=[%d,%d]", first, other);
	DEMAND(cluster, "osd pg-upmap-items", "pgid", group, "id", list, NULL);
}

static void wholly(const char *group, int first, int second, int other)
{
	char list[64];

	(void)first;
	sprintf(list, "=[%d,%d]", other, second);
	DEMAND(cluster, "osd rm-pg-upmap-items", "pgid", group, NULL);
	DEMAND(cluster, "osd pg-upmap", "pgid", group, "id", list, NULL);
}

static void back(const char *group, int first, int second, int other)
{
	(void)first, (void)second, (void)other;
	DEMAND(cluster, "osd rm-pg-upmap", "pgid", group, NULL);
	DEMAND(cluster, "osd rm-pg-upmap-items", "pgid", group, NULL);
}

static void affinity(const char *first, const char *second)
{
	DEMAND(cluster, "osd primary-affinity", "id", "=0", "weight", first, NULL);
	DEMAND(cluster, "osd primary-affinity", "id", "=1", "weight", second, NULL);
}

/* OSDs 0 and 1 of one class, and a rule that takes that class only. */
static void classes(void)
{
	DEMAND(cluster, "osd crush rm-device-class", "ids", "=[\"0\",\"1\",\"2\"]", NULL);
	order(cluster, "osd crush set-device-class", "class", "slow", "ids", "=[\"0\",\"1\"]", NULL);
	order(cluster, "osd crush set-device-class", "class", "fast", "ids", "=[\"2\"]", NULL);
	order(cluster, "osd crush rule create-replicated", "name", POOL, "root", "default", "type", "osd", "class",
	      "slow", NULL);
	order(cluster, "osd pool set", "pool", POOL, "var", "crush_rule", "val", POOL, NULL);
	found("a rule for a device class");
	order(cluster, "osd crush rm-device-class", "ids", "=[\"0\",\"2\"]", NULL);
	order(cluster, "osd crush set-device-class", "class", "other", "ids", "=[\"0\"]", NULL);
	order(cluster, "osd crush set-device-class", "class", "slow", "ids", "=[\"2\"]", NULL);
	found("another device has that class");
	order(cluster, "osd pool set", "pool", POOL, "var", "crush_rule", "val", "replicated_rule", NULL);
	order(cluster, "osd crush rule rm", "name", POOL, NULL);
	order(cluster, "osd crush rm-device-class", "ids", "=[\"0\",\"1\",\"2\"]", NULL);
	order(cluster, "osd crush set-device-class", "class", "hdd", "ids", "=[\"0\",\"1\",\"2\"]", NULL);
	found("without it");
}

static void weights(void)
{
	DEMAND(cluster, "osd reweight", "id", "=1", "weight", "=0.3", NULL);
	found("reweighted");
	DEMAND(cluster, "osd crush reweight", "name", "osd.2", "weight", "=0.002", NULL);
	found("another weight in the hierarchy");
	DEMAND(cluster, "osd crush weight-set create-compat", NULL);
	DEMAND(cluster, "osd crush weight-set reweight-compat", "item", "osd.0", "weight", "=[0.004]", NULL);
	found("a weight set");
	DEMAND(cluster, "osd crush weight-set rm-compat", NULL);
	DEMAND(cluster, "osd crush tunables", "profile", "hammer", NULL);
	found("tunables of hammer");
	DEMAND(cluster, "osd crush tunables", "profile", "optimal", NULL);
	DEMAND(cluster, "osd crush reweight", "name", "osd.2", "weight", "=0.00979", NULL);
	DEMAND(cluster, "osd reweight", "id", "=1", "weight", "=1.0", NULL);
	found("as it was");
}

static void number_of_groups(const char *wanted)
{
	DEMAND(cluster, "osd pool set", "pool", POOL, "var", "pg_num", "val", wanted, NULL);
	DEMAND(cluster, "osd pool set", "pool", POOL, "var", "pgp_num", "val", wanted, NULL);
}

int main(void)
{
	cluster = connect_cluster();
	heal(cluster);
	io = new_pool(cluster, POOL);
	order(cluster, "osd pool set", "pool", POOL, "var", "size", "val", "2", NULL);
	fill(io, "o", OBJECTS, version);
	groups("temporary OSDs", temporary);
	groups("temporary primaries", temporary_primary);
	groups("no temporary primaries", no_temporary_primary);
	WAIT_LONG(is_clean(cluster), 60);
	groups("upmap of single OSDs", elsewhere);
	groups("upmap of groups", wholly);
	groups("no upmap", back);
	affinity("=0.0", "=0.5");
	found("primary affinity");
	affinity("=1.0", "=1.0");
	classes();
	weights();
	number_of_groups("16");
	found("more groups");
	WAIT_LONG(is_clean(cluster), 60);
	number_of_groups("4");
	found("fewer groups");
	order(cluster, "osd out", "ids", "=[\"1\"]", NULL);
	found("an OSD out");
	order(cluster, "osd in", "ids", "=[\"1\"]", NULL);
	found("and in again");
	finish(cluster, io, POOL);
	return 0;
}
