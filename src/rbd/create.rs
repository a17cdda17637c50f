//! Making an image.
//!
//! ```text
//!   rbd_info (first image of a pool)    it can hold overwrites and snapshots
//!   rbd_directory                       name <-> id
//!   rbd_id.<name>                       the id: from here on the name is taken
//!   rbd_header.<id>                     the image
//!   rbd_object_map.<id>                 with the feature object-map
//! ```
//!
//! A failure undoes what was done, in reverse.

use bytes::Bytes;

use super::features::Features;
use super::options::{ImageOption, ImageOptions};
use super::{INFO, Layout, Pool, calls, settings};
use crate::cls::Method;
use crate::cls::rbd::{
    Create, DirAddImage, DirRemoveImage, DirStateAssert, DirectoryState, GetAllFeatures,
    ObjectMapResize, ObjectState, SetId, SetStripeUnitCount,
};
use crate::conf::Settings;
use crate::errno::{Errno, Error, Result};
use crate::model::{Op, PoolId, SnapId};

/// An image id has at most so many characters.
const ID_LEN_MAX: usize = 14;
/// What [`super::Header::object_prefix`] may have.
const PREFIX_LEN_MAX: usize = 43;
/// An object map has at most so many entries.
const OBJECT_MAP_MAX: u64 = 256_000_000;
/// Orders that images may have: objects of 4 KiB to 32 MiB.
const ORDERS: std::ops::RangeInclusive<u64> = 12..=25;
/// Fewest bytes of a stripe unit.
const STRIPE_UNIT_MIN: u64 = 512;

/// A pool in this state has been shown to hold overwrites and snapshots.
const VALIDATED: &[u8] = b"overwrite validated";
/// A pool is being shown to.
const VALIDATING: &[u8] = b"validate";

/// What an image is going to be.
pub(super) struct Plan {
    /// Its name.
    pub(super) name: String,
    /// Its id.
    pub(super) id: String,
    /// Bytes.
    pub(super) size: u64,
    features: Features,
    /// Whether the features are the default ones, of which those are left out that the pool does
    /// not know.
    negotiate: bool,
    order: u8,
    /// As given, 0 and 0 for none.
    striping: (u64, u64),
    layout: Layout,
    data_pool: Option<PoolId>,
}

/// Makes an image of `size` bytes. Writes the order that was used into `options`.
///
/// Errors: `-EEXIST`; `-EDOM` for an order out of range; `-EINVAL` for options that do not go
/// together, a pool with snapshots of its own, or format 1; `-ENOSYS` for unknown features;
/// `-ENOENT` for a namespace or data pool that does not exist; `-EOPNOTSUPP` for features not
/// written yet (journaling, mirroring).
pub async fn create(pool: &Pool, name: &str, size: u64, options: &mut ImageOptions) -> Result<()> {
    let id = new_id(pool)?;
    create_with_id(pool, name, &id, size, options).await
}

/// [`create`] with an id given.
pub(super) async fn create_with_id(
    pool: &Pool,
    name: &str,
    id: &str,
    size: u64,
    options: &mut ImageOptions,
) -> Result<()> {
    if options.is_set(ImageOption::Flatten) || options.is_set(ImageOption::CloneFormat) {
        return Err(Errno::EINVAL.because("options of copies and clones"));
    }
    let format = options.number(ImageOption::Format);
    let format = format.unwrap_or_else(|| pool.config.u64("rbd_default_format"));
    if name_taken(pool, name).await? {
        return Err(Errno::EEXIST.because(format!("image {name}")));
    }
    let order = match options.number(ImageOption::Order) {
        None | Some(0) => pool.config.u64("rbd_default_order"),
        Some(order) => order,
    };
    validate_order(order)?;
    let result = match format {
        1 => Err(Errno::EINVAL.because("format 1 images can no longer be made")),
        _ => execute_options(pool, name, id, size, options).await,
    };
    options.put(ImageOption::Order, order);
    result
}

