//! The order of members in a canonical object.

use std::cmp::Ordering;

/// Orders member names as canonical JSON writes them: array-index-like names first, by number,
/// then all others by UTF-16 code units.
pub fn member_order(a: &str, b: &str) -> Ordering {
    match (array_index(a), array_index(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => utf16_order(a, b),
    }
}

/// Orders texts by UTF-16 code units.
///
/// UTF-8 bytes order texts by code point. The two orders differ only where an astral character,
/// whose surrogates lie at U+D800 to U+DFFF, meets one of U+E000 to U+FFFF.
pub fn utf16_order(a: &str, b: &str) -> Ordering {
    let differing = a.bytes().zip(b.bytes()).find(|(a, b)| a != b);
    match differing {
        None => a.len().cmp(&b.len()),
        Some((a, b)) => {
            let is_astral = |lead: u8| lead >= 0xf0;
            if a >= 0xee && b >= 0xee && is_astral(a) != is_astral(b) {
                b.cmp(&a)
            } else {
                a.cmp(&b)
            }
        }
    }
}

/// The value of a decimal without leading zero from 0 to 4294967294.
fn array_index(name: &str) -> Option<u32> {
    let is_decimal = !name.is_empty() && name.len() <= 10 && name.bytes().all(|b| b.is_ascii_digit());
    if !is_decimal || (name.len() > 1 && name.starts_with('0')) {
        return None;
    }
    name.parse().ok().filter(|&index| index != u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn byte_comparison_gives_the_order_of_utf16_units(
            a in "[a\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ee00}\u{ffff}\u{10000}\u{10ffff}]{0,4}",
            b in "[a\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ee00}\u{ffff}\u{10000}\u{10ffff}]{0,4}",
        ) {
            prop_assert_eq!(utf16_order(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
        }
    }

    #[test]
    fn only_plain_decimals_below_the_largest_u32_are_indices() {
        assert_eq!(array_index("0"), Some(0));
        assert_eq!(array_index("4294967294"), Some(4_294_967_294));
        for name in [
            "",
            "00",
            "01",
            "-1",
            "+1",
            "1.5",
            "4294967295",
            "4294967296",
            "99999999999",
        ] {
            assert_eq!(array_index(name), None, "{name}");
        }
    }
}
