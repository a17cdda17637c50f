-- The metadata of a store, format 2. Look inside with: sqlite3 -readonly store.db
--
-- Text is UTF-8, names of objects are bytes (BLOB), times are nanoseconds since 1970, u64 values
-- are stored as the i64 of the same bits.

-- What this store is: format, fsid, created; and counters: epoch (of the map of pools and
-- blocklist), client (the last number given out).
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

-- Pools. Numbers are never reused.
CREATE TABLE pool (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL UNIQUE,
    snap_seq  INTEGER NOT NULL DEFAULT 0,   -- the newest snapshot number given out
    snap_mode INTEGER NOT NULL DEFAULT 0,   -- 0 undecided, 1 pool snapshots, 2 self-managed
    snap_epoch   INTEGER NOT NULL DEFAULT 0,
    pg_num       INTEGER NOT NULL DEFAULT 32,
    created      INTEGER NOT NULL DEFAULT 0,
    last_change  INTEGER NOT NULL DEFAULT 0,     -- epoch of the map, see meta
    applications TEXT NOT NULL DEFAULT '{}',     -- JSON: {application: {key: value}}
    options      TEXT NOT NULL DEFAULT '{}'      -- JSON: what 'osd pool set' and 'set-quota' changed
);

-- Snapshots of whole pools (snap_mode 1).
CREATE TABLE pool_snap (
    pool INTEGER NOT NULL,
    id   INTEGER NOT NULL,
    name TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (pool, id)
) WITHOUT ROWID;

-- Snapshots that were removed: reads at them find nothing, writes do not clone for them.
CREATE TABLE removed_snap (
    pool INTEGER NOT NULL,
    snap INTEGER NOT NULL,
    PRIMARY KEY (pool, snap)
) WITHOUT ROWID;

-- What is still to be cleared away: a removed snapshot's clones, or (snap 0) all objects of a removed pool.
CREATE TABLE clearing (
    pool INTEGER NOT NULL,
    snap INTEGER NOT NULL,
    PRIMARY KEY (pool, snap)
) WITHOUT ROWID;

-- An object: its identity and what all its versions have in common. It has a row as long as its
-- head or a clone exists, or when it was made and removed again under a snapshot (a whiteout).
CREATE TABLE object (
    id        INTEGER PRIMARY KEY,
    pool      INTEGER NOT NULL,
    position  INTEGER NOT NULL,   -- the placement hash, bits reversed: the order of listings
    namespace BLOB NOT NULL,
    locator   BLOB NOT NULL,
    name      BLOB NOT NULL,
    head      INTEGER,            -- body of the live object; NULL: deleted, clones remain
    snap_seq  INTEGER NOT NULL,   -- the newest snapshot it was written under
    version   INTEGER NOT NULL,   -- of its last change
    had_omap  INTEGER NOT NULL DEFAULT 0   -- body.has_omap of a head that was removed
);
CREATE UNIQUE INDEX object_identity ON object (pool, position, namespace, name, locator);

-- What one version of an object holds: a head's, or a clone's, which never changes.
CREATE TABLE body (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    object      INTEGER NOT NULL,
    size        INTEGER NOT NULL,  -- at least; see slot.tail
    mtime       INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    omap_header BLOB NOT NULL DEFAULT x'',
    hint_object INTEGER NOT NULL DEFAULT 0,
    hint_write  INTEGER NOT NULL DEFAULT 0,
    hint_flags  INTEGER NOT NULL DEFAULT 0,
    has_omap    INTEGER NOT NULL DEFAULT 0   -- 1: was given omap, which was not cleared since
);

-- Preserved versions. snap is the clone's id: the newest snapshot it served when it was made.
CREATE TABLE clone (
    object  INTEGER NOT NULL,
    snap    INTEGER NOT NULL,
    body    INTEGER NOT NULL,
    overlap TEXT NOT NULL,         -- ranges shared with the next newer version: '0~4096,8192~512'
    PRIMARY KEY (object, snap)
) WITHOUT ROWID;

