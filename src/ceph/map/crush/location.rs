//! Where a client is in the hierarchy, and how far the OSDs are from there.
//!
//! Measured on 16.2.15, whose distance is not one: it is the number of the least bucket type of
//! which the OSD is in a bucket that the client's location names, so 0 to 10 or so; a location that
//! names nothing above an OSD leaves it without a distance.

use std::collections::BTreeMap;

use super::CrushMap;
use crate::codec::Reader;
use crate::errno::{Errno, Result};

/// What stands in the names of buckets that are made for a device class; no device is in them for
/// a location's purposes.
const SHADOW: char = '~';

/// Where a client is (`crush_location`): buckets by type and name, such as `host` and `web3`. More
/// than one of a type may be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrushLocation(Vec<(String, String)>);

impl CrushLocation {
    /// Of the option's text: `host=web3 rack=r1`, separated by blanks, commas or semicolons.
    ///
    /// # Errors
    /// `EINVAL` for a part without `=` or with nothing behind it.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = text.split([';', ',', ' ', '\t']).filter(|part| !part.is_empty());
        let pairs = parts.map(|part| match part.split_once('=') {
            Some((kind, name)) if !name.is_empty() => Ok((kind.to_owned(), name.to_owned())),
            _ => {
                let what = format!("option crush_location: '{part}' is not type=name");
                Err(Errno::EINVAL.because(what))
            }
        });
        Ok(CrushLocation(pairs.collect::<Result<_>>()?))
    }

    fn names(&self, kind: &str, name: &str) -> bool {
        self.0.iter().any(|pair| pair.0 == kind && pair.1 == name)
    }
}

/// The names in a map: of bucket types, and of buckets and devices.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names {
    pub(super) types: BTreeMap<i32, String>,
    pub(super) items: BTreeMap<i32, String>,
}

impl CrushMap {
    /// The distance of each device from a location, by its number; devices that have none are left
    /// out. (`CrushWrapper::get_common_ancestor_distance`)
    #[must_use]
    pub fn distances(&self, from: &CrushLocation) -> BTreeMap<i32, i32> {
        if from.0.is_empty() {
            return BTreeMap::new();
        }
        let name = |id: i32| self.names.items.get(&id).map(String::as_str);
        let mut parents = BTreeMap::new();
        for bucket in self.buckets.iter().flatten() {
            if name(bucket.id).is_some_and(|name| !name.contains(SHADOW)) {
                for item in &bucket.items {
                    // An item in several buckets is in the first.
                    parents.entry(*item).or_insert((bucket.id, bucket.kind));
                }
            }
        }
        let distance = |device: i32| {
            let mut nearest = None;
            let mut seen = Vec::new();
            let mut at = device;
            while let Some((parent, kind)) = parents.get(&at).copied() {
                at = parent;
                // Of two buckets of one type, the inner one is where the device is.
                if seen.contains(&kind) {
                    continue;
                }
                seen.push(kind);
                let kind = i32::from(kind);
                let words = self.names.types.get(&kind).zip(name(parent));
                if words.is_some_and(|(kind, name)| from.names(kind, name)) {
                    nearest = Some(nearest.map_or(kind, |nearest: i32| nearest.min(kind)));
                }
            }
            nearest
        };
        let devices = self.names.items.range(0..).map(|(id, _)| *id);
        devices.filter_map(|device| Some((device, distance(device)?))).collect()
    }
}

/// A map from numbers to names. Numbers were once written with 64 bits; then the zero upper half
/// stands where the length of a name, never 0, is expected.
pub(super) fn names_of(reader: &mut Reader<'_>) -> Result<BTreeMap<i32, String>> {
    const FIELD: &str = "crush names";
    let mut names = BTreeMap::new();
    for _ in 0..reader.count(8, FIELD)? {
        let id = reader.i32(FIELD)?;
        let mut len = reader.u32(FIELD)?;
        if len == 0 {
            len = reader.u32(FIELD)?;
        }
        let name = reader.take(len as usize, FIELD)?;
        names.insert(id, String::from_utf8_lossy(name).into_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by crushtool 16.2.15 of `location.txt`.
    const MAP: &[u8] = include_bytes!("location.bin");

    fn distances(location: &str) -> Vec<Option<i32>> {
        let found =
            CrushMap::decode(MAP).unwrap().distances(&CrushLocation::parse(location).unwrap());
        (0..6).map(|osd| found.get(&osd).copied()).collect()
    }

    #[test]
    fn the_least_type_in_common_is_the_distance() {
        let far = Some(11);
        assert_eq!(distances("host=h1"), [Some(1), Some(1), None, None, None, None]);
        assert_eq!(
            distances("host=h1 rack=r1;root=default"),
            [Some(1), Some(1), Some(3), Some(3), far, far]
        );
        assert_eq!(
            distances("root=default,rack=r1"),
            [Some(3), Some(3), Some(3), Some(3), far, far]
        );
        // Several of one type.
        assert_eq!(distances("host=h1,host=h3").iter().flatten().count(), 4);
        // A bucket of that name, but of another type; a device; nothing.
        assert_eq!(distances("rack=h1 osd=osd.0"), [None; 6]);
        assert_eq!(distances(""), [None; 6]);
    }

    #[test]
    fn a_location_is_pairs() {
        assert!(CrushLocation::parse(" ,;").unwrap().0.is_empty());
        for bad in ["host", "host=", "host=a rack"] {
            assert_eq!(CrushLocation::parse(bad).unwrap_err(), Errno::EINVAL, "{bad}");
        }
        assert!(CrushLocation::parse("host=a=b").unwrap().names("host", "a=b"));
    }
}
