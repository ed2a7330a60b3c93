//! A backend that writes nothing while nothing changes.
//!
//! ratatui ends every frame with a reset of the colours and a cursor that is hidden once more, also one in which no cell
//! has changed. Over a slow line that is traffic, a screen reader may stir, and a terminal that is not ours to wake wakes.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Passes on what changes something.
pub struct Quiet<B> {
    inner: B,
    cursor_hidden: bool,
    written: bool,
}

impl<B> Quiet<B> {
    /// Around a backend whose cursor is in sight.
    pub fn new(inner: B) -> Self {
        Self { inner, cursor_hidden: false, written: false }
    }
}

impl<B: Backend> Backend for Quiet<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), B::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.written = true;
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), B::Error> {
        if std::mem::replace(&mut self.cursor_hidden, true) {
            return Ok(());
        }
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), B::Error> {
        self.cursor_hidden = false;
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, B::Error> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), B::Error> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), B::Error> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), B::Error> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, B::Error> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, B::Error> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), B::Error> {
        if std::mem::take(&mut self.written) { self.inner.flush() } else { Ok(()) }
    }
}

/// Sequences of our own between two frames.
impl<B: Write> Write for Quiet<B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use ratatui::backend::CrosstermBackend;
    use ratatui::layout::Rect;
    use ratatui::{Terminal, TerminalOptions, Viewport};

    use super::*;

    #[derive(Clone, Default)]
    struct Line(Rc<RefCell<Vec<u8>>>);

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_in_which_nothing_changed_writes_nothing() {
        let line = Line::default();
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 20, 2)) };
        let mut terminal = Terminal::with_options(Quiet::new(CrosstermBackend::new(line.clone())), options).unwrap();
        let mut written = |text: &str| {
            let before = line.0.borrow().len();
            terminal.draw(|frame| frame.render_widget(text, frame.area())).unwrap();
            String::from_utf8(line.0.borrow()[before..].to_vec()).unwrap()
        };
        assert!(written("12:00:00").ends_with("\x1b[?25l"), "the cursor is hidden once");
        assert_eq!(written("12:00:00"), "");
        let tick = written("12:00:01");
        assert!(tick.contains('1') && !tick.contains("12:") && !tick.contains("?25l"), "{tick:?}");
        assert_eq!(written("12:00:01"), "");
    }
}
