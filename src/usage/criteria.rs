//! By what objects are judged.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::config;
use crate::error::os_message;
use crate::render::escape::{escape, escape_bytes};
use crate::usage::bystanders::{Bystander, Bystanders};

/// How young an object's activity may be for it to count as in use, unless the user says otherwise.
pub const GRACE: Duration = Duration::from_secs(600);
/// Where lines of bystanders are added to those that come with this program.
const FOLDER: &str = "/etc/ipcadm/bystanders.d";
/// Bits that let others than the owner change a file.
const OTHERS_WRITE: u32 = 0o022;

/// By what objects are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criteria {
    /// Activity younger than this keeps an object from being dormant or an orphan.
    pub grace: Duration,
    /// Who is known not to use what it may use.
    pub bystanders: Rc<Bystanders>,
}

impl Default for Criteria {
    fn default() -> Self {
        Self { grace: GRACE, bystanders: Rc::default() }
    }
}

impl Criteria {
    /// The usual bystanders, those of `/etc/ipcadm/bystanders.d` and `more`. Returns besides what is wrong with files
    /// there, a sentence each; what is wrong sets nobody aside, so that nothing more is taken for unused.
    #[must_use]
    pub fn new(grace: Duration, more: &[Bystander]) -> (Self, Vec<String>) {
        let mut bystanders = Bystanders::default();
        let complaints = read_folder(Path::new(FOLDER), &mut bystanders);
        bystanders.extend(more.iter().cloned());
        (Self { grace, bystanders: Rc::new(bystanders) }, complaints)
    }
}

/// Adds the lines of all files in `folder`, which may be missing.
fn read_folder(folder: &Path, bystanders: &mut Bystanders) -> Vec<String> {
    let shown = |path: &Path| escape_bytes(path.as_os_str().as_encoded_bytes()).into_owned();
    let files = match config::files(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => return vec![format!("bystanders in {}: {}", shown(folder), os_message(&error))],
    };
    let mut complaints = Vec::new();
    for file in files {
        match read_file(&file) {
            Ok(text) => {
                for (number, line) in text.lines().enumerate() {
                    match Bystander::parse(line) {
                        Ok(found) => bystanders.extend(found),
                        Err(why) => {
                            complaints.push(format!("bystanders, {}:{}: {}", shown(&file), number + 1, escape(&why)))
                        }
                    }
                }
            }
            Err(why) => complaints.push(format!("bystanders in {}: {why}", shown(&file))),
        }
    }
    complaints
}

/// Reads a file that only root can have written: what it says makes objects count as unused.
fn read_file(path: &Path) -> Result<String, String> {
    let file = config::open(path)?;
    let data = file.metadata().map_err(|error| os_message(&error))?;
    if data.uid() != 0 || data.mode() & OTHERS_WRITE != 0 {
        return Err("passed over: it does not belong to root, or others may write to it".to_owned());
    }
    config::text(file)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::{Bystanders, read_folder};

    #[test]
    fn what_is_wrong_in_the_folder_is_told_and_sets_nobody_aside() {
        let folder = std::env::temp_dir().join(format!("ipcadm-bystanders-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("good"), "unit a.service\nunit\n").unwrap();
        fs::write(folder.join("open"), "unit b.service\n").unwrap();
        fs::set_permissions(folder.join("good"), Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.join("open"), Permissions::from_mode(0o666)).unwrap();
        fs::write(folder.join("good.dpkg-old"), "unit c.service\n").unwrap();
        let mut lines = Bystanders::default();
        let complaints = read_folder(&folder, &mut lines);
        let is_root = fs::metadata(&folder).unwrap().uid() == 0;
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert_eq!(complaints[0].contains("good:2: it names nothing"), is_root, "{complaints:?}");
        assert!(complaints[1].contains("others may write to it"), "{complaints:?}");
        assert_eq!(lines == Bystanders::default(), !is_root);
        assert!(read_folder(&folder.join("missing"), &mut lines).is_empty());
        fs::remove_dir_all(&folder).unwrap();
    }
}