async fn execute_options(
    pool: &Pool,
    name: &str,
    id: &str,
    size: u64,
    options: &ImageOptions,
) -> Result<()> {
    if options.is_set(ImageOption::MirrorImageMode) {
        return Err(Errno::EOPNOTSUPP.because("mirroring"));
    }
    let settings = settings::of_pool(pool).await;
    let plan = Plan::new(pool, &settings, name, id, size, options)?;
    execute(pool, &settings, plan).await
}

/// Whether an image of this name exists, of the old format or the new.
pub(super) async fn name_taken(pool: &Pool, name: &str) -> Result<bool> {
    let engine = &*pool.engine;
    Ok(calls::exists(engine, pool.target(format!("{name}.rbd"))).await?
        || calls::exists(engine, pool.id_object(name)).await?)
}

/// A new id: this client's number and 32 random bits, in hex.
pub(super) fn new_id(pool: &Pool) -> Result<String> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|error| Errno::EIO.because(error.to_string()))?;
    let mut id = format!("{:x}{:x}", pool.engine.instance_id(), u32::from_le_bytes(random));
    if id.len() > ID_LEN_MAX {
        id.drain(..id.len() - ID_LEN_MAX);
    }
    Ok(id)
}

fn validate_order(order: u64) -> Result<()> {
    match ORDERS.contains(&order) {
        true => Ok(()),
        false => Err(Errno::EDOM.because(format!("order {order}"))),
    }
}

/// `-EINVAL` when an object map cannot have an entry for each object.
pub(super) fn validate_object_map(layout: &Layout, size: u64) -> Result<()> {
    match layout.object_count(size) <= OBJECT_MAP_MAX {
        true => Ok(()),
        false => Err(Errno::EINVAL.because("too many objects for an object map")),
    }
}

impl Plan {
    /// Fills in defaults and checks that it goes together.
    pub(super) fn new(
        pool: &Pool,
        settings: &impl Settings,
        name: &str,
        id: &str,
        size: u64,
        options: &ImageOptions,
    ) -> Result<Plan> {
        let or = |option, default: &str| match options.number(option) {
            None | Some(0) => settings.u64(default),
            Some(number) => number,
        };
        let stripe_unit = or(ImageOption::StripeUnit, "rbd_default_stripe_unit");
        let stripe_count = or(ImageOption::StripeCount, "rbd_default_stripe_count");
        let order = or(ImageOption::Order, "rbd_default_order");
        let data_pool = data_pool_name(pool, settings, options)?;

        let mut features = wanted_features(settings, options);
        features.set(Features::DATA_POOL, data_pool.is_some());
        let object_size = 1_u64.checked_shl(u32::try_from(order).unwrap_or(64)).unwrap_or(0);
        let striped = (stripe_unit != 0 && stripe_unit != object_size)
            || (stripe_count != 0 && stripe_count != 1);
        features.set(Features::STRIPINGV2, striped);

        validate_features(features)?;
        validate_order(order)?;
        validate_striping(object_size, stripe_unit, stripe_count)?;
        let order = u8::try_from(order).map_err(|_| Error::from(Errno::EDOM))?;
        let layout = Layout::new(order, stripe_unit, stripe_count)
            .ok_or_else(|| Errno::EINVAL.because("layout"))?;
        if features.contains(Features::OBJECT_MAP) {
            validate_object_map(&layout, size)?;
        }
        let data_pool = match data_pool {
            Some(name) => Some(pool.engine.pool_by_name(&name)?),
            None => None,
        };
        Ok(Plan {
            name: name.to_owned(),
            id: id.to_owned(),
            size,
            features,
            negotiate: !options.is_set(ImageOption::Features),
            order,
            striping: (stripe_unit, stripe_count),
            layout,
            data_pool,
        })
    }
}

/// The pool for data, when it is another than the image's.
fn data_pool_name(
    pool: &Pool,
    settings: &impl Settings,
    options: &ImageOptions,
) -> Result<Option<String>> {
    let name = match options.text(ImageOption::DataPool) {
        Some(name) => name.to_owned(),
        None => settings.text("rbd_default_data_pool"),
    };
    if name.is_empty() || pool.engine.pool(pool.id)?.name == name {
        return Ok(None);
    }
    Ok(Some(name))
}

