//! Theme: styles by meaning, read from `assets/themes`.

use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

macro_rules! theme {
    ($($name:ident,)*) => {
        /// Every style that is used, named by what it says.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Theme {
            $(pub $name: Style,)*
        }

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        struct File {
            $($name: Entry,)*
        }

        impl TryFrom<File> for Theme {
            type Error = ThemeError;

            fn try_from(file: File) -> Result<Self, ThemeError> {
                Ok(Self { $($name: file.$name.style()?,)* })
            }
        }
    };
}

theme! {
    text, faint, strong, problem, warning, done, loading, write, read, session, failed, cursor, cursor_unfocused, cell,
    hit, key, frame, frame_focused, bar, bar_read, bar_failed, json_key, json_string, json_number, json_word, masked,
}

/// Why a file is no theme.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    #[error("`{0}` is no colour")]
    Colour(String),
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
    fn style(&self) -> Result<Style, ThemeError> {
        let colour = |text: &String| Color::from_str(text).map_err(|_| ThemeError::Colour(text.clone()));
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

impl Theme {
    pub fn parse(text: &str) -> Result<Self, ThemeError> {
        toml::from_str::<File>(text)?.try_into()
    }

    /// The built-in themes are part of the program and a test reads them; without styles the screen still reads.
    pub fn dark() -> Self {
        Self::parse(include_str!("../../assets/themes/dark.toml")).unwrap_or_default()
    }

    pub fn light() -> Self {
        Self::parse(include_str!("../../assets/themes/light.toml")).unwrap_or_default()
    }

    /// Without colour.
    pub fn mono() -> Self {
        Self::parse(include_str!("../../assets/themes/mono.toml")).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_themes_that_ship_can_be_read() {
        for text in [
            include_str!("../../assets/themes/dark.toml"),
            include_str!("../../assets/themes/light.toml"),
            include_str!("../../assets/themes/mono.toml"),
        ] {
            Theme::parse(text).unwrap();
        }
    }

    #[test]
    fn mono_has_no_colour() {
        let text = include_str!("../../assets/themes/mono.toml");
        assert!(!text.contains("fg") && !text.contains("bg"));
    }
}
