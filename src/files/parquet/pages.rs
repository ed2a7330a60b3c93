//! The pages of a column, none of which claims more than it can have: memory is taken by what they claim.

use ::parquet::basic::Encoding;
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result};

/// Bytes that a text takes at least: its length.
const LEAST: usize = 4;

pub struct Pages {
    inner: Box<dyn PageReader>,
    most: usize,
}

impl Pages {
    /// `most`: values in a page.
    pub fn new(inner: Box<dyn PageReader>, most: usize) -> Self {
        Self { inner, most }
    }

    /// How many values a page of a group may have.
    pub fn most(rows: i64, longest: usize) -> usize {
        usize::try_from(rows).unwrap_or_default().min(longest)
    }

    fn check(&self, page: &Page) -> Result<()> {
        let claimed = page.num_values() as usize;
        let possible = match page {
            Page::DictionaryPage { buf, .. } => claimed <= buf.len() / LEAST,
            Page::DataPage { .. } => claimed <= self.most,
            Page::DataPageV2 { .. } => return Err(unknown("a page of the second version")),
        };
        if !possible {
            return Err(ParquetError::General(format!("a page says that it has {claimed} values")));
        }
        match page.encoding() {
            Encoding::PLAIN | Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => Ok(()),
            other => Err(unknown(&format!("a page in the form {other}"))),
        }
    }
}

/// Whoever rewrites our files may write them in ways that ours are not written in.
fn unknown(what: &str) -> ParquetError {
    ParquetError::General(format!("{what} is nothing that auditui writes or reads"))
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.iter().try_for_each(|page| self.check(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }
}
