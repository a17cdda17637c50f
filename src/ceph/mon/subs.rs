//! What the monitors shall tell, and how much of it came.

use std::collections::BTreeMap;

use crate::ceph::messages::mon_subscribe::Item;

/// Subscriptions of one client; they outlive sessions.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    wanted: BTreeMap<String, Wanted>,
}

#[derive(Debug)]
struct Wanted {
    item: Item,
    /// The session that stands knows of it.
    is_sent: bool,
}

impl Subscriptions {
    /// Wants news; the same again changes nothing.
    pub(super) fn want(&mut self, what: &str, item: Item) {
        if self.wanted.get(what).is_none_or(|wanted| wanted.item != item) {
            self.wanted.insert(what.to_owned(), Wanted { item, is_sent: false });
        }
    }

    /// Wants no more of it. The session goes on telling; a later one will not.
    pub(super) fn unwant(&mut self, what: &str) {
        self.wanted.remove(what);
    }

    /// News came up to an epoch: the next session need not tell them again.
    pub(super) fn got(&mut self, what: &str, epoch: u64) {
        let Some(wanted) = self.wanted.get_mut(what).filter(|w| w.item.start <= epoch) else {
            return;
        };
        if wanted.item.once {
            self.wanted.remove(what);
        } else {
            wanted.item.start = epoch.saturating_add(1);
        }
    }

    /// [`Subscriptions::got`] for each name that begins so.
    pub(super) fn got_all(&mut self, prefix: &str, epoch: u64) {
        let names: Vec<_> = self.wanted.keys().filter(|n| n.starts_with(prefix)).cloned().collect();
        names.iter().for_each(|name| self.got(name, epoch));
    }

    /// A new session knows of nothing.
    pub(super) fn reload(&mut self) {
        self.wanted.values_mut().for_each(|wanted| wanted.is_sent = false);
    }

    /// What the session that stands is to be sent; it counts as sent.
    pub(super) fn unsent(&mut self) -> BTreeMap<String, Item> {
        let unsent = self.wanted.iter_mut().filter(|(_, wanted)| !wanted.is_sent);
        unsent
            .map(|(what, wanted)| {
                wanted.is_sent = true;
                (what.clone(), wanted.item)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(start: u64, once: bool) -> Item {
        Item { start, once }
    }

    #[test]
    fn only_what_changed_is_sent_and_all_of_it_to_a_new_session() {
        let mut subs = Subscriptions::default();
        subs.want("osdmap", item(0, true));
        subs.want("monmap", item(0, false));
        assert_eq!(subs.unsent().len(), 2);
        subs.want("monmap", item(0, false));
        assert!(subs.unsent().is_empty());
        subs.want("osdmap", item(5, false));
        assert_eq!(subs.unsent(), BTreeMap::from([("osdmap".to_owned(), item(5, false))]));
        subs.reload();
        assert_eq!(subs.unsent().len(), 2);
        subs.unwant("monmap");
        subs.reload();
        assert_eq!(subs.unsent().len(), 1);
    }

    #[test]
    fn what_came_is_not_asked_for_again() {
        let mut subs = Subscriptions::default();
        subs.want("osdmap", item(3, false));
        subs.want("mgrmap", item(0, true));
        subs.want("log-info", item(0, false));
        subs.unsent();
        subs.got("osdmap", 2);
        subs.got("mgrmap", 7);
        subs.got_all("log", 40);
        assert!(subs.unsent().is_empty());
        subs.reload();
        let left =
            [("log-info".to_owned(), item(41, false)), ("osdmap".to_owned(), item(3, false))];
        assert_eq!(subs.unsent(), BTreeMap::from(left));
        subs.got("osdmap", 9);
        subs.reload();
        assert_eq!(subs.unsent()["osdmap"], item(10, false));
    }
}
