//! Theme: styles by meaning, read from `assets/themes` and from files of the user's.

use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::domain::text::{line_at, nearest};

use super::colours;

macro_rules! theme {
    ($($name:ident = $word:literal,)*) => {
        /// Every style that is used, named by what it says.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Theme {
            $(pub $name: Style,)*
        }

        /// The styles as files call them.
        pub const STYLES: &[&str] = &[$($word,)*];

        impl Theme {
            fn style_mut(&mut self, word: &str) -> Option<&mut Style> {
                match word {
                    $($word => Some(&mut self.$name),)*
                    _ => None,
                }
            }

            fn styles_mut(&mut self) -> impl Iterator<Item = &mut Style> {
                [$(&mut self.$name,)*].into_iter()
            }
        }
    };
}

theme! {
    screen = "screen",
    text = "text",
    faint = "faint",
    strong = "strong",
    problem = "problem",
    warning = "warning",
    done = "done",
    loading = "loading",
    write = "write",
    read = "read",
    session = "session",
    failed = "failed",
    cursor = "cursor",
    cursor_unfocused = "cursor-unfocused",
    cell = "cell",
    hit = "hit",
    key = "key",
    frame = "frame",
    frame_focused = "frame-focused",
    bar = "bar",
    bar_read = "bar-read",
    bar_failed = "bar-failed",
    json_key = "json-key",
    json_string = "json-string",
    json_number = "json-number",
    json_word = "json-word",
    masked = "masked",
}

/// The themes that ship, by name.
pub const BUILT_IN: [(&str, &str); 6] = [
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("high-contrast", include_str!("../../assets/themes/high-contrast.toml")),
    ("blue-orange-dark", include_str!("../../assets/themes/blue-orange-dark.toml")),
    ("blue-orange-light", include_str!("../../assets/themes/blue-orange-light.toml")),
    ("mono", include_str!("../../assets/themes/mono.toml")),
];

/// Why a file is no theme.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    #[error("line {0}: {1}")]
    Syntax(usize, String),
    #[error("there is no style `{0}`{1}")]
    Style(String, String),
    #[error("`{0}` has {1}")]
    Entry(String, String),
    #[error("`{0}` has `{1}`, which is no colour: a name such as light-blue, a number up to 255 or \"#rrggbb\"")]
    Colour(String, String),
    #[error("`base` is the name of a theme that ships: {}", names().join(", "))]
    Base,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "it is the shape of the file")]
struct Entry {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
}

impl Entry {
    fn style(&self, word: &str) -> Result<Style, ThemeError> {
        let colour =
            |text: &String| Color::from_str(text).map_err(|_| ThemeError::Colour(word.to_owned(), text.clone()));
        let mut style = Style::default();
        if let Some(text) = &self.fg {
            style = style.fg(colour(text)?);
        }
        if let Some(text) = &self.bg {
            style = style.bg(colour(text)?);
        }
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if wanted {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

/// What the themes that ship are called.
pub fn names() -> Vec<&'static str> {
    BUILT_IN.iter().map(|(name, _)| *name).collect()
}

impl Theme {
    /// A file of styles; those that it does not name are those of its `base`, which is `dark` unless it says otherwise.
    pub fn parse(text: &str) -> Result<Self, ThemeError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(1, |span| line_at(text, span.start));
            ThemeError::Syntax(place, error.message().to_owned())
        })?;
        let mut theme = match table.get("base") {
            None => Self::dark(),
            Some(name) => name.as_str().and_then(Self::built_in).ok_or(ThemeError::Base)?,
        };
        theme.take(table)?;
        Ok(theme)
    }

    fn take(&mut self, table: toml::Table) -> Result<(), ThemeError> {
        for (word, value) in table.into_iter().filter(|(word, _)| word != "base") {
            let style = self.style_mut(&word).ok_or_else(|| ThemeError::Style(word.clone(), nearest(&word, STYLES)))?;
            let entry: Entry =
                value.try_into().map_err(|error: toml::de::Error| ThemeError::Entry(word.clone(), told(&error)))?;
            *style = entry.style(&word)?;
        }
        Ok(())
    }

    /// A theme that ships.
    pub fn built_in(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        let mut theme = Self::default();
        // These files are part of the program and a test reads them; without styles the screen still reads.
        let _ = toml::from_str(text).map(|table| theme.take(table));
        Some(theme)
    }

    pub fn dark() -> Self {
        Self::built_in("dark").unwrap_or_default()
    }

    /// Without colour.
    pub fn mono() -> Self {
        Self::built_in("mono").unwrap_or_default()
    }

    /// The same with the sixteen colours that every terminal with colours has.
    #[must_use]
    pub fn sixteen(mut self) -> Self {
        for style in self.styles_mut() {
            style.fg = style.fg.map(colours::nearest);
            style.bg = style.bg.map(colours::nearest);
        }
        self
    }
}

