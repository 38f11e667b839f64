//! Whose an object is to be on a machine that may know other users than the one it comes from.

use super::Owners;
use crate::archive::read::{Account, Item};
use crate::render::escape::{escape, truncate};
use crate::sys::{Gid, Uid, accounts};

/// How a saved user or group becomes one of this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Name and number must agree.
    #[default]
    Both,
    Number,
    Name,
}

/// The options about owners.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accounts {
    pub by: By,
    /// This owner and creator instead.
    pub owner: Option<Uid>,
    /// This group and creator's group instead.
    pub group: Option<Gid>,
}

impl Accounts {
    /// The owner of an object, and its creator if that can be given to it (`with_creator`).
    ///
    /// # Errors
    /// Why it cannot be known, in words.
    pub(super) fn resolve(&self, item: &Item, with_creator: bool) -> Result<Owners, String> {
        let user = |what: &str, account: &Account| match self.owner {
            Some(uid) => Ok(uid),
            None => find(self.by, what, account, user_here).map(Uid::new),
        };
        let group = |what: &str, account: &Account| match self.group {
            Some(gid) => Ok(gid),
            None => find(self.by, what, account, group_here).map(Gid::new),
        };
        let creator = match with_creator {
            true => (user("creator", &item.creator)?, group("group of the creator", &item.creator_group)?),
            false => (Uid::new(item.creator.number), Gid::new(item.creator_group.number)),
        };
        Ok(Owners { owner: (user("owner", &item.owner)?, group("group", &item.group)?), creator })
    }
}

/// The number that the name has here, and the name that the number has here.
type Here = (Option<u32>, Option<String>);

fn user_here(account: &Account) -> Result<Here, String> {
    let number = account.name.as_deref().map(accounts::user_by_name).transpose();
    let number = number.map_err(|errno| format!("users cannot be looked up: {errno}"))?.flatten();
    Ok((number.map(Uid::raw), accounts::user_name(Uid::new(account.number))))
}

fn group_here(account: &Account) -> Result<Here, String> {
    let number = account.name.as_deref().map(accounts::group_by_name).transpose();
    let number = number.map_err(|errno| format!("groups cannot be looked up: {errno}"))?.flatten();
    Ok((number.map(Gid::raw), accounts::group_name(Gid::new(account.number))))
}

fn find(by: By, what: &str, account: &Account, look: impl Fn(&Account) -> Result<Here, String>) -> Result<u32, String> {
    let number = account.number;
    if by == By::Number {
        return Ok(number);
    }
    let (by_name, name_here) = look(account)?;
    // It may be of any length.
    let name = account.name.as_deref().map(|name| truncate(&escape(name), 60).into_owned());
    match (by, name, by_name) {
        (By::Name, Some(_), Some(found)) => Ok(found),
        (By::Name, Some(name), None) => Err(format!("its {what} {name} ({number}) has no such name here")),
        (By::Name, None, _) => Err(format!("its {what} {number} had no name")),
        (_, Some(_), Some(found)) if found == number => Ok(number),
        (_, Some(name), Some(found)) => Err(format!("its {what} {name} ({number}) has the number {found} here")),
        // The number is nobody's, here or there: it can only mean itself.
        (_, _, None) if name_here.is_none() => Ok(number),
        (_, name, _) => {
            let name = name.map_or_else(|| "had no name".to_owned(), |name| format!("was {name}"));
            let here = name_here.unwrap_or_default();
            Err(format!("its {what} {number} {name}, and is {} here", escape(&here)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{By, find};
    use crate::archive::read::Account;

    #[test]
    fn name_and_number_agree_or_it_is_asked() {
        let with = |by, name: Option<&str>, number, here: Option<u32>, name_here: Option<&str>| {
            let account = Account { number, name: name.map(Into::into) };
            find(by, "owner", &account, |_| Ok((here, name_here.map(str::to_owned)))).ok()
        };
        assert_eq!(with(By::Both, Some("bob"), 7, Some(7), Some("bob")), Some(7));
        // Two names of one number.
        assert_eq!(with(By::Both, Some("bob"), 7, Some(7), Some("rob")), Some(7));
        assert_eq!(with(By::Both, Some("bob"), 7, Some(8), None), None);
        assert_eq!(with(By::Both, Some("bob"), 7, None, Some("eve")), None);
        assert_eq!(with(By::Both, Some("bob"), 7, None, None), Some(7));
        assert_eq!(with(By::Both, None, 7, None, None), Some(7));
        assert_eq!(with(By::Both, None, 7, None, Some("eve")), None);
        assert_eq!(with(By::Number, Some("bob"), 7, Some(8), Some("eve")), Some(7));
        assert_eq!(with(By::Name, Some("bob"), 7, Some(8), Some("eve")), Some(8));
        assert_eq!(with(By::Name, Some("bob"), 7, None, None), None);
        assert_eq!(with(By::Name, None, 7, None, None), None);
    }
}
