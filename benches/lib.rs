//! What the benches share.

/// A client's frame with FIN, as a server receives it.
pub fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut wire = vec![first];
    match payload.len() {
        len @ 0..=125 => wire.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            wire.push(0x80 | 126);
            wire.extend((len as u16).to_be_bytes());
        }
        len => {
            wire.push(0x80 | 127);
            wire.extend((len as u64).to_be_bytes());
        }
    }
    wire.extend(KEY);
    wire.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    wire
}
