//! The systemd unit and the container of a process, by `/proc/PID/cgroup`.
//!
//! Both are what the folders are called, by custom of systemd and of those who run containers; whoever may make
//! control groups may call them anything.

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The innermost systemd unit that is no slice.
    pub unit: Option<String>,
    /// The service of the system manager: a folder `NAME.service` below `/system.slice`, where nobody but that manager
    /// makes any.
    pub service: Option<String>,
    /// The innermost container as `RUNTIME:NAME`.
    pub container: Option<String>,
}

/// The endings of units that processes are started in.
const UNITS: [&str; 5] = [".service", ".scope", ".socket", ".mount", ".swap"];

/// How runtimes call the folder of a container, by what stands in front of its number.
const PREFIXES: [(&str, &str); 6] = [
    ("docker-", "docker"),
    ("cri-containerd-", "containerd"),
    ("crio-", "crio"),
    ("libpod-", "podman"),
    ("nerdctl-", "containerd"),
    ("containerd-", "containerd"),
];

impl Membership {
    /// Reads the file: lines of `HIERARCHY:CONTROLLERS:PATH`.
    pub fn parse(text: &[u8]) -> Self {
        let mut found = Self::default();
        let mut unit_rank = 0;
        for line in text.split(|&byte| byte == b'\n') {
            let mut fields = line.splitn(3, |&byte| byte == b':');
            let (Some(hierarchy), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
                continue;
            };
            let path = String::from_utf8_lossy(path);
            let path = path.strip_suffix(" (deleted)").unwrap_or(&path);
            // systemd keeps its own order in one of these two; others may hold a copy of it, or nothing.
            let rank = match (hierarchy, controllers) {
                (_, b"name=systemd") => 3,
                (b"0", b"") => 2,
                _ => 1,
            };
            if rank > unit_rank
                && let Some(unit) = unit(path)
            {
                (found.unit, unit_rank) = (Some(unit), rank);
            }
            if rank > 1
                && let Some(service) = service(path)
            {
                found.service.get_or_insert(service);
            }
            if found.container.is_none() {
                found.container = container(path);
            }
        }
        found
    }
}

fn unit(path: &str) -> Option<String> {
    let mut folders = path.rsplit('/').map(|folder| folder.strip_prefix('_').unwrap_or(folder));
    let is_unit =
        |folder: &&str| UNITS.iter().any(|ending| folder.strip_suffix(ending).is_some_and(|name| !name.is_empty()));
    folders.find(is_unit).map(str::to_owned)
}

/// The service of the system manager that a path belongs to: below slices alone. What a service or scope has below
/// itself may be another manager's, as in a container.
fn service(path: &str) -> Option<String> {
    let mut folders = path.strip_prefix("/system.slice/")?.split('/');
    let first = folders.find(|folder| !folder.ends_with(".slice"))?;
    first.strip_suffix(".service").filter(|name| !name.is_empty()).map(|_| first.to_owned())
}

fn container(path: &str) -> Option<String> {
    let folders: Vec<&str> = path.split('/').collect();
    (0..folders.len()).rev().find_map(|at| {
        let above = if at == 0 { "" } else { folders[at - 1] };
        name(folders[at], above, &folders[..at])
    })
}

fn name(folder: &str, above: &str, all_above: &[&str]) -> Option<String> {
    let bare = folder.strip_suffix(".scope").unwrap_or(folder);
    for (prefix, runtime) in PREFIXES {
        if let Some(number) = bare.strip_prefix(prefix)
            && is_number(number)
        {
            return Some(format!("{runtime}:{number}"));
        }
    }
    if is_number(bare) {
        let under = |word: &str| all_above.iter().any(|folder| folder.starts_with(word));
        let runtime = match above {
            "docker" => "docker",
            "libpod_parent" => "podman",
            _ if under("kubepods") => "kubernetes",
            _ if under("docker") => "docker",
            _ => "container",
        };
        return Some(format!("{runtime}:{bare}"));
    }
    let named = |runtime: &str, name: &str| (!name.is_empty()).then(|| format!("{runtime}:{}", unescape(name)));
    if above == "lxc" || above == "lxc.payload" {
        return named("lxc", folder);
    }
    if let Some(rest) = folder.strip_prefix("lxc.payload.") {
        return named("lxc", rest);
    }
    if let Some(rest) = folder.strip_prefix("machine-").and_then(|rest| rest.strip_suffix(".scope")) {
        return named("machine", rest);
    }
    let nspawn = folder.strip_prefix("systemd-nspawn@").and_then(|rest| rest.strip_suffix(".service"));
    nspawn.and_then(|rest| named("machine", rest))
}

