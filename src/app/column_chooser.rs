//! [`ColumnChooser`]: which columns the list shows, and in what order.

use super::App;
use super::action::Action;
use super::columns::{ColumnSet, ListColumn};
use super::effect::Effect;
use super::overlay::Overlay;
use super::viewport::Viewport;

#[derive(Debug)]
pub struct ColumnChooser {
    pub columns: ColumnSet,
    pub view: Viewport,
}

impl ColumnChooser {
    pub fn new(columns: ColumnSet) -> Self {
        Self { columns, view: Viewport::default() }
    }

    /// The column under the cursor.
    pub fn chosen(&self) -> Option<ListColumn> {
        self.columns.all().get(self.view.cursor).map(|(column, _)| *column)
    }

    pub fn resize(&mut self, rows: u16) {
        self.view.resize(rows, ListColumn::ALL.len());
    }

    fn act(&mut self, action: Action) {
        let len = ListColumn::ALL.len();
        match action {
            Action::Toggle => self.columns.toggle(self.view.cursor),
            Action::MoveDown | Action::MoveUp => {
                let to = self.columns.shift(self.view.cursor, action == Action::MoveDown);
                self.view.move_to(to, len);
            }
            Action::UsualColumns => self.columns = ColumnSet::default(),
            _ => _ = self.view.act(action, len),
        }
    }
}

impl App {
    pub(super) fn choose_columns(&mut self) {
        self.overlay = Some(Overlay::Columns(ColumnChooser::new(self.list.columns().clone())));
    }

    pub(super) fn act_in_columns(&mut self, action: Action) -> Vec<Effect> {
        let Some(Overlay::Columns(chooser)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Cancel => self.overlay = None,
            Action::Open => {
                let columns = chooser.columns.clone();
                self.list.show_columns(columns);
                self.overlay = None;
            }
            _ => chooser.act(action),
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::Stage;
    use crate::app::tests::{copied, stage};

    fn shown(stage: &Stage) -> Vec<ListColumn> {
        stage.app.list().columns().shown().collect()
    }

    #[test]
    fn columns_are_shown_ordered_and_kept_or_not() {
        let mut stage = stage();
        let usual = shown(&stage);
        stage.keys("C G K K <space> <esc>");
        assert_eq!(shown(&stage), usual);
        // The region is hidden, the address shown and moved before the event.
        stage.keys("C j j j j j j <space> j j <space> K K K K <enter>");
        let [.., user, ip, event, resource] = shown(&stage)[..] else { panic!("{:?}", shown(&stage)) };
        assert_eq!(
            (user, ip, event, resource),
            (ListColumn::User, ListColumn::Ip, ListColumn::Event, ListColumn::Resource)
        );
        assert_eq!(copied(&mut stage, "h c").1, "203.0.113.9");
        stage.keys("C = <enter>");
        assert_eq!(shown(&stage), usual);
        assert_eq!(stage.app.list().column(), ListColumn::Event, "the cell cursor is on a column that is shown");
    }

    #[test]
    fn what_a_row_cannot_do_without_stays() {
        let mut stage = stage();
        stage.keys("C <space> j <space> j <space> j <space> j <space> <enter>");
        assert_eq!(shown(&stage)[..4], [ListColumn::Time, ListColumn::Class, ListColumn::Status, ListColumn::Event]);
    }

    #[test]
    fn every_column_has_a_value_and_all_but_two_a_field() {
        let stage = stage();
        let row = stage.app.event_row().unwrap();
        for column in ListColumn::ALL {
            let expected = !matches!(column, ListColumn::Session | ListColumn::Message);
            assert_eq!(!column.value(&row).is_empty(), expected, "{column:?}");
            let has_no_field = matches!(column, ListColumn::Time | ListColumn::Class);
            assert_eq!(column.field().is_none(), has_no_field, "{column:?}");
        }
    }
}
