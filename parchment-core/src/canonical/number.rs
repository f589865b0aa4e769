//! Numbers in ECMAScript form (ECMA-262, Number::toString; protocol section 1.3).

use super::sink::Sink;

/// The largest integer below which every integer is a double of its own.
pub(super) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Writes a finite double with the fewest digits that read back as the same double.
///
/// Where two shortest candidates are equally near, ECMAScript engines take the even one. The
/// standard library takes the other, so its digits must not be used here.
pub(super) fn write(value: f64, sink: &mut impl Sink) {
    match small_integer(value) {
        Some(integer) => write_integer(integer, sink),
        None => sink.put(ryu_js::Buffer::new().format_finite(value)),
    }
}

/// The integer that a double is, where that is written digit by digit in any case.
fn small_integer(value: f64) -> Option<i32> {
    let integer = value as i32;
    (f64::from(integer) == value).then_some(integer)
}

fn write_integer(integer: i32, sink: &mut impl Sink) {
    // Sign and ten digits, from the last one on.
    let mut text = [b'-'; 11];
    let mut length = 0;
    let mut rest = integer.unsigned_abs();
    for place in text.iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        length += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    length += usize::from(integer < 0);
    let written = text.get(text.len() - length..).unwrap_or_default();
    sink.put(std::str::from_utf8(written).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: f64) -> String {
        let mut text = String::new();
        write(value, &mut text);
        text
    }

    #[test]
    fn the_edges_of_each_form_are_as_ecmascript_has_them() {
        for (value, text) in [
            (0.0, "0"),
            (-1.5, "-1.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-7, "1.5e-7"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (123.456, "123.456"),
            (0.1 + 0.2, "0.30000000000000004"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    #[test]
    fn what_a_javascript_engine_wrote_is_written_here() {
        let recorded = include_str!("../../tests/data/numbers-from-javascript.txt");
        let mut count = 0;
        for line in recorded.lines() {
            let (bits, text) = line.split_once(' ').unwrap();
            let value = f64::from_bits(u64::from_str_radix(bits, 16).unwrap());
            assert_eq!(written(value), text, "bits {bits}");
            count += 1;
        }
        assert_eq!(count, 5_000);
    }

    #[test]
    fn integers_are_written_as_the_general_form_writes_them() {
        let edges = [0, 1, -1, 9, 10, -10, 99, 100, 2_147_483_647, -2_147_483_648];
        let steps = (0..200_000).map(|step| step * 10_731 - 1_073_100_000);
        for integer in edges.into_iter().chain(steps) {
            let value = f64::from(integer);
            assert_eq!(written(value), ryu_js::Buffer::new().format_finite(value));
        }
        assert_eq!(written(-0.0), "0");
        assert_eq!(written(2_147_483_648.0), "2147483648");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_no_shorter_text_does(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let text = written(value);
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            let digits = |text: &str| text.split(['e', 'E']).next().unwrap().trim_matches(['-', '0', '.']).replace('.', "").len();
            let shortest = format!("{value:e}");
            prop_assert!(digits(&text) <= digits(&shortest));
        }
    }
}
