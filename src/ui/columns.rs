//! How wide the columns of the list are, and which of them there is room for.

use crate::app::columns::ListColumn;

/// Cursor, failure, and the space before them.
pub const GUTTER: usize = 3;

/// What a column takes.
#[derive(Clone, Copy)]
enum Room {
    Fixed(usize),
    /// So many parts of what is left, `most` cells at the most; with fewer than `enough` it is not worth its place.
    Parts {
        parts: usize,
        enough: usize,
        most: usize,
    },
}

/// No column that shares is narrower.
const LEAST: usize = 5;

fn room(column: ListColumn, time: usize) -> Room {
    let parts = |parts, enough, most| Room::Parts { parts, enough, most };
    match column {
        ListColumn::Time => Room::Fixed(time),
        ListColumn::Class => Room::Fixed(1),
        ListColumn::Status | ListColumn::Region => Room::Fixed(3),
        // Four bytes of a fingerprint tell keys apart.
        ListColumn::Key => Room::Fixed(11),
        ListColumn::Ip => Room::Fixed(15),
        ListColumn::Action => Room::Fixed(6),
        ListColumn::User => parts(26, 11, 28),
        ListColumn::Event => parts(45, 20, usize::MAX),
        ListColumn::Resource => parts(29, 13, 40),
        ListColumn::Compartment | ListColumn::Service => parts(22, 10, 24),
        ListColumn::Session => parts(22, 10, 36),
        ListColumn::Auth => Room::Fixed(8),
        ListColumn::Agent | ListColumn::Message | ListColumn::Path => parts(30, 14, 48),
    }
}

/// The columns that fit, with their widths. What goes first is what stands last; the user goes last of all, and when, with
/// what result and what never go.
pub fn widths(shown: impl Iterator<Item = ListColumn>, cells: usize, time: usize) -> Vec<(ListColumn, usize)> {
    let mut columns: Vec<ListColumn> = shown.collect();
    let enough = |columns: &[ListColumn]| -> usize {
        let wanted = columns.iter().map(|column| match room(*column, time) {
            Room::Fixed(cells) => cells,
            Room::Parts { enough, .. } => enough,
        });
        GUTTER + wanted.map(|cells| cells + 1).sum::<usize>()
    };
    while enough(&columns) > cells {
        let spare = |column: &ListColumn| !column.is_needed() && *column != ListColumn::User;
        let Some(place) = columns.iter().rposition(spare) else { break };
        columns.remove(place);
    }
    share(&columns, cells, time)
}

/// What is left by the fixed ones goes to the others by their parts; what nobody may take is the event's.
fn share(columns: &[ListColumn], cells: usize, time: usize) -> Vec<(ListColumn, usize)> {
    let rooms: Vec<Room> = columns.iter().map(|column| room(*column, time)).collect();
    let fixed = rooms.iter().map(|room| if let Room::Fixed(cells) = room { cells + 1 } else { 1 }).sum::<usize>();
    let all: usize = rooms.iter().map(|room| if let Room::Parts { parts, .. } = room { *parts } else { 0 }).sum();
    let left = cells.saturating_sub(GUTTER + fixed);
    let mut rest = left;
    let mut widths: Vec<(ListColumn, usize)> = Vec::with_capacity(columns.len());
    for (column, room) in columns.iter().zip(&rooms) {
        let width = match *room {
            Room::Fixed(cells) => cells,
            Room::Parts { .. } if *column == ListColumn::Event => 0,
            Room::Parts { parts, most, .. } => {
                let width = (left * parts / all.max(1)).clamp(LEAST, most).min(rest);
                rest -= width;
                width
            }
        };
        widths.push((*column, width));
    }
    if let Some((_, width)) = widths.iter_mut().find(|(column, _)| *column == ListColumn::Event) {
        *width = rest;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::columns::ColumnSet;

    fn all() -> ColumnSet {
        let mut set = ColumnSet::default();
        (7..ListColumn::ALL.len()).for_each(|place| set.toggle(place));
        set
    }

    #[test]
    fn columns_always_fit_and_what_says_what_happened_never_goes() {
        for set in [ColumnSet::default(), all()] {
            for cells in 38..260 {
                for time in [8, 14] {
                    let widths = widths(set.shown(), cells, time);
                    let used = GUTTER + widths.iter().map(|(_, width)| width + 1).sum::<usize>();
                    assert!(used <= cells, "{cells}: {widths:?} take {used}");
                    let of =
                        |wanted| widths.iter().find(|(column, _)| *column == wanted).map_or(0, |(_, width)| *width);
                    assert_eq!((of(ListColumn::Time), of(ListColumn::Class), of(ListColumn::Status)), (time, 1, 3));
                    assert!(of(ListColumn::Event) >= 8 || cells < 45, "{cells}: {widths:?}");
                }
            }
        }
        assert_eq!(widths(all().shown(), 258, 8).len(), ListColumn::ALL.len());
    }

    #[test]
    fn the_last_column_goes_first_and_the_user_last() {
        let shown = |cells| -> Vec<ListColumn> {
            widths(ColumnSet::default().shown(), cells, 8).into_iter().map(|(column, _)| column).collect()
        };
        assert_eq!(shown(90).last(), Some(&ListColumn::Region));
        assert_eq!(shown(66).last(), Some(&ListColumn::Resource));
        assert_eq!(shown(58)[3..], [ListColumn::User, ListColumn::Event]);
        assert_eq!(shown(38)[3..], [ListColumn::User, ListColumn::Event]);
    }
}
