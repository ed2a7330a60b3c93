//! Colours: what numbered ones look like, and which of the first sixteen comes nearest.

use ratatui::style::Color;

/// The first sixteen as xterm has them; terminals let people choose others, but not what they are called.
const SIXTEEN: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 0, 0)),
    (Color::Green, (0, 205, 0)),
    (Color::Yellow, (205, 205, 0)),
    (Color::Blue, (0, 0, 238)),
    (Color::Magenta, (205, 0, 205)),
    (Color::Cyan, (0, 205, 205)),
    (Color::Gray, (229, 229, 229)),
    (Color::DarkGray, (127, 127, 127)),
    (Color::LightRed, (255, 0, 0)),
    (Color::LightGreen, (0, 255, 0)),
    (Color::LightYellow, (255, 255, 0)),
    (Color::LightBlue, (92, 92, 255)),
    (Color::LightMagenta, (255, 0, 255)),
    (Color::LightCyan, (0, 255, 255)),
    (Color::White, (255, 255, 255)),
];

/// Steps of the colour cube, 16 to 231.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Red, green and blue of a colour that is the same on every terminal; `None` for those that people choose.
pub fn rgb(colour: Color) -> Option<(u8, u8, u8)> {
    let step = |n: u8| STEPS.get(usize::from(n % 6)).copied();
    match colour {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(n @ 16..=231) => Some((step((n - 16) / 36)?, step((n - 16) / 6)?, step(n - 16)?)),
        Color::Indexed(n @ 232..) => {
            let grey = 8 + 10 * (n - 232);
            Some((grey, grey, grey))
        }
        _ => None,
    }
}

/// The one of the sixteen that comes nearest; those that are among them stay.
pub fn nearest(colour: Color) -> Color {
    let Some(wanted) = rgb(colour) else { return colour };
    let far = |(r, g, b): (u8, u8, u8)| {
        let part = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        part(r, wanted.0) + part(g, wanted.1) + part(b, wanted.2)
    };
    SIXTEEN.iter().min_by_key(|(_, rgb)| far(*rgb)).map_or(colour, |(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_colours_are_known_and_named_ones_are_the_terminal_s() {
        assert_eq!(rgb(Color::Indexed(208)), Some((255, 135, 0)));
        assert_eq!(rgb(Color::Indexed(16)), Some((0, 0, 0)));
        assert_eq!(rgb(Color::Indexed(255)), Some((238, 238, 238)));
        assert_eq!(rgb(Color::Blue), None);
    }

    #[test]
    fn the_nearest_of_sixteen_is_found() {
        assert_eq!(nearest(Color::Rgb(250, 250, 0)), Color::LightYellow);
        assert_eq!(nearest(Color::Indexed(231)), Color::White);
        assert_eq!(nearest(Color::Cyan), Color::Cyan);
    }
}