fn told(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_themes_that_ship_name_every_style() {
        for (name, text) in BUILT_IN {
            let table: toml::Table = toml::from_str(text).unwrap();
            Theme::default().take(table.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
            let missing: Vec<_> = STYLES.iter().filter(|word| !table.contains_key(**word)).collect();
            assert!(missing.is_empty(), "{name} has no {missing:?}");
        }
    }

    #[test]
    fn mono_has_no_colour() {
        let mut mono = Theme::built_in("mono").unwrap();
        assert!(mono.styles_mut().all(|style| style.fg.is_none() && style.bg.is_none()));
    }

    #[test]
    fn nothing_is_dim() {
        for (name, _) in BUILT_IN {
            let mut theme = Theme::built_in(name).unwrap();
            assert!(theme.styles_mut().all(|style| !style.add_modifier.contains(Modifier::DIM)), "{name}");
        }
        for name in ["dark", "high-contrast", "blue-orange-dark"] {
            let mut theme = Theme::built_in(name).unwrap();
            assert!(theme.styles_mut().all(|style| style.fg != Some(Color::DarkGray)), "{name}");
        }
    }

    /// How far a foreground stands out of its background, as the guidelines for accessible pages (WCAG) reckon it.
    fn contrast(style: Style, background: (u8, u8, u8)) -> Option<f64> {
        let light = |colour| {
            let (r, g, b) = colour;
            let part = |part: u8| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let behind = style.bg.and_then(colours::rgb).unwrap_or(background);
        let (a, b) = (light(colours::rgb(style.fg?)?), light(behind));
        Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
    }

    #[test]
    fn what_is_made_to_be_read_by_everybody_can_be() {
        let (black, white) = ((0, 0, 0), (255, 255, 255));
        for (name, background, least) in
            [("high-contrast", black, 7.0), ("blue-orange-dark", black, 4.5), ("blue-orange-light", white, 4.5)]
        {
            let mut theme = Theme::built_in(name).unwrap();
            for (style, word) in theme.styles_mut().zip(STYLES) {
                let contrast = contrast(*style, background).unwrap_or(least);
                assert!(contrast >= least, "{name}: {word} has {contrast:.1}");
            }
        }
    }

    /// Colours that people who do not tell red from green still tell apart: more blue than red, or more red than blue, and
    /// no green without either.
    #[test]
    fn blue_and_orange_are_all_there_is() {
        for name in ["blue-orange-dark", "blue-orange-light"] {
            let mut theme = Theme::built_in(name).unwrap();
            for (style, word) in theme.styles_mut().zip(STYLES) {
                for (r, g, b) in [style.fg, style.bg].into_iter().flatten().filter_map(colours::rgb) {
                    let grey = r == g && g == b;
                    assert!(grey || (b > r && b >= g) || (r > b && r > g), "{name}: {word}");
                }
            }
        }
    }

    #[test]
    fn a_file_of_one_s_own_changes_what_it_names() {
        let own = Theme::parse("base = \"light\"\nwrite = { fg = \"#ff8800\", bold = true }").unwrap();
        let light = Theme::built_in("light").unwrap();
        assert_eq!(own.write, Style::default().fg(Color::Rgb(255, 136, 0)).add_modifier(Modifier::BOLD));
        assert_eq!(Theme { write: light.write, ..own }, light);
        assert_eq!(Theme::parse("").unwrap(), Theme::dark());
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told() {
        let told = |text: &str| Theme::parse(text).unwrap_err().to_string();
        assert_eq!(told("wrte = {}"), "there is no style `wrte`; did you mean `write`?");
        assert!(told("write = { fg = \"reddish\" }").starts_with("`write` has `reddish`, which is no colour"));
        assert!(told("text = {}\nwrite = {").starts_with("line 2: "), "{}", told("text = {}\nwrite = {"));
        assert!(told("write = { colour = \"red\" }").contains("unknown field `colour`"));
        assert!(told("base = \"pink\"").contains("high-contrast"));
    }

    #[test]
    fn sixteen_colours_are_enough() {
        for (name, _) in BUILT_IN {
            let mut theme = Theme::built_in(name).unwrap().sixteen();
            let many = |colour: Option<Color>| matches!(colour, Some(Color::Rgb(..) | Color::Indexed(16..)));
            assert!(!theme.styles_mut().any(|style| many(style.fg) || many(style.bg)), "{name}");
        }
    }
}