fn wanted_features(settings: &impl Settings, options: &ImageOptions) -> Features {
    let number = |option| options.number(option).map(Features::from_bits_retain);
    let mut features = number(ImageOption::Features)
        .unwrap_or_else(|| Features::parse(&settings.text("rbd_default_features")).0);
    let set = number(ImageOption::FeaturesSet).unwrap_or_default();
    let clear = number(ImageOption::FeaturesClear).unwrap_or_default();
    let conflict = set & clear;
    features |= set - conflict;
    features -= clear - conflict;
    features -= Features::IMPLICIT;
    features.set(Features::FAST_DIFF, features.contains(Features::OBJECT_MAP));
    features
}

fn validate_features(features: Features) -> Result<()> {
    if !Features::all().contains(features) {
        return Err(Errno::ENOSYS.because("unknown features"));
    }
    if features.intersects(Features::INTERNAL) {
        return Err(Errno::EINVAL.because("features that are not for users to set"));
    }
    let needs = |feature, other| features.contains(feature) && !features.contains(other);
    if needs(Features::FAST_DIFF, Features::OBJECT_MAP)
        || needs(Features::OBJECT_MAP, Features::EXCLUSIVE_LOCK)
        || needs(Features::JOURNALING, Features::EXCLUSIVE_LOCK)
    {
        return Err(Errno::EINVAL.because("a feature without the one it needs"));
    }
    if features.contains(Features::JOURNALING) {
        return Err(Errno::EOPNOTSUPP.because("journaling"));
    }
    Ok(())
}

fn validate_striping(object_size: u64, unit: u64, count: u64) -> Result<()> {
    if (unit == 0) != (count == 0) {
        return Err(Errno::EINVAL.because("a stripe unit needs a stripe count"));
    }
    if unit != 0
        && (unit > object_size || !object_size.is_multiple_of(unit) || unit < STRIPE_UNIT_MIN)
    {
        return Err(Errno::EINVAL.because(format!("stripe unit {unit}")));
    }
    Ok(())
}

/// Makes the image.
pub(super) async fn execute(pool: &Pool, settings: &impl Settings, mut plan: Plan) -> Result<()> {
    let engine = &*pool.engine;
    if settings.bool("rbd_validate_pool") {
        validate_pool(&pool.with_pool(plan.data_pool.unwrap_or(pool.id))).await?;
    }
    add_to_directory(pool, &plan).await?;
    let set_id = SetId { id: plan.id.clone() };
    let steps = [Op::Create { exclusive: true }, set_id.call()];
    if let Err(error) = calls::write(engine, pool.id_object(&plan.name), steps).await {
        undo_directory(pool, &plan).await;
        return Err(error);
    }
    if plan.negotiate {
        match calls::read(engine, pool.directory(), &GetAllFeatures {}).await {
            Ok(all) => plan.features &= Features::from_bits_retain(all),
            Err(error) => log::warn!(target: "rbd", "features the pool knows: {error}"),
        }
    }
    let made = create_header(pool, &plan).await;
    match made {
        Err(error) if error == Errno::EEXIST => {
            // Another image has this id: its header is not ours to touch.
            return Err(Errno::EBADF.because(format!("image id {} is taken", plan.id)));
        }
        Err(error) => {
            undo_id(pool, &plan).await;
            return Err(error);
        }
        Ok(()) => (),
    }
    if let Err(error) = finish(pool, &plan).await {
        undo("header", calls::remove(engine, pool.header(&plan.id)).await);
        undo_id(pool, &plan).await;
        return Err(error);
    }
    Ok(())
}

async fn add_to_directory(pool: &Pool, plan: &Plan) -> Result<()> {
    let add = DirAddImage { name: plan.name.clone(), id: plan.id.clone() };
    let mut steps = Vec::new();
    if !pool.namespace.is_empty() {
        steps.push(DirStateAssert { state: DirectoryState::Ready }.call());
    }
    steps.push(add.call());
    calls::write(&*pool.engine, pool.directory(), steps).await
}

