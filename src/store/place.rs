//! Where a database URL points, and whether a SQLite file may lie there.

use std::fs;
use std::path::{Path, PathBuf};

/// A database, by its kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The path of the file.
    Sqlite(PathBuf),
    /// The whole URL, which may hold a password.
    Postgres(String),
}

/// Reads a database URL. The complaint does not repeat it: it may hold a password.
pub(super) fn place(url: &str) -> Result<Place, String> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Place::Postgres(url.to_owned()));
    }
    let Some(path) = url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest)) else {
        return Err("a database URL begins with `sqlite://` or `postgres://`".to_owned());
    };
    if path.is_empty() || path.contains([':', '?']) {
        return Err("a SQLite URL is `sqlite://` and the path of a file, without options".to_owned());
    }
    Ok(Place::Sqlite(PathBuf::from(path)))
}

/// The type of the network file system that `path` lies on, if it does. Locks do not hold there.
///
/// `mounts` is the text of `/proc/self/mountinfo`: the mount point is its fifth field, the type
/// follows a lone dash.
pub(super) fn network_file_system(mounts: &str, path: &Path) -> Option<String> {
    let mounted = mounts.lines().filter_map(|line| {
        let (fields, behind_dash) = line.split_once(" - ")?;
        let point = fields.split(' ').nth(4)?.replace("\\040", " ");
        let kind = behind_dash.split(' ').next()?;
        path.starts_with(&point).then(|| (point.len(), kind.to_owned()))
    });
    // The last of several mounts on one point is the visible one.
    let (_, kind) = mounted.max_by_key(|(depth, _)| *depth)?;
    let network = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"];
    network.contains(&kind.as_str()).then_some(kind)
}

/// The mount table of this process; empty where the system has none to read.
pub(super) fn mounts() -> String {
    fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Place, network_file_system, place};
    use std::path::{Path, PathBuf};

    #[test]
    fn urls_name_a_file_or_a_server() {
        assert_eq!(place("sqlite://a/b.db"), Ok(Place::Sqlite(PathBuf::from("a/b.db"))));
        assert_eq!(place("sqlite:///var/b.db"), Ok(Place::Sqlite(PathBuf::from("/var/b.db"))));
        assert_eq!(place("sqlite:b.db"), Ok(Place::Sqlite(PathBuf::from("b.db"))));
        assert!(matches!(place("postgres://u:p@h/d"), Ok(Place::Postgres(_))));
        for wrong in ["mysql://u:secret@h/d", "sqlite::memory:", "sqlite://b.db?mode=ro", "sqlite://"] {
            assert!(!place(wrong).unwrap_err().contains("secret"), "{wrong}");
        }
    }

    #[test]
    fn the_deepest_mount_decides() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      23 22 0:20 / /srv rw shared:1 - nfs4 host:/x rw\n\
                      24 23 8:2 / /srv/my\\040disk rw - xfs /dev/sdb rw\n";
        let on = |path| network_file_system(mounts, Path::new(path));
        assert_eq!(on("/var/a.db"), None);
        assert_eq!(on("/srv/a.db").as_deref(), Some("nfs4"));
        assert_eq!(on("/srv/my disk/a.db"), None);
    }
}
