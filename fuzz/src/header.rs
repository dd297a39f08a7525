//! The frame header, both ways.

use crate::choices::Choices;
use sockless::ProtocolError;
use sockless::frame::{Header, OpCode};

/// Arbitrary bytes as a header, and an arbitrary header as bytes:
///
/// - what is read is what a naive reader reads, which looks at one byte after the other, and so is
///   the rule that is broken;
/// - the verdict falls with the byte that decides it: until then more is asked for, and what
///   follows it changes nothing;
/// - a header that was read is written as the same bytes, and one that is written is read as it
///   was, or is refused by the rule that it breaks.
///
/// `data` is both: the bytes as they come, and the choice of a header.
pub fn header(data: &[u8]) {
    let verdict = Header::decode(data);
    assert_eq!(verdict, naive(data));
    let decides =
        (0..=data.len().min(Header::MAX_LEN)).find(|len| Header::decode(&data[..*len]) != Ok(None));
    match (&verdict, decides) {
        (Ok(None), None) => assert!(data.len() < Header::MAX_LEN),
        (Ok(Some((header, len))), Some(at)) => {
            assert_eq!(*len, at);
            assert_eq!(header.encode().as_ref(), &data[..at]);
        }
        (Err(_), Some(at)) => assert_eq!(
            Header::decode(&data[..at]),
            verdict,
            "the same rule, as soon as it is broken"
        ),
        _ => panic!("{verdict:?} is decided at {decides:?}"),
    }
    write(&mut Choices::new(data));
}

/// A header that the bytes choose, written and read.
fn write(choices: &mut Choices<'_>) {
    let opcodes = [
        OpCode::Continuation,
        OpCode::Text,
        OpCode::Binary,
        OpCode::Close,
        OpCode::Ping,
        OpCode::Pong,
    ];
    let (opcode, flags) = (choices.pick(&opcodes), choices.byte());
    let payload_len = u64::from_be_bytes(std::array::from_fn(|_| choices.byte())) >> (flags >> 2);
    let mask = (flags & 2 != 0).then(|| std::array::from_fn(|_| choices.byte()));
    let header = Header { fin: flags & 1 != 0, rsv: choices.byte(), opcode, mask, payload_len };
    let encoded = header.encode();
    let wire = encoded.as_ref();
    let meant =
        Header { rsv: header.rsv & 7, payload_len: payload_len & (u64::MAX >> 1), ..header };
    let expected = match meant {
        Header { fin: false, .. } if opcode.is_control() => Err(ProtocolError::FragmentedControl),
        Header { payload_len: 126.., .. } if opcode.is_control() => {
            Err(ProtocolError::ControlTooLong)
        }
        _ => Ok(Some((meant, wire.len()))),
    };
    assert_eq!(Header::decode(wire), expected);
    assert_eq!(Header::decode(&[wire, &[0xff; 20]].concat()), expected);
}

/// The rules of RFC 6455 §5.2 and §5.5, in the order of the bytes.
fn naive(bytes: &[u8]) -> Result<Option<(Header, usize)>, ProtocolError> {
    let mut place = 0;
    let mut number = |len: usize| {
        let number = bytes
            .get(place..place + len)?
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        place += len;
        Some(number)
    };
    let Some(first) = number(1) else { return Ok(None) };
    let opcode = match first & 15 {
        0 => OpCode::Continuation,
        1 => OpCode::Text,
        2 => OpCode::Binary,
        8 => OpCode::Close,
        9 => OpCode::Ping,
        10 => OpCode::Pong,
        _ => return Err(ProtocolError::ReservedOpcode),
    };
    let control = first & 15 >= 8;
    if control && first < 128 {
        return Err(ProtocolError::FragmentedControl);
    }
    let Some(second) = number(1) else { return Ok(None) };
    if control && second % 128 > 125 {
        return Err(ProtocolError::ControlTooLong);
    }
    let (extended, least) = match second % 128 {
        126 => (number(2), 126),
        127 => (number(8), 0x1_0000),
        short => (Some(short), 0),
    };
    let Some(payload_len) = extended else { return Ok(None) };
    if payload_len > i64::MAX as u64 {
        return Err(ProtocolError::LengthTopBit);
    }
    if payload_len < least {
        return Err(ProtocolError::LengthNotMinimal);
    }
    let mask = match second >= 128 {
        false => None,
        true => match number(4) {
            Some(key) => Some((key as u32).to_be_bytes()),
            None => return Ok(None),
        },
    };
    Ok(Some((
        Header { fin: first >= 128, rsv: (first >> 4) as u8 & 7, opcode, mask, payload_len },
        place,
    )))
}
