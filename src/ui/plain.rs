//! A buffer as text, for tests and for looking at it.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr as _;

/// The symbols of each row; spaces at the end of a row are kept, so that widths can be seen. The cells that a wide
/// symbol hides are left out.
pub fn plain(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in area.top()..area.bottom() {
        let mut hidden = 0;
        for x in area.left()..area.right() {
            let symbol = buffer.cell((x, y)).map_or(" ", |cell| cell.symbol());
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            text.push_str(symbol);
            hidden = symbol.width().saturating_sub(1);
        }
        text.push('\n');
    }
    text
}
