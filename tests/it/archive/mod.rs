//! `save` and `restore`.

mod hostile;
mod kill;
mod replace;
mod restore;
mod save;