async fn create_header(pool: &Pool, plan: &Plan) -> Result<()> {
    let prefix = match plan.data_pool {
        None => format!("{}{}", super::DATA_PREFIX, plan.id),
        Some(_) => format!("{}{}.{}", super::DATA_PREFIX, pool.id, plan.id),
    };
    if prefix.len() > PREFIX_LEN_MAX {
        return Err(Errno::EINVAL.because("object prefix too long"));
    }
    let create = Create {
        size: plan.size,
        order: plan.order,
        features: plan.features.bits(),
        object_prefix: prefix,
        data_pool: plan.data_pool.map_or(-1, |id| id.0),
    };
    let steps = [Op::Create { exclusive: true }, create.call()];
    calls::write(&*pool.engine, pool.header(&plan.id), steps).await
}

async fn finish(pool: &Pool, plan: &Plan) -> Result<()> {
    let engine = &*pool.engine;
    let (stripe_unit, stripe_count) = plan.striping;
    let plain = stripe_count == 1 && stripe_unit == plan.layout.object_size();
    if (stripe_unit, stripe_count) != (0, 0) && !plain {
        let set = SetStripeUnitCount { unit: stripe_unit, count: stripe_count };
        calls::update(engine, pool.header(&plan.id), &set).await?;
    }
    if plan.features.contains(Features::OBJECT_MAP) {
        let resize = ObjectMapResize {
            objects: plan.layout.object_count(plan.size),
            state: ObjectState::Nonexistent,
        };
        calls::update(engine, pool.object_map(&plan.id, SnapId::HEAD), &resize).await?;
    }
    Ok(())
}

async fn undo_id(pool: &Pool, plan: &Plan) {
    undo("id object", calls::remove(&*pool.engine, pool.id_object(&plan.name)).await);
    undo_directory(pool, plan).await;
}

async fn undo_directory(pool: &Pool, plan: &Plan) {
    let remove = DirRemoveImage { name: plan.name.clone(), id: plan.id.clone() };
    undo("directory entry", calls::update(&*pool.engine, pool.directory(), &remove).await);
}

fn undo(what: &str, result: Result<()>) {
    if let Err(error) = result {
        log::error!(target: "rbd", "removing the {what} of an image that was not made: {error}");
    }
}

/// Shows that a pool can hold images: that it takes self-managed snapshots and overwrites. Leaves a
/// note in `rbd_info`, so that it is done once. `-EINVAL` if it cannot.
pub(super) async fn validate_pool(pool: &Pool) -> Result<()> {
    let engine = &*pool.engine;
    let info = pool.with_namespace("").target(INFO);
    let note = match calls::read_all(engine, info.clone()).await {
        Err(error) if error == Errno::ENOENT => Bytes::new(),
        note => note?,
    };
    if note == VALIDATED {
        return Ok(());
    }
    let unsupported = |error: Error| match error.errno() {
        Errno::EOPNOTSUPP => Errno::EINVAL.because("the pool does not take overwrites"),
        _ => error,
    };
    if note != VALIDATING {
        // Taking a snapshot number makes the pool one of self-managed snapshots for good.
        let snap = engine.selfmanaged_snap_create(pool.id).await?;
        let data = VALIDATING.into();
        let steps = [Op::Create { exclusive: true }, Op::Write { off: 0, data }];
        let written = calls::write(engine, info.clone(), steps).await;
        let removed = engine.selfmanaged_snap_remove(pool.id, snap).await;
        if let Err(error) = removed {
            log::error!(target: "rbd", "removing the snapshot taken to validate a pool: {error}");
        }
        calls::unless(Errno::EEXIST, written).map_err(unsupported)?;
    }
    let steps = [Op::Write { off: 0, data: VALIDATED.into() }];
    calls::write(engine, info, steps).await.map_err(unsupported)
}
