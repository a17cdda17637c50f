//! Where an image's bytes are: striping, as a pure function.
//!
//! An image is cut into stripe units of `su` bytes, which go round `sc` objects; when those are
//! full (an object holds `2^order` bytes), the next `sc` objects follow. Without the striping
//! feature a stripe unit is a whole object and the count is 1, so object `n` is bytes `n << order`
//! onwards.
//!
//! ```text
//!   su = 1/2 object, sc = 2:      unit   0  1  2  3 | 4  5  6  7
//!                                 object 0  1  0  1 | 2  3  2  3
//!                                 part   0  0  1  1 | 0  0  1  1
//! ```

use smallvec::{SmallVec, smallvec};

/// How an image is cut into objects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// An object holds `1 << order` bytes.
    order: u8,
    /// Bytes of a stripe unit.
    stripe_unit: u64,
    /// Objects that a stripe goes round.
    stripe_count: u64,
}

/// A part of one object and the part of the image it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObjectExtent {
    /// The object's number.
    pub object: u64,
    /// First byte in the object.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// First byte in the image.
    pub image_offset: u64,
}

/// A run of one object and the parts of the image it holds, in the run's order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ObjectRun {
    /// The object's number.
    pub object: u64,
    /// First byte in the object.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
    /// Offset in the image and bytes of each part.
    pub parts: SmallVec<[(u64, u64); 1]>,
}

impl Layout {
    /// A layout; a stripe unit or count of 0 stands for no striping. `None` when objects are too
    /// small or too large, or the stripe unit does not divide them.
    #[must_use]
    pub fn new(order: u8, stripe_unit: u64, stripe_count: u64) -> Option<Layout> {
        if !(1..=62).contains(&order) {
            return None;
        }
        let object_size = 1u64 << order;
        let (stripe_unit, stripe_count) = match (stripe_unit, stripe_count) {
            (0, _) | (_, 0) => (object_size, 1),
            both => both,
        };
        (stripe_unit <= object_size && object_size.is_multiple_of(stripe_unit)).then_some(Layout {
            order,
            stripe_unit,
            stripe_count,
        })
    }

    /// Base-2 logarithm of the bytes in an object.
    #[must_use]
    pub fn order(&self) -> u8 {
        self.order
    }

    /// Bytes in an object.
    #[must_use]
    pub fn object_size(&self) -> u64 {
        1 << self.order
    }

    /// Bytes in a stripe unit.
    #[must_use]
    pub fn stripe_unit(&self) -> u64 {
        self.stripe_unit
    }

    /// Objects that a stripe goes round.
    #[must_use]
    pub fn stripe_count(&self) -> u64 {
        self.stripe_count
    }

    /// Bytes after which a new set of objects begins.
    #[must_use]
    pub fn period(&self) -> u64 {
        self.stripe_count << self.order
    }

    /// Whether units go round more than one object, or an object holds several.
    fn is_striped(&self) -> bool {
        self.stripe_count > 1
    }

    /// Objects that an image of this size may have, as the object map counts them: whole sets, but
    /// of the last set only the objects that its first stripe reaches.
    #[must_use]
    pub fn object_count(&self, size: u64) -> u64 {
        let all = size.div_ceil(self.period()) * self.stripe_count;
        match size % self.period() {
            0 => all,
            last => {
                let reached = last.div_ceil(self.stripe_unit).min(self.stripe_count);
                all - (self.stripe_count - reached)
            }
        }
    }

    /// The object that holds a byte of the image, and where in it.
    #[must_use]
    pub fn locate(&self, image_offset: u64) -> (u64, u64) {
        if !self.is_striped() {
            return (image_offset >> self.order, image_offset & (self.object_size() - 1));
        }
        let unit = image_offset / self.stripe_unit;
        let (stripe, position) = (unit / self.stripe_count, unit % self.stripe_count);
        let stripes_per_set = self.object_size() / self.stripe_unit;
        let object = stripe / stripes_per_set * self.stripe_count + position;
        let part = stripe % stripes_per_set;
        (object, part * self.stripe_unit + image_offset % self.stripe_unit)
    }

    /// Bytes from a byte of the image to the next that is not in the same run of the same object.
    fn run(&self, image_offset: u64) -> u64 {
        match self.is_striped() {
            true => self.stripe_unit - image_offset % self.stripe_unit,
            false => self.object_size() - (image_offset & (self.object_size() - 1)),
        }
    }

    /// The runs of a range of the image: extents that follow each other in an object are one.
    #[must_use]
    pub fn object_runs(&self, offset: u64, len: u64) -> SmallVec<[ObjectRun; 2]> {
        let mut runs: SmallVec<[ObjectRun; 2]> = SmallVec::new();
        for extent in self.extents(offset, len) {
            let continued = runs
                .iter_mut()
                .rev()
                .find(|run| run.object == extent.object && run.offset + run.len == extent.offset);
            let part = (extent.image_offset, extent.len);
            match continued {
                Some(run) => {
                    run.len += extent.len;
                    run.parts.push(part);
                }
                None => runs.push(ObjectRun {
                    object: extent.object,
                    offset: extent.offset,
                    len: extent.len,
                    parts: smallvec![part],
                }),
            }
        }
        runs
    }

