//! Terminal events become messages.

use crossterm::event::{
    Event, KeyCode as TermKey, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

use crate::app::key::{KeyCode, KeyPress};
use crate::app::message::Message;
use crate::app::mouse::{Mouse, MouseKind};

/// What an event means to the machine; `None` for what it does not care about. A resize only asks for a new frame.
pub fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_press(key).map(Message::Key),
        Event::Mouse(mouse) => mouse_message(mouse),
        Event::Paste(text) => Some(Message::Paste(text)),
        _ => None,
    }
}

/// Whether it is Enter, pressed.
pub fn is_enter(event: &Event) -> bool {
    matches!(event, Event::Key(key) if key.code == TermKey::Enter && key.kind != KeyEventKind::Release)
}

fn mouse_message(mouse: MouseEvent) -> Option<Message> {
    let kind = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Press,
        MouseEventKind::Drag(MouseButton::Left) => MouseKind::Drag,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        _ => return None,
    };
    Some(Message::Mouse(Mouse { kind, column: mouse.column, row: mouse.row }))
}

fn key_press(key: KeyEvent) -> Option<KeyPress> {
    let has = |modifier| key.modifiers.contains(modifier);
    let (code, shift) = match key.code {
        TermKey::BackTab => (KeyCode::Tab, true),
        code => (key_code(code)?, has(KeyModifiers::SHIFT)),
    };
    Some(KeyPress::new(code, has(KeyModifiers::CONTROL), has(KeyModifiers::ALT), shift))
}

fn key_code(code: TermKey) -> Option<KeyCode> {
    Some(match code {
        TermKey::Char(c) => KeyCode::Char(c),
        TermKey::Enter => KeyCode::Enter,
        TermKey::Esc => KeyCode::Esc,
        TermKey::Backspace => KeyCode::Backspace,
        TermKey::Delete => KeyCode::Delete,
        TermKey::Tab => KeyCode::Tab,
        TermKey::Up => KeyCode::Up,
        TermKey::Down => KeyCode::Down,
        TermKey::Left => KeyCode::Left,
        TermKey::Right => KeyCode::Right,
        TermKey::Home => KeyCode::Home,
        TermKey::End => KeyCode::End,
        TermKey::PageUp => KeyCode::PageUp,
        TermKey::PageDown => KeyCode::PageDown,
        TermKey::Insert => KeyCode::Insert,
        TermKey::F(number) => KeyCode::F(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(code: TermKey, modifiers: KeyModifiers) -> Option<Message> {
        message(Event::Key(KeyEvent::new(code, modifiers)))
    }

    fn key(message: Option<Message>) -> KeyPress {
        match message {
            Some(Message::Key(key)) => key,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn shift_is_folded_and_backtab_is_shift_tab() {
        assert_eq!(key(press(TermKey::Char('g'), KeyModifiers::SHIFT)), KeyPress::char('G'));
        assert_eq!(key(press(TermKey::Char('G'), KeyModifiers::SHIFT)), KeyPress::char('G'));
        assert_eq!(key(press(TermKey::BackTab, KeyModifiers::SHIFT)), KeyPress::new(KeyCode::Tab, false, false, true));
        assert_eq!(key(press(TermKey::BackTab, KeyModifiers::NONE)), KeyPress::new(KeyCode::Tab, false, false, true));
    }

    #[test]
    fn releases_and_unknown_keys_are_nothing() {
        let mut release = KeyEvent::new(TermKey::Enter, KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert!(message(Event::Key(release)).is_none());
        assert!(press(TermKey::CapsLock, KeyModifiers::NONE).is_none());
        assert!(matches!(message(Event::Paste("x\ny".into())), Some(Message::Paste(_))));
    }

    #[test]
    fn of_the_mouse_only_what_it_is_for_is_told() {
        let event = |kind| Event::Mouse(MouseEvent { kind, column: 4, row: 2, modifiers: KeyModifiers::NONE });
        let told = |kind| match message(event(kind)) {
            Some(Message::Mouse(mouse)) => Some(mouse.kind),
            _ => None,
        };
        assert_eq!(told(MouseEventKind::Down(MouseButton::Left)), Some(MouseKind::Press));
        assert_eq!(told(MouseEventKind::ScrollDown), Some(MouseKind::WheelDown));
        assert_eq!(told(MouseEventKind::Down(MouseButton::Right)), None);
        assert_eq!(told(MouseEventKind::Moved), None);
    }
}