/// Whether this is how runtimes number containers: 64 hex digits.
fn is_number(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Undoes systemd's `\x2d`.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at..at + 4).filter(|four| four.starts_with(b"\\x"));
        let digits = escaped.and_then(|four| std::str::from_utf8(&four[2..]).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Membership;

    fn of(text: &str) -> (Option<String>, Option<String>) {
        let Membership { unit, container, .. } = Membership::parse(text.as_bytes());
        (unit, container)
    }

    #[test]
    fn units_and_containers_are_told() {
        let hex = "0123456789abcdef".repeat(4);
        let cases = [
            ("0::/", None, None),
            ("0::/system.slice/postgresql@15-main.service", Some("postgresql@15-main.service"), None),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", Some("x.scope"), None),
            ("0::/user.slice/user-1000.slice/session-3.scope", Some("session-3.scope"), None),
            ("0::/init.scope", Some("init.scope"), None),
            ("0::/system.slice", None, None),
            ("0::/system.slice/.service", None, None),
            ("0::/system.slice/a.service/sub/deeper (deleted)", Some("a.service"), None),
            ("0::/system.slice/docker-H.scope", Some("docker-H.scope"), Some("docker:H")),
            ("12:pids:/docker/H\n1:name=systemd:/docker/H\n0::/", None, Some("docker:H")),
            (
                "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12.slice/cri-containerd-H.scope",
                Some("cri-containerd-H.scope"),
                Some("containerd:H"),
            ),
            ("5:cpu:/kubepods/besteffort/pod1-2-3/H", None, Some("kubernetes:H")),
            ("0::/machine.slice/libpod-H.scope/container", Some("libpod-H.scope"), Some("podman:H")),
            ("0::/lxc/web", None, Some("lxc:web")),
            ("0::/lxc.payload.web/system.slice/cron.service", Some("cron.service"), Some("lxc:web")),
            (
                "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
                Some("machine-qemu\\x2d1\\x2dvm.scope"),
                Some("machine:qemu-1-vm"),
            ),
            (
                "0::/machine.slice/systemd-nspawn@web.service/payload",
                Some("systemd-nspawn@web.service"),
                Some("machine:web"),
            ),
            // The first version of control groups, where only one line is systemd's.
            (
                "9:cpu:/other/x.scope\n1:name=systemd:/system.slice/cron.service\n0::/y.scope",
                Some("cron.service"),
                None,
            ),
            ("rubbish\n\n0:", None, None),
            ("0::/docker/notanumber", None, None),
        ];
        for (text, unit, container) in cases {
            let full = |text: &str| text.replace('H', &hex);
            assert_eq!(of(&full(text)), (unit.map(full), container.map(full)), "{text}");
        }
    }

    #[test]
    fn services_of_the_system_are_told_from_those_of_users() {
        let service = |text: &str| Membership::parse(text.as_bytes()).service;
        let of = |name: &str| Some(name.to_owned());
        assert_eq!(service("0::/system.slice/apache2.service"), of("apache2.service"));
        assert_eq!(service("0::/system.slice/system-pg.slice/pg@15.service/x"), of("pg@15.service"));
        assert_eq!(service("5:cpu:/system.slice/b.service\n1:name=systemd:/system.slice/a.service"), of("a.service"));
        assert_eq!(service("0::/user.slice/user@1000.service/app.slice/x.service"), None);
        assert_eq!(service("0::/system.slice/docker-1.scope/system.slice/a.service"), None);
        assert_eq!(service("0::/system.slice/.service"), None);
        assert_eq!(service("5:cpu:/system.slice/b.service"), None);
        assert_eq!(service("0::/system.slice.service"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Membership::parse(&text);
        }

        #[test]
        fn no_path_is_too_strange(path in "(/(lxc|docker|machine-|docker-|\\\\x|[a-f0-9]{32}|\\PC{0,4}|\\.scope)*){0,5}") {
            let _ = Membership::parse(format!("0::{path}").as_bytes());
        }
    }
}
