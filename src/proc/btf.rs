//! The kernel's own description of its types (BTF, `/sys/kernel/btf/vmlinux`), as far as it takes to find the place of a
//! member in a structure.
//!
//! The format is that of `include/uapi/linux/btf.h`, in the byte order of the machine. A description in which any
//! length or offset leads outside is not read at all.

use memchr::memmem;

#[cfg(test)]
mod tests;

/// The first two bytes.
const MAGIC: u16 = 0xeb9f;
/// Chains of names and qualifiers are followed so far; the kernel's own are not half as long.
const MOST_STEPS: usize = 32;
/// Nameless structures that are looked into for one member.
const MOST_NAMELESS: usize = 256;
/// Places among the names where one may stand; linkers leave each in one.
const MOST_PLACES: usize = 4;
/// Of so many types the place of one is kept: few are ever looked up.
const STEP: u32 = 64;

/// Kinds of types (`BTF_KIND_*`), as far as they matter here.
mod kind {
    pub(super) const INT: u32 = 1;
    pub(super) const PTR: u32 = 2;
    pub(super) const ARRAY: u32 = 3;
    pub(super) const STRUCT: u32 = 4;
    pub(super) const UNION: u32 = 5;
    pub(super) const ENUM: u32 = 6;
    pub(super) const FORWARD: u32 = 7;
    pub(super) const TYPEDEF: u32 = 8;
    pub(super) const VOLATILE: u32 = 9;
    pub(super) const CONST: u32 = 10;
    pub(super) const RESTRICT: u32 = 11;
    pub(super) const FUNCTION: u32 = 12;
    pub(super) const PROTOTYPE: u32 = 13;
    pub(super) const VARIABLE: u32 = 14;
    pub(super) const SECTION: u32 = 15;
    pub(super) const FLOAT: u32 = 16;
    pub(super) const DECLARATION_TAG: u32 = 17;
    pub(super) const TYPE_TAG: u32 = 18;
    pub(super) const ENUM64: u32 = 19;
}

/// The number of a type; 0 is `void`, which has no description.
type Id = u32;

#[derive(Debug)]
pub struct Btf<'a> {
    types: &'a [u8],
    names: &'a [u8],
    /// Where every so many types one is described, from the first on.
    places: Vec<u32>,
    /// The structures and functions that were asked for, by kind and place of the name.
    found: Vec<(u32, u32, Id)>,
}

/// One type: `struct btf_type`, and what follows it.
#[derive(Clone, Copy, Debug)]
struct Type<'a> {
    name: u32,
    info: u32,
    /// Its size, or the type that it refers to.
    size_or_type: u32,
    /// What follows its head.
    rest: &'a [u8],
    /// The types behind it.
    behind: &'a [u8],
}

/// Where a member lies in a structure, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Bytes from the start of the structure.
    pub offset: u32,
    pub shape: Shape,
}

/// What a member is, as far as reading it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A number of so many bytes.
    Number(u32),
    Pointer,
    /// Many of one kind, which are so many bytes large each; 0 where that is not known.
    Array(u32),
    /// A structure or union of so many bytes.
    Structure(u32),
    Other,
}

impl<'a> Btf<'a> {
    /// Reads a description, in which the structures and functions of these names can then be found; None where it is
    /// broken or of a kind that is not known.
    pub fn parse(bytes: &'a [u8], wanted: &[&str]) -> Option<Self> {
        let magic = u16::from_ne_bytes(*bytes.first_chunk()?);
        if magic != MAGIC || bytes.get(2) != Some(&1) {
            return None;
        }
        let body = bytes.get(usize::try_from(word(bytes, 4)?).ok()?..)?;
        let part = |at: usize| {
            let (start, len) = (usize::try_from(word(bytes, at)?).ok()?, usize::try_from(word(bytes, at + 4)?).ok()?);
            body.get(start..start.checked_add(len)?)
        };
        let (types, names) = (part(8)?, part(16)?);
        let wanted: Vec<u32> = wanted.iter().flat_map(|name| places(names, name)).collect();
        let mut found = Vec::new();
        let mut kept = Vec::new();
        let mut rest = types;
        let mut before: Id = 0;
        while !rest.is_empty() {
            if before.is_multiple_of(STEP) {
                kept.push(u32::try_from(types.len() - rest.len()).ok()?);
            }
            before = before.checked_add(1)?;
            let described = described(rest)?;
            let kind = described.kind();
            if matches!(kind, kind::STRUCT | kind::FUNCTION) && wanted.contains(&described.name) {
                found.push((kind, described.name, before));
            }
            rest = described.behind;
        }
        Some(Self { types, names, places: kept, found })
    }

    /// The number of a function that was asked for, as programs that attach to it name it.
    pub fn function(&self, name: &str) -> Option<u32> {
        self.find(kind::FUNCTION, name)
    }

