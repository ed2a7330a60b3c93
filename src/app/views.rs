//! The list of views: run one, or save what is asked now under a name.

use std::path::Path;

use crate::domain::text::clean;

use super::App;
use super::action::Action;
use super::asking::NotRead;
use super::effect::Effect;
use super::key::KeyPress;
use super::line::LineEditor;
use super::overlay::Overlay;
use super::prompt::{Fault, Prompt, Purpose};
use super::saved::SavedView;
use super::viewport::Viewport;

/// The dialog.
#[derive(Debug, Default)]
pub struct Views {
    pub view: Viewport,
    /// The name under which the query is to be saved, while it is typed.
    pub naming: Option<LineEditor>,
}

impl App {
    /// The views there are, the user's last; of two with one name the user's.
    pub fn saved_views(&self) -> &[SavedView] {
        &self.setup.views
    }

    pub(super) fn open_views(&mut self) {
        self.overlay = Some(Overlay::Views(Views::default()));
    }

    pub(super) fn act_in_views(&mut self, action: Action) -> Vec<Effect> {
        let len = self.setup.views.len();
        let Some(Overlay::Views(views)) = &mut self.overlay else { return Vec::new() };
        match (action, &mut views.naming) {
            (Action::Cancel, Some(_)) => views.naming = None,
            (Action::Cancel, None) => self.overlay = None,
            (Action::Open, Some(name)) => {
                let name = name.text().trim().to_owned();
                return self.save_view(&name);
            }
            (Action::Open, None) => {
                let chosen = views.view.cursor;
                return self.run_view(chosen);
            }
            (Action::SaveView, None) => views.naming = Some(LineEditor::default()),
            (_, Some(_)) => {}
            (action, None) => {
                views.view.act(action, len);
            }
        }
        Vec::new()
    }

    /// A digit runs the view of that number; while a name is typed, keys are text.
    pub(super) fn press_in_views(&mut self, key: KeyPress) -> Vec<Effect> {
        let Some(Overlay::Views(views)) = &mut self.overlay else { return Vec::new() };
        if let Some(name) = &mut views.naming {
            name.edit(key);
            return Vec::new();
        }
        match key.typed().and_then(|c| c.to_digit(10)) {
            Some(digit) if digit > 0 => self.run_view(digit as usize - 1),
            _ => Vec::new(),
        }
    }

    fn run_view(&mut self, place: usize) -> Vec<Effect> {
        let Some(view) = self.setup.views.get(place).cloned() else { return Vec::new() };
        self.overlay = None;
        self.use_view(&view)
    }

    /// Asks what a view asks, in place of query and switches. A query that cannot be read is opened to be mended.
    pub fn use_view(&mut self, view: &SavedView) -> Vec<Effect> {
        self.lists.clear();
        let query = self.read(&view.query);
        let access = view.show.into();
        match query {
            Ok(query) => {
                self.say(format!("view {}: {}", view.name, view.about));
                self.change(|filters| {
                    filters.access = access;
                    filters.failed = false;
                    filters.ask(query);
                })
            }
            Err(error) => {
                self.focus_on(super::Pane::List);
                self.before_prompt = Some(self.place());
                let mut prompt = Prompt::new(Purpose::FilterEvents, &view.query);
                prompt.fault = matches!(error, NotRead::Needs(_)).then_some(Fault::Waiting);
                self.prompt = Some(prompt);
                self.filters.access = access;
                self.filters.failed = false;
                let shown: Vec<Effect> = self.select().into_iter().collect();
                [shown, self.prompt_edited()].concat()
            }
        }
    }

    fn save_view(&mut self, name: &str) -> Vec<Effect> {
        if !SavedView::is_name(name) {
            return self.fail("a view is called by letters, digits, spaces, - and _");
        }
        let view = SavedView {
            name: name.to_owned(),
            about: String::new(),
            query: self.filters.said().to_string(),
            show: self.filters.access.into(),
        };
        let Some(directory) = &self.setup.views_directory else {
            return self.fail("the view cannot be saved: there is no home directory");
        };
        self.overlay = None;
        let path = directory.join(view.file_name());
        vec![Effect::SaveView { view, path }]
    }

    /// It is on the disk now.
    pub(super) fn view_saved(&mut self, view: SavedView, path: &Path) -> Vec<Effect> {
        let path = clean(&path.display().to_string()).into_owned();
        self.say(format!("view “{}” is saved in {path}", view.name));
        super::saved::add(&mut self.setup.views, view);
        Vec::new()
    }
}
