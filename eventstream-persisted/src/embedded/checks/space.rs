use std::path::Path;

use crate::Finding;

const CHECK: &str = "space";
/// With less, the next segment may not fit: it is written before its log is given back.
const LITTLE: u64 = 64 * 1024 * 1024;

#[cfg(target_os = "linux")]
pub(super) fn check(directory: &Path) -> Finding {
    match rustix::fs::statvfs(directory) {
        Ok(found) => of(found.f_bavail.saturating_mul(found.f_frsize)),
        Err(error) => Finding::unknown(CHECK, format!("it can't be asked for: {error}")),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn check(_directory: &Path) -> Finding {
    Finding::unknown(CHECK, "it is not looked at on this system")
}

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn of(free: u64) -> Finding {
    let what = format!("{} MiB are free", free >> 20);
    if free < LITTLE {
        Finding::warning(CHECK, what).advice("make room: what does not fit can't be appended")
    } else {
        Finding::fine(CHECK, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[test]
    fn little_room_is_warned_of() {
        assert_eq!(of(LITTLE).severity(), Severity::Fine);
        assert_eq!(of(LITTLE - 1).severity(), Severity::Warning);
        assert!(of(3 << 20).what().starts_with("3 MiB"));
    }
}