    /// A structure that was asked for.
    pub fn structure(&self, name: &str) -> Option<Structure<'_>> {
        self.find(kind::STRUCT, name).map(|id| Structure { btf: self, id })
    }

    fn find(&self, kind: u32, name: &str) -> Option<Id> {
        let is_it = |found: &&(u32, u32, Id)| found.0 == kind && self.is_called(found.1, name);
        self.found.iter().find(is_it).map(|(_, _, id)| *id)
    }

    fn is_called(&self, place: u32, name: &str) -> bool {
        let rest = usize::try_from(place).ok().and_then(|place| self.names.get(place..));
        rest.and_then(|rest| rest.strip_prefix(name.as_bytes())).is_some_and(|rest| rest.first() == Some(&0))
    }

    fn get(&self, id: Id) -> Option<Type<'a>> {
        let before = id.checked_sub(1)?;
        let place = self.places.get(usize::try_from(before / STEP).ok()?)?;
        let mut found = described(self.types.get(usize::try_from(*place).ok()?..)?)?;
        for _ in 0..before % STEP {
            found = described(found.behind)?;
        }
        Some(found)
    }

    /// The type itself, without the names and qualifiers that lead to it; None for `void`.
    fn plain(&self, mut id: Id) -> Option<Type<'a>> {
        for _ in 0..MOST_STEPS {
            let found = self.get(id)?;
            match found.kind() {
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => {
                    id = found.size_or_type;
                }
                _ => return Some(found),
            }
        }
        None
    }

    /// A member of a structure, be it in a nameless one within; its offset is in bits.
    fn member(&self, structure: Id, name: &str) -> Option<(u32, Id)> {
        let mut structures = vec![(0_u32, structure)];
        let mut next = 0;
        while let Some(&(start, id)) = structures.get(next) {
            next += 1;
            let Some(of) = self.plain(id) else { continue };
            if !matches!(of.kind(), kind::STRUCT | kind::UNION) {
                continue;
            }
            for member in of.rest.chunks_exact(12) {
                let (called, id, place) = (word(member, 0)?, word(member, 4)?, word(member, 8)?);
                // With the flag the upper byte is the width of a field of bits, which is no member to be read here.
                let (bits, width) = if of.has_flag() { (place & 0x00ff_ffff, place >> 24) } else { (place, 0) };
                if self.is_called(called, name) {
                    return if width == 0 { Some((start.checked_add(bits)?, id)) } else { None };
                }
                if self.is_called(called, "") && structures.len() < MOST_NAMELESS {
                    structures.push((start.checked_add(bits)?, id));
                }
            }
        }
        None
    }

    fn shape(&self, id: Id) -> Shape {
        let Some(found) = self.plain(id) else { return Shape::Other };
        match found.kind() {
            kind::INT | kind::ENUM | kind::ENUM64 => Shape::Number(found.size_or_type),
            kind::PTR => Shape::Pointer,
            kind::STRUCT | kind::UNION => Shape::Structure(found.size_or_type),
            kind::ARRAY => {
                let of = word(found.rest, 0).and_then(|id| self.plain(id));
                Shape::Array(of.map_or(0, |of| match of.kind() {
                    kind::INT | kind::ENUM | kind::ENUM64 | kind::STRUCT | kind::UNION => of.size_or_type,
                    kind::PTR => 8,
                    _ => 0,
                }))
            }
            _ => Shape::Other,
        }
    }
}

/// A structure whose members are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Structure<'a> {
    btf: &'a Btf<'a>,
    id: Id,
}

impl Structure<'_> {
    /// The member that `path` leads to, through structures within this one: `ns.inum`.
    pub fn member(&self, path: &str) -> Option<Member> {
        let (mut bits, mut id) = (0_u32, self.id);
        for name in path.split('.') {
            let (within, found) = self.btf.member(id, name)?;
            (bits, id) = (bits.checked_add(within)?, found);
        }
        (bits % 8 == 0).then(|| Member { offset: bits / 8, shape: self.btf.shape(id) })
    }

    pub fn size(&self) -> Option<u32> {
        self.btf.get(self.id).map(|found| found.size_or_type)
    }
}

impl Type<'_> {
    const fn kind(&self) -> u32 {
        (self.info >> 24) & 0x1f
    }

    const fn has_flag(&self) -> bool {
        self.info >> 31 == 1
    }
}

/// The first of `types`; None of a kind that is not known.
fn described(types: &[u8]) -> Option<Type<'_>> {
    let (head, rest) = types.split_first_chunk::<12>()?;
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *head;
    let info = u32::from_ne_bytes([e, f, g, h]);
    let name = u32::from_ne_bytes([a, b, c, d]);
    let mut found = Type { name, info, size_or_type: u32::from_ne_bytes([i, j, k, l]), rest: &[], behind: &[] };
    let many = usize::try_from(info & 0xffff).ok()?;
    let len = match found.kind() {
        kind::INT | kind::VARIABLE | kind::DECLARATION_TAG => 4,
        kind::ARRAY => 12,
        kind::STRUCT | kind::UNION | kind::SECTION | kind::ENUM64 => many * 12,
        kind::ENUM | kind::PROTOTYPE => many * 8,
        kind::PTR | kind::FORWARD | kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT => 0,
        kind::FUNCTION | kind::FLOAT | kind::TYPE_TAG => 0,
        _ => return None,
    };
    (found.rest, found.behind) = rest.split_at_checked(len)?;
    Some(found)
}

/// Where a name stands among all.
fn places(names: &[u8], name: &str) -> Vec<u32> {
    let with_ends = [b"\0", name.as_bytes(), b"\0"].concat();
    let found = memmem::find_iter(names, &with_ends).filter_map(|at| u32::try_from(at + 1).ok());
    found.take(MOST_PLACES).collect()
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_ne_bytes(*four))
}
