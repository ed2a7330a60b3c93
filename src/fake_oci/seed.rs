//! Seeded numbers: the same seed gives the same world on every machine, whatever is asked first.
//!
//! `SplitMix64` (Steele, Lea and Flood, 2014), written out here because a random crate may change its stream between
//! releases. A stream is never shared: each event, fault and name opens its own from a hash of what it is about.

/// A stream of 64-bit numbers.
#[derive(Debug, Clone)]
pub struct Stream(u64);

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl Stream {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream about one thing, told by its coordinates.
    pub fn about(parts: &[u64]) -> Self {
        Self(mix(parts))
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        finish(self.0)
    }

    /// A number in `0..n`; 0 when `n` is 0. The bias of the multiplication is below 2⁻³² for the small `n` used here.
    pub fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.number()) * u128::from(n);
        (wide >> 64) as u64
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// In `0.0..1.0`, with 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len() as u64) as usize)
    }

    /// An index drawn by cumulative weights (ascending, last is the sum).
    pub fn weighted(&mut self, cumulative: &[u64]) -> usize {
        let total = cumulative.last().copied().unwrap_or(0);
        let point = self.below(total);
        cumulative.partition_point(|&sum| sum <= point)
    }

    /// `n` characters of `alphabet`, whose length is a power of two: several come out of one number.
    pub fn letters(&mut self, n: usize, alphabet: &[u8]) -> String {
        let bits = alphabet.len().ilog2().max(1);
        let mask = (1_u64 << bits) - 1;
        let mut text = String::with_capacity(n);
        while text.len() < n {
            let mut number = self.number();
            for _ in 0..(64 / bits).min((n - text.len()) as u32) {
                text.push(alphabet.get((number & mask) as usize).map_or('x', |&byte| char::from(byte)));
                number >>= bits;
            }
        }
        text
    }
}

/// One number for several coordinates; order matters.
pub fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(GAMMA, |hash, &part| finish(hash ^ part).wrapping_add(GAMMA))
}

/// FNV-1a, finished like the stream: one number for a text.
pub fn text(value: &str) -> u64 {
    let fnv = value
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    finish(fnv)
}

fn finish(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_splitmix64() {
        let mut zero = Stream::new(0);
        let first: Vec<u64> = (0..4).map(|_| zero.number()).collect();
        assert_eq!(first, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F, 0xF88B_B8A8_724C_81EC]);
        let mut other = Stream::new(1_234_567);
        assert_eq!([other.number(), other.number()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn weights_are_kept() {
        let mut stream = Stream::new(7);
        let mut counts = [0_u32; 3];
        for _ in 0..10_000 {
            counts[stream.weighted(&[1, 1, 10])] += 1;
        }
        assert_eq!(counts[1], 0, "an entry of weight 0 is never drawn");
        assert!((800..1200).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn coordinates_are_not_interchangeable() {
        assert_ne!(mix(&[1, 2]), mix(&[2, 1]));
        assert_ne!(text("prod"), text("prop"));
    }

    #[test]
    fn below_stays_below() {
        let mut stream = Stream::new(3);
        assert!((0..1000).all(|_| stream.below(7) < 7));
        assert_eq!(stream.below(0), 0);
    }
}
