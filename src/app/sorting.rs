//! Sorting the list by the column under the cursor, and back to time.

use super::App;
use super::action::Action;
use super::columns::reversed;
use super::effect::Effect;

impl App {
    /// The cursor stays on its event, wherever that stands then.
    pub(super) fn sort(&mut self, action: Action) -> Vec<Effect> {
        let column = self.list.column();
        let order = match column.order() {
            _ if action == Action::SortReversed => reversed(self.order),
            Some(order) => order,
            None => return self.fail("by this column nothing can be sorted"),
        };
        if order == self.order {
            return Vec::new();
        }
        self.order = order;
        if let Some((key, line)) = self.list.line() {
            self.list.go_to(key, line);
        }
        self.select().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::app::testing::Stage;
    use crate::app::tests::stage;
    use crate::query::Order;

    fn first(stage: &Stage) -> String {
        stage.names().swap_remove(0)
    }

    #[test]
    fn the_column_under_the_cursor_sorts_and_time_is_the_way_back() {
        let mut stage = stage();
        stage.keys("j j s");
        assert_eq!(first(&stage), "CreateBackup");
        assert_eq!(stage.under_cursor(), "CreatePreauthenticatedRequest", "the cursor stays on its event");
        stage.keys("S");
        assert_eq!(
            (first(&stage).as_str(), stage.under_cursor().as_str()),
            ("UploadApiKey", "CreatePreauthenticatedRequest")
        );
        assert_eq!(stage.keys("s").names().len(), 11);
        assert_eq!(first(&stage), "CreateBackup", "sorting anew begins at the beginning");
        stage.keys("h h h h h s");
        assert_eq!(stage.last_select().order, Order::NewestFirst);
        assert_eq!(first(&stage), "DeleteUser");
        assert_eq!(first(stage.keys("S")), "CreateBackup");
    }

    #[test]
    fn from_the_top_the_cursor_stays_on_its_event_too() {
        let mut stage = stage();
        stage.keys("s");
        assert_eq!(stage.under_cursor(), "DeleteUser");
        assert_ne!(stage.app.list().viewport().cursor, 0);
    }

    #[test]
    fn what_has_no_order_says_so() {
        let mut stage = stage();
        stage.keys("h h h s");
        assert!(stage.app.notice().is_some());
        assert_eq!(stage.last_select().order, Order::NewestFirst);
    }

    #[test]
    fn numbers_are_sorted_as_numbers_and_the_failed_are_found() {
        let mut stage = stage();
        stage.keys("h h s S");
        assert_eq!(stage.names()[..2], ["CreateVnicAttachment", "DeleteLogGroup"]);
        stage.keys("g e");
        assert_eq!(stage.under_cursor(), "DeleteLogGroup");
    }
}
