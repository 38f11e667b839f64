//! Lists of objects: their order, and the table.

use std::io::Write;

use crate::kind::model::Object;
use crate::listing::fields::{Field, Lookups};
use crate::render::style::Style;
use crate::render::table::{self, Column};

/// Stable, so that equal objects keep the kernel's order. What has no value comes last either way round.
pub(crate) fn sort_objects(objects: &mut [Object], sort: &[&'static Field], reverse: bool, lookups: &Lookups) {
    // So that equal objects are turned round as well.
    if reverse {
        objects.reverse();
    }
    objects.sort_by(|one, two| {
        sort.iter()
            .map(|field| field.value(one, lookups).compare(&field.value(two, lookups), reverse))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}

/// Prints rows of objects.
pub(crate) fn print_table(
    out: &mut impl Write,
    columns: &[&'static Field],
    objects: &[Object],
    lookups: &Lookups,
    style: &Style,
) -> std::io::Result<()> {
    let shape: Vec<Column> = columns.iter().map(|field| field.column()).collect();
    table::write(out, &shape, objects.len(), style, |row, column| columns[column].value(&objects[row], lookups))
}
