//! Feature bits (`include/ceph_features.h`): several names share a bit where an old feature was
//! retired and its bit given out again, marked by further bits.

/// The second incarnation of retired bits.
const INCARNATION_2: u64 = 1 << 57;
/// The third.
const INCARNATION_3: u64 = INCARNATION_2 | 1 << 28;

/// The peer speaks `entity_addrvec_t` and msgr2.
pub const MSG_ADDR2: u64 = 1 << 59;
/// Jewel's encodings of messages and maps.
pub const SERVER_JEWEL: u64 = 1 << 57;
/// Luminous: object ids in OSD operations are encoded as the OSD needs them.
pub const SERVER_LUMINOUS: u64 = 1 << 21 | INCARNATION_2;
/// Mimic.
pub const SERVER_MIMIC: u64 = 1 << 28 | INCARNATION_2;
/// Nautilus: the oldest server we speak to.
pub const SERVER_NAUTILUS: u64 = 1 << 2 | INCARNATION_3;
/// Octopus.
pub const SERVER_OCTOPUS: u64 = 1 << 16 | INCARNATION_3;

/// CRUSH rules of several OSDs per failure domain: once the map has other tunables for them than
/// the default, monitors and OSDs let nobody in who does not have it (measured on 20.2.4).
pub const CRUSH_MSR: u64 = 1 << 38;

/// What our sessions announce: what a client of 16.2.15 does (measured with `ceph features`), and
/// what came later that can be asked of a client.
pub const SUPPORTED: u64 = 0x3f01_cfbd_fffd_ffff | CRUSH_MSR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_of_pacific_has_what_is_named_here() {
        for feature in [
            MSG_ADDR2,
            SERVER_JEWEL,
            SERVER_LUMINOUS,
            SERVER_MIMIC,
            SERVER_NAUTILUS,
            SERVER_OCTOPUS,
        ] {
            assert_eq!(SUPPORTED & feature, feature, "{feature:#x}");
        }
    }
}
