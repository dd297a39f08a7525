//! A fuzzer's bytes as choices.

use arbitrary::Unstructured;

/// Bytes that are used up from the front, and only there, so that seeds can be written by hand.
/// Behind their end, all are 0.
pub struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// 0 to 65,535.
    pub fn number(&mut self) -> usize {
        self.0.arbitrary::<u16>().unwrap_or_default().into()
    }

    /// The next bytes, as many as there are.
    pub fn bytes(&mut self, len: usize) -> &'a [u8] {
        self.0.bytes(len.min(self.0.len())).unwrap_or_default()
    }

    /// A byte, and as many bytes as it says.
    pub fn counted(&mut self) -> &'a [u8] {
        let count = self.byte();
        self.bytes(usize::from(count))
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        self.bytes(usize::MAX)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bytes in parts of these lengths, and what is left in one more.
pub fn cut<'a>(mut bytes: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for len in lengths {
        let (part, behind) = bytes.split_at(usize::from(*len).min(bytes.len()));
        parts.push(part);
        bytes = behind;
    }
    parts.push(bytes);
    parts
}
