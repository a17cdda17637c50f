//! How new a client has to be to place by a map.

use super::CrushMap;
use super::rule::{RuleKind, Step};
use crate::ceph::map::Release;

impl CrushMap {
    /// The oldest release whose clients place as this map says, under the given rules
    /// (`OSDMap::get_min_compat_client`).
    pub(in crate::ceph::map) fn min_client(&self, rules: impl Iterator<Item = i32>) -> Release {
        let mut oldest = Release::ARGONAUT;
        let mut needs = |release: Release| oldest = oldest.max(release);
        let kinds = [RuleKind::MsrFirstn, RuleKind::MsrIndep];
        if self.rules.iter().flatten().any(|rule| kinds.contains(&rule.kind)) {
            needs(Release::SQUID);
        }
        if self.args.needs_luminous() {
            needs(Release::LUMINOUS);
        }
        let tunables = &self.tunables;
        if tunables.chooseleaf_stable != 0 {
            needs(Release::JEWEL);
        }
        if self.buckets.iter().flatten().any(|bucket| bucket.is_straw2()) {
            needs(Release::HAMMER);
        }
        if tunables.chooseleaf_vary_r != 0 {
            needs(Release::FIREFLY);
        }
        if tunables.chooseleaf_descend_once != 0 {
            needs(Release::DUMPLING);
        }
        for rule in rules.filter_map(|number| self.rule(number)) {
            for step in &rule.steps {
                match step {
                    Step::SetChooseleafStable(_) => needs(Release::JEWEL),
                    Step::SetChooseleafVaryR(_) => needs(Release::FIREFLY),
                    _ => {}
                }
            }
        }
        oldest
    }
}
