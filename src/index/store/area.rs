//! Bytes that are kept for long and given back to the system when they go.
//!
//! An allocator keeps what it is given back, for the next who asks. So what is worth it has pages of its own: when a pack
//! moves to the file, the process shrinks by it.

use std::ops::Deref;

use memmap2::{Mmap, MmapMut};

use super::pack::ALLOCATION;

/// From this length on, what is lost in the last page is less than what can be given back.
const LEAST: usize = 16 * PAGE;

/// What memory comes in: 16 KiB on Apple's machines, 4 KiB on nearly all others.
const PAGE: usize = if cfg!(all(target_vendor = "apple", target_arch = "aarch64")) { 16_384 } else { 4_096 };

/// Bytes that do not change any more.
pub(super) enum Area {
    Pages(Mmap),
    /// What is short, or what the system had no pages for.
    Allocated(Box<[u8]>),
}

impl Area {
    /// The `parts` one after the other.
    pub fn of<'a>(parts: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let len = parts.clone().map(<[u8]>::len).sum();
        let pages = if len < LEAST { None } else { pages(len, parts.clone()) };
        pages.map_or_else(|| Self::Allocated(parts.flatten().copied().collect()), Self::Pages)
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        match self {
            Self::Pages(pages) => pages.len().next_multiple_of(PAGE),
            Self::Allocated(bytes) => bytes.len() + ALLOCATION,
        }
    }
}

impl From<Box<[u8]>> for Area {
    fn from(bytes: Box<[u8]>) -> Self {
        if bytes.len() < LEAST { Self::Allocated(bytes) } else { Self::of([&*bytes].into_iter()) }
    }
}

impl Deref for Area {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Pages(pages) => pages,
            Self::Allocated(bytes) => bytes,
        }
    }
}

fn pages<'a>(len: usize, parts: impl Iterator<Item = &'a [u8]>) -> Option<Mmap> {
    let mut pages = MmapMut::map_anon(len).ok()?;
    let mut end = 0;
    for part in parts {
        pages.get_mut(end..end + part.len())?.copy_from_slice(part);
        end += part.len();
    }
    pages.make_read_only().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_has_its_parts_in_pages_or_without_and_counts_what_it_takes() {
        for len in [0, 1, LEAST - 1, LEAST, LEAST + 1, 20 * PAGE] {
            let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            let (head, tail) = bytes.split_at(len / 3);
            for area in [Area::of([head, &[], tail].into_iter()), Area::from(bytes.clone().into_boxed_slice())] {
                assert_eq!(&*area, bytes);
                assert_eq!(matches!(area, Area::Pages(_)), len >= LEAST);
                let lost = area.held() - len;
                assert!(if len < LEAST { lost == ALLOCATION } else { lost < PAGE }, "{len}: {lost}");
            }
        }
    }
}
