//! Numbers in text.

use memchr::memchr;

/// Powers of ten that are exact.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The field of a record that begins at `at`: its value, NaN if it is empty, and where it ends. `digit` becomes the
/// exponent of the last digit written where that is less.
///
/// The quotient of two exact numbers is rounded once, so plain figures of up to 15 digits need no more than a division;
/// everything else is left to the standard library, which rounds correctly too.
pub(crate) fn field(record: &[u8], at: usize, delimiter: u8, digit: &mut i32) -> Result<(f64, usize), ()> {
    let mut i = at;
    let negative = record.get(i) == Some(&b'-');
    i += usize::from(negative);
    let first = i;
    let mut mantissa = 0u64;
    let mut point = None;
    while let Some(&byte) = record.get(i) {
        match byte {
            b'0'..=b'9' => mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
            b'.' if point.is_none() => point = Some(i),
            _ => break,
        }
        i += 1;
    }
    let plain = i == record.len() || record[i] == delimiter;
    let decimals = point.map_or(0, |point| i - point - 1);
    let digits = i - first - usize::from(point.is_some());
    // Nineteen digits always fit.
    if plain && (1..=19).contains(&digits) && mantissa <= 1 << 53 && decimals < TENS.len() {
        if decimals > 0 && -(decimals as i32) < *digit {
            *digit = (*digit).min(last_decimal(mantissa, decimals));
        }
        let value = mantissa as f64 / TENS[decimals];
        return Ok((if negative { -value } else { value }, i));
    }
    let end = if plain { i } else { memchr(delimiter, &record[i..]).map_or(record.len(), |len| i + len) };
    let text = std::str::from_utf8(&record[at..end]).map_err(|_| ())?.trim();
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            *digit = (*digit).min(last_digit(text));
            Ok((value, end))
        }
        Err(_) if text.is_empty() => Ok((f64::NAN, end)),
        _ => Err(()),
    }
}

/// A finite number, `None` for no text, or why it is neither.
pub(crate) fn parse(text: &str) -> Result<Option<f64>, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        Ok(_) => Err(format!("{text:?} is not a finite number")),
        Err(_) if text.is_empty() => Ok(None),
        Err(_) => Err(format!("{text:?} is not a number")),
    }
}

/// The exponent of the last digit that is not 0 of a number of so many decimals, at most 0.
fn last_decimal(mut mantissa: u64, decimals: usize) -> i32 {
    let mut decimals = decimals as i32;
    if mantissa == 0 {
        return 0;
    }
    while decimals > 0 && mantissa.is_multiple_of(10) {
        mantissa /= 10;
        decimals -= 1;
    }
    -decimals
}

/// The exponent of the last digit written in a number: -1 for `12.5`, 0 for `12` and `12.0`.
pub(crate) fn last_digit(text: &str) -> i32 {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().unwrap_or(0)),
        None => (text, 0),
    };
    let decimals = match mantissa.split_once('.') {
        Some((_, decimals)) => decimals.trim_end_matches('0').len(),
        None => 0,
    };
    // Nobody writes 2^31 decimals, but a file may.
    exponent.saturating_sub(i32::try_from(decimals).unwrap_or(i32::MAX)).min(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_digit_written() {
        for (text, expected) in
            [("12", 0), ("12.0", 0), ("12.50", -1), ("-0.0026", -4), ("1e-06", -6), ("2.5E3", 0), ("0.00", 0)]
        {
            assert_eq!(last_digit(text), expected, "{text}");
            let mut digit = 0;
            assert!(field(text.as_bytes(), 0, b',', &mut digit).is_ok());
            assert_eq!(digit, expected, "{text}");
        }
    }

    #[test]
    fn numbers_that_are_none() {
        for text in [".", "-", "1.2.3", "--1", "1 2", "nan", "inf", "1e999", "0x1", "1_000"] {
            assert_eq!(field(text.as_bytes(), 0, b',', &mut 0), Err(()), "{text}");
        }
        assert!(field(b" ,1", 0, b',', &mut 0).is_ok_and(|(value, end)| value.is_nan() && end == 1));
    }

    /// Where a division of rounded figures would be off by one bit.
    #[test]
    fn long_figures_are_rounded_once() {
        for text in ["7.3785690282684228", "7931475343646273.2", "850466103.52879495", "6898504754111.1157"] {
            let value = field(text.as_bytes(), 0, b',', &mut 0).map(|(value, _)| value);
            assert_eq!(value, text.parse().map_err(|_| ()), "{text}");
        }
    }

    proptest! {
        /// To the last bit, whatever the path through the reader.
        #[test]
        fn numbers_are_those_of_the_standard_library(
            text in "[-+]?[0-9]{0,22}(\\.[0-9]{0,24})?([eE][-+]?[0-9]{1,2})?", number in any::<f64>(),
        ) {
            for text in [text, number.to_string(), format!("{number:e}"), format!("{:.3}", number % 1e9)] {
                let mut digit = 0;
                let record = format!("x,{text},y");
                let read = field(record.as_bytes(), 2, b',', &mut digit);
                match text.parse::<f64>() {
                    Ok(value) if value.is_finite() => {
                        let (found, end) = read.map_err(|()| TestCaseError::fail(text.clone()))?;
                        prop_assert_eq!(found.to_bits(), value.to_bits(), "{}", text);
                        prop_assert_eq!(end, 2 + text.len());
                        prop_assert_eq!(digit, last_digit(&text), "{}", text);
                    }
                    _ => prop_assert!(read.is_err() || (text.is_empty() && read.is_ok_and(|(v, _)| v.is_nan()))),
                }
            }
        }
    }
}
