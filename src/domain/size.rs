//! Amounts of memory, as people write and read them. Units are powers of 1,024.

/// One letter each, from the smallest.
const UNITS: [char; 4] = ['K', 'M', 'G', 'T'];

/// `512M`, `2G`, `1.5G`, `2GiB`, or plain bytes. `None` when it is none of these.
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let unit = unit.trim().to_ascii_uppercase();
    let letter = unit.strip_suffix("IB").or_else(|| unit.strip_suffix('B')).unwrap_or(&unit);
    if letter.is_empty() {
        return number.parse().ok();
    }
    let power = UNITS.iter().position(|known| letter.chars().eq([*known]))?;
    let bytes = number.parse::<f64>().ok()? * 1_024_f64.powi(power as i32 + 1);
    (bytes < u64::MAX as f64).then_some(bytes as u64)
}

/// `186.2 MiB`; what is less than a KiB in bytes. Rounded to the nearest.
pub fn format(bytes: u64) -> String {
    let mut scaled = bytes as f64;
    let mut unit = None;
    for next in UNITS {
        if scaled < 1_023.95 {
            break;
        }
        (scaled, unit) = (scaled / 1_024.0, Some(next));
    }
    match unit {
        None => format!("{bytes} B"),
        Some(unit) if scaled.fract() == 0.0 => format!("{scaled} {unit}iB"),
        Some(unit) => format!("{scaled:.1} {unit}iB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("1048576", 1 << 20),
            ("512M", 512 << 20),
            ("2g", 2 << 30),
            ("1.5G", 3 << 29),
            ("2GiB", 2 << 30),
            ("64 mb", 64 << 20),
            ("1T", 1 << 40),
        ] {
            assert_eq!(parse(text), Some(bytes), "{text}");
        }
        for text in ["", "M", "-1M", "1.5", "2X", "1MM", "1.2.3G", "99999999T", "18446744073709551616", "½G"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit_that_fits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1 << 20, "1 MiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (195_245_000, "186.2 MiB"),
            (3 << 29, "1.5 GiB"),
            (5 << 50, "5120 TiB"),
        ] {
            assert_eq!(format(bytes), text);
        }
    }
}
