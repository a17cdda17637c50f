//! Random maps: hierarchies of every algorithm, rules of every step, overrides that make sense and
//! such that do not.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::sketch::{PoolSketch, Sketch};
use crate::ceph::map::{ITEM_NONE, PgId, PoolFlags};
use crate::codec::Writer;

/// splitmix64: a test's numbers are the same everywhere.
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(super) fn below(&mut self, count: usize) -> usize {
        (self.roll() % count.max(1) as u64) as usize
    }

    pub(super) fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last - first + 1)
    }

    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const KINDS: [&str; 4] = ["osd", "host", "rack", "root"];
const ALGS: [&str; 5] = ["tree", "straw2", "straw", "list", "uniform"];

/// A hierarchy as crushtool compiles it.
pub(super) struct Hierarchy {
    pub text: String,
    pub osds: usize,
    /// The items of each bucket, from bucket -1 on, as far as the text has them.
    pub items: BTreeMap<usize, Vec<i32>>,
    /// Whether each rule is for erasure code. Pacific, other than its successors, does not place a
    /// pool by a rule of the other kind.
    pub rules: Vec<bool>,
}

/// A bucket while the text is written.
struct Named {
    name: String,
    id: i32,
}

/// `straw2`: of that algorithm only, so that weight sets apply.
pub(super) fn hierarchy(dice: &mut Dice, straw2: bool) -> Hierarchy {
    let osds = dice.between(1, 40);
    let mut text = tunables(dice);
    for osd in 0..osds {
        let class = dice.pick(&["", " class hdd", " class ssd"]);
        writeln!(text, "device {osd} osd.{osd}{class}").unwrap();
    }
    for (number, kind) in KINDS.iter().enumerate() {
        writeln!(text, "type {number} {kind}").unwrap();
    }
    let classes = dice.percent(50);
    let mut items = BTreeMap::new();
    let mut below: Vec<Named> =
        (0..osds).map(|osd| Named { name: format!("osd.{osd}"), id: osd as i32 }).collect();
    for kind in &KINDS[1..] {
        let count = if *kind == "root" { dice.between(1, 2) } else { dice.between(1, 6) };
        let mut level = Vec::new();
        let mut children: Vec<Vec<Named>> = (0..count).map(|_| Vec::new()).collect();
        for child in below {
            // What is in two places at once is unwise, but a map may have it.
            if dice.percent(3) {
                let twin = Named { name: child.name.clone(), id: child.id };
                children[dice.below(count)].push(twin);
            }
            let home = &mut children[dice.below(count)];
            if home.iter().all(|other| other.id != child.id) {
                home.push(child);
            }
        }
        for (at, children) in children.into_iter().enumerate() {
            let index = items.len();
            let named = Named { name: format!("{kind}{at}"), id: -1 - index as i32 };
            // The trees that crushtool makes for a device class have nodes that nobody has set, and
            // Ceph then reads beyond their items.
            let algs = if classes { &ALGS[1..] } else { &ALGS };
            let alg = if straw2 { "straw2" } else { *dice.pick(algs) };
            bucket(dice, &mut text, kind, &named, alg, &children);
            items.insert(index, children.iter().map(|child| child.id).collect());
            level.push(named);
        }
        below = level;
    }
    let rules = (0..dice.between(2, 6)).map(|number| number == 1 || number > 1 && dice.percent(45));
    let rules: Vec<bool> = rules.collect();
    for (number, erasure) in rules.iter().enumerate() {
        let rule = rule(dice, number, *erasure, osds, below.len());
        text.push_str(&if classes { rule } else { without_classes(&rule) });
    }
    Hierarchy { text, osds, items, rules }
}

fn tunables(dice: &mut Dice) -> String {
    // choose_local_tries, choose_local_fallback_tries, choose_total_tries,
    // chooseleaf_descend_once, chooseleaf_vary_r, chooseleaf_stable
    let profiles: [[usize; 6]; 5] = [
        [2, 5, 19, 0, 0, 0],
        [0, 0, 50, 1, 0, 0],
        [0, 0, 50, 1, 1, 0],
        [0, 0, 50, 1, 1, 1],
        [
            dice.below(4),
            dice.below(7),
            dice.between(1, 60),
            dice.below(2),
            dice.below(6),
            dice.below(2),
        ],
    ];
    let [local, fallback, total, once, vary_r, stable] = dice.pick(&profiles);
    let straw = dice.below(2);
    format!(
        "tunable choose_local_tries {local}\n\
         tunable choose_local_fallback_tries {fallback}\n\
         tunable choose_total_tries {total}\n\
         tunable chooseleaf_descend_once {once}\n\
         tunable chooseleaf_vary_r {vary_r}\n\
         tunable chooseleaf_stable {stable}\n\
         tunable straw_calc_version {straw}\n\
         tunable allowed_bucket_algs 62\n"
    )
}

