//! What can be shown of a row: one type of field for objects, their users and whatever else is listed.

use crate::kind::model::KindSet;
use crate::render::table::Column;

/// Something that can be shown. `R` is the function that reads it from a row.
#[derive(Clone, Copy)]
pub struct Field<R> {
    /// Name for `-o` and `--sort`, and the JSON key.
    pub name: &'static str,
    /// The JSON key as it is written behind another, `,"name":`; a listing writes it very often.
    pub json_key: &'static str,
    /// Heading of its column.
    pub header: &'static str,
    /// What it means, for the help and the man page.
    pub meaning: &'static str,
    /// The kinds of objects that have it.
    pub kinds: KindSet,
    /// Whether its column stands at the right.
    pub right: bool,
    /// Whether its column may be cut to fit a terminal.
    pub flexible: bool,
    /// Whether its column continues on further lines.
    pub wraps: bool,
    /// Whether JSON and CSV have it without being asked for it.
    pub exact: bool,
    /// What must be looked up before it can be read.
    pub needs: Needs,
    /// Reads it.
    pub read: R,
}

/// The three forms of a field's name.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// As the user writes it.
    pub name: &'static str,
    /// As a JSON key, with quotes, and the comma and colon around it.
    pub json_key: &'static str,
    /// As a heading.
    pub header: &'static str,
}

/// The forms of a name from the name and the heading.
macro_rules! named {
    ($name:literal, $header:literal) => {
        $crate::kind::field::Named { name: $name, json_key: concat!(",\"", $name, "\":"), header: $header }
    };
}
pub(crate) use named;

impl<R: Copy> Field<R> {
    /// A field of all kinds, at the left, that JSON and CSV have.
    pub const fn new(named: Named, meaning: &'static str, read: R) -> Self {
        let Named { name, json_key, header } = named;
        Self {
            name,
            json_key,
            header,
            meaning,
            kinds: KindSet::ALL,
            right: false,
            flexible: false,
            wraps: false,
            exact: true,
            needs: Needs::NOTHING,
            read,
        }
    }

    /// The same, at the right.
    pub const fn right(self) -> Self {
        Self { right: true, ..self }
    }

    /// The same, for these kinds alone.
    pub const fn of(self, kinds: KindSet) -> Self {
        Self { kinds, ..self }
    }

    /// The same, shown only when asked for.
    pub const fn derived(self) -> Self {
        Self { exact: false, ..self }
    }

    /// The same, which may be cut to fit a terminal.
    pub const fn flexible(self) -> Self {
        Self { flexible: true, ..self }
    }

    /// The same, which continues on further lines.
    pub const fn wrapping(self) -> Self {
        Self { wraps: true, flexible: true, ..self }
    }

    /// The same, which needs something looked up.
    pub const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    /// The same field, read by another function.
    pub const fn read_by<T>(self, read: T) -> Field<T> {
        let Self { name, json_key, header, meaning, kinds, right, flexible, wraps, exact, needs, read: _ } = self;
        Field { name, json_key, header, meaning, kinds, right, flexible, wraps, exact, needs, read }
    }

    /// Its column.
    #[must_use]
    pub const fn column(&self) -> Column {
        Column { header: self.header, right: self.right, flexible: self.flexible, wraps: self.wraps }
    }
}

impl<R> std::fmt::Debug for Field<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What has to be looked up beside the objects themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs(u8);

impl Needs {
    /// Nothing.
    pub const NOTHING: Self = Self(0);
    /// Resident and swapped memory of segments, which only `/proc/sysvipc/shm` tells.
    pub const MEMORY: Self = Self(1);
    /// Names of users.
    pub const USER_NAMES: Self = Self(2);
    /// Names of groups.
    pub const GROUP_NAMES: Self = Self(4);
    /// States, and why. They need the number of attachments alone, which the kernel tells: see [`Needs::HOLDERS`].
    pub const STATES: Self = Self(8);
    /// Processes that have segments attached.
    pub const HOLDERS: Self = Self(16);
    /// Threads asleep on sets and queues.
    pub const WAITERS: Self = Self(32);
    /// All about the objects' use.
    pub const USE: Self = Self::STATES.and(Self::HOLDERS).and(Self::WAITERS);

    /// What either needs.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether something of `what` is needed.
    #[must_use]
    pub const fn any(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }

    /// What all `fields` need.
    #[must_use]
    pub fn of<'a, R: 'a>(fields: impl IntoIterator<Item = &'a Field<R>>) -> Self {
        fields.into_iter().fold(Self::NOTHING, |needs, field| needs.and(field.needs))
    }
}
