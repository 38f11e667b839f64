//! Which run of the machine this is.

/// The kernel's random name for the time since it was started. None where `/proc` does not tell.
#[must_use]
pub fn id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = text.trim();
    let fits = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    fits.then(|| id.to_owned())
}