fn bucket(
    dice: &mut Dice,
    text: &mut String,
    kind: &str,
    named: &Named,
    alg: &str,
    children: &[Named],
) {
    let (name, id) = (&named.name, named.id);
    writeln!(text, "{kind} {name} {{\n id {id}\n alg {alg}\n hash 0").unwrap();
    for child in children {
        let weights = ["0.000", "1.000", "1.000", "0.500", "3.640", "12.125", "0.013"];
        let weight = match alg {
            "uniform" => "1.000",
            "tree" => dice.pick(&weights[1..]),
            _ => dice.pick(&weights),
        };
        writeln!(text, " item {} weight {weight}", child.name).unwrap();
    }
    text.push_str("}\n");
}

/// A text whose rules take whole roots.
pub(super) fn without_classes(text: &str) -> String {
    let whole = |line: &str| match line.trim_start().starts_with("step take") {
        true => line.split(" class ").next().unwrap_or_default().to_owned() + "\n",
        false => line.to_owned() + "\n",
    };
    text.lines().map(whole).collect()
}

fn rule(dice: &mut Dice, number: usize, erasure: bool, osds: usize, roots: usize) -> String {
    let mut text = String::new();
    let kind = if erasure { "erasure" } else { "replicated" };
    let firstn = dice.percent(if erasure { 10 } else { 90 });
    let mode = if firstn { "firstn" } else { "indep" };
    writeln!(text, "rule r{number} {{\n id {number}\n type {kind}").unwrap();
    writeln!(text, " min_size 1\n max_size 20").unwrap();
    let settings = [
        ("set_choose_tries", 1, 80),
        ("set_chooseleaf_tries", 1, 10),
        ("set_choose_local_tries", 0, 3),
        ("set_choose_local_fallback_tries", 0, 4),
        ("set_chooseleaf_vary_r", 0, 4),
        ("set_chooseleaf_stable", 0, 1),
    ];
    for (name, least, most) in settings {
        if dice.percent(12) {
            writeln!(text, " step {name} {}", dice.between(least, most)).unwrap();
        }
    }
    for _ in 0..dice.between(1, 2) {
        let class = dice.pick(&["", "", "", " class hdd", " class ssd"]);
        let count = *dice.pick(&[0, 0, 0, 1, 2, 3, -1]);
        writeln!(text, " step take root{}{class}", dice.below(roots)).unwrap();
        match dice.below(6) {
            0 => writeln!(text, " step choose {mode} {count} type osd"),
            1 => writeln!(text, " step chooseleaf {mode} {count} type rack"),
            2 => writeln!(
                text,
                " step choose {mode} 2 type rack\n step chooseleaf {mode} {} type host",
                dice.between(1, 3)
            ),
            3 => writeln!(
                text,
                " step choose {mode} {count} type host\n step choose {mode} 1 type osd"
            ),
            4 => writeln!(text, " step chooseleaf {mode} {count} type osd"),
            _ => writeln!(text, " step chooseleaf {mode} {count} type host"),
        }
        .unwrap();
        text.push_str(" step emit\n");
        if dice.percent(5) {
            writeln!(text, " step take osd.{}\n step emit", dice.below(osds)).unwrap();
        }
    }
    text + "}\n"
}

