//! Which monitors to try next, and how long to wait for them.

use std::collections::BTreeSet;
use std::time::Duration;

use super::config::MonConfig;
use super::monmap::{MonInfo, MonMap};

/// The first wait after monitors that are reachable refuse connections. It grows by half, and not
/// far: a restarted monitor is found soon after it is up again, and a refused connection costs it
/// next to nothing. (The original doubles its wait and has most of a `mon_client_hunt_interval`
/// between attempts after a few seconds.)
const RETRY_MIN: Duration = Duration::from_millis(200);
/// The longest such wait.
const RETRY_MAX: Duration = Duration::from_secs(1);

/// The state of the search for a monitor.
#[derive(Debug)]
pub(super) struct Hunt {
    /// Ranks tried since all were.
    tried: BTreeSet<usize>,
    /// How many hunt intervals to wait.
    multiple: f64,
    /// The first session is looked for without backing off.
    had_session: bool,
    retry: Duration,
    random: u64,
}

impl Hunt {
    pub(super) fn new(config: &MonConfig) -> Self {
        Hunt {
            tried: BTreeSet::new(),
            multiple: config.hunt_min_multiple,
            had_session: false,
            retry: RETRY_MIN,
            random: config.seed,
        }
    }

    /// Another search begins; the longer, the more sessions were lost of late.
    pub(super) fn begin(&mut self, config: &MonConfig) {
        if self.had_session {
            let multiple = self.multiple * config.hunt_backoff;
            self.multiple = multiple.min(config.hunt_max_multiple);
        }
    }

    /// A session stands, or has stood for another while.
    pub(super) fn calm(&mut self, config: &MonConfig) {
        self.had_session = true;
        self.retry = RETRY_MIN;
        let multiple = self.multiple / config.hunt_backoff;
        self.multiple = multiple.max(config.hunt_min_multiple);
    }

    /// How long to wait for the monitors that are being tried.
    pub(super) fn interval(&self, config: &MonConfig) -> Duration {
        let seconds = config.hunt_interval.as_secs_f64() * self.multiple;
        Duration::try_from_secs_f64(seconds).unwrap_or(config.hunt_interval)
    }

    /// How long to wait when all of them refused the connection.
    pub(super) fn retry(&mut self, config: &MonConfig) -> Duration {
        let wait = self.retry.min(self.interval(config));
        self.retry = (self.retry * 3 / 2).min(RETRY_MAX);
        wait
    }

    /// There are other monitors now.
    pub(super) fn map_changed(&mut self) {
        self.tried.clear();
    }

    /// Whether some monitor was not tried yet since all were.
    pub(super) fn has_untried(&self, map: &MonMap) -> bool {
        !self.untried(map).is_empty()
    }

    /// The ranks to try next, in order: of those not tried yet the ones with the least priority
    /// value, in an order in which heavier ones tend to come first. Empty only if no monitor has an
    /// address we can speak to.
    pub(super) fn next(&mut self, map: &MonMap, config: &MonConfig) -> Vec<usize> {
        if !self.has_untried(map) {
            self.tried.clear();
        }
        let mut left = self.untried(map);
        let count = match config.hunt_parallel {
            0 => left.len(),
            count => count.min(left.len()),
        };
        let mut chosen = Vec::with_capacity(count);
        while chosen.len() < count {
            let at = self.draw(&left);
            let (rank, _) = left.swap_remove(at);
            self.tried.insert(rank);
            chosen.push(rank);
        }
        chosen
    }

    fn untried<'a>(&self, map: &'a MonMap) -> Vec<(usize, &'a MonInfo)> {
        let monitors = map.monitors.iter().enumerate();
        let mut untried: Vec<_> = monitors
            .filter(|(rank, info)| info.addrs.msgr2().is_some() && !self.tried.contains(rank))
            .collect();
        let first = untried.iter().map(|(_, info)| info.priority).min();
        untried.retain(|(_, info)| Some(info.priority) == first);
        untried
    }

    /// A place in the list, likelier with weight; with equal chances if nothing has a weight.
    fn draw(&mut self, list: &[(usize, &MonInfo)]) -> usize {
        let total: u64 = list.iter().map(|(_, info)| u64::from(info.weight)).sum();
        if total == 0 {
            return (self.next_random() % list.len().max(1) as u64) as usize;
        }
        let mut point = self.next_random() % total;
        for (at, (_, info)) in list.iter().enumerate() {
            match point.checked_sub(info.weight.into()) {
                Some(rest) => point = rest,
                None => return at,
            }
        }
        0
    }

    /// SplitMix64: good enough for spreading clients over monitors.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