    /// The object extents of a range of the image, in the image's order.
    pub fn extents(&self, offset: u64, len: u64) -> impl Iterator<Item = ObjectExtent> + use<> {
        let layout = *self;
        let end = offset.saturating_add(len);
        let mut next = offset;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let (object, in_object) = layout.locate(next);
            let len = layout.run(next).min(end - next);
            let extent = ObjectExtent { object, offset: in_object, len, image_offset: next };
            next += len;
            Some(extent)
        })
    }

    /// The object and the part of it when a range of the image lies in one piece of one object:
    /// what nearly every request of a guest does.
    #[must_use]
    pub fn single(&self, offset: u64, len: u64) -> Option<ObjectExtent> {
        if len > self.run(offset) {
            return None;
        }
        let (object, in_object) = self.locate(offset);
        Some(ObjectExtent { object, offset: in_object, len, image_offset: offset })
    }

    /// The first byte of the image at or behind a byte of an object.
    #[must_use]
    pub fn image_offset(&self, object: u64, offset: u64) -> u64 {
        if !self.is_striped() {
            return (object << self.order) + offset;
        }
        let stripes_per_set = self.object_size() / self.stripe_unit;
        let set = object / self.stripe_count;
        let stripe = set * stripes_per_set + offset / self.stripe_unit;
        let unit = stripe * self.stripe_count + object % self.stripe_count;
        unit * self.stripe_unit + offset % self.stripe_unit
    }

    /// The ranges of the image (offset, length) that a part of an object holds, ascending.
    pub fn image_extents(
        &self,
        object: u64,
        offset: u64,
        len: u64,
    ) -> impl Iterator<Item = (u64, u64)> + use<> {
        let layout = *self;
        let end = offset.saturating_add(len);
        let mut next = offset;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let run = match layout.is_striped() {
                true => layout.stripe_unit - next % layout.stripe_unit,
                false => layout.object_size().saturating_sub(next).max(1),
            };
            let len = run.min(end - next);
            let extent = (layout.image_offset(object, next), len);
            next += len;
            Some(extent)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_striping_an_object_is_a_run_of_the_image() {
        let layout = Layout::new(22, 0, 0).unwrap();
        assert_eq!(layout.locate((4 << 20) + 5), (1, 5));
        assert_eq!(layout.object_count((4 << 20) + 1), 2);
        assert_eq!(layout.object_count(0), 0);
        let extents: Vec<_> = layout.extents((4 << 20) - 1, 2).collect();
        assert_eq!(extents.len(), 2);
        assert_eq!((extents[1].object, extents[1].offset, extents[1].len), (1, 0, 1));
    }

    #[test]
    fn stripe_units_go_round_the_objects() {
        // The picture in the module's head, with objects of 8 bytes.
        let layout = Layout::new(3, 4, 2).unwrap();
        let places: Vec<_> = (0..8).map(|unit| layout.locate(unit * 4)).collect();
        assert_eq!(places, [(0, 0), (1, 0), (0, 4), (1, 4), (2, 0), (3, 0), (2, 4), (3, 4)]);
        assert_eq!([16, 17, 20, 21].map(|size| layout.object_count(size)), [2, 3, 3, 4]);
        assert_eq!(layout.image_extents(0, 2, 4).collect::<Vec<_>>(), [(2, 2), (8, 2)]);
    }

    #[test]
    fn units_that_meet_in_an_object_are_one_run() {
        let layout = Layout::new(3, 4, 2).unwrap();
        let runs = layout.object_runs(2, 16);
        assert_eq!(runs.len(), 3);
        assert_eq!((runs[0].object, runs[0].offset, runs[0].len), (0, 2, 6));
        assert_eq!(runs[0].parts[..], [(2, 2), (8, 4)]);
        assert_eq!((runs[1].object, runs[1].offset, runs[1].len), (1, 0, 8));
        assert_eq!((runs[2].object, runs[2].offset, runs[2].len), (2, 0, 2));
    }

    #[test]
    fn a_unit_must_divide_an_object() {
        assert_eq!(Layout::new(3, 3, 2), None);
        assert_eq!(Layout::new(3, 16, 2), None);
        assert_eq!(Layout::new(0, 0, 0), None);
        assert_eq!(Layout::new(22, 0, 5), Layout::new(22, 4 << 20, 1));
    }

    prop_compose! {
        fn layouts()(order in 3u8..8, cut in 0u8..4, count in 1u64..5) -> Layout {
            Layout::new(order, 1 << (order - cut.min(order)), count).unwrap()
        }
    }

    proptest! {
        #[test]
        fn every_byte_has_one_place_and_comes_back(layout in layouts(), offset in 0u64..5000) {
            let (object, in_object) = layout.locate(offset);
            prop_assert!(in_object < layout.object_size());
            prop_assert_eq!(layout.image_offset(object, in_object), offset);
            prop_assert!(object < layout.object_count(offset + 1));
        }

        #[test]
        fn extents_cover_a_range_exactly(
            layout in layouts(), offset in 0u64..3000, len in 0u64..2000
        ) {
            let mut next = offset;
            for extent in layout.extents(offset, len) {
                prop_assert_eq!(extent.image_offset, next);
                prop_assert_eq!(layout.locate(next), (extent.object, extent.offset));
                prop_assert!(extent.len > 0);
                let back: Vec<_> =
                    layout.image_extents(extent.object, extent.offset, extent.len).collect();
                prop_assert_eq!(back.iter().map(|(_, len)| len).sum::<u64>(), extent.len);
                prop_assert_eq!(back[0].0, next);
                next += extent.len;
            }
            prop_assert_eq!(next, offset + len);
            if let Some(single) = layout.single(offset, len.max(1)) {
                prop_assert_eq!(layout.extents(offset, len.max(1)).collect::<Vec<_>>(), [single]);
            }
        }
    }
}