/// Weight sets, as they stand at the end of an encoded crush map; buckets made for device classes
/// stay as they are.
pub(super) fn weight_sets(dice: &mut Dice, hierarchy: &Hierarchy, pools: &[i64]) -> Vec<u8> {
    let mut sets: Vec<i64> = pools.iter().copied().filter(|_| dice.percent(40)).collect();
    if dice.percent(60) {
        sets.push(-1);
    }
    sets.sort_unstable();
    let mut writer = Writer::new();
    writer.count(sets.len());
    for set in &sets {
        let chosen: Vec<_> = hierarchy.items.iter().filter(|_| dice.percent(70)).collect();
        let positions = dice.between(1, 4);
        writer.i64(*set).count(chosen.len());
        for (index, items) in chosen {
            let with_weights = dice.percent(80);
            writer.count(*index).count(if with_weights { positions } else { 0 });
            for _ in 0..if with_weights { positions } else { 0 } {
                let weights: Vec<u32> = items
                    .iter()
                    .map(|_| if dice.percent(10) { 0 } else { dice.below(0x4_0000) as u32 })
                    .collect();
                writer.list(&weights);
            }
            // Other numbers to hash in place of the items.
            let ids: Vec<i32> = match with_weights && dice.percent(70) {
                true => Vec::new(),
                false => items.iter().map(|item| item ^ dice.below(50) as i32).collect(),
            };
            writer.list(&ids);
        }
    }
    writer.into_bytes().to_vec()
}

/// A map over a compiled hierarchy.
pub(super) fn sketch(
    dice: &mut Dice,
    hierarchy: &Hierarchy,
    crush: Vec<u8>,
    pools: &[i64],
) -> Sketch {
    let max_osd = (hierarchy.osds + dice.below(4)).saturating_sub(dice.below(2)).max(1);
    let mut sketch = Sketch { crush: crush.into(), ..Sketch::default() };
    let damaged = dice.below(25);
    for _ in 0..max_osd {
        let (exists, up) = (!dice.percent(damaged / 3), !dice.percent(damaged));
        sketch.states.push(u32::from(exists) | u32::from(up && exists) << 1);
        sketch.weights.push(match dice.below(10) {
            0 if damaged > 5 => 0,
            1 => dice.below(0x1_0000) as u32,
            _ => 0x1_0000,
        });
    }
    if dice.percent(50) {
        let affinity = |_| if dice.percent(50) { 0x1_0000 } else { dice.below(0x1_0001) as u32 };
        sketch.affinities = (0..max_osd).map(affinity).collect();
    }
    for id in pools {
        let pool = pool(dice, hierarchy);
        overrides(dice, &mut sketch, *id, &pool, max_osd);
        sketch.pools.insert(*id, pool);
    }
    sketch
}

fn pool(dice: &mut Dice, hierarchy: &Hierarchy) -> PoolSketch {
    // A rule that is not there sometimes: nobody has the pool then.
    let rule = dice.below(hierarchy.rules.len() * 20 / 19 + 1);
    let erasure = hierarchy.rules.get(rule).copied().unwrap_or_default();
    let pg_num = dice.between(1, 160) as u32;
    let hashed = if dice.percent(85) { PoolFlags::HASHPSPOOL } else { PoolFlags::empty() };
    PoolSketch {
        kind: if erasure { 3 } else { 1 },
        size: dice.between(1, if erasure { 15 } else { 6 }) as u8,
        rule: rule as u8,
        pg_num,
        pgp_num: if dice.percent(70) { pg_num } else { dice.between(1, pg_num as usize) as u32 },
        flags: hashed.bits(),
        nonprimary: 0,
    }
}

fn overrides(dice: &mut Dice, sketch: &mut Sketch, id: i64, pool: &PoolSketch, max_osd: usize) {
    let osd = |dice: &mut Dice| match dice.below(30) {
        0 => ITEM_NONE,
        1 => max_osd as i32 + 1,
        _ => dice.below(max_osd) as i32,
    };
    let often = dice.below(30);
    for seed in 0..pool.pg_num {
        let pg = PgId { pool: id, seed };
        let set = |dice: &mut Dice| (0..pool.size).map(|_| osd(dice)).collect::<Vec<i32>>();
        if dice.percent(often / 3) {
            sketch.pg_temp.insert(pg, set(dice));
        }
        if dice.percent(often / 4) {
            sketch.upmaps.insert(pg, set(dice));
        }
        if dice.percent(often) {
            let items = (0..dice.between(1, 6)).map(|_| (osd(dice), osd(dice))).collect();
            sketch.upmap_items.insert(pg, items);
        }
        if dice.percent(often / 4) {
            sketch.primary_temp.insert(pg, dice.below(max_osd) as i32);
        }
    }
}