-- Which snapshots a clone serves.
CREATE TABLE clone_snap (
    pool   INTEGER NOT NULL,
    snap   INTEGER NOT NULL,
    object INTEGER NOT NULL,
    clone  INTEGER NOT NULL,       -- clone.snap
    PRIMARY KEY (pool, snap, object)
) WITHOUT ROWID;
CREATE INDEX clone_snap_of ON clone_snap (object, clone);

CREATE TABLE xattr (
    body  INTEGER NOT NULL,
    name  BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (body, name)
) WITHOUT ROWID;

CREATE TABLE omap (
    body  INTEGER NOT NULL,
    key   BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (body, key)
) WITHOUT ROWID;

-- Data: 4 MiB slots of the files data/NNNN (slot n is the (n % 4096)th of file n / 4096). A slot is
-- a layer: it holds some of the 1024 blocks of 4 KiB, the layers below it the others.
CREATE TABLE slot (
    id      INTEGER PRIMARY KEY,
    epoch   INTEGER NOT NULL,     -- goes up with every change made in a transaction
    data    BLOB NOT NULL,        -- bitmap of blocks that are in this slot
    hole    BLOB NOT NULL,        -- bitmap of blocks that are zeros whatever the layers below hold
    changed BLOB NOT NULL,        -- bitmap of blocks written outside transactions since a clone
    tail    INTEGER NOT NULL,     -- the object reaches at least this far into the slot
    writes  INTEGER NOT NULL,     -- writes outside transactions, to be added to the version
    mtime   INTEGER NOT NULL      -- of the last of them, 0 for none
);

-- The layers of a body's idx-th 4 MiB; depth 0 is on top. Versions share layers.
CREATE TABLE layer (
    body  INTEGER NOT NULL,
    idx   INTEGER NOT NULL,
    depth INTEGER NOT NULL,
    slot  INTEGER NOT NULL,
    PRIMARY KEY (body, idx, depth)
) WITHOUT ROWID;
CREATE INDEX layer_slot ON layer (slot);

-- Slots nobody uses. They are given out again once their space was returned to the file system.
CREATE TABLE slot_free (
    id      INTEGER PRIMARY KEY,
    punched INTEGER NOT NULL
);

-- Bytes of committed operations that go to a place which held committed bytes before: applied to
-- the slot right after the commit, or by recovery.
CREATE TABLE redo (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    stripe  INTEGER NOT NULL,     -- of the object, and the stripe's generation during the operation:
    gen     INTEGER NOT NULL,     -- as long as it is the present one, the bytes may not have been applied
    slot    INTEGER NOT NULL,
    off     INTEGER NOT NULL,
    bytes   BLOB NOT NULL
);
CREATE INDEX redo_slot ON redo (slot);

-- Watches of objects.
CREATE TABLE watch (
    object  INTEGER NOT NULL,
    client  INTEGER NOT NULL,
    cookie  INTEGER NOT NULL,
    addr    TEXT NOT NULL,
    timeout INTEGER NOT NULL,     -- seconds
    PRIMARY KEY (object, client, cookie)
) WITHOUT ROWID;

-- Clients that may not do anything until a time, by address.
CREATE TABLE blocklist (
    addr    TEXT PRIMARY KEY,
    until   INTEGER NOT NULL
) WITHOUT ROWID;

-- Clients that are connected, or died and were not cleared away yet; see local/clients.rs.
CREATE TABLE client (
    id   INTEGER PRIMARY KEY,
    addr TEXT NOT NULL,
    name TEXT NOT NULL             -- such as client.admin
);

-- What clients registered themselves as (rados_service_register).
CREATE TABLE service (
    client   INTEGER PRIMARY KEY,
    service  TEXT NOT NULL,
    daemon   TEXT NOT NULL,
    addr     TEXT NOT NULL,
    time     INTEGER NOT NULL,
    metadata TEXT NOT NULL,        -- JSON
    status   TEXT NOT NULL,        -- JSON
    updated  INTEGER NOT NULL,     -- time of the status
    UNIQUE (service, daemon)
);

-- Settings kept by 'config set'.
CREATE TABLE setting (
    who   TEXT NOT NULL,           -- global, client, client.admin, ...
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (who, name)
) WITHOUT ROWID;

-- What 'config-key set' keeps.
CREATE TABLE config_key (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
