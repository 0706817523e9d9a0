use std::path::Path;

use crate::Finding;

const CHECK: &str = "file system";

/// What a kind of file system means for a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Local,
    /// Other machines have it, too.
    Network,
    Memory,
    /// The layers of a container.
    Overlay,
}

/// The numbers that Linux has for them: `man 2 statfs`.
const KNOWN: [(u32, Kind, &str); 26] = [
    (0xef53, Kind::Local, "ext4"),
    (0x5846_5342, Kind::Local, "xfs"),
    (0x9123_683e, Kind::Local, "btrfs"),
    (0x2fc1_2fc1, Kind::Local, "zfs"),
    (0xf2f5_2010, Kind::Local, "f2fs"),
    (0xca45_1a4e, Kind::Local, "bcachefs"),
    (0x3153_464a, Kind::Local, "jfs"),
    (0x5265_4973, Kind::Local, "reiserfs"),
    (0x5346_544e, Kind::Local, "ntfs"),
    (0x4d44, Kind::Local, "vfat"),
    (0x2011_bab0, Kind::Local, "exfat"),
    (0x6969, Kind::Network, "nfs"),
    (0x517b, Kind::Network, "smb"),
    (0xff53_4d42, Kind::Network, "cifs"),
    (0xfe53_4d42, Kind::Network, "smb2"),
    (0x00c3_6400, Kind::Network, "ceph"),
    (0x6573_5546, Kind::Network, "fuse"),
    (0x0102_1997, Kind::Network, "9p"),
    (0x5346_414f, Kind::Network, "afs"),
    (0x7375_7245, Kind::Network, "coda"),
    (0x0116_1970, Kind::Network, "gfs2"),
    (0x7461_636f, Kind::Network, "ocfs2"),
    (0x0bd0_0bd0, Kind::Network, "lustre"),
    (0x0102_1994, Kind::Memory, "tmpfs"),
    (0x8584_58f6, Kind::Memory, "ramfs"),
    (0x794c_7630, Kind::Overlay, "overlay"),
];

#[cfg(target_os = "linux")]
pub(super) fn check(directory: &Path) -> Finding {
    match rustix::fs::statfs(directory) {
        // The numbers have 32 bits, whatever the type has.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(found) => of(found.f_type as u32),
        Err(error) => Finding::unknown(CHECK, format!("it can't be asked: {error}")),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn check(_directory: &Path) -> Finding {
    Finding::unknown(CHECK, "its kind is not looked at on this system")
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn of(number: u32) -> Finding {
    let Some((_, kind, name)) = KNOWN.iter().find(|(known, ..)| *known == number) else {
        return Finding::unknown(CHECK, format!("its kind, {number:#x}, is not known here"));
    };
    match kind {
        Kind::Local => Finding::fine(CHECK, format!("it is {name}, of this machine")),
        Kind::Network => Finding::warning(
            CHECK,
            format!(
                "it is {name}, which other machines may have, too: whether locks and syncing work \
                 depends on how it is set up, and nobody is told at once of what other machines append"
            ),
        )
        .advice("put the store on a local disk, or serve it over the network"),
        Kind::Memory => {
            Finding::warning(CHECK, format!("it is {name}: the events are gone after a restart"))
                .advice("put the store on a disk")
        }
        Kind::Overlay => Finding::warning(
            CHECK,
            "it is overlay, a container's own: the events are gone with the container",
        )
        .advice("put the store on a volume"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[test]
    fn what_may_not_last_is_warned_of() {
        assert_eq!(of(0xef53).severity(), Severity::Fine);
        assert_eq!(of(1).severity(), Severity::Unknown);
        for (number, name) in [(0x6969, "nfs"), (0x0102_1994, "tmpfs"), (0x794c_7630, "overlay")] {
            let finding = of(number);
            assert_eq!(finding.severity(), Severity::Warning);
            assert!(finding.what().contains(name) && finding.what_to_do().is_some(), "{finding}");
        }
    }

    #[test]
    fn each_number_stands_once() {
        for (i, (number, _, name)) in KNOWN.iter().enumerate() {
            let again = KNOWN[..i].iter().find(|(other, _, of)| other == number || of == name);
            assert_eq!(again, None);
        }
    }
}
