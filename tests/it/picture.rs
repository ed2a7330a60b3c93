//! The picture in README, drawn from the real screen, so that it cannot show what is not there.

use std::fmt::Write as _;
use std::path::Path;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

const CELL: (f32, f32) = (8.4, 17.0);
const BACKGROUND: &str = "#11151c";
const FOREGROUND: &str = "#c8ccd4";

/// Compares with the file in assets, or writes it when `INSTA_UPDATE=always` is set, as for the other pictures.
pub fn assert_picture(name: &str, buffer: &Buffer) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    let drawn = svg(buffer);
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &drawn).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == drawn, "assets/{name} is not what the screen shows; INSTA_UPDATE=always draws it anew");
}

fn svg(buffer: &Buffer) -> String {
    let (width, height) = (f32::from(buffer.area.width) * CELL.0, f32::from(buffer.area.height) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n\
         <g transform=\"translate(8 8)\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\" xml:space=\"preserve\">\n",
        w = width + 16.0,
        h = height + 16.0,
    );
    for row in 0..buffer.area.height {
        for run in runs(buffer, row) {
            run.write(row, &mut out);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// Cells side by side that look the same. Each run has its own place, so that a font's widths cannot add up.
struct Run {
    column: u16,
    cells: u16,
    text: String,
    foreground: String,
    background: Option<String>,
    bold: bool,
}

fn runs(buffer: &Buffer, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..buffer.area.width {
        let cell = &buffer[(column, row)];
        let (foreground, background) = colours(cell);
        let bold = cell.modifier.contains(Modifier::BOLD);
        match runs.last_mut() {
            Some(run) if run.foreground == foreground && run.background == background && run.bold == bold => {
                run.text.push_str(cell.symbol());
                run.cells += 1;
            }
            _ => runs.push(Run { column, cells: 1, text: cell.symbol().to_owned(), foreground, background, bold }),
        }
    }
    runs
}

impl Run {
    fn write(&self, row: u16, out: &mut String) {
        let (x, y) = (f32::from(self.column) * CELL.0, f32::from(row) * CELL.1);
        let width = f32::from(self.cells) * CELL.0;
        if let Some(background) = &self.background {
            let height = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{background}\"/>"
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        let text = self.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let weight = if self.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}>{text}</text>",
            y + 13.0,
            self.foreground,
        );
    }
}

fn colours(cell: &Cell) -> (String, Option<String>) {
    let foreground = hex(cell.fg).unwrap_or_else(|| FOREGROUND.to_owned());
    let background = hex(cell.bg);
    if cell.modifier.contains(Modifier::REVERSED) {
        return (background.unwrap_or_else(|| BACKGROUND.to_owned()), Some(foreground));
    }
    (foreground, background)
}

fn hex(color: Color) -> Option<String> {
    let named = match color {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => return Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Black | Color::Indexed(0) => "#1c2028",
        Color::Red | Color::Indexed(1) => "#e06c75",
        Color::Green | Color::Indexed(2) => "#98c379",
        Color::Yellow | Color::Indexed(3) => "#e5c07b",
        Color::Blue | Color::Indexed(4) => "#61afef",
        Color::Magenta | Color::Indexed(5) => "#c678dd",
        Color::Cyan | Color::Indexed(6) => "#56b6c2",
        Color::DarkGray | Color::Indexed(8) => "#7a8290",
        Color::LightRed | Color::Indexed(9) => "#ff7b86",
        Color::LightGreen | Color::Indexed(10) => "#b5e890",
        Color::LightYellow | Color::Indexed(11) => "#ffd68a",
        Color::LightBlue | Color::Indexed(12) => "#82c4ff",
        Color::LightMagenta | Color::Indexed(13) => "#dd9af0",
        Color::LightCyan | Color::Indexed(14) => "#7fd8e4",
        Color::White | Color::Indexed(15) => "#ffffff",
        Color::Gray | Color::Indexed(7) => FOREGROUND,
        Color::Indexed(16..=231) => return Some(cube(color)),
        Color::Indexed(shade) => return Some(format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (shade - 232))),
    };
    Some(named.to_owned())
}

/// The 6x6x6 colours of a 256-colour terminal.
fn cube(color: Color) -> String {
    let Color::Indexed(index) = color else { return FOREGROUND.to_owned() };
    let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    let n = index - 16;
    format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6))
}
