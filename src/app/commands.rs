//! From keys to actions, and what each action does.

use std::sync::Arc;

use super::action::Action;
use super::effect::Effect;
use super::geometry::Shape;
use super::help::Help;
use super::key::KeyPress;
use super::look::Arrangement;
use super::overlay::Overlay;
use super::panes::detail::Tab;
use super::panes::tree::TreeWish;
use super::time_popup::{Choice, TimePopup};
use super::{App, Included, Pane, TimeRange};
use crate::domain::problem::Problem;

impl App {
    pub(super) fn press(&mut self, key: KeyPress) -> Vec<Effect> {
        self.notices.passing = None;
        self.greets = false;
        let action = self.keymap().action(self.key_focus(), key);
        if let Some(effects) = self.press_digit(key, action) {
            return effects;
        }
        if let Some(action) = action {
            return self.act_counted(action);
        }
        self.count = None;
        self.press_unbound(key)
    }

    /// Text for whatever takes text.
    fn press_unbound(&mut self, key: KeyPress) -> Vec<Effect> {
        match &mut self.overlay {
            Some(Overlay::Help(help)) => help.edit(key),
            Some(Overlay::Time(popup)) => {
                if let Some(choice) = popup.press(key) {
                    return self.apply_choice(choice);
                }
            }
            Some(Overlay::Facets) => return self.edit_in_facets(|line| line.edit(key)),
            Some(Overlay::Palette(_)) => return self.edit_palette(key),
            Some(Overlay::Copy(_) | Overlay::Columns(_) | Overlay::Coverage | Overlay::Pivot) => {}
            Some(Overlay::Views(_)) => return self.press_in_views(key),
            None => {
                if self.prompt.as_mut().is_some_and(|prompt| prompt.line.edit(key)) {
                    return self.prompt_edited();
                }
            }
        }
        Vec::new()
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.notices.passing = None;
        self.greets = false;
        match &mut self.overlay {
            Some(Overlay::Help(help)) => help.paste(text),
            Some(Overlay::Time(popup)) => popup.paste(text),
            Some(Overlay::Facets) => {
                return self.edit_in_facets(|line| {
                    line.paste(text);
                    true
                });
            }
            Some(Overlay::Palette(_)) => return self.paste_in_palette(text),
            Some(Overlay::Copy(_) | Overlay::Columns(_) | Overlay::Coverage | Overlay::Pivot) => {}
            Some(Overlay::Views(views)) => {
                if let Some(name) = &mut views.naming {
                    name.paste(text);
                }
            }
            None => return self.paste_query(text),
        }
        Vec::new()
    }

    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Quit => return self.quit(),
            Action::Suspend => return vec![Effect::Suspend],
            Action::Redraw => return vec![Effect::Redraw],
            _ => {}
        }
        match (&mut self.overlay, &self.prompt) {
            (Some(Overlay::Help(_)), _) => self.act_in_help(action),
            (Some(Overlay::Time(_)), _) => self.act_in_time(action),
            (Some(Overlay::Copy(_)), _) => self.act_in_copy_menu(action),
            (Some(Overlay::Palette(_)), _) => self.act_in_palette(action),
            (Some(Overlay::Columns(_)), _) => self.act_in_columns(action),
            (Some(Overlay::Coverage), _) => self.act_in_coverage(action),
            (Some(Overlay::Facets), _) => self.act_in_facets(action),
            (Some(Overlay::Pivot), _) => self.act_in_pivot(action),
            (Some(Overlay::Views(_)), _) => self.act_in_views(action),
            (None, Some(_)) => self.act_in_prompt(action),
            (None, None) => self.act_in_pane(action),
        }
    }

    fn act_in_help(&mut self, action: Action) -> Vec<Effect> {
        let Some(Overlay::Help(help)) = &mut self.overlay else { return Vec::new() };
        let from = help.from();
        match action {
            Action::Cancel => self.overlay = Overlay::below(from),
            Action::Open => match help.chosen() {
                Some((chosen, true)) => {
                    self.overlay = Overlay::below(from);
                    return self.act(chosen);
                }
                Some((chosen, false)) => return self.not_here(chosen, from),
                None => {}
            },
            _ => help.act(action),
        }
        Vec::new()
    }

    fn act_in_time(&mut self, action: Action) -> Vec<Effect> {
        let anchors = self.anchors();
        let Some(Overlay::Time(popup)) = &mut self.overlay else { return Vec::new() };
        match action {
            Action::Cancel => self.overlay = None,
            Action::Open if !popup.pick() => {}
            Action::Open => match popup.resolve(&anchors) {
                Some(Ok(range)) => return self.use_range(range),
                Some(Err(_)) => {}
                None => self.overlay = None,
            },
            _ => popup.act(action),
        }
        Vec::new()
    }

    fn pick_time(&mut self) {
        self.leave_histogram();
        self.overlay = Some(Overlay::Time(TimePopup::new(self.range, self.ranges.clone(), &self.anchors())));
    }

    fn apply_choice(&mut self, choice: Choice) -> Vec<Effect> {
        let anchors = self.anchors();
        match &self.overlay {
            Some(Overlay::Time(popup)) => match popup.range_of(choice, &anchors) {
                Ok(range) => self.use_range(range),
                // The popup shows why.
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    pub(super) fn use_range(&mut self, range: TimeRange) -> Vec<Effect> {
        self.overlay = None;
        if range == self.range && !self.shows_all_times() {
            return Vec::new();
        }
        self.ranges.remember(self.range, range);
        self.history.leave(self.place());
        self.change_range(range)
    }

    pub(super) fn change_range(&mut self, range: TimeRange) -> Vec<Effect> {
        self.range = range;
        if let Some(files) = &mut self.files {
            files.set_all_times(false);
        }
        self.set_following(false);
        self.range_changed()
    }

    fn act_in_pane(&mut self, action: Action) -> Vec<Effect> {
        if self.is_brushing()
            && let Some(effects) = self.act_in_histogram(action)
        {
            return effects;
        }
        match action {
            Action::NextPane => self.focus_next(true),
            Action::PreviousPane => self.focus_next(false),
            Action::FocusTree => self.focus_on(Pane::Tree),
            Action::FocusList => self.focus_on(Pane::List),
            Action::FocusDetail => self.focus_on(Pane::Detail),
            Action::Sort | Action::SortReversed => return self.sort(action),
            Action::PreviousMark | Action::NextMark => return self.seek_mark(action),
            Action::ToggleMouse => return self.toggle_mouse(),
            Action::LookAround => return self.look_around(),
            Action::Highlight => return self.toggle_highlight(),
            Action::NextHit | Action::PreviousHit if self.focus == Pane::List => {
                return self.seek_highlight(action == Action::NextHit);
            }
            Action::Close | Action::Cancel if self.is_at_root() && self.around().is_some() => {
                return self.leave_around();
            }
            Action::Close if self.is_at_root() => return self.quit(),
            Action::Close | Action::Cancel => self.step_back(),
            Action::Help => self.open_help(),
            Action::PickTime => self.pick_time(),
            Action::ChooseColumns => self.choose_columns(),
            Action::CopyMenu => self.open_copy_menu(),
            Action::Palette => return self.open_palette(),
            Action::Print => return self.print(),
            Action::Coverage => self.open_coverage(),
            Action::Facets => return self.open_facets(),
            Action::Pivot => return self.open_pivot(),
            Action::Views => self.open_views(),
            Action::TogglePause => return self.toggle_pause(),
            Action::Search => self.open_prompt(),
            Action::CycleZone => self.clock = self.clock.next(self.setup.zone),
            Action::ToggleHistogram => {
                self.leave_histogram();
                self.look.histogram = !self.look.histogram;
            }
            Action::FocusHistogram => return self.focus_histogram(),
            Action::CycleLayout => self.cycle_layout(),
            Action::ToggleTree => self.toggle_tree(),
            Action::ScrollDetailDown => self.detail.scroll(true),
            Action::ScrollDetailUp => self.detail.scroll(false),
            Action::Refresh => return self.refresh(),
            Action::Follow => return self.toggle_follow(),
            Action::ScopeAll => return self.scope_all(),
            Action::CycleAccess
            | Action::ToggleFailed
            | Action::ToggleOwn
            | Action::RemoveLastFilter
            | Action::SwitchFilters
            | Action::ClearFilters => {
                return self.change_filters(action);
            }
            Action::Include | Action::Exclude => return self.narrow_to_value(action == Action::Exclude),
            Action::Back | Action::Forward => return self.travel(action == Action::Back),
            action if action.is_copy() => return self.copy(action),
            _ => return self.move_in_pane(action),
        }
        Vec::new()
    }

    /// Actions that the focused pane serves; failed events are looked for in the list wherever the keys are.
    pub(super) fn move_in_pane(&mut self, action: Action) -> Vec<Effect> {
        let of_list = matches!(action, Action::NextFailed | Action::PreviousFailed);
        match self.focus {
            Pane::Tree if !of_list => self.act_in_tree(action),
            Pane::Detail if !of_list => {
                self.detail.act(action);
                Vec::new()
            }
            _ => self.act_in_list(action),
        }
    }

    fn act_in_list(&mut self, action: Action) -> Vec<Effect> {
        let Some(view) = &self.view else { return Vec::new() };
        if self.list.act(action, view) {
            return self.look_at_event();
        }
        if action == Action::Open && self.list.key().is_some() {
            self.open_detail();
        }
        Vec::new()
    }

    fn open_detail(&mut self) {
        self.look.detail_open = true;
        if self.look.arrangement == Arrangement::ListOnly && self.geometry.shape != Shape::Small {
            self.look.arrangement = Arrangement::Stacked;
        }
        self.focus = Pane::Detail;
    }

    fn act_in_tree(&mut self, action: Action) -> Vec<Effect> {
        let Some(tenancy) = &self.tenancy else { return Vec::new() };
        let mut included = self.included.clone();
        let wish = self.tree.act(action, tenancy, &mut included);
        if wish == Some(TreeWish::ScopeChangedOpenList) {
            self.focus_on(Pane::List);
        }
        self.look_at(included)
    }

    /// Looks at these places, as a step from which there is a way back.
    pub(super) fn look_at(&mut self, included: Included) -> Vec<Effect> {
        if self.included == included {
            return Vec::new();
        }
        self.history.leave(self.place());
        self.included = included;
        self.scope_chosen()
    }

    fn scope_chosen(&mut self) -> Vec<Effect> {
        self.notices.scope = None;
        self.scope_changed()
    }

    fn scope_all(&mut self) -> Vec<Effect> {
        let Some(tenancy) = &self.tenancy else { return Vec::new() };
        let all_times = self.files.is_none() || self.shows_all_times();
        if self.included.is_everything(tenancy) && all_times {
            return Vec::new();
        }
        let everything = Included::everything(tenancy);
        self.history.leave(self.place());
        self.included = everything;
        self.all_of_files();
        self.scope_chosen()
    }

    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        if self.refuses("there is nothing to ask again") {
            return Vec::new();
        }
        self.notices.halted = None;
        if self.tenancy.is_none() {
            self.notices.undiscovered = None;
            return vec![Effect::Discover];
        }
        [Effect::RetryFailed].into_iter().chain(self.round()).collect()
    }

    pub(super) fn open_help(&mut self) {
        self.overlay = Some(Overlay::Help(Help::new(self.key_focus(), Arc::clone(&self.setup.keymap))));
    }

    fn focus_next(&mut self, forward: bool) {
        let panes: Vec<Pane> =
            [Pane::Tree, Pane::List, Pane::Detail].into_iter().filter(|pane| self.can_focus(*pane)).collect();
        let at = panes.iter().position(|pane| *pane == self.focus).unwrap_or_default();
        let to = if forward { at + 1 } else { at + panes.len() - 1 } % panes.len().max(1);
        if let Some(pane) = panes.get(to) {
            self.focus_on(*pane);
        }
    }

    /// Panes that Tab goes through: those in sight, and the detail, which opens.
    fn can_focus(&self, pane: Pane) -> bool {
        match pane {
            Pane::List => true,
            Pane::Tree => self.geometry.tree_rows > 0,
            Pane::Detail => self.list.key().is_some(),
        }
    }

    pub(super) fn focus_on(&mut self, pane: Pane) {
        self.leave_histogram();
        match pane {
            Pane::Detail if self.list.key().is_none() => return,
            Pane::Detail => self.open_detail(),
            Pane::Tree => {
                self.look.detail_open = false;
                if self.geometry.tree_rows == 0 {
                    self.look.tree = Some(true);
                }
            }
            Pane::List => {
                self.look.detail_open = false;
                self.hide_sliding_tree();
            }
        }
        self.focus = pane;
    }

    fn toggle_tree(&mut self) {
        if self.geometry.tree_rows > 0 {
            self.look.tree = Some(false);
            if self.focus == Pane::Tree {
                self.focus = Pane::List;
            }
        } else {
            self.focus_on(Pane::Tree);
        }
    }

    /// Where the tree lies over the list it goes when the keys leave it.
    fn hide_sliding_tree(&mut self) {
        if self.geometry.shape != Shape::Wide && self.look.tree == Some(true) {
            self.look.tree = None;
        }
    }

    fn cycle_layout(&mut self) {
        self.look.arrangement = self.look.arrangement.next();
        if self.look.arrangement == Arrangement::ListOnly {
            self.look.detail_open = false;
            if self.focus == Pane::Detail {
                self.focus = Pane::List;
            }
        }
    }

    fn is_at_root(&self) -> bool {
        self.focus == Pane::List
    }

    /// Towards the list, one step.
    fn step_back(&mut self) {
        match self.focus {
            Pane::List => {}
            Pane::Detail if self.detail.tab() == Tab::Json && self.geometry.shape == Shape::Small => {
                self.detail.set_tab(Tab::Summary);
            }
            Pane::Detail | Pane::Tree => self.focus_on(Pane::List),
        }
    }

    fn quit(&mut self) -> Vec<Effect> {
        if let Some(under_way) = self.notices.exporting.as_mut().filter(|under_way| !under_way.told) {
            under_way.told = true;
            return self.tell(Problem::usage("an export is being written").hint("once more quits without it"));
        }
        self.quits = true;
        vec![Effect::Quit]
    }
}
