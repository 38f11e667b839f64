//! Lists of objects: their order, and the table.

use std::io::Write;

use crate::kind::model::Object;
use crate::listing::fields::Field;
use crate::object::names::Names;
use crate::render::style::Style;
use crate::render::table::{self, Column};

/// Stable, so that equal objects keep the kernel's order. What has no value comes last either way round.
pub(crate) fn sort_objects(objects: &mut [Object], sort: &[&'static Field], reverse: bool, names: &Names) {
    // So that equal objects are turned round as well.
    if reverse {
        objects.reverse();
    }
    objects.sort_by(|one, two| {
        sort.iter()
            .map(|field| field.value(one, names).compare(&field.value(two, names), reverse))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}

/// Prints rows of objects.
pub(crate) fn print_table(
    out: &mut impl Write,
    columns: &[&'static Field],
    objects: &[Object],
    names: &Names,
    style: &Style,
) -> std::io::Result<()> {
    let shape: Vec<Column> = columns.iter().map(|field| field.column()).collect();
    table::write(out, &shape, objects.len(), style, |row, column| columns[column].value(&objects[row], names))
}
